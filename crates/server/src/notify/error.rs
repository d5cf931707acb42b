//! Why something about notices was refused.

use crate::web::Problem;
use crate::{actor, db, outgoing};

/// The result of a call of this slice.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something about notices was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such channel.
    #[error("there is no such notice channel")]
    NotFound,
    /// A value will not do; says which and why.
    #[error("{0}")]
    Invalid(String),
    /// A webhook may not go to that address.
    #[error(transparent)]
    Address(#[from] outgoing::Error),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] actor::Forbidden),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("notice channel"),
            Error::Invalid(text) => Self::invalid(text),
            Error::Address(error) => Self::invalid(error.to_string()),
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::Db(error) => error.into(),
        }
    }
}
