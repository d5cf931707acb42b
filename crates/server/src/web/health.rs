//! Whether this process lives (`/healthz`) and can do its work (`/readyz`).

use axum::extract::State;
use serde_json::{Value, json};

use super::{Json, Problem};
use crate::app::App;

/// The process lives; nothing else is looked at.
pub(crate) async fn healthz() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The database answers and has the schema of this program; 503 when not.
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Value>, Problem> {
    match app.db().schema_version().await {
        Ok(Some(version)) => Ok(Json(json!({ "status": "ready", "schema": version }))),
        Ok(None) => Err(Problem::unavailable("the database has no schema yet")),
        Err(error) => Err(Problem::unavailable(error.to_string())),
    }
}
