//! `/api/v1/connections` and the public keys at `/connections/{connection}/jwks.json`.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json as AxumJson, Router};
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::keys::{Algorithm, GivenKey, Purpose};
use super::view::{KeyView, View};
use super::{Change, Error, Forced, New, Report, Rotated};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::ConnectionId;
use crate::web::{Caller, Json, Problem};

/// The API.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show, change, remove))
        .routes(routes!(test))
        .routes(routes!(rotate))
        .routes(routes!(finish))
        .routes(routes!(replace_token))
        .routes(routes!(consent, ask_consent))
        .routes(routes!(finish_consent))
        .routes(routes!(scopes))
}

/// What Okta reads without a credential.
pub fn public_routes() -> Router<App> {
    Router::new().route("/connections/{connection}/jwks.json", get(jwks))
}

#[derive(Serialize, ToSchema)]
struct List {
    items: Vec<View>,
}

/// All connections.
#[utoipa::path(get, path = "/connections", tag = "connections", responses((status = 200, body = List)),
    extensions(("x-permission" = json!("connections.read"))))]
async fn list(State(app): State<App>, Caller(actor): Caller) -> Result<Json<List>, Problem> {
    let work = app.read(&actor).await?;
    let mut items = Vec::new();
    for connection in super::list(&work).await? {
        let keys = super::keys(&work, connection.id).await?;
        items.push(View::new(&app, connection, keys));
    }
    Ok(Json(List { items }))
}

/// Join an Okta org. Keys are made here unless they are given.
#[utoipa::path(post, path = "/connections", tag = "connections", request_body = New,
    responses((status = 201, body = View), (status = 409, description = "name or org are joined already"),
        (status = 422, description = "a value will not do")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<View>), Problem> {
    let mut work = app.begin(&actor).await?;
    let made = super::create(&mut work, new).await?;
    let view = view(&work, made.id).await?;
    work.commit().await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// One connection with the public halves of its keys.
#[utoipa::path(get, path = "/connections/{connection}", tag = "connections", params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = View), (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.read"))))]
async fn show(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<View>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(view(&work, id).await?))
}

/// Change a connection. With `If-Match: "VERSION"` only when nobody changed it since.
#[utoipa::path(patch, path = "/connections/{connection}", tag = "connections", request_body = Change,
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = View), (status = 404, description = "no such connection"), (status = 412, description = "changed since")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn change(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
    headers: HeaderMap,
    Json(change): Json<Change>,
) -> Result<Json<View>, Problem> {
    let mut work = app.begin(&actor).await?;
    super::change(&mut work, id, if_match(&headers)?, change).await?;
    let view = view(&work, id).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// How to remove a connection.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct Removal {
    /// Its org is gone: end all that people have through it, without a run. Takes a person's own credential.
    #[serde(default)]
    force: bool,
    /// Why, for the audit trail.
    #[serde(default)]
    reason: String,
}

