//! An offline Okta org: its own token checks, paging, filters, rules of status, faults and clock.
//!
//! It answers as Okta does, by rules of its own: no canned answers. Everything is kept in memory.
//!
//! ```no_run
//! use keywright_sandbox::{Sandbox, SandboxOptions};
//!
//! # async fn example() -> Result<(), keywright_sandbox::StartError> {
//! let mut options = SandboxOptions::default();
//! (options.people, options.groups) = (200, 20);
//! let sandbox = Sandbox::start(options).await?;
//! println!("{} {}", sandbox.url(), sandbox.api_token());
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! ```text
//! http/      edge: routes, callers, rate limits, scopes, roles, pages, errors
//! store/     tables whose copy is cheap; ids
//! users/ factors/ groups/ apps/ roles/ tokens/ oauth/ saml/ log/ schemas/ org/      one family each
//! authn/     signing in step by step; sessions/
//! company/   the generated people
//! control/   /_sandbox/: reset, requests, faults, clock, people
//! ```
//!
//! A family adds its routes in `routes`; its functions take `&Org` (to look) or `&mut Org` (to change) and a call.
//!
//! # Controls
//!
//! Beneath `/_sandbox/`, and as methods of [`Sandbox`]:
//!
//! - `POST reset`: the state at start, the clock right, no faults; tokens and service apps of the start keep working.
//! - `GET requests`, `DELETE requests`: `{"total", "counts": {"GET /api/v1/groups": 3}, "requests": [..]}`.
//! - `POST faults`: a [`Fault`] or a list of them, such as
//!   `{"method": "GET", "path": "/api/v1/groups/{groupId}/users", "nth": 3, "effect": {"answer": {"status": 500}}}`.
//! - `GET clock`, `POST clock`: `{"advance_ms": 600000}`, `{"set": "2026-01-01T00:00:00Z"}`, `{"frozen": true}`.
//! - `POST people`: an [`Edit`] or a list of them, such as `{"op": "join", "group": "Sales", "users": ["a@acme.example"]}`.
//! - `GET push`, `POST push`: what is pushed to apps by SCIM; a [`PushOrder`] or a list of them, such as
//!   `{"op": "retry"}`.
//! - `POST limits`: `{"on": false}`, `{"bucket": "groups", "per_minute": 20}`, `{"clear": true}`.
//! - `GET hosts`, `POST hosts`: `{"hooks.example": "http://127.0.0.1:9000"}`: where a host is that the org calls, such as
//!   the endpoint of an event hook; a reset leaves it.
//! - `POST nonce`: the DPoP nonces given out so far are refused.
//! - `GET credentials`: the API token and the service apps. `GET routes`: what is supported.

#![allow(dead_code, reason = "families that follow use what stands ready")]
#![allow(
    clippy::unnecessary_wraps,
    reason = "all functions of routes have one signature"
)]
#![allow(clippy::match_same_arms, reason = "tables are read row by row")]

mod apps;
mod authenticators;
mod authn;
mod clock;
mod company;
mod control;
mod credentials;
mod expression;
mod factors;
mod features;
mod filter;
mod groups;
mod home;
mod hooks;
mod http;
mod iam;
mod idps;
mod integrations;
mod log;
mod mappings;
mod network;
mod oauth;
mod observer;
mod options;
mod org;
mod orgs;
mod pages;
mod policies;
mod provisioning;
mod quotas;
mod roles;
mod saml;
mod sandbox;
mod schemas;
mod seed;
mod servers;
mod sessions;
mod shared;
mod start;
mod state;
mod store;
mod tls;
mod tokens;
mod users;

pub use control::{Edit, EditError, Effect, Fault, Requests};
pub use credentials::{Credentials, ServiceApp};
pub use observer::Exchange;
pub use options::{SandboxOptions, StartError};
pub use orgs::OrgPlace;
pub use provisioning::{Dialect, PushError, PushFaults, PushOrder};
pub use saml::SamlFault;
pub use sandbox::Sandbox;
pub use seed::SeedError;
