//! Personal API keys.

use secrecy::SecretString;

use crate::actor::Actor;
use crate::app::App;
use crate::db;

/// The actor of a key that is valid now.
pub async fn authenticate(_app: &App, _token: &SecretString) -> db::Result<Option<Actor>> {
    Ok(None)
}
