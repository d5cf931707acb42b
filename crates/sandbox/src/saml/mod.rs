//! The identity provider of SAML apps, by code of its own: it prints canonical XML itself and signs it by aws-lc-rs
//! (SAML 2.0 Core, Bindings, Profiles section 4.1; XML Signature 1.1; XML Encryption 1.1).
//!
//! ```text
//! question (AuthnRequest, or a tile) -> sso -> sign-in page -> sso -> answer (person, signature, encrypt) -> app
//! ```
//!
//! It follows the app's settings as Okta's does: which parts are signed and by what, the name, attributes by expressions
//! and groups, several addresses, keys that are rolled over. A rule of `/_sandbox/faults` makes it misbehave:
//! [`SamlFault`].

mod answer;
mod encrypt;
mod fault;
mod metadata;
mod person;
mod question;
mod read;
mod settings;
mod signature;
mod sso;
mod wrap;
mod xml;

pub use fault::SamlFault;
pub(crate) use question::Question;
pub(crate) use sso::address;

use http::Method;

use crate::http::Routes;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    const SSO: &str = "/app/{appName}/{externalKey}/sso/saml";
    routes
        .get("/api/v1/apps/{appId}/sso/saml/metadata", metadata::of_app)
        .public("/app/{externalKey}/sso/saml/metadata", metadata::public)
        .public(
            "/app/{appName}/{externalKey}/sso/saml/metadata",
            metadata::public,
        )
        .protocol(Method::GET, SSO, sso::answer)
        .protocol(Method::POST, SSO, sso::answer);
}
