//! The edge: headers and bytes in, headers and bytes out.

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequest, Path, Request as Incoming, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION, USER_AGENT,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use keywright_proto::scim::{self, MEDIA_TYPE};
use serde_json::Value;

use super::dispatch::{Answer, Request, dispatch};
use super::error::Error;
use super::tokens::{self, Client};
use super::{base, requests};
use crate::app::App;
use crate::db::ConnectionId;
use crate::web::{Bounds, Options, parse_json};

/// `/connections/{connection}/scim/v2/…`, for the main router.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/connections/{connection}/scim/v2", any(root))
        .route("/connections/{connection}/scim/v2/", any(root))
        .route("/connections/{connection}/scim/v2/{*rest}", any(below))
}

async fn root(
    State(app): State<App>,
    Path(connection): Path<String>,
    request: Incoming,
) -> Response {
    answer(&app, &connection, "", request).await
}

async fn below(
    State(app): State<App>,
    Path((connection, rest)): Path<(String, String)>,
    request: Incoming,
) -> Response {
    answer(&app, &connection, &rest, request).await
}

async fn answer(app: &App, connection: &str, rest: &str, incoming: Incoming) -> Response {
    let (parts, body) = incoming.into_parts();
    let client = match authenticate(app, connection, &parts).await {
        Ok(client) => client,
        Err(error) => return error.into_response(),
    };
    let public = app
        .part::<Options>()
        .cloned()
        .unwrap_or_default()
        .public_url;
    let base = base(&public, client.connection);
    let at = app.now();
    let read = read(rest, &parts, body).await;
    let body = read
        .as_ref()
        .ok()
        .filter(|request| !request.body.is_null())
        .map(|request| requests::redacted(&request.body));
    let outcome = match read {
        Ok(request) => dispatch(app, &client, &base, request).await,
        Err(error) => Err(error),
    };
    let (status, detail) = match &outcome {
        Ok(answer) => (answer.status, None),
        Err(error) => {
            let (status, _, detail) = error.told();
            (status, Some(detail))
        }
    };
    let query = parts
        .uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let entry = requests::Entry {
        id: app.id(),
        at,
        token: client.token.clone(),
        client: header(&parts, &USER_AGENT).unwrap_or_default(),
        method: parts.method.to_string(),
        path: format!("/{rest}{query}").chars().take(2_000).collect(),
        status: i32::from(status),
        body,
        detail,
    };
    requests::keep(app, client, entry).await;
    outcome.map_or_else(IntoResponse::into_response, respond)
}

async fn authenticate(app: &App, connection: &str, parts: &Parts) -> Result<Client, Error> {
    let connection: ConnectionId = connection.parse().map_err(|_| Error::Unauthorized)?;
    tokens::authenticate(app, connection, header(parts, &AUTHORIZATION).as_deref()).await
}

/// The request as data.
async fn read(rest: &str, parts: &Parts, body: Body) -> Result<Request, Error> {
    let bounds = Bounds::of(&parts.extensions);
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect::<Vec<_>>();
    if query
        .iter()
        .any(|(name, value)| name.contains('\0') || value.contains('\0'))
    {
        return Err(scim::Error::Syntax("the query holds the sign NUL".to_owned()).into());
    }
    let limited = Incoming::from_parts(parts.clone(), body);
    let bytes = Bytes::from_request(limited, &())
        .await
        .map_err(|_| Error::TooLarge(bounds.body_bytes))?;
    let takes_body = matches!(parts.method.as_str(), "POST" | "PUT" | "PATCH")
        && matches!(
            rest.split('/').next(),
            Some("Users" | "Groups" | "Bulk" | ".search")
        );
    let body = if takes_body {
        json(parts, &bytes, bounds.json_depth)?
    } else {
        Value::Null
    };
    Ok(Request {
        method: parts.method.to_string(),
        path: format!("/{rest}"),
        query,
        if_match: header(parts, &IF_MATCH),
        if_none_match: header(parts, &IF_NONE_MATCH),
        body,
    })
}

/// The body. Okta's own test suite sends `application/json`, all else of Okta `application/scim+json`.
fn json(parts: &Parts, bytes: &Bytes, depth: usize) -> Result<Value, Error> {
    let media = header(parts, &CONTENT_TYPE).unwrap_or_default();
    let essence = media
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if !matches!(essence.as_str(), MEDIA_TYPE | "application/json") {
        return Err(Error::MediaType);
    }
    let refuse = |why: String| Error::Message(scim::Error::Syntax(why));
    let body: Value = parse_json(bytes, depth).map_err(|_| {
        refuse(format!(
            "it is not JSON, or is nested deeper than {depth} levels"
        ))
    })?;
    if has_nul(&body) {
        return Err(refuse("a text holds the sign NUL".to_owned()));
    }
    Ok(body)
}

/// PostgreSQL keeps no NUL in text.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn header(parts: &Parts, name: &HeaderName) -> Option<String> {
    parts.headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answer.body {
        Some(body) => (status, body.to_string()).into_response(),
        None => status.into_response(),
    };
    let headers = response.headers_mut();
    if status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    }
    for (name, value) in [(ETAG, answer.etag), (LOCATION, answer.location)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    response
}
