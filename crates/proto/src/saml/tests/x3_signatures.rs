//! X3: which signatures count.

use super::{
    super::{
        Demand, Expectation, Refusal,
        names::{ENVELOPED, EXCLUSIVE},
        verify,
    },
    Hostile,
    forge::{Answer, Signing, key_info},
    hostile, refused,
    world::{expectation, fixture, now, pinned},
};

const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
const XSLT: &str = "http://www.w3.org/TR/1999/REC-xslt-19991116";
const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const MD5: &str = "http://www.w3.org/2001/04/xmldsig-more#md5";
const HMAC: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
const ECDSA: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";

/// An answer whose response is signed in this way.
fn signed(signing: &Signing) -> String {
    let answer = Answer::default();
    answer.signed_response(signing, &answer.assertion(""))
}

fn by_method(method: &'static str) -> String {
    signed(&Signing {
        method,
        ..Signing::default()
    })
}

fn by_transforms(transforms: &[&'static str]) -> String {
    signed(&Signing {
        transforms: transforms.to_vec(),
        ..Signing::default()
    })
}

fn by_uri(uri: &'static str) -> String {
    signed(&Signing {
        uri: Some(uri),
        ..Signing::default()
    })
}

pub(super) fn corpus() -> Vec<Hostile> {
    let mut all = algorithms();
    all.extend(references());
    all.extend(keys());
    all
}

fn algorithms() -> Vec<Hostile> {
    let method = |uri: &str| Refusal::SignatureAlgorithm(uri.into());
    let transform = |uri: &str| Refusal::Transform(uri.into());
    let order = Refusal::SignatureForm(
        "its transforms must be enveloped signature, then exclusive canonicalization",
    );
    let digest = |digest| {
        signed(&Signing {
            digest,
            ..Signing::default()
        })
    };
    let canonicalization = |canonicalization| {
        signed(&Signing {
            canonicalization,
            ..Signing::default()
        })
    };
    vec![
        hostile(
            "RSA-SHA1, made by xmlsec1",
            fixture("sha1.xml"),
            method(RSA_SHA1),
        ),
        hostile("HMAC instead of RSA", by_method(HMAC), method(HMAC)),
        hostile("ECDSA", by_method(ECDSA), method(ECDSA)),
        hostile("RSA-SHA384", by_method(RSA_SHA384), method(RSA_SHA384)),
        hostile("no algorithm", by_method(""), method("")),
        hostile(
            "a digest by SHA-1",
            digest(SHA1),
            Refusal::DigestAlgorithm(SHA1.into()),
        ),
        hostile(
            "a digest by MD5",
            digest(MD5),
            Refusal::DigestAlgorithm(MD5.into()),
        ),
        hostile(
            "inclusive canonicalization",
            canonicalization(INCLUSIVE),
            transform(INCLUSIVE),
        ),
        hostile(
            "canonicalization with comments",
            canonicalization(WITH_COMMENTS),
            transform(WITH_COMMENTS),
        ),
        hostile(
            "a transform by XSLT",
            by_transforms(&[ENVELOPED, XSLT, EXCLUSIVE]),
            transform(XSLT),
        ),
        hostile(
            "a transform by XPath",
            by_transforms(&[ENVELOPED, XPATH]),
            transform(XPATH),
        ),
        hostile(
            "a transform by base64",
            by_transforms(&[BASE64]),
            transform(BASE64),
        ),
        hostile(
            "a transform with comments",
            by_transforms(&[ENVELOPED, WITH_COMMENTS]),
            transform(WITH_COMMENTS),
        ),
        hostile("no transform", by_transforms(&[]), order.clone()),
        hostile("not enveloped", by_transforms(&[EXCLUSIVE]), order.clone()),
        hostile("many transforms", by_transforms(&[ENVELOPED; 30]), order),
    ]
}

fn references() -> Vec<Hostile> {
    let answer = Answer::default();
    let plain = answer.assertion("");
    let signing = Signing::default();
    let signature = signing.over(&answer.response("", &plain), "r1");
    let end = signature.find("<ds:Reference").expect("a reference");
    let after = signature.find("</ds:SignedInfo>").expect("an end");
    let reference = &signature[end..after];
    let missing = Refusal::SignatureForm("a part is missing or doubled");
    let strange = Refusal::SignatureForm("it has parts that are not used in SAML");
    let object = Signing {
        tail: key_info("idp") + "<ds:Object><x></x></ds:Object>",
        ..Signing::default()
    };
    vec![
        hostile(
            "about the assertion only",
            by_uri("#a1"),
            Refusal::Reference,
        ),
        hostile("about nothing named", by_uri(""), Refusal::Reference),
        hostile(
            "about a file",
            by_uri("file:///etc/hostname"),
            Refusal::Reference,
        ),
        hostile(
            "about an address",
            by_uri("https://evil.example/r1"),
            Refusal::Reference,
        ),
        hostile(
            "about an expression",
            by_uri("#xpointer(id('r1'))"),
            Refusal::Reference,
        ),
        hostile(
            "two references",
            answer.response(&signing.with(&reference.repeat(2)), &plain),
            missing.clone(),
        ),
        hostile(
            "no reference",
            answer.response(&signing.with(""), &plain),
            missing.clone(),
        ),
        hostile("an object in the signature", signed(&object), strange),
        hostile(
            "two signatures in the response",
            answer.response(&signature.repeat(2), &plain),
            Refusal::MisplacedSignature,
        ),
        hostile(
            "a signature in the status",
            answer
                .by_response()
                .replace("</samlp:Status>", &format!("{signature}</samlp:Status>")),
            Refusal::MisplacedSignature,
        ),
        hostile(
            "a signature of a foreign namespace",
            answer.response(
                "<x:Signature xmlns:x=\"urn:x\"></x:Signature>",
                &answer.signed_assertion(&signing),
            ),
            Refusal::MisplacedSignature,
        ),
        hostile(
            "a value that is cut out",
            {
                let xml = answer.by_response();
                let from = xml.find("<ds:SignatureValue>").expect("a value");
                let to = xml.find("</ds:SignatureValue>").expect("a value");
                format!("{}{}", &xml[..from + 19], &xml[to..])
            },
            Refusal::BadSignature,
        ),
        hostile(
            "no signature",
            answer.response("", &plain),
            Refusal::Unsigned,
        ),
    ]
}

fn keys() -> Vec<Hostile> {
    let by = |key, tail: String| {
        signed(&Signing {
            key,
            tail,
            ..Signing::default()
        })
    };
    vec![
        hostile("a stranger with their certificate, by xmlsec1", fixture("stranger.xml"), Refusal::UnknownCertificate),
        hostile("a stranger with their certificate", by("stranger", key_info("stranger")), Refusal::UnknownCertificate),
        hostile("a stranger with our certificate", by("stranger", key_info("idp")), Refusal::BadSignature),
        hostile("a stranger without certificate", by("stranger", String::new()), Refusal::BadSignature),
        hostile(
            "a stranger who names a key",
            by(
                "stranger",
                "<ds:KeyInfo><ds:KeyName>idp</ds:KeyName><ds:RetrievalMethod URI=\"https://evil.example/key\">\
                 </ds:RetrievalMethod></ds:KeyInfo>"
                    .into(),
            ),
            Refusal::BadSignature,
        ),
        hostile("a certificate that is no longer pinned", fixture("next.xml"), Refusal::UnknownCertificate),
    ]
}

#[test]
fn x3_signatures_that_do_not_count_are_refused() {
    refused(&corpus());
}

#[test]
fn x3_without_key_info_the_pinned_certificate_is_used() {
    let bare = Signing {
        tail: String::new(),
        ..Signing::default()
    };
    assert!(super::world::judge(&signed(&bare)).is_ok());
}

#[test]
fn x3_key_info_counts_neither_for_nor_against_an_answer() {
    let names = |tail: String| Signing {
        tail,
        ..Signing::default()
    };
    let honest = Answer::default();
    for tail in [
        key_info("stranger"),
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>".to_owned(),
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>&lt;x&gt;</ds:X509Certificate></ds:X509Data></ds:KeyInfo>".to_owned(),
        key_info("stranger") + &key_info("idp"),
        "<ds:KeyInfo><ds:KeyName>stranger</ds:KeyName></ds:KeyInfo>".to_owned(),
    ] {
        let signing = names(tail.clone());
        let assertion = honest.signed_assertion(&signing);
        for (place, xml) in [
            ("response", honest.signed_response(&signing, &honest.assertion(""))),
            ("assertion", honest.response("", &assertion)),
            ("both", honest.signed_response(&signing, &assertion)),
            ("both, one of them usual", honest.signed_response(&Signing::default(), &assertion)),
        ] {
            let judged = super::world::judge(&xml);
            let name = judged.map(|identity| identity.name_id);
            assert_eq!(name, Ok("ada@example.com".into()), "{place} {tail}");
        }
    }
}

#[test]
fn x3_of_two_signatures_both_must_be_of_a_pinned_key_whatever_they_name() {
    let by = |key: &'static str, names: &str| Signing {
        key,
        tail: key_info(names),
        ..Signing::default()
    };
    let honest = Answer::default();
    for (outer, inner) in [
        (by("idp", "stranger"), by("stranger", "stranger")),
        (by("stranger", "stranger"), by("idp", "stranger")),
        (by("stranger", "stranger"), by("stranger", "idp")),
        (by("stranger", "idp"), by("idp", "stranger")),
    ] {
        let xml = honest.signed_response(&outer, &honest.signed_assertion(&inner));
        assert!(super::world::judge(&xml).is_err());
    }
    // What was signed honestly and then changed does not pass by this way either.
    let xml = honest.signed_response(&by("idp", "stranger"), &honest.assertion(""));
    let changed = xml.replace("ada@example.com", "eve@example.com");
    assert_eq!(
        super::world::judge(&changed),
        Err(Refusal::UnknownCertificate)
    );
}

#[test]
fn x3_a_connection_may_demand_signatures() {
    let idp = pinned(&["idp"]);
    let under = |file: &str, demand| {
        let expected = Expectation {
            demand,
            ..expectation(&idp)
        };
        verify(fixture(file).as_bytes(), &expected, now()).err()
    };
    let (response, assertion) = ("response-sha256.xml", "assertion-sha256.xml");
    assert_eq!(
        under(response, Demand::Assertion),
        Some(Refusal::AssertionUnsigned)
    );
    assert_eq!(
        under(response, Demand::Both),
        Some(Refusal::AssertionUnsigned)
    );
    assert_eq!(
        under(assertion, Demand::Response),
        Some(Refusal::ResponseUnsigned)
    );
    assert_eq!(
        under(assertion, Demand::Both),
        Some(Refusal::ResponseUnsigned)
    );
}
