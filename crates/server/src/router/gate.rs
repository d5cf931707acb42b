//! The gate before all operations: it finds the caller and checks what the operation declares.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use secrecy::SecretString;
use utoipa::openapi::OpenApi;

use crate::actor::{Actor, Permission};
use crate::apikeys;
use crate::app::App;
use crate::web::Problem;

/// The extension of an operation in the OpenAPI document that says what it needs: a permission's name, `self` for
/// any valid credential, or `none`.
const PERMISSION: &str = "x-permission";

/// What an operation needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: anybody may call it.
    Nothing,
    /// A valid credential.
    Credential,
    /// This permission.
    Permission(Permission),
}

impl Need {
    /// Reads [`PERMISSION`]; `None` for what it cannot say.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::Nothing),
            "self" => Some(Self::Credential),
            name => name.parse().ok().map(Self::Permission),
        }
    }
}

/// What each operation needs, by method and path as the OpenAPI document declares them.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<HashMap<(Method, String), Need>>);

impl Gate {
    /// The gate of all operations in `document`. An operation that declares nothing stays shut.
    pub(super) fn of(document: &OpenApi) -> Self {
        let needs = operations(document).filter_map(|operation| {
            let need = operation.need.and_then(Need::parse)?;
            Some(((operation.method, operation.path.to_owned()), need))
        });
        Self(Arc::new(needs.collect()))
    }

    /// What the operation needs; `None` when it declares nothing.
    fn need(&self, request: &Request) -> Option<Need> {
        let path = request
            .extensions()
            .get::<MatchedPath>()?
            .as_str()
            .to_owned();
        let method = if *request.method() == Method::HEAD {
            Method::GET
        } else {
            request.method().clone()
        };
        self.0.get(&(method, path)).copied()
    }
}

/// One operation of the OpenAPI document.
pub(super) struct Operation<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) need: Option<&'a str>,
    pub(super) described: &'a utoipa::openapi::path::Operation,
}

/// All operations of a document.
pub(super) fn operations(document: &OpenApi) -> impl Iterator<Item = Operation<'_>> {
    document.paths.paths.iter().flat_map(|(path, item)| {
        let methods = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        methods.into_iter().filter_map(move |(method, described)| {
            let described = described.as_ref()?;
            let need = described
                .extensions
                .as_ref()
                .and_then(|all| all.get(PERMISSION))
                .and_then(|value| value.as_str());
            Some(Operation {
                method,
                path,
                need,
                described,
            })
        })
    })
}

/// Lets a request through to its operation: finds the caller and checks what the operation declares. Handlers check
/// again what depends on the thing at hand.
pub(super) async fn guard(
    State((app, gate)): State<(App, Gate)>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(need) = gate.need(&request) else {
        // A method the path does not take is no operation; the router answers 405. Anything else stays shut.
        return match find(&app, &mut request).await {
            Ok(()) => next.run(request).await,
            Err(problem) => problem.into_response(),
        };
    };
    if need != Need::Nothing
        && let Err(problem) = find(&app, &mut request).await
    {
        return problem.into_response();
    }
    if let Need::Permission(permission) = need
        && let Some(Err(forbidden)) = request
            .extensions()
            .get::<Actor>()
            .map(|actor| actor.need(permission))
    {
        return Problem::from(forbidden).into_response();
    }
    next.run(request).await
}

/// Puts the caller's actor into the request. One that is there already was put in by this process.
async fn find(app: &App, request: &mut Request) -> Result<(), Problem> {
    if request.extensions().get::<Actor>().is_some() {
        return Ok(());
    }
    let token = bearer(request.headers()).ok_or_else(Problem::unauthorized)?;
    let actor = apikeys::authenticate(app, &token)
        .await?
        .ok_or_else(Problem::unauthorized)?;
    request.extensions_mut().insert(actor);
    Ok(())
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SecretString::from(token))
}
