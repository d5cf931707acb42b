//! The sandbox's SAML identity provider against our service provider: two programs written apart, by the same documents.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    reason = "helpers of tests"
)]

mod honest;
mod hostile;
mod visit;
