//! The SCIM 2.0 server that Okta pushes people and groups to (RFC 7643, RFC 7644; Okta's dialects).
//!
//! ```text
//! request -> tokens::authenticate -> dispatch -> users | groups | search | bulk -> store
//!                                                   `-> facts: told to the directory
//! ```
//!
//! What SCIM says is stored and echoed as said, per connection ([`store`]). A change of members is a command on
//! memberships, never a rewrite of the group. Every write is one unit of work with its audit entry.

mod admin;
mod bulk;
mod collisions;
mod condition;
mod desk;
mod dispatch;
mod error;
mod facts;
mod forget;
mod groups;
mod keeping;
mod list;
mod pages;
mod refusals;
mod requests;
mod routes;
pub(crate) mod said;
mod settle;
mod state;
mod store;
mod ties;
mod tokens;
mod users;

pub use admin::routes as api;
pub(crate) use desk::{Word, sources_of};
pub use keeping::{KEEPING_JOB, handlers, schedule};
pub use pages::pages;
pub use requests::State;
#[cfg(test)]
pub(crate) use requests::flush;
pub use routes::routes;
pub use said::SETTLE_JOB;
pub(crate) use settle::{enqueue as settle_soon, took};
pub use state::last_heard;
pub use tokens::{
    Made, Token, create as create_token, list as tokens, living as living_tokens,
    revoke as revoke_token,
};

/// How SCIM of a connection stands.
pub(crate) async fn standing(
    work: &crate::app::Work,
    connection: crate::db::ConnectionId,
) -> crate::db::Result<state::Standing> {
    let public = crate::web::Options::of(work.app()).public_url;
    state::standing(work, connection, base(&public, connection)).await
}

/// Where the server of a connection is, below the public address.
#[must_use]
pub fn base(public_url: &str, connection: crate::db::ConnectionId) -> String {
    format!("{public_url}/connections/{connection}/scim/v2")
}

#[cfg(test)]
pub(crate) mod tests;
