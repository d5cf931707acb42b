//! Errors of the ground floor as problems.

use http::StatusCode;

use super::Problem;
use crate::actor::Forbidden;
use crate::db;

impl From<Forbidden> for Problem {
    fn from(forbidden: Forbidden) -> Self {
        Self::forbidden(forbidden.to_string()).with("permission", forbidden.needed.wire())
    }
}

impl From<db::Error> for Problem {
    fn from(error: db::Error) -> Self {
        match &error {
            db::Error::Stale => Self::stale(),
            db::Error::Clash(text) => {
                tracing::info!(clash = text, "a unique key was taken");
                Self::conflict("there is a record with this name or key already")
            }
            db::Error::Full => {
                tracing::error!("the disk is full");
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "full", "No space left")
                    .detail(error.to_string())
            }
            db::Error::Busy | db::Error::Applying => Self::unavailable(error.to_string()),
            db::Error::LeaseLost
            | db::Error::NewerSchema { .. }
            | db::Error::File(_)
            | db::Error::Engine(_) => Self::internal(&error),
        }
    }
}
