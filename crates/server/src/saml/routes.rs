//! The edge that browsers and identity providers see.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_TYPE, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use keywright_proto::saml::Signed;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::begin::begin;
use super::finish::{Brought, Finished, finish};
use super::refused::Refused;
use super::{addresses, desk, pages, view};
use crate::app::App;
use crate::connections;
use crate::db::{ConnectionId, TenantId};
use crate::sessions::cookie;
use crate::web::{Browser, Problem, chain};

/// Largest form that is read: a message of half a megabyte in base64, each sign of which may be written with three.
const FORM: usize = 2_500_000;

/// What is reached from our own pages and by programs.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/connections/{connection}/saml/metadata", get(metadata))
        .route("/connections/{connection}/saml/login", get(login))
        .route("/saml/continue.js", get(async || pages::script()))
}

/// Where other sites' pages send forms: answers of identity providers.
pub fn cross_site_routes() -> Router<App> {
    Router::new()
        .route("/connections/{connection}/saml/acs", post(acs))
        .layer(DefaultBodyLimit::max(FORM))
}

async fn metadata(
    State(app): State<App>,
    Path(connection): Path<ConnectionId>,
) -> Result<Response, Problem> {
    let tenant = owner(&app, connection).await?;
    let xml = view::public_metadata(&app, tenant, connection).await?;
    let media = [(CONTENT_TYPE, "application/samlmetadata+xml")];
    Ok((media, xml).into_response())
}

#[derive(Debug, Default, Deserialize)]
struct Wanted {
    /// Where to go once signed in.
    #[serde(rename = "return", default)]
    back: String,
}

async fn login(
    State(app): State<App>,
    Path(connection): Path<ConnectionId>,
    Query(wanted): Query<Wanted>,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = owner(&app, connection).await?;
    let begun = match desk::open(&app, tenant, connection, &browser).await {
        Ok(desk) => begin(&app, &desk, &wanted.back, &headers),
        Err(refused) => Err(refused),
    };
    match begun {
        Ok(begun) => {
            let mut response = match begun.signed {
                Signed::Redirect { url } => Redirect::to(&url).into_response(),
                Signed::Post {
                    action,
                    saml_request,
                    relay_state,
                } => pages::post(&action, &saml_request, &relay_state)?,
            };
            for cookie in begun.cookies {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(refused) => refuse(&app, connection, &refused),
    }
}

/// The form of an identity provider (SAML 2.0 Bindings section 3.5.4).
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "SAMLResponse", default)]
    saml_response: String,
    #[serde(rename = "RelayState", default)]
    relay_state: String,
}

async fn acs(
    State(app): State<App>,
    Path(connection): Path<ConnectionId>,
    browser: Browser,
    headers: HeaderMap,
    Form(answer): Form<Answer>,
) -> Result<Response, Problem> {
    let tenant = owner(&app, connection).await?;
    let desk = match desk::open(&app, tenant, connection, &browser).await {
        Ok(desk) => desk,
        Err(refused) => return refuse(&app, connection, &refused),
    };
    let https = desk.https;
    let brought = Brought {
        saml_response: &answer.saml_response,
        relay_state: &answer.relay_state,
        headers: &headers,
        browser: &browser,
    };
    match finish(&app, desk, brought).await {
        Ok(Finished::SignedIn {
            token,
            back,
            cookie: over,
        }) => {
            let mut response = Redirect::to(&back).into_response();
            let session = cookie::set(cookie::SESSION, token.expose_secret(), None, https);
            for cookie in session.into_iter().chain(over) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Ok(Finished::Unsolicited) => {
            Ok(Redirect::to(&addresses::login_path(connection)).into_response())
        }
        Err(refused) => refuse(&app, connection, &refused),
    }
}

/// The page that says what to do. Why it was, only the admin reads.
fn refuse(app: &App, connection: ConnectionId, refused: &Refused) -> Result<Response, Problem> {
    let status = match refused {
        Refused::Fault(fault) => {
            tracing::error!(error = %chain(&**fault), "a sign-in by SAML failed");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Refused::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::FORBIDDEN,
    };
    let mut response = pages::refused(app, status, connection, refused)?;
    if let Refused::TooMany(seconds) = refused {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
    Ok(response)
}

async fn owner(app: &App, connection: ConnectionId) -> Result<TenantId, Problem> {
    let found = connections::owner(app, connection).await?;
    found.ok_or_else(|| Problem::not_found("connection"))
}
