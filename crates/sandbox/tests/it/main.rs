//! A sandbox over HTTP, as its clients meet it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::too_many_lines,
    clippy::type_complexity,
    clippy::match_same_arms,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on should stop; a table of cases is long"
)]

mod apps;
mod authenticators;
mod authn;
mod browser;
mod client;
mod control;
mod errors;
mod factors;
mod groups;
mod hooks;
mod iam;
mod judge;
mod machine;
mod matrix;
mod oauth;
mod pages;
mod paging;
mod policies;
mod product;
mod provisioning;
mod roles;
mod saml;
mod servers;
mod sign_in;
mod users;
