//! API keys over the API.

use axum::extract::{Path, Query, State};
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{ApiKey, ApiKeyId, Draft};
use crate::actor::Permission;
use crate::app::App;
use crate::db::UserId;
use crate::web::{Caller, Json, Problem};

/// This slice's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(whoami))
}

/// A key just made.
#[derive(Serialize, utoipa::ToSchema)]
struct Created {
    #[serde(flatten)]
    key: ApiKey,
    /// What to send as `Authorization: Bearer ...`; shown this once.
    token: String,
}

/// API keys.
#[derive(Serialize, utoipa::ToSchema)]
struct Keys {
    items: Vec<ApiKey>,
}

/// Whose keys to list.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    owner: Option<UserId>,
    #[serde(default)]
    all: bool,
}

/// Who the caller is.
#[derive(Serialize, utoipa::ToSchema)]
struct Who {
    /// `local`, `person` or `api_key`.
    kind: &'static str,
    /// The person; none for the operator of the machine.
    #[schema(value_type = Option<uuid::Uuid>)]
    user_id: Option<UserId>,
    /// The login.
    name: String,
    /// The tenant.
    tenant_id: uuid::Uuid,
    /// What the caller may do now.
    permissions: Vec<Permission>,
}

/// Lists API keys: one's own, with `owner` those of a person, with `all=true` all.
///
/// Those of others need `api-keys.manage`.
#[utoipa::path(get, path = "/api-keys", tag = "api keys", extensions(("x-permission" = json!("self"))),
    params(("owner" = Option<uuid::Uuid>, Query, description = "Whose keys"), ("all" = Option<bool>, Query, description = "Everybody's")),
    responses((status = 200, description = "Keys, newest first", body = Keys)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<Keys>, Problem> {
    let owner = whose
        .owner
        .or_else(|| actor.kind.person())
        .filter(|_| !whose.all);
    let work = app.read(&actor).await?;
    Ok(Json(Keys {
        items: super::list(&work, owner).await?,
    }))
}

/// Makes an API key; its token is shown this once.
#[utoipa::path(post, path = "/api-keys", tag = "api keys", extensions(("x-permission" = json!("self"))),
    request_body = Draft, responses((status = 201, description = "The key and its token", body = Created)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let mut work = app.begin(&actor).await?;
    let made = super::create(&mut work, &draft).await?;
    work.commit().await?;
    let token = made.token.expose_secret().to_owned();
    Ok((
        StatusCode::CREATED,
        Json(Created {
            key: made.key,
            token,
        }),
    ))
}

/// Revokes an API key at once: one's own, or with `api-keys.manage` anybody's.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api keys", extensions(("x-permission" = json!("self"))),
    params(("id" = uuid::Uuid, Path, description = "The key")), responses((status = 204, description = "Revoked")))]
async fn revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    super::revoke(&mut work, id, "revoked by hand").await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells who the caller is and what they may do.
#[utoipa::path(get, path = "/whoami", tag = "api keys", extensions(("x-permission" = json!("self"))),
    responses((status = 200, description = "The caller", body = Who)))]
async fn whoami(Caller(actor): Caller) -> Json<Who> {
    Json(Who {
        kind: actor.kind.word(),
        user_id: actor.kind.person(),
        name: actor.name,
        tenant_id: actor.tenant.0,
        permissions: actor.permissions.iter().collect(),
    })
}
