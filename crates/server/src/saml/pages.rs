//! The two pages of a sign-in: on to the identity provider by a form, and what to do when it came to nothing.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};

use super::addresses;
use super::refused::Refused;
use crate::app::App;
use crate::console::{Frame, show_as};
use crate::db::{ConnectionId, Timestamp};
use crate::web::{Problem, request_id};

/// As for all pages, but that its form goes to the identity provider, and on from there as that likes.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; \
     frame-ancestors 'none'";

/// Sends the form of [`post`] at once where scripts run; elsewhere there is its button.
const SCRIPT: &str = "document.forms[0].submit();\n";

#[derive(Template)]
#[template(path = "saml/post.html")]
struct Post<'a> {
    frame: Frame,
    action: &'a str,
    saml_request: &'a str,
    relay_state: &'a str,
}

/// On to the identity provider by HTTP-POST.
pub(super) fn post(
    action: &str,
    saml_request: &str,
    relay_state: &str,
) -> Result<Response, Problem> {
    let page = Post {
        frame: Frame::solo("Signing in", Timestamp::default()),
        action,
        saml_request,
        relay_state,
    };
    let mut response = show_as(StatusCode::OK, &page)?;
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// The script of [`post`].
pub(super) fn script() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=86400"),
    ];
    (headers, SCRIPT).into_response()
}

#[derive(Template)]
#[template(path = "saml/refused.html")]
struct Page {
    frame: Frame,
    advice: &'static str,
    again: Option<String>,
    request: Option<String>,
}

/// What to do when it came to nothing. The reason stands in the traces; here it would help a forger.
pub(super) fn refused(
    app: &App,
    status: StatusCode,
    connection: ConnectionId,
    refused: &Refused,
) -> Result<Response, Problem> {
    let for_nothing = matches!(
        refused,
        Refused::SsoOff | Refused::NotReady | Refused::Address | Refused::TooMany(_)
    );
    let page = Page {
        frame: Frame::solo("You are not signed in", app.now()),
        advice: refused.advice(),
        again: (!for_nothing).then(|| addresses::login_path(connection)),
        request: request_id::current(),
    };
    show_as(status, &page)
}
