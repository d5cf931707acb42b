//! The Okta client against the sandbox org: two programs written apart, by the same documents.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod bad_days;
mod lists;
mod org;
mod sign_in;
