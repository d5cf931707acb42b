//! Events and the event hook of a connection over the API.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::intake::Intake;
use super::secrets::{self, Secret};
use super::store::{self, Stored};
use super::{Wanted, hook_url, poll};
use crate::app::App;
use crate::connections;
use crate::db::{ConnectionId, Timestamp};
use crate::web::{Caller, Json, Options, Problem};

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1_000;
/// Longest wait for an event, in seconds.
const MAX_WAIT: u64 = 25;
/// Events that another process kept are looked for so often.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// `/connections/{connection}/events` and `/connections/{connection}/event-hook`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(one))
        .routes(routes!(hook))
        .routes(routes!(create))
        .routes(routes!(revoke))
}

/// Which events, and how long to wait for them.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The `next` of the answer before; without it, from the first event that is kept.
    after: Option<i64>,
    /// How many at most, from 1 to 1000; 100 when not said.
    limit: Option<u32>,
    /// Only of this type; `user.lifecycle.*` stands for all that begin so.
    r#type: Option<String>,
    /// Only those of this actor, by Okta's id.
    actor: Option<String>,
    /// Only those that ended so, such as `SUCCESS`.
    outcome: Option<String>,
    /// Only those that came first so: `hook`, or `poll` for what the System Log found.
    came_by: Option<String>,
    /// Only those published from then on.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<jiff::Timestamp>,
    /// How many seconds to wait while there is none, at most 25.
    wait: Option<u64>,
}

/// Events in the order in which they were kept.
#[derive(Serialize, ToSchema)]
struct Feed {
    items: Vec<Stored>,
    /// What to send as `after` to read on. It is right also when nothing was found.
    next: i64,
}

/// Read events, and wait for new ones.
///
/// Each event comes once, whichever way it reached us and however often. Who keeps `next` and reads on from it misses none.
#[utoipa::path(get, path = "/connections/{connection}/events", tag = "Events",
    params(("connection" = Uuid, Path, description = "The connection"), Asked),
    extensions(("x-permission" = json!("events.read"))),
    responses((status = 200, description = "Events after the number given", body = Feed)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<axum::Json<Feed>, Problem> {
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::bad_request(format!(
            "`limit` must be a number from 1 to {MAX_LIMIT}"
        )));
    }
    let connection = ConnectionId(connection);
    let mut wanted = Wanted {
        after: asked.after.unwrap_or_default(),
        event_type: asked.r#type,
        actor_id: asked.actor,
        outcome: asked.outcome,
        came_by: asked.came_by,
        since: asked.since.map(Timestamp::from_jiff),
    };
    let mut kept = Intake::of(&app).watch();
    let wait = Duration::from_secs(asked.wait.unwrap_or_default().min(MAX_WAIT));
    let end = Instant::now() + wait;
    loop {
        let work = app.read(&actor).await?;
        connections::find(&work, connection).await?;
        // What is committed after this is found by the next look.
        let head = store::head(&work, connection).await?;
        let items = store::after(&work, connection, &wanted, limit).await?;
        drop(work);
        let left = end.saturating_duration_since(Instant::now());
        if !items.is_empty() || left.is_zero() {
            let full = items.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
            let last = items.last().map(|item| item.seq);
            let next = if full { last } else { last.max(Some(head)) };
            let next = next.unwrap_or_default().max(wanted.after);
            return Ok(axum::Json(Feed { items, next }));
        }
        // What did not match is not looked at again.
        wanted.after = wanted.after.max(head);
        let _ = timeout(left.min(LOOK_AGAIN), kept.changed()).await;
    }
}

/// Read one event by its id in Okta.
#[utoipa::path(get, path = "/connections/{connection}/events/{event}", tag = "Events",
    params(("connection" = Uuid, Path, description = "The connection"), ("event" = String, Path, description = "Its `uuid` in Okta")),
    extensions(("x-permission" = json!("events.read"))),
    responses((status = 200, description = "The event", body = Stored), (status = 404, description = "It is not kept here")))]
async fn one(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, event)): Path<(Uuid, String)>,
) -> Result<axum::Json<Stored>, Problem> {
    let work = app.read(&actor).await?;
    let found = store::one(&work, ConnectionId(connection), &event).await?;
    found
        .map(axum::Json)
        .ok_or_else(|| Problem::not_found("event"))
}

/// What Okta's event hook needs, and what came by it.
#[derive(Serialize, ToSchema)]
struct Hook {
    /// The address to enter in Okta.
    url: String,
    /// The secrets that stand.
    secrets: Vec<Secret>,
    /// How many events were kept so far, whichever way they came.
    events: i64,
    /// How many of them the System Log brought first: no delivery had, by then.
    found_by_log: i64,
    /// When the System Log was last read well.
    #[schema(value_type = Option<String>, format = DateTime)]
    log_read_at: Option<Timestamp>,
    /// Why that failed, if it did.
    log_trouble: Option<String>,
}

/// The event hook of a connection.
#[utoipa::path(get, path = "/connections/{connection}/event-hook", tag = "Events",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("events.read"))),
    responses((status = 200, description = "The address to enter in Okta, and its secrets without themselves", body = Hook)))]
async fn hook(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
) -> Result<Json<Hook>, Problem> {
    let connection = ConnectionId(connection);
    let work = app.read(&actor).await?;
    connections::find(&work, connection).await?;
    let log = poll::standing(&work, connection).await?;
    Ok(Json(Hook {
        found_by_log: log.found,
        log_read_at: log.polled_at,
        log_trouble: log.trouble,
        url: hook_url(&Options::of(&app).public_url, connection),
        secrets: secrets::list(&work, connection).await?,
        events: store::head(&work, connection).await?,
    }))
}

/// A secret just made.
#[derive(Serialize, ToSchema)]
struct Made {
    #[serde(flatten)]
    listed: Secret,
    /// What to enter in Okta as the secret of the `Authorization` header; shown this once.
    secret: String,
    /// The address to enter in Okta.
    url: String,
}

/// Make a secret for Okta's event hook; it is in the answer and nowhere else.
#[utoipa::path(post, path = "/connections/{connection}/event-hook/secrets", tag = "Events",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("triggers.manage"))),
    responses((status = 201, description = "The secret and the address to enter in Okta", body = Made)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let connection = ConnectionId(connection);
    let mut work = app.begin(&actor).await?;
    let made = secrets::create(&mut work, connection).await?;
    work.commit().await?;
    let answer = Made {
        secret: made.shown(),
        listed: made.secret,
        url: hook_url(&Options::of(&app).public_url, connection),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Revoke a secret of the event hook now.
#[utoipa::path(delete, path = "/connections/{connection}/event-hook/secrets/{secret}", tag = "Events",
    params(("connection" = Uuid, Path, description = "The connection"), ("secret" = Uuid, Path, description = "The secret's id")),
    extensions(("x-permission" = json!("triggers.manage"))),
    responses((status = 204, description = "It has ended"), (status = 404, description = "There is none of this id")))]
async fn revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, secret)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    if !secrets::revoke(&mut work, ConnectionId(connection), secret).await? {
        return Err(Problem::not_found("secret that still stands"));
    }
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
