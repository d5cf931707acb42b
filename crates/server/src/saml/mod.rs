//! Signing in through Okta: a SAML 2.0 service provider for each connection, with one identity provider.
//!
//! ```text
//! GET login -> begin: question signed by our key, sealed into a cookie of this browser -> identity provider
//! POST acs  -> cookie by RelayState -> proto::saml::verify (no Work open)  -> Refused: trace, plain page
//!           -> Okta's user id sent? else asked of Okta by the login        -> Unsolicited: begin anew
//!           -> one Work: used once -> person by (connection, Okta id) -> session -> audit -> commit -> 303
//! ```
//!
//! Nothing is stored before somebody is signed in or refused: what a browser asked stands, sealed, in its own cookie.
//! Who somebody is, is read from verified bytes alone (`proto::saml`). SAML 2.0 Profiles section 4.1.

mod addresses;
mod admin;
mod begin;
mod certificates;
mod change;
mod desk;
mod error;
mod expiring;
mod finish;
mod jit;
mod keys;
mod pages;
mod pending;
mod person;
mod refused;
mod routes;
mod settings;
mod setup;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod traces;
mod view;

use crate::app::Work;
use crate::connections::{self, Connection, Status};
use crate::sessions;

pub use addresses::Addresses;
pub use admin::routes as api;
pub use certificates::{
    Pinned, add as add_certificate, list as certificates, remove as remove_certificate,
};
pub use change::{Change, refresh, remove, set};
pub use error::{Error, Result};
pub use expiring::{EXPIRING_JOB, handlers, near_end, schedule};
pub use keys::{Key, KeyState, keys, rotate_finish, rotate_start};
pub use refused::Refused;
pub use routes::{cross_site_routes, routes};
pub use settings::{Binding, Demand, Idp, Settings, find as settings};
pub use setup::pages;
pub use traces::{Trace, list as traces};
pub use view::{Standing, View, metadata, view};

/// A way to sign in, for the sign-in page: a connection whose identity provider is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The connection's name.
    pub name: String,
    /// Where to begin, below the public address; takes `?return=/path`.
    pub path: String,
}

/// The connections by which people of this tenant can sign in now; none when the tenant does not allow it.
pub async fn ways(work: &Work) -> Result<Vec<Way>> {
    if !sessions::rules(work).await?.sso {
        return Ok(Vec::new());
    }
    let ready: Vec<_> = store::ready(work).await?;
    let all: Vec<Connection> = connections::list(work).await?;
    let open = all
        .into_iter()
        .filter(|one| one.status != Status::Disabled && ready.contains(&one.id));
    Ok(open
        .map(|one| Way {
            path: addresses::login_path(one.id),
            name: one.name,
        })
        .collect())
}
