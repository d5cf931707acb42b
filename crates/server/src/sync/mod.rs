//! Roles from Okta groups.
pub mod guard;
pub mod plan;
pub mod rules;
pub mod snapshot;
