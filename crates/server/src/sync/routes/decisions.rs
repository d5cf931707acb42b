//! Approve, reject, undo and stop over the API.

use axum::extract::{Path, State};
use http::StatusCode;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::run::{self, RunId};
use super::super::{Approval, decide, halt};
use super::runs::RunView;
use crate::app::{App, Work};
use crate::db::ConnectionId;
use crate::web::{Caller, Json, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(undo))
        .routes(routes!(stop))
}

/// Why it is decided so.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Decided {
    /// Why, for the audit trail.
    reason: String,
}

async fn shown(work: &Work, connection: ConnectionId, id: RunId) -> Result<Json<RunView>, Problem> {
    Ok(Json(run::find(work, connection, id).await?.into()))
}

/// Approves what a run holds. Takes a person's own credential; two people when it touches admins and there are two.
/// It is planned again first: only the same or a smaller plan passes.
#[utoipa::path(post, path = "/connections/{connection}/sync/runs/{run}/approve", tag = "sync", extensions(("x-permission" = json!("runs.approve"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The held run")),
    request_body = Decided, responses(
        (status = 202, description = "The run that applies it, to be looked at again", body = RunView),
        (status = 200, description = "The held run: a second person must approve too", body = RunView)))]
async fn approve(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
    Json(decided): Json<Decided>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let mut work = app.begin(&actor).await?;
    let (status, id) = match decide::approve(&mut work, connection, id, &decided.reason).await? {
        Approval::Applying(run) => (StatusCode::ACCEPTED, run),
        Approval::NeedsSecond => (StatusCode::OK, id),
    };
    let view = shown(&work, connection, id).await?;
    work.commit().await?;
    Ok((status, view))
}

/// Rejects what a run holds; the same is not raised again for 24 hours.
#[utoipa::path(post, path = "/connections/{connection}/sync/runs/{run}/reject", tag = "sync", extensions(("x-permission" = json!("runs.approve"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The held run")),
    request_body = Decided, responses((status = 200, description = "The rejected run", body = RunView)))]
async fn reject(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
    Json(decided): Json<Decided>,
) -> Result<Json<RunView>, Problem> {
    let mut work = app.begin(&actor).await?;
    decide::reject(&mut work, connection, id, &decided.reason).await?;
    let view = shown(&work, connection, id).await?;
    work.commit().await?;
    Ok(view)
}

/// Reverses what a run did and pauses its mappings until they are resumed.
#[utoipa::path(post, path = "/connections/{connection}/sync/runs/{run}/undo", tag = "sync", extensions(("x-permission" = json!("runs.approve"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run")),
    request_body = Decided, responses((status = 202, description = "The run that reverses it, to be looked at again", body = RunView)))]
async fn undo(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
    Json(decided): Json<Decided>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let mut work = app.begin(&actor).await?;
    let run = decide::undo_run(&mut work, connection, id, &decided.reason).await?;
    let view = shown(&work, connection, run).await?;
    work.commit().await?;
    Ok((StatusCode::ACCEPTED, view))
}

/// Stops a run that waits or reads Okta: nothing of it is changed, the next one comes at its time.
#[utoipa::path(post, path = "/connections/{connection}/sync/runs/{run}/stop", tag = "sync", extensions(("x-permission" = json!("runs.start"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run")),
    request_body = Decided, responses(
        (status = 200, description = "The stopped run", body = RunView),
        (status = 409, description = "It has ended already, or carries out a decision")))]
async fn stop(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
    Json(decided): Json<Decided>,
) -> Result<Json<RunView>, Problem> {
    let mut work = app.begin(&actor).await?;
    halt(&mut work, connection, id, &decided.reason).await?;
    let view = shown(&work, connection, id).await?;
    work.commit().await?;
    Ok(view)
}
