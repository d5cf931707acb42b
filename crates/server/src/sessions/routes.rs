//! Ending a session by the API. They are listed where people are.

use axum::extract::{Path, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::end as close;
use crate::app::App;
use crate::web::{Caller, Problem};

/// `/sessions/{session}`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(end))
}

/// End a session.
#[utoipa::path(delete, path = "/sessions/{session}", tag = "Sessions", params(("session" = Uuid, Path, description = "The session")),
    extensions(("x-permission" = json!("users.manage"))),
    responses((status = 204, description = "It is ended"), (status = 404, description = "There is none that is open")))]
async fn end(
    State(app): State<App>,
    actor: Caller,
    Path(session): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor.0).await?;
    if !close(&mut work, session.into(), "ended by an administrator").await? {
        return Err(Problem::not_found("open session"));
    }
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
