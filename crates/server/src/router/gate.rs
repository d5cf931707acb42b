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
use crate::app::App;
use crate::web::{Need, Problem};
use crate::{apikeys, tenants};

/// The extension of an operation in the OpenAPI document that says what it needs: a permission's name, `self` for
/// any valid credential, or `none`.
const PERMISSION: &str = "x-permission";

/// What each operation needs, by method and path as the OpenAPI document declares them; `None` for one that declares
/// nothing, which stays shut.
#[derive(Debug, Clone, Default)]
pub(super) struct Gate(Arc<HashMap<(Method, String), Option<Need>>>);

impl Gate {
    /// The gate of all operations in `document`.
    pub(super) fn of(document: &OpenApi) -> Self {
        let needs = operations(document).map(|operation| {
            let need = operation.need.and_then(Need::parse);
            ((operation.method, operation.path.to_owned()), need)
        });
        Self(Arc::new(needs.collect()))
    }

    /// What the request's operation needs. One that the document does not know is no operation; one that declares
    /// nothing is shut.
    fn need(&self, request: &Request) -> Result<Need, Problem> {
        let path = request
            .extensions()
            .get::<MatchedPath>()
            .map_or("", |path| path.as_str());
        let method = match *request.method() {
            Method::HEAD => Method::GET,
            ref other => other.clone(),
        };
        match self.0.get(&(method, path.to_owned())) {
            Some(Some(need)) => Ok(*need),
            Some(None) => Err(Problem::forbidden("this operation declares no permission")),
            None => Err(Problem::method_not_allowed()),
        }
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
    match admit(&app, &gate, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(app: &App, gate: &Gate, request: &mut Request) -> Result<(), Problem> {
    let need = gate.need(request);
    if matches!(need, Ok(Need::Nothing)) {
        return Ok(());
    }
    // Who is unknown learns nothing of what there is.
    let actor = find(app, request).await?;
    match need? {
        Need::Permission(permission) => {
            actor.need(permission)?;
            if permission == Permission::TenantsManage && !tenants::operates(app, &actor).await? {
                return Err(Problem::forbidden(
                    "the deployment is operated from its first tenant, or by a command on its machine",
                ));
            }
            Ok(())
        }
        Need::Credential | Need::Nothing => Ok(()),
    }
}

/// The caller, put into the request for its handler. One that is there already was put in by this process.
async fn find(app: &App, request: &mut Request) -> Result<Actor, Problem> {
    if let Some(actor) = request.extensions().get::<Actor>() {
        return Ok(actor.clone());
    }
    let token = bearer(request.headers()).ok_or_else(Problem::unauthorized)?;
    let actor = apikeys::authenticate(app, &token)
        .await?
        .ok_or_else(Problem::unauthorized)?;
    request.extensions_mut().insert(actor.clone());
    Ok(actor)
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SecretString::from(token))
}
