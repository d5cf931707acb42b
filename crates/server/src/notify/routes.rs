//! Notice channels and deliveries over the API.

use axum::extract::{Path, State};
use http::StatusCode;
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::channels::{self, Channel, Draft};
use super::deliver::{self, Tested};
use super::store::{self, Delivery};
use super::{ChannelId, DeliveryId, Error};
use crate::app::App;
use crate::web::{Caller, Json, Page, Paged, Problem};

/// This slice's routes.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(remove))
        .routes(routes!(test))
        .routes(routes!(deliveries))
}

/// A channel just added.
#[derive(Serialize, utoipa::ToSchema)]
struct Added {
    #[serde(flatten)]
    channel: Channel,
    /// What a webhook's receiver verifies signatures with; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// The tenant's channels.
#[derive(Serialize, utoipa::ToSchema)]
struct Channels {
    items: Vec<Channel>,
}

/// Lists where notices go.
#[utoipa::path(get, path = "/notice-channels", tag = "notices", extensions(("x-permission" = json!("settings.read"))),
    responses((status = 200, description = "All channels", body = Channels)))]
async fn list(State(app): State<App>, Caller(actor): Caller) -> Result<Json<Channels>, Problem> {
    let work = app.read(&actor).await?;
    Ok(Json(Channels {
        items: channels::list(&work).await?,
    }))
}

/// Adds a mail address or a webhook where notices go.
#[utoipa::path(post, path = "/notice-channels", tag = "notices", extensions(("x-permission" = json!("settings.manage"))),
    request_body = Draft, responses((status = 201, description = "The channel, a webhook with its secret", body = Added)))]
async fn add(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(draft): Json<Draft>,
) -> Result<(StatusCode, Json<Added>), Problem> {
    let mut work = app.begin(&actor).await?;
    let made = channels::add(&mut work, &draft).await?;
    work.commit().await?;
    let secret = made.secret.map(|secret| secret.expose_secret().to_owned());
    Ok((
        StatusCode::CREATED,
        Json(Added {
            channel: made.channel,
            secret,
        }),
    ))
}

/// Removes a channel.
#[utoipa::path(delete, path = "/notice-channels/{id}", tag = "notices", extensions(("x-permission" = json!("settings.manage"))),
    params(("id" = uuid::Uuid, Path, description = "The channel")), responses((status = 204, description = "Removed")))]
async fn remove(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ChannelId>,
) -> Result<StatusCode, Problem> {
    let mut work = app.begin(&actor).await?;
    channels::remove(&mut work, id).await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test to a channel and tells what became of it.
#[utoipa::path(post, path = "/notice-channels/{id}/test", tag = "notices", extensions(("x-permission" = json!("settings.manage"))),
    params(("id" = uuid::Uuid, Path, description = "The channel")), responses((status = 200, description = "What became of it", body = Tested)))]
async fn test(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<ChannelId>,
) -> Result<Json<Tested>, Problem> {
    Ok(Json(deliver::test(&app, &actor, id).await?))
}

/// Lists deliveries, newest first, with what became of each.
#[utoipa::path(get, path = "/notice-deliveries", tag = "notices", extensions(("x-permission" = json!("settings.read"))),
    params(("limit" = Option<u32>, Query, description = "Items at most"), ("after" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, description = "A page of deliveries", body = Paged<Delivery>)))]
async fn deliveries(
    State(app): State<App>,
    Caller(actor): Caller,
    page: Page,
) -> Result<Paged<Delivery>, Problem> {
    let after = page
        .after
        .as_deref()
        .map(str::parse::<DeliveryId>)
        .transpose();
    let after = after
        .map_err(|_| Error::Invalid("`after` must be taken from the page before".to_owned()))?;
    let work = app.read(&actor).await?;
    let rows = store::list(&work, after, page.rows()).await?;
    Ok(page.cut(rows, |delivery| delivery.id.to_string()))
}
