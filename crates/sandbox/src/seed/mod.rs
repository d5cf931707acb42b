//! Seed files: people, groups, apps, rules, user types, authenticators and API tokens that an org starts with, as YAML.
//!
//! Everything goes in by the calls of Okta's API, so a file holds nothing that Okta would refuse; what is wrong is told
//! with its line and how to mend it.

mod equip;
mod error;
mod form;
mod plant;

use std::path::Path;

pub use error::SeedError;

use crate::clock::Time;
use crate::http::Router;
use crate::options::StartError;
use crate::org::Org;

/// Reads a file and puts what it holds into an org.
pub(crate) fn read(
    org: &mut Org,
    router: &Router,
    path: &Path,
    now: Time,
) -> Result<(), StartError> {
    let text = std::fs::read_to_string(path).map_err(|source| StartError::File {
        path: path.to_owned(),
        source,
    })?;
    sow(org, router, &text, now).map_err(|source| StartError::Seed {
        path: path.to_owned(),
        source,
    })
}

/// Puts what a text holds into an org.
pub(crate) fn sow(org: &mut Org, router: &Router, text: &str, now: Time) -> Result<(), SeedError> {
    let file: form::File = if text.trim().is_empty() {
        form::File::default()
    } else {
        serde_saphyr::from_str(text).map_err(|error| SeedError::yaml(&error))?
    };
    plant::Planter::new(org, router, now).plant(&file)
}

#[cfg(test)]
mod tests;
