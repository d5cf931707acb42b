//! SCIM for admins: tokens and the log of requests, under `/api/v1`. What else they see and decide: [`super::desk`].

use axum::extract::{Path, Query, State};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::{base, requests, tokens};
use crate::actor::Permission;
use crate::app::App;
use crate::connections;
use crate::db::ConnectionId;
use crate::web::{Caller, Json, Options, Problem};

/// Most requests in one answer.
const MAX_REQUESTS: u64 = 1_000;

/// `/connections/{connection}/scim/tokens` and `/connections/{connection}/scim/requests`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(revoke))
        .routes(routes!(log))
        .merge(super::desk::routes())
}

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct New {
    /// Its name for people.
    name: String,
    /// After how many days it ends; 365 when not said.
    days: Option<i64>,
}

/// A token just made.
#[derive(Debug, Serialize, ToSchema)]
struct Made {
    /// What is listed of it.
    #[serde(flatten)]
    token: tokens::Token,
    /// The secret, shown this once.
    secret: String,
    /// The address to enter in Okta as SCIM connector base URL.
    base_url: String,
}

/// List the SCIM tokens of a connection, newest first.
#[utoipa::path(get, path = "/connections/{connection}/scim/tokens", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection")),
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "All tokens, also those that have ended", body = Vec<tokens::Token>)))]
async fn list(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
) -> Result<Json<Vec<tokens::Token>>, Problem> {
    actor.need(Permission::ScimManage)?;
    let work = app.read(&actor).await?;
    connections::find(&work, ConnectionId(connection)).await?;
    Ok(Json(tokens::list(&work, ConnectionId(connection)).await?))
}

/// Make a SCIM token; its secret is in the answer and nowhere else.
#[utoipa::path(post, path = "/connections/{connection}/scim/tokens", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection")), request_body = New,
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "The token with its secret", body = Made)))]
async fn create(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
    Json(new): Json<New>,
) -> Result<Json<Made>, Problem> {
    actor.need(Permission::ScimManage)?;
    let days = new.days.unwrap_or(tokens::DEFAULT_DAYS);
    if new.name.trim().is_empty() || new.name.len() > 200 {
        return Err(Problem::invalid("`name` must have 1 to 200 signs"));
    }
    if !(1..=tokens::MAX_DAYS).contains(&days) {
        return Err(Problem::invalid(format!(
            "`days` must be from 1 to {}",
            tokens::MAX_DAYS
        )));
    }
    let connection = ConnectionId(connection);
    let mut work = app.begin(&actor).await?;
    connections::find(&work, connection).await?;
    let made = tokens::create(&mut work, connection, new.name.trim(), days).await?;
    work.commit().await?;
    let public = app
        .part::<Options>()
        .cloned()
        .unwrap_or_default()
        .public_url;
    Ok(Json(Made {
        token: made.token,
        secret: made.secret.expose_secret().to_owned(),
        base_url: base(&public, connection),
    }))
}

/// Revoke a SCIM token now.
#[utoipa::path(delete, path = "/connections/{connection}/scim/tokens/{token}", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection"), ("token" = Uuid, Path, description = "The token")),
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "It has ended", body = Value)))]
async fn revoke(
    State(app): State<App>,
    Caller(actor): Caller,
    Path((connection, token)): Path<(Uuid, Uuid)>,
) -> Result<Json<Value>, Problem> {
    actor.need(Permission::ScimManage)?;
    let mut work = app.begin(&actor).await?;
    if !tokens::revoke(&mut work, ConnectionId(connection), token).await? {
        return Err(Problem::not_found("token that still stands"));
    }
    work.commit().await?;
    Ok(Json(json!({ "revoked": token })))
}

/// Which requests.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// Those after this one.
    after: Option<Uuid>,
    /// How many at most.
    limit: Option<u64>,
}

/// The last SCIM requests of a connection, oldest first; with `after`, those that came since.
#[utoipa::path(get, path = "/connections/{connection}/scim/requests", tag = "SCIM",
    params(("connection" = Uuid, Path, description = "The connection"),
        ("after" = Option<Uuid>, Query, description = "The last request already seen"),
        ("limit" = Option<u64>, Query, description = "How many at most, 1000 when not said")),
    extensions(("x-permission" = json!("scim.manage"))),
    responses((status = 200, description = "Requests without headers and passwords", body = Vec<requests::Entry>)))]
async fn log(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(connection): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<requests::Entry>>, Problem> {
    actor.need(Permission::ScimManage)?;
    requests::flush(&app).await;
    let limit = wanted.limit.unwrap_or(MAX_REQUESTS).min(MAX_REQUESTS);
    let work = app.read(&actor).await?;
    connections::find(&work, ConnectionId(connection)).await?;
    Ok(Json(
        requests::list(&work, ConnectionId(connection), wanted.after, limit).await?,
    ))
}
