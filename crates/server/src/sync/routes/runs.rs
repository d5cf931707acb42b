//! Runs over the API.

use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::super::changes::{self, Change, Op};
use super::super::run::{self, Counts, Run, RunId, RunKind};
use super::super::{Finding, trigger};
use crate::app::App;
use crate::db::{ConnectionId, Timestamp};
use crate::web::{Caller, Json, Page, Paged, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start))
        .routes(routes!(plan))
        .routes(routes!(list))
        .routes(routes!(find))
        .routes(routes!(diff))
}

/// A run as the API shows it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RunView {
    /// Its id.
    id: Uuid,
    /// Its connection.
    connection: Uuid,
    /// `run`, `plan`, `approval` or `undo`.
    kind: String,
    /// `queued`, `running`, `done`, `held`, `approved`, `rejected`, `expired`, `replaced` or `failed`.
    state: String,
    /// The run that this one approves or undoes.
    of_run: Option<Uuid>,
    /// Who asked for it.
    by: String,
    /// Why.
    reason: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Until when it can be approved.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Whether every group was read.
    whole: bool,
    /// Calls to Okta.
    calls: i64,
    /// How much.
    counts: Counts,
    /// Why part of it waits.
    reasons: Vec<String>,
    /// What was noticed, with the mend.
    findings: Vec<Finding>,
    /// Whether what waits gives or takes administration.
    touches_admins: bool,
    /// The first of two approvers, when a second is needed.
    first_approver: Option<Uuid>,
    /// Who approved or rejected it.
    decided_by: Option<String>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
    /// The run that undid it.
    undone_by: Option<Uuid>,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.0,
            connection: run.connection_id.0,
            kind: run.kind,
            state: run.state,
            of_run: run.of_run.map(|id| id.0),
            by: run.by,
            reason: run.reason,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            expires_at: run.expires_at,
            whole: run.whole,
            calls: run.calls,
            counts: run.counts,
            reasons: run.reasons,
            findings: run.findings,
            touches_admins: run.touches_admins,
            first_approver: run.first_approver.map(|id| id.0),
            decided_by: run.decided_by,
            decided_at: run.decided_at,
            undone_by: run.undone_by.map(|id| id.0),
        }
    }
}

/// How to run.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Asked {
    /// Read everything, also what seems unchanged.
    whole: bool,
    /// Why.
    reason: String,
}

/// Asks for a run. One that waits already serves as well.
#[utoipa::path(post, path = "/connections/{connection}/sync/run", tag = "sync", extensions(("x-permission" = json!("runs.start"))),
    params(("connection" = Uuid, Path, description = "The connection")), request_body = Asked,
    responses((status = 202, description = "The run, to be looked at again", body = RunView)))]
async fn start(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Json(asked): Json<Asked>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    begin(&app, &actor, connection, RunKind::Run, &asked).await
}

/// Asks for a dry run: what a run would do, by name, with nothing changed.
#[utoipa::path(post, path = "/connections/{connection}/sync/plan", tag = "sync", extensions(("x-permission" = json!("runs.start"))),
    params(("connection" = Uuid, Path, description = "The connection")), request_body = Asked,
    responses((status = 202, description = "The dry run, to be looked at again", body = RunView)))]
async fn plan(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Json(asked): Json<Asked>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    begin(&app, &actor, connection, RunKind::Plan, &asked).await
}

async fn begin(
    app: &App,
    actor: &crate::actor::Actor,
    connection: ConnectionId,
    kind: RunKind,
    asked: &Asked,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let mut work = app.begin(actor).await?;
    super::need_connection(&work, connection).await?;
    let started = trigger(&mut work, connection, kind, asked.whole, &asked.reason).await?;
    let run = run::find(&work, connection, started.run).await?;
    work.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}

/// Lists runs, newest first.
#[utoipa::path(get, path = "/connections/{connection}/sync/runs", tag = "sync", extensions(("x-permission" = json!("runs.read"))),
    params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "A page of runs", body = Paged<RunView>)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    asked: Page,
) -> Result<Paged<RunView>, Problem> {
    let work = app.read(&actor).await?;
    let before = match &asked.after {
        None => None,
        Some(after) => Some(
            after
                .parse()
                .map_err(|_| Problem::bad_request("`after` must be taken from the page before"))?,
        ),
    };
    super::need_connection(&work, connection).await?;
    let found = run::list(&work, connection, before, asked.rows()).await?;
    Ok(
        asked.cut(found.into_iter().map(RunView::from).collect(), |run| {
            run.id.to_string()
        }),
    )
}

/// Shows a run.
#[utoipa::path(get, path = "/connections/{connection}/sync/runs/{run}", tag = "sync", extensions(("x-permission" = json!("runs.read"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run")),
    responses((status = 200, description = "The run", body = RunView)))]
async fn find(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
) -> Result<Json<RunView>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(run::find(&work, connection, id).await?.into()))
}

/// What a run does, or would do, to one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeView {
    /// Place in the diff.
    seq: i64,
    /// The user.
    user: Uuid,
    /// The person in Okta.
    okta_id: String,
    /// Login at the time.
    login: String,
    /// Name at the time.
    name: String,
    /// What happens.
    steps: Vec<StepView>,
    /// Whether it waits for approval (or would).
    held: bool,
    /// Whether the person's sessions end.
    ends_sessions: bool,
}

/// What happens to one person in one respect.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StepView {
    /// What.
    op: Op,
    /// The role given or taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// The group behind it; none for a grant made by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// The mapping behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    mapping: Option<Uuid>,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        let step = |step: changes::Step| StepView {
            op: step.op,
            role: step
                .role_name
                .or_else(|| step.role.map(|role| role.to_string())),
            group: step.group_name,
            mapping: step.mapping.map(|id| id.0),
        };
        Self {
            seq: change.seq,
            user: change.user_id.0,
            okta_id: change.okta_id,
            login: change.login,
            name: change.name,
            steps: change.steps.into_iter().map(step).collect(),
            held: change.held,
            ends_sessions: change.ends_sessions,
        }
    }
}

/// Which part of a diff.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Part {
    /// Only what waits, or only what does not.
    held: Option<bool>,
}

/// Lists what a run does, or would do, person by person.
#[utoipa::path(get, path = "/connections/{connection}/sync/runs/{run}/changes", tag = "sync", extensions(("x-permission" = json!("runs.read"))),
    params(("connection" = Uuid, Path, description = "The connection"), ("run" = Uuid, Path, description = "The run"), Part),
    responses((status = 200, description = "A page of the diff", body = Paged<ChangeView>)))]
async fn diff(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, id)): Path<(ConnectionId, RunId)>,
    Query(part): Query<Part>,
    asked: Page,
) -> Result<Paged<ChangeView>, Problem> {
    let work = app.read(&actor).await?;
    run::find(&work, connection, id).await?;
    let after = match &asked.after {
        None => -1,
        Some(after) => after
            .parse()
            .map_err(|_| Problem::bad_request("`after` must be taken from the page before"))?,
    };
    let found = changes::list(&work, id, part.held, after, asked.rows()).await?;
    Ok(asked.cut(
        found.into_iter().map(ChangeView::from).collect(),
        |change| change.seq.to_string(),
    ))
}
