//! The page `/api-keys`: one's own keys, and everybody's for who may see them.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};

use super::{ApiKey, ApiKeyId, DEFAULT_DAYS, Draft, State as KeyState};
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Done, Fields, Frame, Listing, Pages, State as Stated, Visit, show_as};
use crate::db::Timestamp;
use crate::web::{Need, Problem};

/// `/api-keys` and what its forms send.
pub fn pages() -> Pages {
    Pages::new()
        .get("/api-keys", Need::Credential, list)
        .post("/api-keys", Need::Credential, create)
        .post("/api-keys/{id}/revoke", Need::Credential, revoke)
}

#[derive(Template)]
#[template(path = "apikeys/keys.html")]
struct Keys {
    frame: Frame,
    rows: Vec<Row>,
    /// Everybody's are shown.
    all: bool,
    may_see_all: bool,
    /// A key just made.
    made: Option<SecretString>,
    held: Vec<Permission>,
    form: Fields,
    error: Option<String>,
    is_person: bool,
    default_days: u32,
}

struct Row {
    key: ApiKey,
    owner: String,
    state: Stated,
    /// It is about to be revoked.
    asked: bool,
}

fn state(key: &ApiKey, now: Timestamp) -> Stated {
    match key.state {
        KeyState::Revoked => Stated::off("Revoked"),
        KeyState::Expired => Stated::fail("Expired"),
        KeyState::Active if key.expires_at < now.plus_seconds(7 * 86_400) => {
            Stated::held("Ends soon")
        }
        KeyState::Active => Stated::ok("Active"),
    }
}

async fn list(State(app): State<App>, visit: Visit, asked: Listing) -> Result<Response, Problem> {
    let view = View {
        all: asked.is("all", "true"),
        asked: asked.get("revoke").parse().ok(),
        ..View::default()
    };
    page(&app, &visit, view).await
}

/// What of the page differs from look to look.
#[derive(Default)]
struct View {
    all: bool,
    asked: Option<ApiKeyId>,
    made: Option<SecretString>,
    form: Fields,
    refused: Option<Problem>,
}

async fn page(app: &App, visit: &Visit, view: View) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let person = visit.person.id;
    let may_see_all = visit.may(Permission::ApiKeysManage);
    let all = (view.all || person.is_none()) && may_see_all;
    let found = if all {
        super::list(&work, None).await?
    } else if person.is_some() {
        super::list(&work, person).await?
    } else {
        Vec::new()
    };
    let logins = super::owner::logins(&work, &found).await?;
    let rows = found.into_iter().map(|key| Row {
        owner: logins.get(&key.owner_id).cloned().unwrap_or_default(),
        state: state(&key, work.now),
        asked: view.asked == Some(key.id),
        key,
    });
    let status = view
        .refused
        .as_ref()
        .map_or(StatusCode::OK, Problem::status);
    let mut frame = visit.frame("API keys");
    if view.made.is_some() {
        frame.flash = None;
    }
    show_as(
        status,
        &Keys {
            frame,
            rows: rows.collect(),
            all,
            may_see_all,
            made: view.made,
            held: visit.actor.permissions.iter().collect(),
            form: view.form,
            error: view
                .refused
                .as_ref()
                .and_then(Problem::text)
                .map(str::to_owned),
            is_person: person.is_some(),
            default_days: DEFAULT_DAYS,
        },
    )
}

async fn create(State(app): State<App>, visit: Visit, form: Fields) -> Result<Response, Problem> {
    match make(&app, &visit, &form).await {
        Ok(token) => {
            let made = Some(token);
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

async fn make(app: &App, visit: &Visit, form: &Fields) -> Result<SecretString, Problem> {
    let chosen = form.all("permission").map(str::parse::<Permission>);
    let permissions: Vec<Permission> = chosen
        .collect::<Result<_, _>>()
        .map_err(|unknown| Problem::invalid(unknown.to_string()))?;
    if permissions.is_empty() && !form.is_on("everything") {
        return Err(Problem::invalid(
            "choose at least one permission, or all that you have",
        ));
    }
    let draft = Draft {
        name: form.text("name").to_owned(),
        permissions: (!form.is_on("everything")).then_some(permissions),
        days: Some(form.read("days", "a number of days")?),
        owner: None,
    };
    let mut work = app.begin(&visit.actor).await?;
    let made = super::create(&mut work, &draft).await?;
    work.commit().await?;
    Ok(made.token)
}

async fn revoke(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ApiKeyId>,
    form: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    super::revoke(&mut work, id, "revoked by hand").await?;
    work.commit().await?;
    let back = if form.is_on("all") {
        "/api-keys?all=true"
    } else {
        "/api-keys"
    };
    Ok(Done::to(back).ok("The key works no more").into_response())
}
