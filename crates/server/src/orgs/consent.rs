//! `/connections/{connection}/consent` and the way back from Okta, `/connections/consent`.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::change::frame;
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Connection, Consent, ConsentAsked, KnownScope};
use crate::console::{Done, Fields, Frame, Pages, Tone, Visit, show};
use crate::db::ConnectionId;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    let manage = Permission::ConnectionsManage;
    Pages::new()
        .get("/connections/{connection}/consent", manage, look)
        .post("/connections/{connection}/consent", manage, ask)
        .get("/connections/consent", manage, come_back)
}

#[derive(Template)]
#[template(path = "orgs/consent.html")]
struct Page {
    frame: Frame,
    connection: Connection,
    consent: Consent,
    scopes: Vec<KnownScope>,
    asked: Option<ConsentAsked>,
}

async fn look(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    page(&app, &visit, id, None).await
}

async fn page(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    asked: Option<ConsentAsked>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    show(&Page {
        frame: frame(visit, "Consent", &connection),
        consent: connections::consent(&work, id).await?,
        scopes: connections::known_scopes(),
        connection,
        asked,
    })
}

/// Begins a consent. The page then has a link: a form may not lead to another site.
async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    _: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let asked = connections::ask_consent(&mut work, id, None, &session(&visit)?).await?;
    work.commit().await?;
    page(&app, &visit, id, Some(asked)).await
}

/// What Okta sends the browser back with.
#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    state: String,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn come_back(
    State(app): State<App>,
    visit: Visit,
    Query(back): Query<Back>,
) -> Result<Done, Problem> {
    let failed = |text: String| Ok(Done::to("/connections").say(Tone::Fail, text));
    let Some(code) = back.code.map(SecretString::from) else {
        let why = back.error_description.or(back.error);
        let why: String = why.unwrap_or_default().chars().take(300).collect();
        return failed(format!("Okta gave no consent. It says: {why}"));
    };
    let by = session(&visit)?;
    match connections::finish_consent(&app, &visit.actor, &back.state, &code, &by).await {
        Ok(id) => Ok(Done::to(format!("/connections/{id}"))
            .ok("Okta has the consent. Test the connection: nothing is done over it before")),
        Err(error) => failed(Problem::from(error).or_fault()?.words()),
    }
}

/// Whoever begins must come back in the same session.
fn session(visit: &Visit) -> Result<String, Problem> {
    let session = visit.session.ok_or_else(Problem::unauthorized)?;
    Ok(format!("session:{session}"))
}
