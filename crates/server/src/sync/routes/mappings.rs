//! Mappings over the API.

use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::super::settings;
use super::need_connection;
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, Timestamp};
use crate::directory::routes::{Look, Why, if_match};
use crate::directory::{self, Mapping, MappingChange as Change, MappingId, Role, RoleId};
use crate::scim;
use crate::web::{Caller, Json, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, update, delete))
}

/// A mapping as the API shows it.
#[derive(Serialize, utoipa::ToSchema)]
struct MappingView {
    /// Its id.
    id: Uuid,
    /// The connection of the group.
    connection: Uuid,
    /// The group's id in Okta.
    okta_group_id: String,
    /// The group with us.
    group_id: Uuid,
    /// The group's name as last seen.
    group_name: String,
    /// The roles its members get.
    roles: Vec<RoleName>,
    /// Since when it is paused: what it gave stays, nothing is given or taken.
    #[schema(value_type = Option<String>, format = DateTime)]
    paused_at: Option<Timestamp>,
    /// The undo that paused it.
    paused_by: Option<Uuid>,
    /// Rises with each change; send it as `If-Match`.
    version: i64,
}

/// A role by id and name.
#[derive(Serialize, utoipa::ToSchema)]
struct RoleName {
    id: Uuid,
    name: String,
}

/// All mappings.
#[derive(Serialize, utoipa::ToSchema)]
struct Mappings {
    items: Vec<MappingView>,
}

/// A mapping to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MappingDraft {
    /// The connection of the group.
    connection: Uuid,
    /// The group's id in Okta.
    okta_group_id: String,
    /// The group's name, until the first run reads it.
    #[serde(default)]
    group_name: Option<String>,
    /// Ids or names of the roles its members get.
    roles: Vec<String>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// What of a mapping is to change; what is missing stays.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MappingPatch {
    /// Ids or names of the roles its members get.
    #[serde(default)]
    roles: Option<Vec<String>>,
    /// Whether it is paused.
    #[serde(default)]
    paused: Option<bool>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

fn view(mapping: Mapping, known: &[Role]) -> MappingView {
    let name = |id: &RoleId| {
        known
            .iter()
            .find(|role| role.id == *id)
            .map(|role| role.name.clone())
            .unwrap_or_default()
    };
    MappingView {
        id: mapping.id.0,
        connection: mapping.connection_id.0,
        okta_group_id: mapping.okta_group_id,
        group_id: mapping.group_id.0,
        group_name: mapping.group_name,
        roles: mapping
            .roles
            .iter()
            .map(|id| RoleName {
                id: id.0,
                name: name(id),
            })
            .collect(),
        paused_at: mapping.paused_at,
        paused_by: mapping.paused_by,
        version: mapping.version,
    }
}

/// What a mapping of a group pushed by SCIM gives or takes follows soon: no run that reads Okta is needed for it.
pub(in crate::sync) async fn settle(work: &mut Work, mapping: &Mapping) -> db::Result<()> {
    if mapping.okta_group_id.starts_with(directory::said::MARK) {
        scim::settle_soon(work, mapping.connection_id).await?;
    }
    Ok(())
}

async fn shown(work: &Work, mapping: Mapping) -> Result<MappingView, Problem> {
    Ok(view(mapping, &directory::list_roles(work).await?))
}

async fn role_ids(work: &Work, names: &[String]) -> Result<Vec<RoleId>, Problem> {
    let mut ids = Vec::new();
    for name in names {
        let role = directory::find_role_by(work, name).await;
        ids.push(
            role.map_err(|_| Problem::invalid(format!("there is no role `{name}`")))?
                .id,
        );
    }
    Ok(ids)
}

/// Lists mappings.
#[utoipa::path(get, path = "/mappings", tag = "mappings", extensions(("x-permission" = json!("mappings.read"))), params(Look),
    responses((status = 200, description = "The mappings", body = Mappings)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(look): Query<Look>,
) -> Result<Json<Mappings>, Problem> {
    let work = app.read(&actor).await?;
    let known = directory::list_roles(&work).await?;
    let found = directory::list_mappings(&work, look.connection.map(ConnectionId)).await?;
    let q = look.q.to_lowercase();
    let wanted = |mapping: &Mapping| mapping.group_name.to_lowercase().contains(&q);
    Ok(Json(Mappings {
        items: found
            .into_iter()
            .filter(wanted)
            .map(|mapping| view(mapping, &known))
            .collect(),
    }))
}

/// Maps an Okta group to roles. Nobody can map to a role whose permissions they do not hold.
#[utoipa::path(post, path = "/mappings", tag = "mappings", extensions(("x-permission" = json!("mappings.manage"))),
    request_body = MappingDraft, responses((status = 201, description = "The mapping", body = MappingView)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(draft): Json<MappingDraft>,
) -> Result<(StatusCode, Json<MappingView>), Problem> {
    let mut work = app.begin(&actor).await?;
    let connection = ConnectionId(draft.connection);
    need_connection(&work, connection).await?;
    let ids = role_ids(&work, &draft.roles).await?;
    let name = draft.group_name.as_deref();
    let mapping = directory::create_mapping(
        &mut work,
        connection,
        &draft.okta_group_id,
        name,
        &ids,
        &draft.reason,
    )
    .await?;
    settings::ensure(&mut work, connection).await?;
    settle(&mut work, &mapping).await?;
    let view = shown(&work, mapping).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Shows a mapping.
#[utoipa::path(get, path = "/mappings/{id}", tag = "mappings", extensions(("x-permission" = json!("mappings.read"))),
    params(("id" = Uuid, Path, description = "The mapping")), responses((status = 200, description = "The mapping", body = MappingView)))]
async fn find(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<MappingId>,
) -> Result<Json<MappingView>, Problem> {
    let work = app.read(&actor).await?;
    let mapping = directory::find_mapping(&work, id).await?;
    Ok(Json(shown(&work, mapping).await?))
}

/// Changes a mapping: its roles, or pauses or resumes it.
#[utoipa::path(patch, path = "/mappings/{id}", tag = "mappings", extensions(("x-permission" = json!("mappings.manage"))),
    params(("id" = Uuid, Path, description = "The mapping")), request_body = MappingPatch,
    responses((status = 200, description = "The mapping", body = MappingView)))]
async fn update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<MappingId>,
    headers: HeaderMap,
    Json(change): Json<MappingPatch>,
) -> Result<Json<MappingView>, Problem> {
    let mut work = app.begin(&actor).await?;
    let roles = match &change.roles {
        Some(names) => Some(role_ids(&work, names).await?),
        None => None,
    };
    let to = Change {
        roles,
        paused: change.paused,
    };
    let mapping =
        directory::update_mapping(&mut work, id, &to, if_match(&headers)?, &change.reason).await?;
    settle(&mut work, &mapping).await?;
    let view = shown(&work, mapping).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// Deletes a mapping; the next run takes the roles it gave, under the guard.
#[utoipa::path(delete, path = "/mappings/{id}", tag = "mappings", extensions(("x-permission" = json!("mappings.manage"))),
    params(("id" = Uuid, Path, description = "The mapping"), Why), responses((status = 204, description = "Deleted")))]
async fn delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<MappingId>,
    Query(why): Query<Why>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    let mapping = directory::find_mapping(&work, id).await?;
    directory::delete_mapping(&mut work, id, &why.reason).await?;
    settle(&mut work, &mapping).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
