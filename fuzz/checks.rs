// What must hold for any bytes: nothing panics, and what was read reads back the same when printed. The fuzz targets
// run it, and `crates/proto/tests/corpus.rs` runs it over the corpus.
#![allow(dead_code, reason = "each fuzz target uses one of them")]

use keywright_proto::saml;
use keywright_proto::scim::path::Target;
use keywright_proto::scim::schemas::{GROUP, USER};
use keywright_proto::scim::{Resource, filter as filters, members, patch as patches};
use serde_json::Value;

/// A filter is refused, or prints as what reads back the same and can be matched.
pub(crate) fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for of in [&USER, &GROUP] {
        if let Ok(read) = filters::parse(of, text) {
            assert_eq!(filters::parse(of, &read.to_string()).as_ref(), Ok(&read));
            let _ = read.matches(&someone());
        }
    }
}

/// A path is refused, or prints as what reads back the same.
pub(crate) fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for of in [&USER, &GROUP] {
        if let Ok(read) = Target::parse(of, text) {
            assert_eq!(Target::parse(of, &read.to_string()).as_ref(), Ok(&read));
        }
    }
}

/// A PATCH is refused, or leaves a resource that reads back the same as a body.
pub(crate) fn patch(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    if let Ok(operations) = patches::parse(&USER, &body) {
        let Ok(before) = Resource::parse(&USER, &someone()) else {
            return;
        };
        if let Ok(after) = patches::apply(&USER, &operations, &before) {
            let shown = Value::Object(after.members().clone());
            assert_eq!(Resource::parse(&USER, &shown), Ok(after));
        }
    }
    if let Ok(operations) = patches::parse(&GROUP, &body) {
        let _ = members::split(operations);
    }
    let _ = Resource::parse(&USER, &body);
    let _ = members::of(&body);
}

/// An answer is refused, or says what the honest ones say; metadata and wrappings are refused or read.
pub(crate) fn saml(bytes: &[u8]) {
    let certificate = |pem| saml::Certificate::parse(pem).expect("a certificate");
    let idp = saml::IdentityProvider::new(
        "http://www.okta.com/exk1fixture",
        Some("https://acme.okta.example/sso"),
        None,
        vec![certificate(include_str!("../fixtures/saml/idp.cert.pem"))],
    );
    let key = saml::SpKey::parse(
        include_str!("../fixtures/saml/sp.key.pem"),
        certificate(include_str!("../fixtures/saml/sp.cert.pem")),
    );
    let expected = saml::Expectation {
        entity_id: "https://keywright.example/connections/1/saml/metadata",
        acs: "https://keywright.example/connections/1/saml/acs",
        idp: &idp.expect("an identity provider"),
        request_id: Some("_00112233445566778899aabbccddeeff"),
        decryption: Some(&key.expect("a key")),
        demand: saml::Demand::Either,
        skew: saml::MAX_SKEW,
    };
    let now = "2026-11-22T10:01:00Z".parse().expect("a time");
    if let Ok(identity) = saml::verify(bytes, &expected, now) {
        assert_eq!(identity.name_id, "ada@example.com");
        assert_eq!(identity.attribute("oktaId"), Some("00u1fixture"));
    }
    let _ = saml::IdentityProvider::from_metadata(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = saml::decode_redirect(text);
        let _ = saml::Certificate::parse(text);
        let _ = saml::RelayState::parse(text);
    }
}

fn someone() -> Value {
    serde_json::json!({
        "userName": "bjensen", "active": true, "name": { "givenName": "Barbara", "familyName": "Jensen" },
        "emails": [{ "value": "b@x", "type": "work", "primary": true }, { "value": "h@x", "type": "home" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": "D", "manager": { "value": "1" } },
        "urn:acme:2.0:User": { "badge": 1, "tags": ["a", { "b": 2 }] },
    })
}
