//! `/api/v1/doctor`.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Error, Finding, Repaired};
use crate::app::App;
use crate::web::{Caller, Json, Problem};

/// The API.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(examine))
        .routes(routes!(repair))
}

#[derive(Serialize, ToSchema)]
struct Examined {
    /// What is wrong, worst first.
    items: Vec<Finding>,
}

/// Examine everything: find what is wrong or has drifted, here and in Okta. Nothing in Okta is changed.
#[utoipa::path(post, path = "/doctor", tag = "Operation", responses((status = 200, body = Examined)),
    extensions(("x-permission" = json!("settings.read"))))]
async fn examine(State(app): State<App>, Caller(actor): Caller) -> Result<Json<Examined>, Problem> {
    let items = super::examine(&app, &actor).await?;
    Ok(Json(Examined { items }))
}

#[derive(Serialize, ToSchema)]
struct AfterRepair {
    /// What was tried.
    tried: Vec<Repaired>,
    /// What is still wrong.
    items: Vec<Finding>,
}

/// Mend what is safe to mend, then examine again.
#[utoipa::path(post, path = "/doctor/repair", tag = "Operation", responses((status = 200, body = AfterRepair)),
    extensions(("x-permission" = json!("settings.manage"))))]
async fn repair(
    State(app): State<App>,
    Caller(actor): Caller,
) -> Result<Json<AfterRepair>, Problem> {
    let (tried, items) = super::repair(&app, &actor).await?;
    Ok(Json(AfterRepair { tried, items }))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Connection(error) => error.into(),
            Error::Directory(error) => error.into(),
            Error::Saml(error) => error.into(),
            Error::Sync(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
