//! Connections against the sandbox org: what a test finds, and the mend it names.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod demo;
mod faults;
mod installation;
mod rotation;
