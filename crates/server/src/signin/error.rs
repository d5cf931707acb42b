//! Why somebody was not signed in, or a link not made.

use http::StatusCode;

use crate::db;
use crate::directory;
use crate::web::Problem;

/// Why somebody was not signed in, or a link not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Login or code is wrong; which of the two is not told.
    #[error("this login and code do not belong together, or the code was used before")]
    Wrong,
    /// Too many tries; holds the seconds until another is taken.
    #[error("too many tries from here: wait {} before the next", minutes(*.0))]
    TooMany(u64),
    /// The tenant's rules do not let this address sign in.
    #[error(
        "nobody may sign in from this address: use one that your administrator allows, or ask the operator of this deployment for `keywright admin link`"
    )]
    Address,
    /// The person may not sign in now.
    #[error("this account may not sign in: ask an administrator")]
    Blocked,
    /// The link was used, replaced or has expired, or never was one. Which is not told.
    #[error("this link was used already, replaced by a newer one, or has expired")]
    DeadLink,
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The result of signing in.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn minutes(seconds: u64) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::Wrong => Self::invalid(words),
            Error::TooMany(seconds) => Self::too_many(seconds).detail(words),
            Error::Address | Error::Blocked => Self::forbidden(words),
            Error::DeadLink => Self::new(
                StatusCode::GONE,
                "dead-link",
                "This link does not work any more",
            )
            .detail(words),
            Error::Directory(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
