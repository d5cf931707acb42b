use crate::actor::Forbidden;
use crate::web::Problem;
use crate::{connections, db, jobs};

/// Why events were not taken or given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The `Authorization` of a delivery is no secret of this connection.
    #[error("the Authorization header is not a secret of this event hook")]
    Unauthorized,
    /// What was delivered is no event hook's request.
    #[error("{0}")]
    Malformed(String),
    /// The writer of this batch ended before it was done.
    #[error("the events were not kept; send them again")]
    Interrupted,
    /// The connection.
    #[error(transparent)]
    Connection(#[from] connections::Error),
    /// Okta's System Log could not be read.
    #[error(transparent)]
    Okta(#[from] keywright_okta::Error),
    /// The job belongs to another process by now.
    #[error(transparent)]
    Job(#[from] jobs::Error),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::Unauthorized => Self::unauthorized().detail(error.to_string()),
            Error::Malformed(words) => Self::bad_request(words),
            Error::Interrupted | Error::Job(_) => Self::unavailable(error.to_string()),
            Error::Connection(error) => error.into(),
            Error::Okta(error) => Self::upstream(error.to_string()),
            Error::Db(error) => error.into(),
        }
    }
}
