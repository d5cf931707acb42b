//! Our questions and our metadata, judged by others: xmlsec1, and a reading of our own.

use std::{fs, process::Command};

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::STANDARD};
use url::{Url, form_urlencoded};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{
    super::{
        AuthnRequest, Certificate, CertificateError, KeyError, RelayState, ServiceProvider, Signed,
        SpKey, decode_post, decode_redirect,
        names::{ASSERTION, METADATA, PROTOCOL},
        xml::{Comments, parse},
    },
    world::{ACS, ENTITY, SSO, at, certificate, fixture, key},
};

fn question() -> AuthnRequest {
    let destination = format!("{SSO}?a=1&b=2");
    let at = at("2026-11-22T10:00:00.5Z");
    let mut question = AuthnRequest::new([7; 16], at, ENTITY, &destination, ACS);
    question.force_authn = true;
    question
}

fn relay() -> RelayState {
    RelayState::from_random([9; 16])
}

fn holds(xml: &[u8]) {
    let root = parse(xml, 10_000, Comments::Refuse).expect("a message");
    assert!(root.is(PROTOCOL, "AuthnRequest"));
    for (name, want) in [
        ("ID", "_07070707070707070707070707070707"),
        ("IssueInstant", "2026-11-22T10:00:00Z"),
        ("AssertionConsumerServiceURL", ACS),
        ("ForceAuthn", "true"),
        ("Version", "2.0"),
    ] {
        assert_eq!(root.attribute(name), Some(want), "{name}");
    }
    let issuer = root.only(ASSERTION, "Issuer").expect("an issuer");
    assert_eq!(issuer.text(), ENTITY);
}

#[test]
fn a_question_by_redirect_is_signed_over_its_query() {
    let signed = question()
        .redirect(&relay(), &key("sp"))
        .expect("a question");
    let Signed::Redirect { url } = signed else {
        panic!("{signed:?}")
    };
    assert!(url.starts_with(&format!("{SSO}?a=1&b=2&SAMLRequest=")));
    let (query, signature) = url.split_once("&Signature=").expect("a signature");
    let (_, query) = query.split_once("b=2&").expect("a query");
    let signature: String = form_urlencoded::parse(format!("s={signature}").as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect();
    let certificate = certificate("sp");
    let (_, read) = X509Certificate::from_der(certificate.der()).expect("a certificate");
    UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA256,
        &read.public_key().subject_public_key.data,
    )
    .verify(
        query.as_bytes(),
        &STANDARD.decode(signature).expect("base64"),
    )
    .expect("a sound signature");
    let parsed = Url::parse(&url).expect("an address");
    let field = |name: &str| {
        let found = parsed.query_pairs().find(|(key, _)| key == name);
        found.expect(name).1.into_owned()
    };
    assert_eq!(field("RelayState"), relay().as_str());
    holds(&decode_redirect(&field("SAMLRequest")).expect("a message"));
}

#[test]
fn a_question_by_post_is_signed_within_and_xmlsec1_agrees() {
    let mut question = question();
    question.name_id_format = Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".into());
    question.issuer = "https://sp.example/?a=1&b=\"2\"<3>".into();
    let signed = question.post(&relay(), &key("sp")).expect("a question");
    let Signed::Post {
        action,
        saml_request,
        relay_state,
    } = signed
    else {
        panic!("{signed:?}")
    };
    assert_eq!(action, question.destination);
    assert_eq!(relay_state, relay().as_str());
    let xml = decode_post(&saml_request).expect("a message");
    let file = std::env::temp_dir().join(format!("keywright-authn-{}.xml", std::process::id()));
    fs::write(&file, &xml).expect("a file");
    let certificate = format!(
        "{}/../../fixtures/saml/sp.cert.pem",
        env!("CARGO_MANIFEST_DIR")
    );
    let verdict = Command::new("xmlsec1")
        .args(["--verify", "--pubkey-cert-pem", &certificate])
        .args(["--id-attr:ID", &format!("{PROTOCOL}:AuthnRequest")])
        .arg(&file)
        .output()
        .expect("xmlsec1, which `scripts/prepare tests` installs");
    fs::remove_file(&file).expect("the file");
    let words = String::from_utf8_lossy(&verdict.stderr);
    assert!(verdict.status.success(), "{words}");
}

#[test]
fn metadata_tells_what_an_identity_provider_needs() {
    let (now, next) = (certificate("sp"), certificate("next"));
    let document = ServiceProvider {
        entity_id: ENTITY,
        acs: ACS,
        signing: &[&now, &next],
        encryption: Some(&now),
        want_assertions_signed: false,
    }
    .metadata();
    let root = parse(document.as_bytes(), 100_000, Comments::Refuse).expect("a document");
    assert!(root.is(METADATA, "EntityDescriptor"));
    assert_eq!(root.attribute("entityID"), Some(ENTITY));
    let role = root.only(METADATA, "SPSSODescriptor").expect("a role");
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
    assert_eq!(role.all(METADATA, "KeyDescriptor").count(), 3);
    let acs = role.only(METADATA, "AssertionConsumerService");
    assert_eq!(acs.and_then(|acs| acs.attribute("Location")), Some(ACS));
}

#[test]
fn keys_and_certificates_that_do_not_fit_are_refused() {
    let other = SpKey::parse(&fixture("sp.key.pem"), certificate("idp"));
    assert_eq!(other.err(), Some(KeyError::OtherCertificate));
    let none = SpKey::parse("no key", certificate("idp"));
    assert_eq!(none.err(), Some(KeyError::NotAKey));
    assert_eq!(
        Certificate::parse("no certificate"),
        Err(CertificateError::NotACertificate)
    );
    assert_eq!(
        Certificate::parse(&fixture("sp.key.pem")),
        Err(CertificateError::NotACertificate)
    );
    assert_eq!(format!("{:?}", key("sp")), "SpKey(***)");
}

#[test]
fn x6_a_certificate_tells_until_when_it_is_valid() {
    let certificate = certificate("idp");
    assert!(certificate.not_before() < certificate.not_after());
    assert!(certificate.subject().contains("CN=idp"));
    assert_eq!(certificate.fingerprint().len(), 64);
    let spaced = certificate.base64().replace('A', "A\n ");
    assert_eq!(Certificate::parse(&spaced), Ok(certificate));
}
