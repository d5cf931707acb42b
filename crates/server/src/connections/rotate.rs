//! New keys and tokens without a gap: the new key is served beside the old one, tried, and only then the old one goes.

use secrecy::SecretString;

use super::keys::{self, Algorithm, GivenKey, Key, KeyState, Purpose};
use super::{Authentication, Error, client, create, find, store};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::ConnectionId;

/// Where a rotation stands.
#[derive(Debug)]
pub enum Rotated {
    /// The new key is in force, the old one is gone.
    Done(Key),
    /// The new key is served and shown, and waits for Okta to know it.
    Waits(Key),
}

/// Makes (or takes) a new key and puts it beside the old one. A DPoP key takes over at once: Okta learns it by use.
///
/// An earlier new key that still waits is replaced.
pub async fn rotate_start(
    work: &mut Work,
    id: ConnectionId,
    purpose: Purpose,
    algorithm: Algorithm,
    given: Option<&GivenKey>,
) -> Result<Rotated, Error> {
    let connection = find(work, id).await?;
    if !connection.authentication.has_keys() {
        return Err(Error::DoesNotGo {
            field: "a key",
            authentication: connection.authentication,
        });
    }
    store::delete_keys(work, id, purpose, KeyState::Next).await?;
    let key = match given {
        Some(given) => keys::take(work, purpose, given, KeyState::Next)?,
        None => keys::generate(work, purpose, algorithm, KeyState::Next)?,
    };
    for other in store::keys(work, id)
        .await?
        .iter()
        .filter(|other| other.purpose != purpose)
    {
        keys::differ(&key, other)?;
    }
    store::insert_key(work, id, &key).await?;
    create::record(
        work,
        "connection.key_added",
        &connection,
        "a new key was put beside the old one",
    )
    .await?;
    if purpose == Purpose::Dpop {
        take_over(work, id, purpose).await?;
        return Ok(Rotated::Done(key));
    }
    Ok(Rotated::Waits(key))
}

/// Tries the new key at Okta and, when Okta takes it, lets it take over. [`Error::NewKeyRefused`] leaves all as it is.
pub async fn rotate_finish(app: &App, actor: &Actor, id: ConnectionId) -> Result<Rotated, Error> {
    let work = app.read(actor).await?;
    let connection = find(&work, id).await?;
    let keys = store::keys(&work, id).await?;
    drop(work);
    let next = keys
        .iter()
        .find(|key| key.purpose == Purpose::Client && key.state == KeyState::Next)
        .cloned()
        .ok_or(Error::NothingToFinish)?;
    let trial = client::with_key(app, actor.tenant, &connection, &keys, &next)?;
    if let Err(error) = super::probe::enter(&trial).await {
        return Err(Error::NewKeyRefused(error.to_string()));
    }
    let mut work = app.begin(actor).await?;
    let waits = store::keys(&work, id)
        .await?
        .into_iter()
        .any(|key| key.id == next.id && key.state == KeyState::Next);
    if !waits {
        return Err(Error::NothingToFinish);
    }
    take_over(&mut work, id, Purpose::Client).await?;
    work.commit().await?;
    Ok(Rotated::Done(next))
}

/// Puts a new API token in the place of the old one.
pub async fn rotate_token(
    work: &mut Work,
    id: ConnectionId,
    token: &SecretString,
) -> Result<(), Error> {
    let connection = find(work, id).await?;
    if connection.authentication != Authentication::ApiToken {
        return Err(Error::DoesNotGo {
            field: "api_token",
            authentication: connection.authentication,
        });
    }
    let sealed = create::seal_token(work, id, token)?;
    store::set_api_token(work, id, Some(sealed)).await?;
    create::record(
        work,
        "connection.token_replaced",
        &connection,
        "a new API token took over",
    )
    .await
}

async fn take_over(work: &mut Work, id: ConnectionId, purpose: Purpose) -> Result<(), Error> {
    store::delete_keys(work, id, purpose, KeyState::Current).await?;
    store::promote_key(work, id, purpose).await?;
    let connection = find(work, id).await?;
    create::record(
        work,
        "connection.key_rotated",
        &connection,
        "the new key took over, the old one was dropped",
    )
    .await
}
