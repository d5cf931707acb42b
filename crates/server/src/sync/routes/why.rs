//! Why somebody has a role, over the API.

use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::super::why::{self, Cause};
use super::runs::ChangeView;
use crate::app::App;
use crate::directory;
use crate::directory::routes::resolve;
use crate::web::{Caller, Json, Problem};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

/// About which role.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct About {
    /// Id or name; all roles when missing.
    role: Option<String>,
}

/// Why a person has the roles they have.
#[derive(Serialize, utoipa::ToSchema)]
struct WhyView {
    /// Each grant with its group, run and time.
    grants: Vec<Cause>,
    /// What runs did to the person, newest first.
    history: Vec<PastView>,
}

/// What one run did to the person.
#[derive(Serialize, utoipa::ToSchema)]
struct PastView {
    /// The run.
    run: Uuid,
    #[serde(flatten)]
    change: ChangeView,
}

/// Tells why a person has their roles: each grant, its group, run and time.
#[utoipa::path(get, path = "/users/{user}/why", tag = "users", extensions(("x-permission" = json!("users.read"))),
    params(("user" = String, Path, description = "Id or login"), About),
    responses((status = 200, description = "The causes", body = WhyView)))]
async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Query(about): Query<About>,
) -> Result<Json<WhyView>, Problem> {
    let work = app.read(&actor).await?;
    let user = resolve(&work, &user).await?;
    let role = match &about.role {
        Some(role) => Some(directory::find_role_by(&work, role).await?.id),
        None => None,
    };
    let why = why::why(&work, user, role).await?;
    let past = |past: why::Past| PastView {
        run: past.run.0,
        change: past.change.into(),
    };
    Ok(Json(WhyView {
        grants: why.grants,
        history: why.history.into_iter().map(past).collect(),
    }))
}
