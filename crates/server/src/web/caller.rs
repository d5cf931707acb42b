//! Who calls: the actor behind a request.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Problem;
use crate::actor::Actor;

/// The actor behind the request. The gate has put it there; without one the request is refused with 401.
#[derive(Debug, Clone)]
pub struct Caller(pub Actor);

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Actor>()
            .cloned()
            .map(Self)
            .ok_or_else(Problem::unauthorized)
    }
}
