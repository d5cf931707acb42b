//! A sandbox over HTTP, as its clients meet it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop"
)]

mod apps;
mod authenticators;
mod client;
mod control;
mod groups;
mod hooks;
mod oauth;
mod paging;
mod policies;
mod provisioning;
mod users;
