//! Personal API keys: a person's own credential for programs and for the commands.
//!
//! ```text
//! Authorization: Bearer kw_... -> tenant -> SHA-256 -> key -> owner -> Actor { permissions = key's and owner's }
//! ```
//!
//! A key holds at most what its maker and its owner held when it was made, and allows at most what its owner holds when
//! it is used. It dies with its expiry, when revoked, when its owner is blocked or gone, and when the owner's
//! `access_epoch` rises. The token is shown once.

mod error;
mod expiring;
mod owner;
mod pages;
mod routes;
mod store;
#[cfg(test)]
mod tests;
mod token;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use crate::actor::{Actor, ActorKind, Permission, Permissions};
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, UserId, id};

pub use error::{Error, Result};
pub use expiring::{EXPIRING_JOB, expiring, handlers, schedule};
pub use pages::pages;
pub use routes::routes;
pub use store::{ApiKey, State};

id! {
    /// One API key.
    ApiKeyId
}

/// Days a key lives when its maker says nothing.
pub const DEFAULT_DAYS: u32 = 90;
/// Most days a key can live.
pub const MOST_DAYS: u32 = 366;
/// Most living keys of one person.
const MOST_KEYS: usize = 50;
/// A use is noted at most once in so many seconds.
const NOTE_SECONDS: i64 = 60;

/// A key to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// A name for people: where it is used.
    pub name: String,
    /// What it may do; everything its maker and owner hold when left out.
    #[serde(default)]
    pub permissions: Option<Vec<Permission>>,
    /// Days until it expires, 1 to 366; 90 when left out.
    #[serde(default)]
    pub days: Option<u32>,
    /// Whose key it is; the caller's own when left out. The operator of the machine must name somebody.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    pub owner: Option<UserId>,
}

/// A key just made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The key.
    pub key: ApiKey,
    /// Its token, shown this once.
    pub token: SecretString,
}

/// Makes a key.
pub async fn create(work: &mut Work, draft: &Draft) -> Result<Made> {
    let owner = whose(&work.actor, draft.owner)?;
    let found = owner::find(work, owner).await?.ok_or(Error::NoSuchOwner)?;
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "`name` must have 1 to 100 characters".to_owned(),
        ));
    }
    let days = draft.days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::Invalid(format!(
            "`days` must be a number from 1 to {MOST_DAYS}"
        )));
    }
    let living = store::of_owner(work, owner)
        .await?
        .iter()
        .filter(|key| key.state == State::Active)
        .count();
    if living >= MOST_KEYS {
        return Err(Error::Invalid(format!(
            "a person has at most {MOST_KEYS} living keys: revoke one first"
        )));
    }
    let grantable = found.permissions.and(&work.actor.permissions);
    let permissions = match &draft.permissions {
        Some(wanted) => wanted.iter().copied().collect(),
        None => grantable.clone(),
    };
    let lacking = grantable.lack(&permissions);
    if !lacking.is_empty() {
        return Err(Error::Exceeds(lacking));
    }
    let token = token::make(work.tenant, work.random());
    let mut expires_at = work.now.plus_seconds(i64::from(days) * 86_400);
    if let ActorKind::ApiKey { id, .. } = work.actor.kind {
        // A key that makes keys would else live for ever.
        let maker = store::find(work, ApiKeyId(id))
            .await?
            .ok_or(Error::NotFound)?;
        expires_at = expires_at.min(maker.expires_at);
    }
    let new = store::New {
        owner,
        name,
        hash: token::hash(&token),
        permissions: &permissions,
        epoch: found.epoch,
        expires_at,
    };
    let id = store::insert(work, &new).await?;
    let entry = audit::Entry::new("api-key.created", ("api-key", id.to_string()), "an API key was made")
        .detail(json!({ "owner": owner, "login": found.login, "name": name, "permissions": permissions, "expires_at": expires_at }));
    audit::record(work, entry).await?;
    let key = store::find(work, id).await?.ok_or(Error::NotFound)?;
    Ok(Made { key, token })
}

/// A person's keys, or with `None` all of the tenant; newest first.
pub async fn list(work: &Work, owner: Option<UserId>) -> Result<Vec<ApiKey>> {
    if work.actor.kind.person() != owner || owner.is_none() {
        work.actor.need(Permission::ApiKeysManage)?;
    }
    Ok(match owner {
        Some(owner) => store::of_owner(work, owner).await?,
        None => store::all(work).await?,
    })
}

/// Revokes a key at once: one's own, or with `api-keys.manage` anybody's. Revoking again changes nothing.
pub async fn revoke(work: &mut Work, id: ApiKeyId, reason: &str) -> Result<()> {
    let key = store::find(work, id).await?.ok_or(Error::NotFound)?;
    let own = work.actor.kind.person() == Some(key.owner_id);
    if !own && !work.actor.may(Permission::ApiKeysManage) {
        return Err(Error::NotFound);
    }
    if store::revoke(work, id).await? {
        let entry = audit::Entry::new("api-key.revoked", ("api-key", id.to_string()), reason)
            .detail(json!({ "owner": key.owner_id, "name": key.name }));
        audit::record(work, entry).await?;
    }
    Ok(())
}

/// The actor of a token that is valid now; its use is noted.
pub async fn authenticate(app: &App, token: &SecretString) -> db::Result<Option<Actor>> {
    let Some(tenant) = token::tenant(token) else {
        return Ok(None);
    };
    let system = Actor::system(tenant, "api-keys");
    let work = app.read(&system).await?;
    let Some(key) = store::by_hash(&work, token::hash(token)).await? else {
        return Ok(None);
    };
    if key.key.state != State::Active {
        return Ok(None);
    }
    let owner = owner::find(&work, key.key.owner_id).await?;
    let Some(owner) = owner.filter(|owner| owner.epoch == key.epoch) else {
        return Ok(None);
    };
    let now = work.now;
    drop(work);
    if key
        .key
        .last_used_at
        .is_none_or(|used| used.plus_seconds(NOTE_SECONDS) <= now)
    {
        note_use(app, &system, key.key.id).await;
    }
    let held: Permissions = key.key.permissions.iter().copied().collect();
    Ok(Some(Actor {
        kind: ActorKind::ApiKey {
            id: key.key.id.0,
            owner: key.key.owner_id,
        },
        name: owner.login,
        tenant,
        permissions: held.and(&owner.permissions),
    }))
}

/// A use that cannot be noted is no reason to refuse it.
async fn note_use(app: &App, system: &Actor, id: ApiKeyId) {
    let noted = async {
        let work = app.begin(system).await?;
        store::used(&work, id).await?;
        work.commit().await
    };
    if let Err(error) = noted.await {
        tracing::warn!(%error, key = %id, "the use of an API key could not be noted");
    }
}

/// For whom the actor may make a key: themselves; the operator of the machine for anybody.
fn whose(actor: &Actor, owner: Option<UserId>) -> Result<UserId> {
    match (actor.kind.person(), owner) {
        (Some(person), None) => Ok(person),
        (Some(person), Some(owner)) if person == owner => Ok(owner),
        (None, Some(owner)) if actor.kind == ActorKind::Local => Ok(owner),
        (None, None) => Err(Error::Invalid(
            "`owner` must name the person whose key it is".to_owned(),
        )),
        _ => Err(Error::NotYours),
    }
}
