//! SAML for admins: `/api/v1/connections/{connection}/saml`.

use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::certificates::Pinned;
use super::traces::Trace;
use super::{Addresses, Change, View};
use crate::app::App;
use crate::db::ConnectionId;
use crate::web::{Caller, Json, Problem};

/// The API.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, set, remove))
        .routes(routes!(refresh))
        .routes(routes!(certificates, pin))
        .routes(routes!(unpin))
        .routes(routes!(rotate))
        .routes(routes!(finish))
        .routes(routes!(metadata))
        .routes(routes!(traces))
}

/// How signing in through a connection stands, with what to give the identity provider.
#[utoipa::path(get, path = "/connections/{connection}/saml", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.read"))),
    responses((status = 200, body = View), (status = 404, description = "no such connection")))]
async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<View>, Problem> {
    Ok(Json(
        super::view(&app.read(&actor).await?, connection).await?,
    ))
}

/// Set up signing in through a connection, or change it; what is left out stays. With `If-Match: "VERSION"` only when nobody
/// changed it since. The identity provider is set by who holds every permission.
#[utoipa::path(put, path = "/connections/{connection}/saml", tag = "SAML", request_body = Change,
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 200, body = View), (status = 412, description = "changed since"), (status = 422, description = "a value will not do")))]
async fn set(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Json<View>, Problem> {
    super::set(&app, &actor, connection, change, if_match(&headers)?).await?;
    Ok(Json(
        super::view(&app.read(&actor).await?, connection).await?,
    ))
}

/// Take SAML away from a connection.
#[utoipa::path(delete, path = "/connections/{connection}/saml", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 204, description = "Nobody signs in through it any more"), (status = 404, description = "not set up")))]
async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    super::remove(&mut work, connection).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fetch the identity provider's metadata again and take its values and certificates.
#[utoipa::path(post, path = "/connections/{connection}/saml/refresh", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 200, body = View), (status = 409, description = "no address of metadata is set"), (status = 502, description = "nothing came from there")))]
async fn refresh(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<View>, Problem> {
    super::refresh(&app, &actor, connection).await?;
    Ok(Json(
        super::view(&app.read(&actor).await?, connection).await?,
    ))
}

/// The identity provider's certificates that are pinned, newest first.
#[utoipa::path(get, path = "/connections/{connection}/saml/certificates", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.read"))),
    responses((status = 200, body = Vec<Pinned>)))]
async fn certificates(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<Vec<Pinned>>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(super::certificates(&work, connection).await?))
}

/// A certificate to pin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Given {
    /// PEM, or base64 alone.
    certificate: String,
}

/// Pin one more certificate: the identity provider is about to change to it.
#[utoipa::path(post, path = "/connections/{connection}/saml/certificates", tag = "SAML", request_body = Given,
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 201, body = Pinned), (status = 409, description = "it is there already"), (status = 422, description = "it is no certificate that can be used")))]
async fn pin(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<Pinned>), Problem> {
    let mut work = app.begin(&actor).await?;
    let pinned = super::add_certificate(&mut work, connection, &given.certificate).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(pinned)))
}

/// Take a certificate away: what it signed is refused from now on.
#[utoipa::path(delete, path = "/connections/{connection}/saml/certificates/{certificate}", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection"), ("certificate" = Uuid, Path, description = "The certificate")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 204, description = "It does not count any more"), (status = 409, description = "it is the last one")))]
async fn unpin(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, certificate)): Path<(ConnectionId, Uuid)>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    super::remove_certificate(&mut work, connection, certificate).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a new key of our own and put it beside the current one. It takes over with `rotate/finish`, once the identity
/// provider has its certificate.
#[utoipa::path(post, path = "/connections/{connection}/saml/rotate", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 200, body = View)))]
async fn rotate(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<View>, Problem> {
    let mut work = app.begin(&actor).await?;
    super::rotate_start(&mut work, connection).await?;
    let view = super::view(&work, connection).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// Let the new key sign; the old one is dropped.
#[utoipa::path(post, path = "/connections/{connection}/saml/rotate/finish", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.manage"))),
    responses((status = 200, body = View), (status = 409, description = "no new key waits")))]
async fn finish(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<View>, Problem> {
    let mut work = app.begin(&actor).await?;
    super::rotate_finish(&mut work, connection).await?;
    let view = super::view(&work, connection).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// What the identity provider reads of us.
#[derive(Debug, Serialize, ToSchema)]
struct Preview {
    /// The values in it.
    #[serde(flatten)]
    addresses: Addresses,
    /// The document, as it is served at `metadata_url`.
    metadata: String,
}

/// Our metadata, as the identity provider reads it.
#[utoipa::path(get, path = "/connections/{connection}/saml/metadata", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("connections.read"))),
    responses((status = 200, body = Preview), (status = 404, description = "not set up")))]
async fn metadata(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
) -> Result<Json<Preview>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(Preview {
        addresses: Addresses::of(&app, connection),
        metadata: super::metadata(&work, connection).await?,
    }))
}

/// How many traces.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// At most so many.
    limit: Option<i64>,
}

/// Why people were not signed in lately, newest first. No message of an identity provider is kept.
#[utoipa::path(get, path = "/connections/{connection}/saml/traces", tag = "SAML",
    params(("connection" = Uuid, Path, description = "The connection"),
        ("limit" = Option<i64>, Query, description = "How many at most; 200, which is all that is kept, when not said")),
    extensions(("x-permission" = json!("connections.read"))),
    responses((status = 200, body = Vec<Trace>)))]
async fn traces(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<Trace>>, Problem> {
    let work = app.read(&actor).await?;
    let limit = wanted.limit.unwrap_or(i64::MAX);
    Ok(Json(super::traces(&work, connection, limit).await?))
}

/// The version of `If-Match: "3"`; none without the header (RFC 9110 section 13.1.1).
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(http::header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    let version = text.trim_start_matches("W/").trim_matches('"').parse();
    version
        .map(Some)
        .map_err(|_| Problem::bad_request("If-Match must be a version in quotes"))
}
