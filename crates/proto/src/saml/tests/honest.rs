//! Honest answers are taken, whoever made them.

use super::{
    super::{Demand, Expectation, Identity, verify},
    forge::{Answer, Signing},
    world::{IDP, at, expectation, fixture, judge, key, now, pinned},
};

fn is_ada(identity: &Identity) {
    assert_eq!(identity.name_id, "ada@example.com");
    assert_eq!(
        identity.name_id_format,
        "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
    );
    assert_eq!(identity.issuer, IDP);
    assert_eq!(identity.assertion_id, "id2002");
    assert_eq!(identity.attribute("oktaId"), Some("00u1fixture"));
    assert_eq!(
        identity.attributes["groups"],
        ["Everyone", "R & D <core>"].map(str::to_owned)
    );
    assert_eq!(identity.attribute("groups"), None, "it has two values");
    assert_eq!(
        identity.session_index.as_deref(),
        Some("_00112233445566778899aabbccddeeff")
    );
    assert_eq!(identity.authn_instant, Some(at("2026-11-22T09:59:30Z")));
    assert_eq!(
        identity.authn_context.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport")
    );
    assert_eq!(identity.remember_until, at("2026-11-22T10:06:00Z"));
}

#[test]
fn x3_answers_signed_by_xmlsec1_are_taken() {
    let idp = pinned(&["idp"]);
    let rows: &[(&str, &[Demand])] = &[
        ("response", &[Demand::Either, Demand::Response]),
        ("assertion", &[Demand::Either, Demand::Assertion]),
        (
            "both",
            &[
                Demand::Either,
                Demand::Response,
                Demand::Assertion,
                Demand::Both,
            ],
        ),
    ];
    for (signed, demands) in rows {
        for hash in ["sha256", "sha512"] {
            let xml = fixture(&format!("{signed}-{hash}.xml"));
            for demand in *demands {
                let expected = Expectation {
                    demand: *demand,
                    ..expectation(&idp)
                };
                let identity = verify(xml.as_bytes(), &expected, now());
                is_ada(
                    &identity.unwrap_or_else(|refusal| {
                        panic!("{signed} {hash} {demand:?}: {refusal:?}")
                    }),
                );
            }
        }
    }
}

#[test]
fn x3_answers_encrypted_and_signed_by_xmlsec1_are_taken() {
    let (idp, key) = (pinned(&["idp"]), key("sp"));
    for (file, demand) in [
        ("encrypted-gcm.xml", Demand::Either),
        ("encrypted-gcm.xml", Demand::Response),
        ("encrypted-cbc.xml", Demand::Either),
        ("encrypted-both.xml", Demand::Either),
        ("encrypted-both.xml", Demand::Assertion),
        ("encrypted-both.xml", Demand::Both),
    ] {
        let expected = Expectation {
            demand,
            decryption: Some(&key),
            ..expectation(&idp)
        };
        let identity = verify(fixture(file).as_bytes(), &expected, now());
        is_ada(&identity.unwrap_or_else(|refusal| panic!("{file} {demand:?}: {refusal:?}")));
    }
}

#[test]
fn a_key_for_decryption_does_not_hinder_plain_answers() {
    let (idp, key) = (pinned(&["idp"]), key("sp"));
    let expected = Expectation {
        decryption: Some(&key),
        ..expectation(&idp)
    };
    let xml = fixture("both-sha256.xml");
    is_ada(&verify(xml.as_bytes(), &expected, now()).expect("an identity"));
}

#[test]
fn the_forge_makes_honest_answers_too() {
    let honest = Answer::default();
    for xml in [
        honest.by_response(),
        honest.by_assertion(),
        honest.signed_response(
            &Signing::default(),
            &honest.signed_assertion(&Signing::default()),
        ),
    ] {
        assert_eq!(
            judge(&xml).map(|identity| identity.name_id),
            Ok("ada@example.com".into())
        );
    }
}

#[test]
fn x6_two_certificates_are_in_force_during_roll_over() {
    let both = pinned(&["idp", "next"]);
    for file in ["response-sha256.xml", "next.xml"] {
        is_ada(&verify(fixture(file).as_bytes(), &expectation(&both), now()).expect(file));
    }
    let other_way = pinned(&["next", "idp"]);
    for file in ["response-sha256.xml", "next.xml"] {
        is_ada(&verify(fixture(file).as_bytes(), &expectation(&other_way), now()).expect(file));
    }
}
