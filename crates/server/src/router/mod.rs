//! All addresses in one router: the API under `/api/v1` with its OpenAPI document, and health.
//!
//! Each slice gives its routes as an [`OpenApiRouter`]; each operation declares the permission it needs
//! (`x-permission`), which the gate checks and the test beside this walks through as a stranger.

mod docs;
mod gate;
mod pages;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::console::{self, Pages};
use crate::web::{self, Options};
use crate::{
    actions, activity, apikeys, audit, connections, directory, doctor, events, notify, orgs,
    overview, people, saml, scim, sessions, settings, signin, sync, tenants, vault,
};

use gate::{Gate, guard};

/// Where the API lives.
pub const API: &str = "/api/v1";

/// What the document says of the API as a whole.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Keywright",
        description = "Everything the console and the commands do. Errors are problems (RFC 9457); lists are paged by `limit` and `after`, with the next page in the `Link` header.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    security(("api_key" = [])),
)]
struct Document;

/// The routes of all slices.
fn slices() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(audit::routes())
        .merge(tenants::routes())
        .merge(sessions::routes())
        .merge(vault::routes())
        .merge(apikeys::routes())
        .merge(notify::routes())
        .merge(directory::routes())
        .merge(connections::routes())
        .merge(actions::routes())
        .merge(events::routes())
        .merge(doctor::routes())
        .merge(sync::routes())
        .merge(saml::api())
        .merge(scim::api())
        .merge(signin::routes())
}

/// The API's routes and the document that describes them.
pub fn api() -> (Router<App>, OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi())
        .nest(API, slices())
        .split_for_parts();
    let scheme = SecurityScheme::Http(
        Http::builder()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("kw_...")
            .build(),
    );
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("api_key", scheme);
    describe_answers(&mut document);
    (router, document)
}

/// Each answer has a description, which OpenAPI demands and generators of clients insist on: where an operation gives none,
/// the name of its status.
fn describe_answers(document: &mut OpenApi) {
    let operations = document.paths.paths.values_mut().flat_map(|item| {
        [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ]
    });
    for operation in operations.flatten() {
        for (status, answer) in &mut operation.responses.responses {
            let RefOr::T(answer) = answer else { continue };
            if answer.description.is_empty() {
                let status = status.parse::<http::StatusCode>().ok();
                let name = status.and_then(|status| status.canonical_reason());
                name.unwrap_or("Answer").clone_into(&mut answer.description);
            }
        }
    }
}

/// The whole server as one service. `web::Options` among the app's parts says how it is reached and bounded.
pub fn router(app: &App) -> Router {
    let (api, document) = api();
    let gate = Gate::of(&document);
    let options = Options::of(app);
    let guarded = api.layer(from_fn_with_state((app.clone(), gate), guard));
    let (console, declared) = console_pages().split();
    let console = console
        .layer(from_fn_with_state((app.clone(), declared), pages::guard))
        .merge(console::asset_routes())
        .layer(CompressionLayer::new().gzip(true));
    let inner = guarded
        .merge(console)
        .merge(open(&document))
        .merge(connections::public_routes())
        .merge(events::public_routes())
        .merge(saml::routes())
        .merge(scim::routes())
        .with_state(app.clone());
    let cross_site = saml::cross_site_routes().with_state(app.clone());
    web::around(inner, cross_site, &options)
}

/// The pages of all slices, each with what it needs.
#[must_use]
pub fn console_pages() -> Pages {
    Pages::new()
        .merge(overview::pages())
        .merge(signin::pages())
        .merge(activity::pages())
        .merge(apikeys::pages())
        .merge(doctor::pages())
        .merge(settings::pages())
        .merge(console::styleguide())
        .merge(people::pages())
        .merge(orgs::pages())
        .merge(sync::pages())
        .merge(directory::pages())
        .merge(saml::pages())
        .merge(scim::pages())
}

/// What anybody may see.
fn open(document: &OpenApi) -> Router<App> {
    let page = docs::page(document);
    let json = document.to_json().unwrap_or_default();
    Router::new()
        .route("/healthz", get(web::health::healthz))
        .route("/readyz", get(web::health::readyz))
        .route(
            "/api/v1/openapi.json",
            get(async || ([(CONTENT_TYPE, "application/json")], json)),
        )
        .route(
            "/api/docs",
            get(async || {
                (
                    [
                        (CONTENT_TYPE, "text/html; charset=utf-8"),
                        (CONTENT_SECURITY_POLICY, docs::POLICY),
                    ],
                    page,
                )
            }),
        )
        .route(
            "/api/docs.css",
            get(async || ([(CONTENT_TYPE, "text/css")], docs::STYLE)),
        )
}
