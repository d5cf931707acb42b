//! `/connections/{connection}/edit`, switching off and on, and another API token.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::form::{self, Offer};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Authentication, Change, Connection, Status};
use crate::console::{Done, Fields, Frame, Pages, Visit, show_as};
use crate::db::ConnectionId;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}/edit",
            Permission::ConnectionsManage,
            edit,
        )
        .post(
            "/connections/{connection}/edit",
            Permission::ConnectionsManage,
            save,
        )
        .post(
            "/connections/{connection}/switch",
            Permission::ConnectionsManage,
            switch,
        )
        .get(
            "/connections/{connection}/token",
            Permission::ConnectionsManage,
            token,
        )
        .post(
            "/connections/{connection}/token",
            Permission::ConnectionsManage,
            replace,
        )
}

/// The frame of a page below a connection.
pub(super) fn frame(visit: &Visit, title: &str, connection: &Connection) -> Frame {
    visit
        .frame(title)
        .crumb("Connections", "/connections")
        .crumb(
            connection.name.clone(),
            format!("/connections/{}", connection.id),
        )
}

#[derive(Template)]
#[template(path = "orgs/edit.html")]
struct Edit {
    frame: Frame,
    connection: Connection,
    name: String,
    client_id: String,
    auth: &'static str,
    /// The client ID has its own field here.
    web_client: Option<String>,
    consent_scopes: Vec<form::ScopeOffer>,
    jobs: Vec<Offer>,
    share: String,
    off: bool,
    error: Option<String>,
}

async fn edit(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    form(&app, &visit, id, None).await
}

async fn form(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    sent: Option<(&Fields, Problem)>,
) -> Result<Response, Problem> {
    let connection = connections::find(&app.read(&visit.actor).await?, id).await?;
    let fields = sent.as_ref().map(|(fields, _)| *fields);
    let or = |name: &str, now: &str| fields.map_or(now, |fields| fields.raw(name)).to_owned();
    let jobs = match fields {
        Some(fields) => form::read_jobs(fields).unwrap_or_default(),
        None => connection.jobs.clone(),
    };
    let way = fields.and_then(|fields| Authentication::of(fields.text("auth")));
    show_as(
        sent.as_ref()
            .map_or(StatusCode::OK, |(_, error)| error.status()),
        &Edit {
            frame: frame(visit, "Change the connection", &connection),
            name: or("name", &connection.name),
            client_id: or(
                "client_id",
                connection.client_id.as_deref().unwrap_or_default(),
            ),
            auth: way.unwrap_or(connection.authentication).word(),
            web_client: None,
            consent_scopes: form::consent_scopes(fields),
            jobs: form::jobs(&jobs),
            share: or("share", &connection.rate_share.to_string()),
            off: connection.status == Status::Disabled,
            error: sent.as_ref().map(|(_, error)| error.words()),
            connection,
        },
    )
}

async fn save(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    match try_save(&app, &visit, id, &fields).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => form(&app, &visit, id, Some((&fields, error.or_fault()?))).await,
    }
}

async fn try_save(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
) -> Result<Done, Problem> {
    let way = form::read_way(fields)?;
    let change = Change {
        name: Some(fields.text("name").to_owned()),
        authentication: Some(way),
        client_id: way
            .has_client()
            .then(|| fields.text("client_id").to_owned()),
        api_token: form::secret(fields, "token").filter(|_| !way.has_client()),
        client_secret: form::secret(fields, "client_secret")
            .filter(|_| way == Authentication::AuthorizationCode),
        scopes: form::read_scopes(Some(fields))
            .filter(|_| way == Authentication::AuthorizationCode),
        jobs: Some(form::read_jobs(fields)?),
        rate_share: Some(fields.read("share", "a percentage from 1 to 100")?),
        enabled: None,
    };
    let version = fields.read("version", "the one the form was made for")?;
    let mut work = app.begin(&visit.actor).await?;
    let after = connections::change(&mut work, id, Some(version), change).await?;
    work.commit().await?;
    let done = Done::to(format!("/connections/{id}"));
    Ok(if after.status == Status::Inactive {
        done.ok("Saved. Test it: nothing is done over it before")
    } else {
        done.ok("Saved")
    })
}

/// Switches the connection off, or on again.
async fn switch(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Done, Problem> {
    let on = fields.has("to", "on");
    let change = Change {
        enabled: Some(on),
        ..Change::default()
    };
    let mut work = app.begin(&visit.actor).await?;
    connections::change(&mut work, id, None, change).await?;
    work.commit().await?;
    let done = Done::to(format!("/connections/{id}"));
    Ok(if on {
        done.ok("Switched on. Test it: nothing is done over it before")
    } else {
        done.ok("Switched off. Roles stay as they are now")
    })
}

#[derive(Template)]
#[template(path = "orgs/token.html")]
struct Token {
    frame: Frame,
    connection: Connection,
    error: Option<String>,
}

async fn token(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    token_form(&app, &visit, id, None).await
}

async fn token_form(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let connection = connections::find(&app.read(&visit.actor).await?, id).await?;
    show_as(
        error.as_ref().map_or(StatusCode::OK, Problem::status),
        &Token {
            frame: frame(visit, "Another API token", &connection),
            connection,
            error: error.map(|error| error.words()),
        },
    )
}

async fn replace(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = form::secret(&fields, "token").unwrap_or_default();
    let mut work = app.begin(&visit.actor).await?;
    match connections::rotate_token(&mut work, id, &token).await {
        Ok(()) => {
            work.commit().await?;
            Ok(Done::to(format!("/connections/{id}"))
                .ok("The new token is in place. Test it, then revoke the old one in Okta")
                .into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            token_form(&app, &visit, id, Some(error)).await
        }
    }
}
