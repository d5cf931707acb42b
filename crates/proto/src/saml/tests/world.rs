//! The world of the tests: one connection, one identity provider, one question, one instant.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};

use super::super::{
    Certificate, Demand, Expectation, Identity, IdentityProvider, Refusal, SpKey, verify,
};

pub(super) const ENTITY: &str = "https://keywright.example/connections/1/saml/metadata";
pub(super) const ACS: &str = "https://keywright.example/connections/1/saml/acs";
pub(super) const IDP: &str = "http://www.okta.com/exk1fixture";
pub(super) const QUESTION: &str = "_00112233445566778899aabbccddeeff";
pub(super) const SSO: &str = "https://acme.okta.example/app/exk1fixture/sso/saml";

/// A file of `fixtures/saml`.
pub(super) fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/saml");
    fs::read_to_string(path.join(name)).expect(name)
}

pub(super) fn certificate(name: &str) -> Certificate {
    Certificate::parse(&fixture(&format!("{name}.cert.pem"))).expect("a certificate")
}

pub(super) fn key(name: &str) -> SpKey {
    SpKey::parse(&fixture(&format!("{name}.key.pem")), certificate(name)).expect("a key")
}

/// The identity provider with certificates pinned.
pub(super) fn pinned(names: &[&str]) -> IdentityProvider {
    let certificates = names.iter().map(|name| certificate(name)).collect();
    IdentityProvider::new(IDP, Some(SSO), None, certificates).expect("an identity provider")
}

/// A minute after the answers of `fixtures/saml` were made.
pub(super) fn now() -> Timestamp {
    at("2026-11-22T10:01:00Z")
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

pub(super) fn expectation(idp: &IdentityProvider) -> Expectation<'_> {
    Expectation {
        entity_id: ENTITY,
        acs: ACS,
        idp,
        request_id: Some(QUESTION),
        decryption: None,
        demand: Demand::Either,
        skew: SignedDuration::from_secs(60),
    }
}

/// Judges an answer with the certificate `idp` pinned, no key for decryption and no more demands than are usual.
pub(super) fn judge(xml: &str) -> Result<Identity, Refusal> {
    let idp = pinned(&["idp"]);
    verify(xml.as_bytes(), &expectation(&idp), now())
}
