//! The data types against recorded answers of real orgs.

#![allow(
    clippy::unwrap_used,
    reason = "a test stops where its fixture is not as it should be"
)]

mod recordings;
mod resources;
mod round_trip;
