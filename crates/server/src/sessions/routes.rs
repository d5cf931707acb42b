//! Sessions by the API.

use axum::extract::{Path, State};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{Session, end as close, of_user};
use crate::app::App;
use crate::web::{Caller, Problem};

/// `/users/{user}/sessions`, `/sessions/{session}`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(end))
}

/// List a person's sessions, newest first.
#[utoipa::path(get, path = "/users/{user}/sessions", tag = "Sessions", params(("user" = Uuid, Path, description = "The person")),
    extensions(("x-permission" = json!("users.read"))),
    responses((status = 200, description = "At most the last 200", body = Vec<Session>)))]
async fn list(
    State(app): State<App>,
    actor: Caller,
    Path(user): Path<Uuid>,
) -> Result<axum::Json<Vec<Session>>, Problem> {
    Ok(axum::Json(
        of_user(&app.read(&actor.0).await?, user.into()).await?,
    ))
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
