//! SAML 2.0, the service provider's side: questions signed, answers judged. Pure: time, randomness and keys come as
//! values, and what must be remembered (the question's id, used assertions) is the server's.
//!
//! ```text
//! AuthnRequest::new -> redirect | post -> browser -> identity provider -> browser -> decode_post -> verify -> Identity
//! ```
//!
//! An answer goes through three gates, each of which can only refuse: `xml` reads nothing but plain elements,
//! `response::shape` wants exactly one assertion and signatures only where they belong and by known algorithms,
//! and `saml-rs` checks signatures against the pinned certificates and all conditions. What comes out is read from
//! the element that a verified signature covers, and compared with what the library read there.
//! SAML 2.0 Core, Bindings, Profiles section 4.1; XML Signature 1.1; XML Encryption 1.1.

mod binding;
mod certificate;
mod idp;
mod key;
mod names;
mod relay;
mod request;
mod response;
mod sp;
#[cfg(test)]
mod tests;
mod xml;

pub use binding::{BindingError, MESSAGE_LIMIT, decode_post, decode_redirect};
pub use certificate::{Certificate, CertificateError};
pub use idp::{IdentityProvider, IdpError, METADATA_LIMIT};
pub use key::{KeyError, SpKey};
pub use relay::RelayState;
pub use request::{AuthnRequest, Signed};
pub use response::{Demand, Expectation, Identity, MAX_SKEW, Refusal, verify};
pub use sp::ServiceProvider;
pub use xml::XmlError;
