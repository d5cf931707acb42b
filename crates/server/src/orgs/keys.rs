//! `/connections/{connection}/rotate`: new keys without a gap.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::{change, form};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Algorithm, Connection, Purpose, Rotated};
use crate::console::{Done, Fields, Frame, Pages, Visit, show_as};
use crate::db::ConnectionId;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}/rotate",
            Permission::ConnectionsManage,
            ask,
        )
        .post(
            "/connections/{connection}/rotate",
            Permission::ConnectionsManage,
            rotate,
        )
        .post(
            "/connections/{connection}/rotate/finish",
            Permission::ConnectionsManage,
            finish,
        )
}

#[derive(Template)]
#[template(path = "orgs/rotate.html")]
struct Rotate<'a> {
    frame: Frame,
    connection: Connection,
    fields: &'a Fields,
    error: Option<String>,
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    form(&app, &visit, id, &Fields::default(), None).await
}

async fn form(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let connection = connections::find(&app.read(&visit.actor).await?, id).await?;
    show_as(
        error.as_ref().map_or(StatusCode::OK, Problem::status),
        &Rotate {
            frame: change::frame(visit, "Rotate keys", &connection),
            connection,
            fields,
            error: error.map(|error| error.words()),
        },
    )
}

async fn rotate(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let purpose = if fields.has("purpose", "dpop") {
        Purpose::Dpop
    } else {
        Purpose::Client
    };
    let algorithm = if fields.has("algorithm", "ES256") {
        Algorithm::Es256
    } else {
        Algorithm::Rs256
    };
    let given = form::pasted(&fields, "new").filter(|_| fields.has("keys", "paste"));
    let mut work = app.begin(&visit.actor).await?;
    match connections::rotate_start(&mut work, id, purpose, algorithm, given.as_ref()).await {
        Ok(rotated) => {
            work.commit().await?;
            let words = match rotated {
                Rotated::Done(_) => "The new key is in use: Okta learns it by use",
                Rotated::Waits(_) => {
                    "The new key waits beside the old one: give it to Okta, then let it take over"
                }
            };
            Ok(Done::to(format!("/connections/{id}#keys"))
                .ok(words)
                .into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            form(&app, &visit, id, &fields, Some(error)).await
        }
    }
}

async fn finish(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Done, Problem> {
    let done = Done::to(format!("/connections/{id}#keys"));
    match connections::rotate_finish(&app, &visit.actor, id).await {
        Ok(_) => Ok(done.ok("The new key is in use; the old one is gone")),
        Err(error) => {
            let error = Problem::from(error).or_fault()?;
            Ok(done.say(crate::console::Tone::Fail, error.words()))
        }
    }
}
