//! Roles over the API.

use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::roles::{self, Draft, Role};
use super::{Why, if_match};
use crate::actor::{Permission, Permissions};
use crate::app::App;
use crate::web::{Caller, Json, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(find, update, delete))
        .routes(routes!(permissions))
}

/// A role as the API shows it.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RoleView {
    /// Its id; fixed for built-in roles.
    id: uuid::Uuid,
    /// Its name, unique without regard to case.
    name: String,
    /// What it is for.
    description: String,
    /// Whether it is built in.
    built_in: bool,
    /// What it allows.
    permissions: Vec<Permission>,
    /// Rises with each change; send it as `If-Match`.
    version: i64,
}

impl From<Role> for RoleView {
    fn from(role: Role) -> Self {
        let Role {
            id,
            name,
            description,
            built_in,
            permissions,
            version,
        } = role;
        Self {
            id: id.0,
            name,
            description,
            built_in,
            permissions: permissions.iter().collect(),
            version,
        }
    }
}

/// All roles.
#[derive(Serialize, utoipa::ToSchema)]
struct Roles {
    items: Vec<RoleView>,
}

/// What a custom role is to be.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleDraft {
    /// Its name.
    name: String,
    /// What it is for.
    #[serde(default)]
    description: String,
    /// What it allows: names of the documented list.
    permissions: Vec<Permission>,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

impl RoleDraft {
    fn split(self) -> (Draft, String) {
        let permissions: Permissions = self.permissions.into_iter().collect();
        (
            Draft {
                name: self.name,
                description: self.description,
                permissions,
            },
            self.reason,
        )
    }
}

/// Lists roles, the built-in ones first.
#[utoipa::path(get, path = "/roles", tag = "roles", extensions(("x-permission" = json!("roles.read"))),
    responses((status = 200, description = "All roles", body = Roles)))]
async fn list(State(app): State<App>, Caller(actor): Caller) -> Result<Json<Roles>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(Roles {
        items: roles::list(&work)
            .await?
            .into_iter()
            .map(RoleView::from)
            .collect(),
    }))
}

/// Makes a custom role. Nobody can put into it what they do not hold themselves.
#[utoipa::path(post, path = "/roles", tag = "roles", extensions(("x-permission" = json!("roles.manage"))),
    request_body = RoleDraft, responses((status = 201, description = "The role", body = RoleView)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(draft): Json<RoleDraft>,
) -> Result<(StatusCode, Json<RoleView>), Problem> {
    let mut work = app.begin(&actor).await?;
    let (draft, reason) = draft.split();
    let role = roles::create(&mut work, &draft, &reason).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(role.into())))
}

/// Shows a role, by id or name.
#[utoipa::path(get, path = "/roles/{role}", tag = "roles", extensions(("x-permission" = json!("roles.read"))),
    params(("role" = String, Path, description = "Id or name")), responses((status = 200, description = "The role", body = RoleView)))]
async fn find(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(role): Path<String>,
) -> Result<Json<RoleView>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(roles::find_by(&work, &role).await?.into()))
}

/// Changes a custom role.
#[utoipa::path(put, path = "/roles/{role}", tag = "roles", extensions(("x-permission" = json!("roles.manage"))),
    params(("role" = String, Path, description = "Id or name")), request_body = RoleDraft,
    responses((status = 200, description = "The role", body = RoleView)))]
async fn update(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(role): Path<String>,
    headers: HeaderMap,
    Json(draft): Json<RoleDraft>,
) -> Result<Json<RoleView>, Problem> {
    let mut work = app.begin(&actor).await?;
    let (draft, reason) = draft.split();
    let id = roles::find_by(&work, &role).await?.id;
    let role = roles::update(&mut work, id, &draft, if_match(&headers)?, &reason).await?;
    work.commit().await?;
    Ok(Json(role.into()))
}

/// Deletes a custom role that no mapping uses.
#[utoipa::path(delete, path = "/roles/{role}", tag = "roles", extensions(("x-permission" = json!("roles.manage"))),
    params(("role" = String, Path, description = "Id or name"), Why), responses((status = 204, description = "Deleted")))]
async fn delete(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(role): Path<String>,
    Query(why): Query<Why>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    let id = roles::find_by(&work, &role).await?.id;
    roles::delete(&mut work, id, &why.reason).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One permission of the documented list.
#[derive(Serialize, utoipa::ToSchema)]
struct PermissionView {
    /// Its name.
    name: &'static str,
    /// What it allows.
    meaning: &'static str,
}

/// All permissions.
#[derive(Serialize, utoipa::ToSchema)]
struct PermissionList {
    items: Vec<PermissionView>,
}

/// Lists the permissions that custom roles choose from.
#[utoipa::path(get, path = "/permissions", tag = "roles", extensions(("x-permission" = json!("roles.read"))),
    responses((status = 200, description = "All permissions", body = PermissionList)))]
async fn permissions() -> Json<PermissionList> {
    let view = |permission: &Permission| PermissionView {
        name: permission.wire(),
        meaning: permission.meaning(),
    };
    Json(PermissionList {
        items: Permission::ALL.iter().map(view).collect(),
    })
}
