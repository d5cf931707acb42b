//! Why sync refused or failed.

use crate::actor::Forbidden;
use crate::{connections, db, directory};

/// Why a request about sync was refused, or a run failed, by what can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing in this tenant. Holds its kind: `run`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The actor lacks a permission.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// This takes a person's own credential.
    #[error(
        "this takes a person's own credential: use a personal API key (KEYWRIGHT_API_KEY), also on this machine"
    )]
    NotPersonal,
    /// A second, different person must agree.
    #[error(
        "this touches the guard or admins and so takes two people: another admin must do the same within 24 hours"
    )]
    SecondPerson,
    /// The run is not in a state for this. Holds the state.
    #[error("the run is {0}, so this cannot be done with it")]
    WrongState(String),
    /// A value will not do.
    #[error("{0}")]
    Invalid(String),
    /// Okta could not be asked. Holds what happened and the mend.
    #[error("{words}")]
    Okta {
        /// What happened.
        words: String,
        /// What to do about it.
        mend: String,
    },
    /// The connection gives no way to the org.
    #[error(transparent)]
    Connection(#[from] connections::Error),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The result of a sync call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
