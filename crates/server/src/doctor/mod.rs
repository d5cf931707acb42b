//! Doctor: what is wrong or has drifted, here and in Okta, each with cause and mend; what is safe it can mend itself.
//!
//! ```text
//! examine(&App) -> connections (asks Okta: connections::test) + keys + roles + saml + service -> Vec<Finding>, worst first
//! repair(&App)  -> for each finding with a safe repair: do it, say what came of it -> examine again
//! ```

mod connections;
mod finding;
mod pages;
mod repair;
mod roles;
mod routes;
mod saml;
mod service;
#[cfg(test)]
mod tests;

pub use finding::{Finding, Repair, Severity};
pub use pages::pages;
pub use repair::{Repaired, repair};
pub use routes::routes;

use crate::actor::Actor;
use crate::app::App;

/// Why an examination could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A connection could not be looked at.
    #[error(transparent)]
    Connection(#[from] crate::connections::Error),
    /// Mappings or groups could not be looked at.
    #[error(transparent)]
    Directory(#[from] crate::directory::Error),
    /// Signing in could not be looked at.
    #[error(transparent)]
    Saml(#[from] crate::saml::Error),
    /// Runs could not be looked at.
    #[error(transparent)]
    Sync(#[from] crate::sync::Error),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] crate::db::Error),
}

/// Everything that is wrong, worst first. Tests every connection, so it asks Okta; changes nothing there.
pub async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let mut findings = connections::examine(app, actor).await?;
    findings.extend(roles::examine(app, actor).await?);
    findings.extend(saml::examine(app, actor).await?);
    findings.extend(service::examine(app, actor).await?);
    findings.sort_by_key(|finding| finding.severity);
    Ok(findings)
}
