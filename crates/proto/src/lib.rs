//! The protocols of our side as pure functions: no I/O, no clock, no randomness, so that each can be fuzzed and tested
//! by tables.

pub mod saml;
pub mod scim;
