//! Connections: each joins one Okta org to the tenant, with its own way to prove itself, keys, jobs and rate budget.
//!
//! ```text
//! what was typed -> Domain          keys made or taken -> sealed -> public half as JWK, PEM, jwks.json
//!                      \            /
//!                      Connection (version) -> client(): one keywright_okta::Client per connection and process
//!                      test(): probe (asks Okta) -> Observed -> diagnose (pure) -> Report with the exact mend -> status
//! ```
//!
//! Okta: Implement OAuth for Okta with a service app; Configure OAuth 2.0 Demonstrating Proof-of-Possession.

mod authentication;
mod client;
mod connection;
mod consent;
mod create;
mod diagnose;
mod domain;
mod error;
mod given;
mod keys;
mod observed;
mod probe;
mod report;
mod rotate;
mod routes;
mod status;
mod store;
#[cfg(test)]
mod tests;
mod view;

pub use authentication::{Authentication, Job, Scope, scopes};
pub use client::{Clients, budget, client};
pub use connection::{Connection, Status};
#[cfg(test)]
pub(crate) use consent::tests::{consent_at_okta, web_app};
pub use consent::{
    Asked as ConsentAsked, KnownScope, Standing as Consent, ask as ask_consent,
    finish as finish_consent, known as known_scopes, redirect_uri as consent_redirect_uri,
    standing as consent,
};
pub use create::{Change, Forced, New, change, create, remove, remove_by_force};
pub use domain::{Domain, DomainError};
pub use error::Error;
pub use keys::{Algorithm, GivenKey, Key, KeyError, KeyState, Purpose};
pub use probe::test;
pub use report::{Capability, Check, Outcome, Report};
pub use rotate::{Rotated, rotate_finish, rotate_start, rotate_token};
pub use routes::{public_routes, routes};
pub use status::{failed, worked};
pub use view::jwks_url;

use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::{ConnectionId, TenantId};

/// The share of the org's rate limits that a connection takes when nobody chose one, percent.
pub const DEFAULT_SHARE: u8 = 50;

/// All connections of the tenant, by name.
pub async fn list(work: &Work) -> Result<Vec<Connection>, Error> {
    store::list(work).await
}

/// One connection. [`Error::NotFound`] when the tenant has none of this id.
pub async fn find(work: &Work, id: ConnectionId) -> Result<Connection, Error> {
    store::find(work, id)
        .await?
        .ok_or_else(|| Error::NotFound(id.to_string()))
}

/// The keys of a connection.
pub async fn keys(work: &Work, id: ConnectionId) -> Result<Vec<Key>, Error> {
    Ok(store::keys(work, id).await?)
}

/// Whose connection it is, for addresses that carry the connection alone; none when there is no such connection.
pub async fn owner(app: &App, id: ConnectionId) -> Result<Option<TenantId>, Error> {
    let work = app.read(&nobody()).await?;
    Ok(store::owner(&work, id).await?)
}

/// The public client keys as a JWK set: what Okta reads from `jwks.json` (RFC 7517 section 5).
pub async fn jwks(app: &App, id: ConnectionId) -> Result<serde_json::Value, Error> {
    let not_found = || Error::NotFound(id.to_string());
    let tenant = owner(app, id).await?.ok_or_else(not_found)?;
    let work = app.read(&Actor::system(tenant, "jwks")).await?;
    let keys = store::public_keys(&work, id).await?;
    if keys.is_empty() {
        return Err(not_found());
    }
    Ok(serde_json::json!({ "keys": keys }))
}

/// Looks things up before it is known whose they are; may do nothing.
fn nobody() -> Actor {
    Actor {
        permissions: crate::actor::Permissions::default(),
        ..Actor::system(TenantId(uuid::Uuid::nil()), "connections")
    }
}
