//! Key rotation by the API.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{RingError, Rotated, reseal};
use crate::actor::Actor;
use crate::app::App;
use crate::tenants;
use crate::web::{Caller, Problem};

/// `/secrets/rotate`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(rotate))
}

/// What a rotation did.
#[derive(Debug, Serialize, ToSchema)]
struct Done {
    /// The number of the key that seals from now on.
    key: u32,
    /// What was sealed again, over all tenants.
    #[serde(flatten)]
    sealed: Rotated,
}

/// Add a master key and seal every secret again with it.
///
/// The old keys stay on the ring: backups and the audit trail need them.
#[utoipa::path(post, path = "/secrets/rotate", tag = "Operation", extensions(("x-permission" = json!("tenants.manage"))),
    responses((status = 200, description = "The new key's number and what was done", body = Done)))]
async fn rotate(
    State(app): State<App>,
    Caller(caller): Caller,
) -> Result<axum::Json<Done>, Problem> {
    let key = app.vault().add_key(app.random())?;
    let mut sealed = Rotated::default();
    for tenant in tenants::list(&app).await? {
        let mut work = app
            .begin(&Actor {
                tenant: tenant.id,
                ..caller.clone()
            })
            .await?;
        sealed.add(reseal(&mut work, crate::migrations::SEALED).await?);
        work.commit().await?;
    }
    Ok(axum::Json(Done { key, sealed }))
}

impl From<RingError> for Problem {
    fn from(error: RingError) -> Self {
        Self::internal(&error)
    }
}
