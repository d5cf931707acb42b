//! Tenants by the API.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Error, Tenant, create as make, list as all};
use crate::app::App;
use crate::web::{Json, Problem};

/// `/tenants`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create))
}

/// List the tenants of this deployment.
#[utoipa::path(get, path = "/tenants", tag = "Tenants", extensions(("x-permission" = json!("tenants.manage"))),
    responses((status = 200, description = "All tenants by slug", body = Vec<Tenant>)))]
async fn list(State(app): State<App>) -> Result<axum::Json<Vec<Tenant>>, Problem> {
    Ok(axum::Json(all(&app).await?))
}

/// A tenant to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// Its short name: small letters, digits, hyphens.
    slug: String,
    /// Its name for people.
    name: String,
}

/// Add a tenant.
#[utoipa::path(post, path = "/tenants", tag = "Tenants", request_body = New, extensions(("x-permission" = json!("tenants.manage"))),
    responses((status = 201, description = "The new tenant", body = Tenant)))]
async fn create(
    State(app): State<App>,
    Json(new): Json<New>,
) -> Result<(StatusCode, axum::Json<Tenant>), Problem> {
    let made = make(&app, &new.slug, &new.name).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::BadSlug(_) => Self::invalid(error.to_string()),
            Error::Taken(_) => Self::conflict(error.to_string()),
            Error::Db(error) => error.into(),
        }
    }
}
