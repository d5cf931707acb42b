//! The edge: how requests come in and answers go out.
//!
//! ```text
//! request -> observe (id, span, metrics) -> headers -> catch panic -> bound (size, time) -> csrf -> gate -> route
//!                                                                                       \-> Problem (RFC 9457)
//! ```
//!
//! The gate (of the router) finds the caller and checks the permission that the operation declares in the OpenAPI document.

mod body;
mod browser;
mod caller;
mod error;
pub(crate) mod health;
mod layers;
mod need;
mod page;
mod problem;
pub mod request_id;

pub use body::{Json, parse as parse_json};
pub use browser::{Browser, Proxies};
pub use caller::Caller;
pub use layers::{Bounds, Options, around};
pub use need::Need;
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page, Paged};
pub(crate) use problem::chain;
pub use problem::{MEDIA_TYPE as PROBLEM_MEDIA_TYPE, Problem};
