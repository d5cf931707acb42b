//! X1: signature wrapping. Names after Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012).

use super::{
    super::{Demand, Expectation, Refusal, XmlError, verify},
    Hostile,
    forge::{Answer, Signing, name},
    hostile, refused,
    world::{expectation, fixture, now, pinned},
};

/// Another person, in an assertion that nobody signed.
fn evil() -> Answer {
    let mut evil = Answer {
        assertion_id: "evil",
        response_id: "evil-response",
        ..Answer::default()
    };
    evil.subject = evil
        .subject
        .replace(&name("ada@example.com"), &name("root@example.com"));
    evil
}

/// The signature of a signed text, cut out.
fn signature(of: &str) -> &str {
    let end = "</ds:Signature>";
    let (from, to) = (of.find("<ds:Signature"), of.find(end));
    &of[from.expect("a signature")..to.expect("a signature") + end.len()]
}

pub(super) fn corpus() -> Vec<Hostile> {
    let mut all = eight();
    all.extend(others());
    all
}

/// The eight known wrappings.
fn eight() -> Vec<Hostile> {
    let (honest, evil) = (Answer::default(), evil());
    let plain = honest.assertion("");
    let own = honest.signed_assertion(&Signing::default());
    let by_response = honest.by_response();
    let of_response = signature(&by_response);
    let of_assertion = signature(&own);
    let inner = honest.response("", &plain);
    let put =
        |into: &str, what: &str| into.replace("</ds:Signature>", &format!("{what}</ds:Signature>"));
    let object = |what: &str| format!("<ds:Object>{what}</ds:Object>");
    let extensions = |what: &str| format!("<samlp:Extensions>{what}</samlp:Extensions>");
    let evil_plain = evil.assertion("");
    let twin = Answer {
        assertion_id: "a1",
        ..evil.clone()
    };
    vec![
        hostile(
            "XSW1: the response moved into its signature",
            evil.response(&put(of_response, &inner), &evil_plain),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "XSW2: the response moved before its signature",
            evil.response(&format!("{inner}{of_response}"), &evil_plain),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "XSW3: an assertion before the signed one",
            honest.response("", &format!("{evil_plain}{own}")),
            Refusal::SeveralAssertions,
        ),
        hostile(
            "XSW3: an assertion behind the signed one",
            honest.response("", &format!("{own}{evil_plain}")),
            Refusal::SeveralAssertions,
        ),
        hostile(
            "XSW4: the signed assertion within another",
            honest.response(
                "",
                &evil
                    .assertion("")
                    .replace("</saml:Assertion>", &format!("{own}</saml:Assertion>")),
            ),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "XSW5: the signature in another assertion",
            honest.response("", &format!("{}{plain}", evil.assertion(of_assertion))),
            Refusal::SeveralAssertions,
        ),
        hostile(
            "XSW6: the signature in another assertion, the signed one within",
            honest.response("", &evil.assertion(&put(of_assertion, &plain))),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "XSW7: an assertion in extensions",
            honest.response("", &format!("{}{own}", extensions(&evil_plain))),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "XSW7: an assertion of the same id in extensions",
            honest.response("", &format!("{}{own}", extensions(&twin.assertion("")))),
            Refusal::Xml(XmlError::DuplicateId),
        ),
        hostile(
            "XSW8: the signed assertion in an object of the signature",
            honest.response("", &evil.assertion(&put(of_assertion, &object(&plain)))),
            Refusal::MisplacedAssertion,
        ),
    ]
}

/// Other things put where they do not belong.
fn others() -> Vec<Hostile> {
    let (honest, evil) = (Answer::default(), evil());
    let plain = honest.assertion("");
    let own = honest.signed_assertion(&Signing::default());
    let of_assertion = signature(&own);
    let extensions = |what: &str| format!("<samlp:Extensions>{what}</samlp:Extensions>");
    let twin = Answer {
        assertion_id: "a1",
        ..evil.clone()
    };
    vec![
        hostile(
            "the signature of another assertion",
            honest.response("", &evil.assertion(of_assertion)),
            Refusal::Reference,
        ),
        hostile(
            "another name, same id, old signature",
            honest.response("", &twin.assertion(of_assertion)),
            Refusal::BadSignature,
        ),
        hostile(
            "a signed assertion in the subject's confirmation",
            honest.response(
                "",
                &evil.assertion("").replace(
                    "</saml:SubjectConfirmationData>",
                    &format!("{own}</saml:SubjectConfirmationData>"),
                ),
            ),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "the only assertion hidden in extensions",
            honest.response("", &extensions(&own)),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "a foreign element called assertion",
            honest.response(
                "",
                &format!("<x:Assertion xmlns:x=\"urn:x\"></x:Assertion>{own}"),
            ),
            Refusal::MisplacedAssertion,
        ),
        hostile(
            "the signature at the end of the assertion",
            honest.response(
                "",
                &evil.assertion("").replace(
                    "</saml:Assertion>",
                    &format!("{of_assertion}</saml:Assertion>"),
                ),
            ),
            Refusal::MisplacedSignature,
        ),
        hostile(
            "a second signature within a name",
            honest.response(
                "",
                &own.replace("</saml:NameID>", &format!("{of_assertion}</saml:NameID>")),
            ),
            Refusal::MisplacedSignature,
        ),
        hostile(
            "the signature of the assertion put into the response",
            honest.response(of_assertion, &plain),
            Refusal::Reference,
        ),
    ]
}

#[test]
fn x1_wrapped_signatures_are_refused() {
    refused(&corpus());
}

#[test]
fn x1_a_changed_assertion_within_a_signed_response_is_refused_whatever_it_says_itself() {
    let idp = pinned(&["idp"]);
    let both = fixture("both-sha256.xml");
    let changed = both.replace("ada@example.com", "root@example.com");
    assert_ne!(both, changed);
    for demand in [Demand::Either, Demand::Both] {
        let expected = Expectation {
            demand,
            ..expectation(&idp)
        };
        let got = verify(changed.as_bytes(), &expected, now());
        assert_eq!(got, Err(Refusal::BadSignature));
    }
}

#[test]
fn x1_a_broken_inner_signature_is_refused_though_the_response_is_sound() {
    let honest = Answer::default();
    let wrong = Signing {
        key: "stranger",
        tail: String::new(),
        ..Signing::default()
    };
    let xml = honest.signed_response(&Signing::default(), &honest.signed_assertion(&wrong));
    refused(&[hostile("inner", xml, Refusal::BadSignature)]);
}
