//! Why something about API keys was refused.

use crate::actor::{Forbidden, Permission};
use crate::db;
use crate::web::Problem;

/// The result of a call of this slice.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something about API keys was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such key, or none that the caller may see.
    #[error("there is no such API key")]
    NotFound,
    /// There is no such person to own it, or they may not sign in.
    #[error("there is no such person, or they may not sign in")]
    NoSuchOwner,
    /// A value will not do; says which and why.
    #[error("{0}")]
    Invalid(String),
    /// Keys are made by their owner, or by the operator of this machine.
    #[error("only its owner, or the operator of the machine, can make a key")]
    NotYours,
    /// Nobody can put into a key what they, or its owner, do not hold.
    #[error("these permissions are not held and cannot be put into a key: {}", names(.0))]
    Exceeds(Vec<Permission>),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

fn names(permissions: &[Permission]) -> String {
    permissions
        .iter()
        .map(|one| one.wire())
        .collect::<Vec<_>>()
        .join(", ")
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::not_found("API key"),
            Error::NoSuchOwner => Self::invalid(error.to_string()),
            Error::Invalid(text) => Self::invalid(text),
            Error::NotYours => Self::forbidden(error.to_string()),
            Error::Exceeds(ref lacking) => {
                let lacking: Vec<_> = lacking.iter().map(|one| one.wire()).collect();
                Self::forbidden(error.to_string()).with("permissions", lacking)
            }
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::Db(error) => error.into(),
        }
    }
}
