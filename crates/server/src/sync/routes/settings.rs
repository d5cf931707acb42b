//! How a connection is synced, over the API.

use axum::extract::{Path, Query, State};
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::guard::Limits;
use super::super::lookup::okta_groups as okta_groups_of;
use super::super::{Error, SettingsChange, change_settings, lowering, run, settings};
use super::runs::RunView;
use crate::app::{App, Work};
use crate::db::{ConnectionId, Timestamp};
use crate::directory::routes::if_match;
use crate::web::{Caller, Json, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, change))
        .routes(routes!(okta_groups))
}

/// How a connection is synced, and where it stands.
#[derive(Serialize, utoipa::ToSchema)]
struct SyncView {
    /// Minutes from one scheduled run to the next.
    interval_minutes: i64,
    /// Whether manual grants of people in no mapped group go too.
    okta_only: bool,
    /// The guard's limits.
    limits: Limits,
    /// Since when runs fail.
    #[schema(value_type = Option<String>, format = DateTime)]
    failing_since: Option<Timestamp>,
    /// The run that waits for approval.
    held: Option<RunView>,
    /// The latest run.
    last: Option<RunView>,
    /// Rises with each change; send it as `If-Match`.
    version: i64,
}

async fn view(work: &Work, connection: ConnectionId) -> Result<SyncView, Problem> {
    let settings = settings(work, connection).await?;
    Ok(SyncView {
        interval_minutes: settings.interval_minutes,
        okta_only: settings.okta_only,
        limits: settings.limits,
        failing_since: settings.failing_since,
        held: run::held(work, connection).await?.map(RunView::from),
        last: run::list(work, connection, None, 1)
            .await?
            .pop()
            .map(RunView::from),
        version: settings.version,
    })
}

/// Shows how a connection is synced.
#[utoipa::path(get, path = "/connections/{connection}/sync", tag = "sync", extensions(("x-permission" = json!("runs.read"))),
    params(("connection" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "Settings and state", body = SyncView)))]
async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<SyncView>, Problem> {
    let work = app.read(&actor).await?;
    super::need_connection(&work, connection).await?;
    Ok(Json(view(&work, connection).await?))
}

/// What is to change; what is missing stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SyncChange {
    /// 5, 15, 30, 60, 120, 240, 360 or 720 minutes.
    #[serde(default)]
    interval_minutes: Option<i64>,
    /// Whether manual grants of people in no mapped group go too.
    #[serde(default)]
    okta_only: Option<bool>,
    /// The guard's limits; those not named get their defaults. Lowering them takes a person's own credential, and a
    /// second person when there are two admins.
    #[serde(default)]
    limits: Option<Limits>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// Changes how a connection is synced.
#[utoipa::path(patch, path = "/connections/{connection}/sync", tag = "sync", extensions(("x-permission" = json!("mappings.manage"))),
    params(("connection" = Uuid, Path, description = "The connection")), request_body = SyncChange,
    responses((status = 200, description = "Settings and state", body = SyncView)))]
async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    headers: HeaderMap,
    Json(asked): Json<SyncChange>,
) -> Result<Json<SyncView>, Problem> {
    let SyncChange {
        interval_minutes,
        okta_only,
        limits,
        reason,
    } = asked;
    let change = SettingsChange {
        interval_minutes,
        okta_only,
        limits,
    };
    let mut work = app.begin(&actor).await?;
    super::need_connection(&work, connection).await?;
    let changed =
        change_settings(&mut work, connection, &change, if_match(&headers)?, &reason).await;
    if let (Err(Error::SecondPerson), Some(limits)) = (&changed, &limits) {
        // The wish of the first person stays, so that a second one can agree to it.
        drop(work);
        let mut work = app.begin(&actor).await?;
        lowering::ask_for_limits(&mut work, connection, limits, &reason).await?;
        work.commit().await?;
        return Err(Error::SecondPerson.into());
    }
    changed?;
    let view = view(&work, connection).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// What to look for.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Start {
    /// Start of the group's name.
    #[serde(default)]
    q: String,
}

/// A group of the org.
#[derive(Serialize, utoipa::ToSchema)]
struct OktaGroup {
    /// Its id in Okta, to be mapped.
    id: String,
    /// Its name.
    name: String,
    /// Its description.
    description: String,
    /// `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`.
    kind: String,
}

/// Groups of the org.
#[derive(Serialize, utoipa::ToSchema)]
struct OktaGroups {
    items: Vec<OktaGroup>,
}

/// Looks for groups in the org itself, to map them: at most 200, by the start of the name.
#[utoipa::path(get, path = "/connections/{connection}/okta-groups", tag = "sync", extensions(("x-permission" = json!("mappings.read"))),
    params(("connection" = Uuid, Path, description = "The connection"), Start),
    responses((status = 200, description = "Groups of the org", body = OktaGroups)))]
async fn okta_groups(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Query(start): Query<Start>,
) -> Result<Json<OktaGroups>, Problem> {
    let found = okta_groups_of(&app, actor.tenant, connection, &start.q).await?;
    let view = |group: keywright_model::Group| OktaGroup {
        id: group.id.to_string(),
        name: group.name().to_owned(),
        description: group
            .profile
            .description
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        kind: group
            .group_type
            .get()
            .map(ToString::to_string)
            .unwrap_or_default(),
    };
    Ok(Json(OktaGroups {
        items: found.into_iter().map(view).collect(),
    }))
}
