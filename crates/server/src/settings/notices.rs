//! `/settings/notices`: where notices go, and what became of them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};

use crate::actor::Permission;
use crate::app::App;
use crate::console::{Done, Fields, Frame, Listing, Pages, State as Stated, Tone, Visit, show_as};
use crate::notify::{self, Channel, ChannelId, ChannelKind, Delivery, Draft, Mailer, Topic};
use crate::web::Problem;

/// Deliveries that are shown.
const DELIVERIES: i64 = 20;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/settings/notices", Permission::SettingsRead, look)
        .post("/settings/notices", Permission::SettingsManage, add)
        .post(
            "/settings/notices/{id}/test",
            Permission::SettingsManage,
            test,
        )
        .post(
            "/settings/notices/{id}/remove",
            Permission::SettingsManage,
            remove,
        )
}

#[derive(Template)]
#[template(path = "settings/notices.html")]
struct Notices {
    frame: Frame,
    channels: Vec<Channel>,
    deliveries: Vec<Row>,
    topics: Vec<Topic>,
    asked: Option<ChannelId>,
    made: Option<SecretString>,
    form: Fields,
    error: Option<String>,
    mail: bool,
    may_change: bool,
}

/// A notice on its way, as the page shows it.
struct Row {
    sent: Delivery,
    stated: Stated,
}

impl Notices {
    /// Whether this channel is about to be removed.
    fn is_asked(&self, channel: &Channel) -> bool {
        self.asked == Some(channel.id)
    }
}

#[derive(Default)]
struct View {
    asked: Option<ChannelId>,
    made: Option<SecretString>,
    form: Fields,
    refused: Option<Problem>,
}

async fn look(State(app): State<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    let asked = list.get("remove").parse().ok();
    page(
        &app,
        &visit,
        View {
            asked,
            ..View::default()
        },
    )
    .await
}

async fn page(app: &App, visit: &Visit, view: View) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let status = view
        .refused
        .as_ref()
        .map_or(StatusCode::OK, Problem::status);
    let deliveries = notify::deliveries(&work, None, DELIVERIES).await?;
    let page = Notices {
        frame: visit.frame("Notices"),
        channels: notify::list(&work).await?,
        deliveries: deliveries
            .into_iter()
            .map(|sent| Row {
                stated: state(&sent),
                sent,
            })
            .collect(),
        topics: Topic::ALL.to_vec(),
        asked: view.asked,
        made: view.made,
        error: view
            .refused
            .as_ref()
            .and_then(Problem::text)
            .map(str::to_owned),
        form: view.form,
        mail: app.part::<Mailer>().is_some(),
        may_change: visit.may(Permission::SettingsManage),
    };
    show_as(status, &page)
}

fn state(delivery: &Delivery) -> Stated {
    match delivery.state.as_str() {
        "sent" => Stated::ok("Sent"),
        "failed" => Stated::fail("Given up"),
        _ if delivery.attempts > 0 => Stated::held("Trying again"),
        _ => Stated::wait("Waiting"),
    }
}

async fn add(State(app): State<App>, visit: Visit, form: Fields) -> Result<Response, Problem> {
    match make(&app, &visit, &form).await {
        Ok(None) => Ok(Done::to("/settings/notices")
            .ok("The channel is added")
            .into_response()),
        Ok(made) => {
            page(
                &app,
                &visit,
                View {
                    made,
                    ..View::default()
                },
            )
            .await
        }
        Err(problem) if problem.status().is_client_error() => {
            let refused = Some(problem);
            page(
                &app,
                &visit,
                View {
                    form,
                    refused,
                    ..View::default()
                },
            )
            .await
        }
        Err(problem) => Err(problem),
    }
}

async fn make(app: &App, visit: &Visit, form: &Fields) -> Result<Option<SecretString>, Problem> {
    let topics = form
        .all("topic")
        .filter_map(|name| Topic::ALL.iter().find(|topic| topic.wire() == name));
    let draft = Draft {
        kind: if form.has("kind", "webhook") {
            ChannelKind::Webhook
        } else {
            ChannelKind::Mail
        },
        name: form.text("name").to_owned(),
        target: form.text("target").to_owned(),
        topics: topics.copied().collect(),
    };
    let mut work = app.begin(&visit.actor).await?;
    let made = notify::add(&mut work, &draft).await?;
    work.commit().await?;
    Ok(made.secret)
}

async fn test(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ChannelId>,
) -> Result<Response, Problem> {
    let tested = notify::test(&app, &visit.actor, id).await?;
    let done = Done::to("/settings/notices");
    Ok(match tested.error {
        None => done.ok("The test arrived").into_response(),
        Some(error) => done
            .say(Tone::Fail, format!("The test did not arrive: {error}"))
            .into_response(),
    })
}

async fn remove(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ChannelId>,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    notify::remove(&mut work, id).await?;
    work.commit().await?;
    Ok(Done::to("/settings/notices")
        .ok("The channel is removed")
        .into_response())
}
