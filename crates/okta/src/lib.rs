//! A careful client for Okta's management API: authentication, paging, rate budget, errors by whose fault.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use keywright_okta::{Client, Credentials, GroupQuery, OrgUrl, SigningAlgorithm, SigningKey};
//!
//! let key = SigningKey::generate(SigningAlgorithm::Rs256)?; // its public half goes to the app in Okta
//! let dpop_key = SigningKey::generate(SigningAlgorithm::Es256)?;
//! let credentials = Credentials::OauthDpop { client_id: "0oa…".into(), key, dpop_key };
//! let client = Client::builder(OrgUrl::parse("acme.okta.com")?, credentials).scopes(["okta.groups.read"]).build()?;
//!
//! let mut groups = client.groups(&GroupQuery::default())?;
//! while let Some(page) = groups.next().await? {
//!     for group in page.items { /* … */ }
//! }
//! # Ok(()) }
//! ```
//!
//! What it takes care of:
//!
//! - **Authentication**: API tokens; client credentials with `private_key_jwt`, with and without `DPoP`. Assertions and
//!   proofs are fresh for each try, nonces are kept, scopes granted are compared with scopes asked, tokens are renewed early.
//!   A person's consent by authorization code with PKCE, whose refresh tokens rotate without being lost ([`Grants`]).
//! - **Clock**: Okta's `Date` puts ours right, so that a clock ten minutes off still works, and [`Client::skew`] tells.
//! - **Paging**: `Link` to the end; circles, foreign hosts and cut pages are errors, never a short list.
//! - **Rate budget**: a share of each limit for all work on a connection ([`RateBudget`]); 429 waits, spread.
//! - **Bounds**: every answer in time and size; only the org's own host is called, redirects are not followed.
//! - **Errors**: by whose fault, with Okta's request id and code, and what to do about it ([`Error::mend`]).

mod auth;
mod budget;
mod builder;
mod call;
mod calls;
mod client;
mod clock;
mod credentials;
mod error;
mod grant;
mod key;
mod limits;
mod org_url;
mod paging;
mod random;
mod secret;
mod tries;
mod wire;

pub use auth::{SignedIn, TokenScheme};
pub use budget::{BucketState, DEFAULT_SHARE, RateBudget, Waiting};
pub use builder::Builder;
pub use calls::{GroupQuery, LogQuery, UserQuery, segment};
pub use client::Client;
pub use clock::Clock;
pub use credentials::Credentials;
pub use error::{Answered, Error, Fault, Said, classify};
pub use grant::{AuthorizationRequest, Code, Ended, Grants, Held, Pending, StoreFault, Tokens};
pub use key::{KeyError, SigningAlgorithm, SigningKey};
pub use keywright_model as model;
pub use limits::Limits;
pub use org_url::{OrgUrl, OrgUrlError};
pub use paging::{Listed, PAGE_SIZE, Page, Pages};
pub use secret::Secret;
