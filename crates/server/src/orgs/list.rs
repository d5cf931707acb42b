//! `/connections`: all of them.

use askama::Template;
use axum::extract::State as Of;
use axum::response::Response;

use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Authentication, Connection, Status};
use crate::console::{Frame, Pages, State, Visit, show};
use crate::db::Timestamp;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new().get("/connections", Permission::ConnectionsRead, list)
}

#[derive(Template)]
#[template(path = "orgs/connections.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    may_manage: bool,
}

struct Row {
    href: String,
    name: String,
    domain: String,
    state: State,
    why: String,
    way: &'static str,
    tested_at: Option<Timestamp>,
}

/// How a connection stands.
pub(super) fn state(connection: &Connection) -> State {
    match connection.status {
        Status::Inactive => State::wait("Not tested yet"),
        Status::Active => State::ok("Active"),
        Status::Failing => State::fail("Failing"),
        Status::Disabled => State::off("Switched off"),
    }
}

/// How it proves itself.
pub(super) fn way(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::ApiToken => "API token",
        Authentication::Oauth => "OAuth 2.0 with a key",
        Authentication::OauthDpop => "OAuth 2.0 with a key and DPoP",
        Authentication::AuthorizationCode => "a person's consent",
    }
}

async fn list(Of(app): Of<App>, visit: Visit) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let row = |connection: Connection| Row {
        href: format!("/connections/{}", connection.id),
        state: state(&connection),
        way: way(connection.authentication),
        domain: connection.domain.to_string(),
        why: connection.status_why.unwrap_or_default(),
        tested_at: connection.tested_at,
        name: connection.name,
    };
    show(&List {
        frame: visit.frame("Connections"),
        rows: connections::list(&work)
            .await?
            .into_iter()
            .map(row)
            .collect(),
        may_manage: visit.may(Permission::ConnectionsManage),
    })
}
