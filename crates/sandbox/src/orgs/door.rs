//! Which org a request is for.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::json;

use super::{MAIN, Orgs, control};
use crate::http::Reply;
use crate::shared::Shared;

/// One port: the org that it belongs to, and all others.
#[derive(Clone)]
pub(crate) struct Door {
    pub(super) orgs: Arc<Orgs>,
    pub(super) here: Arc<Shared>,
}

/// The org that a host such as `acme.localhost:8080` names.
fn named(host: &str) -> Option<&str> {
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name);
    host.strip_suffix(".localhost")
}

impl Door {
    /// The org of a request, or the name that none has.
    fn pick(&self, request: &Request<Body>) -> Result<Arc<Shared>, String> {
        let host = request.headers().get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let host = host.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
        match host.and_then(named) {
            None => Ok(Arc::clone(&self.here)),
            Some(MAIN) => Ok(self.orgs.main()),
            Some(name) => match self.orgs.read().get(name) {
                Some(place) => Ok(Arc::clone(&place.shared)),
                None => Err(name.to_owned()),
            },
        }
    }
}

/// Answers one request.
pub(super) async fn answer(State(door): State<Door>, request: Request<Body>) -> Response {
    let shared = match door.pick(&request) {
        Ok(shared) => shared,
        Err(name) => {
            let why = format!("there is no org `{name}` here; POST /_sandbox/orgs makes one");
            let reply = Reply::json(&json!({ "error": why })).status(StatusCode::NOT_FOUND);
            return crate::http::send(reply, None);
        }
    };
    let path = request.uri().path();
    if path == "/_sandbox/health" {
        return crate::http::send(control::health(&door.orgs), None);
    }
    if path == "/_sandbox/certificate" {
        return crate::http::send(control::certificate(&door.orgs), None);
    }
    if path == "/_sandbox/orgs" || path.starts_with("/_sandbox/orgs/") {
        return control::answer(&door.orgs, request).await;
    }
    crate::http::answer(&door.orgs, shared, request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_names_an_org() {
        for (host, want) in [
            ("acme.localhost:8080", Some("acme")),
            ("acme.localhost", Some("acme")),
            ("localhost:8080", None),
            ("127.0.0.1:8080", None),
            ("[::1]:8080", None),
            ("acme.example", None),
        ] {
            assert_eq!(named(host), want, "{host}");
        }
    }
}
