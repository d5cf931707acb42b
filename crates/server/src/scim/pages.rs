//! `/connections/{connection}/provisioning`: SCIM's address, tokens, requests and collisions.

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::collisions::{self, Collision, Decision};
use super::{requests, settle, standing, state, tokens};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Connection};
use crate::console::{
    Affected, Confirm, Done, Fields, Frame, Listing, Pages, State, Visit, show, show_as,
};
use crate::db::{ConnectionId, Timestamp};
use crate::web::Problem;

/// Requests of one page.
const REQUESTS: usize = 50;

/// The pages.
pub fn pages() -> Pages {
    Pages::new()
        .get(
            "/connections/{connection}/provisioning",
            Permission::ScimManage,
            overview,
        )
        .post(
            "/connections/{connection}/provisioning/tokens",
            Permission::ScimManage,
            make,
        )
        .get(
            "/connections/{connection}/provisioning/tokens/{token}/revoke",
            Permission::ScimManage,
            ask,
        )
        .post(
            "/connections/{connection}/provisioning/tokens/{token}/revoke",
            Permission::ScimManage,
            revoke,
        )
        .get(
            "/connections/{connection}/provisioning/requests",
            Permission::ScimManage,
            log,
        )
        .post(
            "/connections/{connection}/provisioning/collisions/{collision}",
            Permission::ScimManage,
            decide,
        )
}

fn frame(visit: &Visit, title: &str, connection: &Connection) -> Frame {
    visit
        .frame(title)
        .crumb("Connections", "/connections")
        .crumb(
            connection.name.clone(),
            format!("/connections/{}", connection.id),
        )
}

#[derive(Template)]
#[template(path = "scim/provisioning.html")]
struct Overview {
    frame: Frame,
    connection: Connection,
    standing: state::Standing,
    dialect: State,
    tokens: Vec<TokenRow>,
    collisions: Vec<Collision>,
    requests: Vec<RequestRow>,
    /// A secret just made: shown this once.
    secret: Option<String>,
    name: String,
    days: String,
    error: Option<String>,
    /// A rename that was refused.
    collision_error: Option<String>,
}

struct TokenRow {
    id: Uuid,
    name: String,
    prefix: String,
    state: State,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    stands: bool,
}

struct RequestRow {
    at: Timestamp,
    method: String,
    path: String,
    token: String,
    client: String,
    state: State,
    body: String,
    detail: String,
}

/// What a page tells besides how SCIM stands.
#[derive(Default)]
struct Told<'a> {
    secret: Option<String>,
    fields: Option<&'a Fields>,
    error: Option<Problem>,
    collision_error: Option<Problem>,
}

async fn overview(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
) -> Result<Response, Problem> {
    page(&app, &visit, id, Told::default()).await
}

async fn page(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    told: Told<'_>,
) -> Result<Response, Problem> {
    requests::flush(app).await;
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let standing = standing(&work, id).await?;
    let dialect = match standing.dialect {
        Some("patch") => State::ok("Catalogue app: PATCH"),
        Some("put") => State::ok("Wizard app: PUT"),
        _ => State::off("Nothing heard yet"),
    };
    let now = work.now;
    let token = |token: tokens::Token| TokenRow {
        stands: token.revoked_at.is_none() && token.expires_at > now,
        state: match (token.revoked_at, token.expires_at > now) {
            (Some(_), _) => State::off("Revoked"),
            (None, false) => State::fail("Ended"),
            (None, true) if token.expires_at < now.plus_seconds(30 * 86_400) => {
                State::held("Ends soon")
            }
            (None, true) => State::ok("Good"),
        },
        id: token.id,
        name: token.name,
        prefix: token.prefix,
        created_at: token.created_at,
        expires_at: token.expires_at,
        last_used_at: token.last_used_at,
    };
    let status = told
        .error
        .as_ref()
        .or(told.collision_error.as_ref())
        .map_or(StatusCode::OK, Problem::status);
    let field = |name: &str, default: String| {
        told.fields
            .map_or(default, |fields| fields.raw(name).to_owned())
    };
    show_as(
        status,
        &Overview {
            frame: frame(visit, "Provisioning by SCIM", &connection),
            dialect,
            tokens: tokens::list(&work, id)
                .await?
                .into_iter()
                .map(token)
                .collect(),
            collisions: collisions::list(&work, id).await?,
            requests: requests::last(&work, id, 10)
                .await?
                .into_iter()
                .map(request)
                .collect(),
            secret: told.secret,
            name: field("name", String::new()),
            days: field("days", tokens::DEFAULT_DAYS.to_string()),
            error: told.error.map(|error| error.words()),
            collision_error: told.collision_error.map(|error| error.words()),
            connection,
            standing,
        },
    )
}

fn request(entry: requests::Entry) -> RequestRow {
    RequestRow {
        state: match entry.status {
            ..400 => State::ok(entry.status.to_string()),
            400..500 => State::held(entry.status.to_string()),
            _ => State::fail(entry.status.to_string()),
        },
        at: entry.at,
        method: entry.method,
        path: entry.path,
        token: entry.token,
        client: entry.client,
        body: entry.body.unwrap_or_default(),
        detail: entry.detail.unwrap_or_default(),
    }
}

