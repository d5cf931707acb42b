//! The client against a real HTTP peer that is told how to misbehave, and against recorded refusals.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where the peer is not as it should be"
)]

mod bounds;
mod dpop;
mod paging;
mod peer;
mod recordings;
mod refusals;
mod tls;
mod tokens;
