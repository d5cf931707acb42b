//! X3: encrypted assertions. They are taken only under the response's signature, so that nobody can try ciphertexts.

use super::{
    super::{Demand, Expectation, Refusal, verify},
    Hostile,
    forge::{Answer, Signing},
    hostile, refused,
    world::{expectation, fixture, key, now, pinned},
};

const PKCS1: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
const OAEP: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
const GCM: &str = "http://www.w3.org/2009/xmlenc11#aes256-gcm";
const TRIPLE_DES: &str = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc";

/// The encrypted assertion of a fixture, in a response of the forge.
fn wrapped() -> String {
    let xml = fixture("encrypted-gcm.xml");
    let end = "</saml2:EncryptedAssertion>";
    let from = xml.find("<saml2:EncryptedAssertion").expect("an assertion");
    let to = xml.find(end).expect("an assertion");
    // Canonical, so that the forge can sign around it.
    xml[from..to + end.len()]
        .replace(
            &format!("Algorithm=\"{GCM}\"/>"),
            &format!("Algorithm=\"{GCM}\"></xenc:EncryptionMethod>"),
        )
        .replace(
            &format!("Algorithm=\"{OAEP}\"/>"),
            &format!("Algorithm=\"{OAEP}\"></xenc:EncryptionMethod>"),
        )
}

pub(super) fn corpus() -> Vec<Hostile> {
    let answer = Answer::default();
    let wrapped = wrapped();
    let around = |inside: &str| answer.signed_response(&Signing::default(), inside);
    let cipher = |uri: &str| Refusal::EncryptionAlgorithm(uri.into());
    vec![
        hostile(
            "encrypted, and no key here",
            around(&wrapped),
            Refusal::NoDecryptionKey,
        ),
        hostile(
            "encrypted in a response that is not signed",
            answer.response("", &wrapped),
            Refusal::EncryptedUnsigned,
        ),
        hostile(
            "a key under PKCS #1 v1.5",
            around(&wrapped.replace(OAEP, PKCS1)),
            cipher(PKCS1),
        ),
        hostile(
            "triple DES",
            around(&wrapped.replace(GCM, TRIPLE_DES)),
            cipher(TRIPLE_DES),
        ),
        hostile(
            "two encrypted assertions",
            around(&wrapped.repeat(2)),
            Refusal::SeveralAssertions,
        ),
        hostile(
            "an encrypted and a plain assertion",
            around(&format!("{wrapped}{}", answer.assertion(""))),
            Refusal::SeveralAssertions,
        ),
        hostile(
            "an encrypted assertion with nothing in it",
            around(
                "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"></saml:EncryptedAssertion>",
            ),
            Refusal::Form("EncryptedData is missing or doubled"),
        ),
    ]
}

#[test]
fn x3_encrypted_assertions_of_other_kinds_are_refused() {
    refused(&corpus());
}

#[test]
fn x3_what_cannot_be_decrypted_or_was_changed_is_refused() {
    let (idp, ours, other) = (pinned(&["idp"]), key("sp"), key("next"));
    let under = |xml: &str, key, demand| {
        let expected = Expectation {
            decryption: Some(key),
            demand,
            ..expectation(&idp)
        };
        verify(xml.as_bytes(), &expected, now()).map(|identity| identity.name_id)
    };
    let around = |inside: &str| Answer::default().signed_response(&Signing::default(), inside);
    let sound = around(&wrapped());
    let either = Demand::Either;
    assert_eq!(under(&sound, &ours, either), Ok("ada@example.com".into()));
    assert_eq!(
        under(&sound, &other, either),
        Err(Refusal::Undecryptable),
        "another key"
    );
    assert_eq!(
        under(&sound, &ours, Demand::Both),
        Err(Refusal::Unsigned),
        "no signature within"
    );
    for file in ["encrypted-gcm.xml", "encrypted-cbc.xml"] {
        let mut xml = fixture(file);
        let at = xml.rfind("</xenc:CipherValue>").expect("a value") - 30;
        let letter = if xml.as_bytes()[at] == b'A' { "B" } else { "A" };
        xml.replace_range(at..=at, letter);
        assert_eq!(
            under(&xml, &ours, either),
            Err(Refusal::BadSignature),
            "{file}"
        );
    }
    // Signed as it is, but the ciphertext does not fit: what the identity provider itself broke.
    let mut broken = wrapped();
    let at = broken.rfind("</xenc:CipherValue>").expect("a value") - 30;
    let letter = if broken.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    broken.replace_range(at..=at, letter);
    assert_eq!(
        under(&around(&broken), &ours, either),
        Err(Refusal::Undecryptable)
    );
}
