//! The service: one folder per capability over a small ground floor.

pub mod config;
pub mod telemetry;
pub mod web;
