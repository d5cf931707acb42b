//! Sync over the API.

mod decisions;
mod mappings;
mod runs;
mod settings;
mod why;

pub(super) use mappings::settle;
pub(super) use runs::{ChangeView, RunView};

use utoipa_axum::router::OpenApiRouter;

use super::error::Error;
use crate::app::{App, Work};
use crate::connections;
use crate::db::ConnectionId;
use crate::web::Problem;

/// This slice's routes.
#[must_use]
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(settings::routes())
        .merge(runs::routes())
        .merge(decisions::routes())
        .merge(mappings::routes())
        .merge(why::routes())
}

/// Refuses a connection that the tenant does not have.
async fn need_connection(work: &Work, connection: ConnectionId) -> Result<(), Problem> {
    connections::find(work, connection).await?;
    Ok(())
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let words = error.to_string();
        match error {
            Error::NotFound(what) => Self::not_found(what),
            Error::Forbidden(forbidden) => forbidden.into(),
            Error::NotPersonal | Error::SecondPerson => Self::forbidden(words),
            Error::WrongState(_) => Self::conflict(words),
            Error::Invalid(_) => Self::invalid(words),
            Error::Okta { mend, .. } => Self::upstream(words).with("mend", mend),
            Error::Connection(error) => error.into(),
            Error::Directory(error) => error.into(),
            Error::Db(error) => error.into(),
        }
    }
}