/// Remove a connection and its keys. Refused while people have roles through it: end those by a run first, or, when its
/// org is gone, remove it by force.
#[utoipa::path(delete, path = "/connections/{connection}", tag = "connections",
    params(("connection" = uuid::Uuid, Path, description = "its id"), Removal),
    responses((status = 204, description = "removed"), (status = 200, description = "removed by force", body = Forced),
        (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
    Query(removal): Query<Removal>,
) -> Result<Response, Problem> {
    let mut work = app.begin(&actor).await?;
    let answer = if removal.force {
        let forced = super::remove_by_force(&mut work, id, &removal.reason).await?;
        Json(forced).into_response()
    } else {
        super::remove(&mut work, id, "a connection was removed").await?;
        StatusCode::NO_CONTENT.into_response()
    };
    work.commit().await?;
    Ok(answer)
}

/// Test a connection: each capability, and for what fails the exact mend. Nothing in Okta is changed.
#[utoipa::path(post, path = "/connections/{connection}/test", tag = "connections", params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = Report), (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn test(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<Report>, Problem> {
    Ok(Json(super::test(&app, &actor, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rotate {
    /// Which key; by default the client key.
    #[serde(default = "client_key")]
    purpose: Purpose,
    /// The kind of the new key.
    #[serde(default)]
    algorithm: Algorithm,
    /// A new key that exists already; by default one is made.
    #[serde(default)]
    key: Option<GivenKey>,
}

fn client_key() -> Purpose {
    Purpose::Client
}

#[derive(Serialize, ToSchema)]
struct RotatedView {
    /// True when the new key is in force and the old one is gone.
    done: bool,
    key: KeyView,
}

impl From<Rotated> for RotatedView {
    fn from(rotated: Rotated) -> Self {
        let (done, key) = match rotated {
            Rotated::Done(key) => (true, key),
            Rotated::Waits(key) => (false, key),
        };
        Self {
            done,
            key: KeyView::new(key),
        }
    }
}

/// Put a new key beside the old one. It takes over with `rotate/finish`, once Okta knows it.
#[utoipa::path(post, path = "/connections/{connection}/rotate", tag = "connections", request_body = Rotate,
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = RotatedView), (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn rotate(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
    Json(rotate): Json<Rotate>,
) -> Result<Json<RotatedView>, Problem> {
    let mut work = app.begin(&actor).await?;
    let rotated = super::rotate_start(
        &mut work,
        id,
        rotate.purpose,
        rotate.algorithm,
        rotate.key.as_ref(),
    )
    .await?;
    work.commit().await?;
    Ok(Json(rotated.into()))
}

/// Try the new key at Okta and let it take over; the old one is dropped.
#[utoipa::path(post, path = "/connections/{connection}/rotate/finish", tag = "connections",
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = RotatedView), (status = 404, description = "no such connection"),
        (status = 409, description = "Okta does not take the new key yet; nothing changed")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn finish(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<RotatedView>, Problem> {
    Ok(Json(super::rotate_finish(&app, &actor, id).await?.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// The new API token.
    #[serde(deserialize_with = "super::given::secret")]
    #[schema(value_type = String, format = "password")]
    api_token: SecretString,
}

/// Put a new API token in the place of the old one.
#[utoipa::path(put, path = "/connections/{connection}/token", tag = "connections", request_body = NewToken,
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = View), (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn replace_token(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
    Json(new): Json<NewToken>,
) -> Result<Json<View>, Problem> {
    let mut work = app.begin(&actor).await?;
    super::rotate_token(&mut work, id, &new.api_token).await?;
    let view = view(&work, id).await?;
    work.commit().await?;
    Ok(Json(view))
}

/// How the consent of a connection stands, and the redirect URI to copy into the app.
#[utoipa::path(get, path = "/connections/{connection}/consent", tag = "connections",
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = super::Consent), (status = 404, description = "no such connection")),
    extensions(("x-permission" = json!("connections.read"))))]
async fn consent(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
) -> Result<Json<super::Consent>, Problem> {
    let work = app.read(&actor).await?;
    super::find(&work, id).await?;
    Ok(Json(super::consent(&work, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskConsent {
    /// An address of this machine to come back to, for a command; by default the console's.
    #[serde(default)]
    redirect_uri: Option<String>,
}

/// Begin a consent: an address at Okta for a browser. Only who begins it can finish it, within ten minutes.
#[utoipa::path(post, path = "/connections/{connection}/consent", tag = "connections", request_body = AskConsent,
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = super::ConsentAsked), (status = 422, description = "client id or secret are missing")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn ask_consent(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ConnectionId>,
    Json(ask): Json<AskConsent>,
) -> Result<Json<super::ConsentAsked>, Problem> {
    let by = caller(&actor);
    let mut work = app.begin(&actor).await?;
    let asked = super::ask_consent(&mut work, id, ask.redirect_uri.as_deref(), &by).await?;
    work.commit().await?;
    Ok(Json(asked))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishConsent {
    /// `state` as it came back.
    state: String,
    /// `code` as it came back.
    #[serde(deserialize_with = "super::given::secret")]
    #[schema(value_type = String, format = "password")]
    code: SecretString,
}

/// Finish a consent with what came back from Okta.
#[utoipa::path(post, path = "/connections/{connection}/consent/finish", tag = "connections", request_body = FinishConsent,
    params(("connection" = uuid::Uuid, Path, description = "its id")),
    responses((status = 200, body = super::Consent), (status = 409, description = "not begun here, by this caller, or over")),
    extensions(("x-permission" = json!("connections.manage"))))]
async fn finish_consent(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<ConnectionId>,
    Json(finish): Json<FinishConsent>,
) -> Result<Json<super::Consent>, Problem> {
    let by = caller(&actor);
    let id = super::finish_consent(&app, &actor, &finish.state, &finish.code, &by).await?;
    if id != connection {
        return Err(Error::StateUnknown.into());
    }
    let work = app.read(&actor).await?;
    Ok(Json(super::consent(&work, id).await?))
}

/// Who begins a consent by the API, and so must finish it.
fn caller(actor: &Actor) -> String {
    let id = actor.id_text().unwrap_or_else(|| actor.name.clone());
    format!("{}:{id}", actor.kind.word())
}

#[derive(Serialize, ToSchema)]
struct Scopes {
    items: Vec<super::KnownScope>,
}

/// The scopes that a consent can ask for, each with what it is for and what needs it.
#[utoipa::path(get, path = "/scopes", tag = "connections", responses((status = 200, body = Scopes)),
    extensions(("x-permission" = json!("connections.read"))))]
async fn scopes() -> Json<Scopes> {
    Json(Scopes {
        items: super::known_scopes(),
    })
}

async fn jwks(
    State(app): State<App>,
    Path(id): Path<ConnectionId>,
) -> Result<AxumJson<serde_json::Value>, Problem> {
    Ok(AxumJson(super::jwks(&app, id).await?))
}

async fn view(work: &Work, id: ConnectionId) -> Result<View, Error> {
    let connection = super::find(work, id).await?;
    let keys = super::keys(work, id).await?;
    Ok(View::new(work.app(), connection, keys))
}

/// The version of `If-Match: "3"`; none without the header (RFC 9110 section 13.1.1).
fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(http::header::IF_MATCH) else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .and_then(|text| {
            text.trim()
                .trim_start_matches("W/")
                .trim_matches('"')
                .parse()
                .ok()
        })
        .map(Some)
        .ok_or_else(|| Problem::bad_request("If-Match must be a version in quotes"))
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(_) => Self::not_found("connection"),
            Error::Domain(_)
            | Error::BadName(_)
            | Error::BadShare(_)
            | Error::BadClientId(_)
            | Error::BadToken
            | Error::DoesNotGo { .. }
            | Error::Missing { .. }
            | Error::BadSecret
            | Error::BadScope(_)
            | Error::BadRedirect(_)
            | Error::Key(_) => Self::invalid(error.to_string()),
            Error::Taken { .. } | Error::NothingToFinish | Error::Disabled(_) => Self::conflict(error.to_string()),
            Error::InUse { .. } => Self::conflict(error.to_string()).with(
                "mend",
                "remove its mappings (keywright mapping remove), run sync so that what they gave ends, then remove it; or switch \
                 it off: keywright connection set NAME --disable. If the org is gone for good: keywright connection remove NAME --force",
            ),
            Error::StillWorks(_) => Self::conflict(error.to_string()).with(
                "mend",
                "remove its mappings (keywright mapping remove), run sync, then remove it without force; if the org is gone, \
                 keywright connection test NAME notices it",
            ),
            Error::StateUnknown => Self::conflict(error.to_string()).with("mend", "begin again: keywright connection consent NAME"),
            Error::NoConsent => Self::conflict(error.to_string()).with("mend", "keywright connection consent NAME"),
            Error::NoRefreshToken => Self::upstream(error.to_string()).with(
                "mend",
                "in Okta switch on the grant type Refresh Token of the app (General > General Settings > Edit), then consent again",
            ),
            Error::StillRefreshing => Self::unavailable(error.to_string()),
            Error::NotPersonal => Self::forbidden(error.to_string())
                .with("mend", "set KEYWRIGHT_API_KEY to an API key of your own: keywright api-key create LOGIN"),
            Error::Directory(error) => error.into(),
            Error::NewKeyRefused(_) => Self::conflict(error.to_string())
                .with("mend", "add the new public key to the app in Okta (General > Public Keys), then finish again"),
            Error::Client(source) => Self::upstream(source.to_string()).with("mend", source.mend()),
            Error::Unreadable { .. } | Error::Sealed(_) => Self::internal(&error),
            Error::Database(error) => error.into(),
        }
    }
}
