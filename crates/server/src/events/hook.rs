//! Where Okta's event hook comes: `/connections/{connection}/hooks/events`. Okta: event hooks, verification and delivery.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Value, json};

use super::{CameBy, incoming, intake, secrets};
use crate::app::App;
use crate::connections;
use crate::db::ConnectionId;
use crate::web::Problem;

/// What Okta sends once, to see that the address is ours.
const CHALLENGE: HeaderName = HeaderName::from_static("x-okta-verification-challenge");
/// Longest challenge that is said back, in bytes.
const LONGEST: usize = 512;

/// Routes without a caller of ours: the hook's secret is checked here.
pub fn public_routes() -> Router<App> {
    Router::new().route(
        "/connections/{connection}/hooks/events",
        get(verify).post(deliver),
    )
}

/// Says the challenge back. Whether Okta sends the secret with it is not documented, so it is not asked for.
async fn verify(
    State(app): State<App>,
    Path(connection): Path<ConnectionId>,
    headers: HeaderMap,
) -> Result<Json<Value>, Problem> {
    let challenge = headers.get(CHALLENGE).and_then(|value| value.to_str().ok());
    let challenge = challenge.filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let Some(challenge) = challenge else {
        return Err(Problem::bad_request(format!(
            "this address is for Okta's event hook, which verifies it with the header {CHALLENGE}"
        )));
    };
    if connections::owner(&app, connection).await?.is_none() {
        return Err(Problem::not_found("connection"));
    }
    Ok(Json(json!({ "verification": challenge })))
}

/// Keeps the events of a delivery and answers 204 when they are on disk. Okta sends again what is answered with 5xx, once;
/// what was kept already is not kept twice.
async fn deliver(
    State(app): State<App>,
    Path(connection): Path<ConnectionId>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let told = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let tenant = secrets::authenticate(&app, connection, told).await?;
    let (events, unreadable) = incoming::delivery(&body)?;
    if unreadable > 0 {
        tracing::warn!(%connection, unreadable, "events of a delivery could not be read");
    }
    let events = events.into_iter().map(|event| (CameBy::Hook, event));
    intake::take(&app, tenant, connection, events.collect()).await?;
    Ok(StatusCode::NO_CONTENT)
}
