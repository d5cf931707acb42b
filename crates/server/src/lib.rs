//! The service: one folder per capability over a small ground floor.
//!
//! Ground floor: [`db`], [`jobs`], [`vault`], [`audit`], [`sessions`], [`tenants`]; every unit of work goes through
//! [`app::App`] and [`app::Work`].

pub mod actions;
pub mod activity;
pub mod actor;
pub mod apikeys;
pub mod app;
pub mod audit;
pub mod backup;
pub mod config;
pub mod connections;
pub mod console;
pub mod db;
pub mod directory;
pub mod doctor;
pub mod events;
pub mod jobs;
mod migrations;
pub mod notify;
pub mod orgs;
pub mod outgoing;
pub mod overview;
pub mod people;
pub mod router;
pub mod saml;
pub mod scim;
pub mod serve;
pub mod sessions;
pub mod settings;
pub mod signin;
pub mod sync;
pub mod telemetry;
pub mod tenants;
#[cfg(test)]
mod testing;
pub mod vault;
pub mod web;
