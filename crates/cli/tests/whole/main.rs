//! Tests of the repository as a whole: who may use whom, and that what the documents name exists.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests"
)]

mod layers;
mod paths;
mod reference;
mod source;
