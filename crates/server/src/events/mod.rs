//! The event store: what happened in an Okta org, each event once by its `uuid`, whichever way and how often it came.
//!
//! ```text
//! Okta event hook ──► hook: secret ─► taken apart ─┐
//!                                                  ├─► intake: many deliveries, one transaction ─► events (seq) ─► feed
//! ```
//!
//! A delivery is answered when its events are on disk. `seq` counts a connection's events in the order of their commits,
//! without gaps, so that whoever reads on after a number misses none. Okta: event hooks; System Log API.

mod error;
mod hook;
mod incoming;
mod intake;
mod poll;
mod routes;
mod secrets;
mod store;
mod sweeping;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use hook::public_routes;
pub use incoming::{CameBy, Incoming};
pub use intake::{Intake, take};
pub use poll::POLL_JOB;
pub use routes::routes;
pub use secrets::{Made as MadeSecret, Secret, create as create_secret, revoke as revoke_secret};
pub use store::{Stored, Wanted, after, head, one};
pub use sweeping::{KEPT_DAYS, SWEEP_JOB, handlers, schedule};

use crate::db::ConnectionId;

/// Where Okta delivers the events of a connection.
#[must_use]
pub fn hook_url(public: &str, connection: ConnectionId) -> String {
    format!("{public}/connections/{connection}/hooks/events")
}