async fn make(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let made = async {
        let name = fields.text("name");
        if name.is_empty() || name.len() > 200 {
            return Err(Problem::invalid("`name` must have 1 to 200 signs"));
        }
        let days: i64 = fields.read("days", "a number of days")?;
        if !(1..=tokens::MAX_DAYS).contains(&days) {
            return Err(Problem::invalid(format!(
                "`days` must be from 1 to {}",
                tokens::MAX_DAYS
            )));
        }
        let mut work = app.begin(&visit.actor).await?;
        connections::find(&work, id).await?;
        let made = tokens::create(&mut work, id, name, days).await?;
        work.commit().await?;
        Ok(made.secret.expose_secret().to_owned())
    };
    let told = match made.await {
        Ok(secret) => Told {
            secret: Some(secret),
            ..Told::default()
        },
        Err(error) => Told {
            fields: Some(&fields),
            error: Some(error.or_fault()?),
            ..Told::default()
        },
    };
    page(&app, &visit, id, told).await
}

async fn ask(
    Of(app): Of<App>,
    visit: Visit,
    Path((id, token)): Path<(ConnectionId, Uuid)>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let all = tokens::list(&work, id).await?;
    let found = all.iter().find(|one| one.id == token);
    let found = found.ok_or_else(|| Problem::not_found("token"))?;
    let others = all
        .iter()
        .filter(|one| one.id != token && one.revoked_at.is_none() && one.expires_at > work.now)
        .count();
    let after = if others > 0 {
        format!("{others} other tokens stand: Okta goes on with the one that it has.")
    } else {
        "It is the last one: what Okta pushes is refused until you give it another.".to_owned()
    };
    Confirm {
        title: format!("Revoke the token {}?", found.name),
        words: vec![after],
        affected: vec![Affected {
            name: found.prefix.clone(),
            note: "the token’s first signs".to_owned(),
        }],
        action: format!("/connections/{id}/provisioning/tokens/{token}/revoke"),
        button: "Revoke it now",
        back: format!("/connections/{id}/provisioning"),
        ..Confirm::default()
    }
    .show(frame(&visit, "", &connection))
}

async fn revoke(
    Of(app): Of<App>,
    visit: Visit,
    Path((id, token)): Path<(ConnectionId, Uuid)>,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    if !tokens::revoke(&mut work, id, token).await? {
        return Err(Problem::not_found("token that still stands"));
    }
    work.commit().await?;
    Ok(Done::to(format!("/connections/{id}/provisioning")).ok("The token is revoked"))
}

async fn decide(
    Of(app): Of<App>,
    visit: Visit,
    Path((id, collision)): Path<(ConnectionId, Uuid)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let decision = match fields.text("decision") {
        "link" => Decision::Link,
        "rename" => Decision::Rename,
        "adopt" => Decision::Adopt,
        _ => return Err(Problem::invalid("choose link, rename or adopt")),
    };
    let decided = async {
        let mut work = app.begin(&visit.actor).await?;
        connections::find(&work, id).await?;
        collisions::decide(
            &mut work,
            id,
            collision,
            decision,
            fields.given("name"),
            fields.text("reason"),
        )
        .await?;
        settle::enqueue(&mut work, id).await?;
        work.commit().await?;
        Ok::<_, Problem>(())
    };
    match decided.await {
        Ok(()) => {
            let words = match decision {
                Decision::Rename => "Renamed. In Okta, retry the failed task",
                Decision::Link | Decision::Adopt => {
                    "Decided: it happens with the next push. In Okta, retry the failed task"
                }
            };
            Ok(Done::to(format!("/connections/{id}/provisioning"))
                .ok(words)
                .into_response())
        }
        Err(error) => {
            let told = Told {
                collision_error: Some(error.or_fault()?),
                ..Told::default()
            };
            page(&app, &visit, id, told).await
        }
    }
}

#[derive(Template)]
#[template(path = "scim/requests.html")]
struct Log {
    frame: Frame,
    connection: Connection,
    rows: Vec<RequestRow>,
    older: Option<String>,
    first: Option<String>,
}

async fn log(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<ConnectionId>,
    list: Listing,
) -> Result<Response, Problem> {
    requests::flush(&app).await;
    let work = app.read(&visit.actor).await?;
    let connection = connections::find(&work, id).await?;
    let before = list.get("before").parse().ok();
    let mut found = requests::before(&work, id, before, REQUESTS + 1).await?;
    let more = found.len() > REQUESTS;
    found.truncate(REQUESTS);
    let oldest = found
        .last()
        .map(|entry| entry.id.to_string())
        .filter(|_| more);
    show(&Log {
        frame: frame(&visit, "SCIM requests", &connection)
            .crumb("Provisioning", format!("/connections/{id}/provisioning")),
        older: oldest.map(|id| list.with("before", &id)),
        first: before.map(|_: Uuid| list.with("before", "")),
        rows: found.into_iter().map(request).collect(),
        connection,
    })
}
