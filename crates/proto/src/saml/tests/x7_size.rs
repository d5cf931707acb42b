//! X7: size, depth, number. Bombs of the redirect binding are in `binding.rs`.

use super::{
    super::{MESSAGE_LIMIT, Refusal, XmlError},
    Hostile,
    forge::{Answer, attributes},
    hostile, refused,
    world::judge,
};

fn extra(inside: &str) -> String {
    let answer = Answer {
        extra: format!("<samlp:Extensions>{inside}</samlp:Extensions>"),
        ..Answer::default()
    };
    answer.by_response()
}

fn groups(count: usize) -> String {
    let values = "<saml:AttributeValue>group</saml:AttributeValue>".repeat(count);
    let answer = Answer {
        statements: Answer::default().statements
            + &attributes(&format!(
                "<saml:Attribute Name=\"groups\">{values}</saml:Attribute>"
            )),
        ..Answer::default()
    };
    answer.by_response()
}

pub(super) fn corpus() -> Vec<Hostile> {
    let wide: Vec<String> = (0..40).map(|n| format!(" a{n}=\"\"")).collect();
    let spaces: Vec<String> = (0..40).map(|n| format!(" xmlns:a{n}=\"urn:a\"")).collect();
    let nested: Vec<String> = (0..20)
        .map(|n| format!("<x xmlns:a{n}=\"urn:a\" xmlns:b{n}=\"urn:b\" xmlns:c{n}=\"urn:c\" xmlns:d{n}=\"urn:d\">"))
        .collect();
    let (wide, spaces, nested) = (wide.concat(), spaces.concat(), nested.concat());
    vec![
        hostile(
            "huge",
            extra(&"x".repeat(MESSAGE_LIMIT)),
            Refusal::Xml(XmlError::TooLarge(MESSAGE_LIMIT)),
        ),
        hostile(
            "deep",
            extra(&("<x>".repeat(5_000) + &"</x>".repeat(5_000))),
            Refusal::Xml(XmlError::TooDeep),
        ),
        hostile(
            "many elements",
            extra(&"<x></x>".repeat(10_001)),
            Refusal::Xml(XmlError::TooMany),
        ),
        hostile(
            "many attributes",
            extra(&format!("<x{wide}></x>")),
            Refusal::Xml(XmlError::TooMany),
        ),
        hostile(
            "many namespaces",
            extra(&format!("<x{spaces}></x>")),
            Refusal::Xml(XmlError::TooMany),
        ),
        hostile(
            "many namespaces in force",
            extra(&(nested + &"</x>".repeat(20))),
            Refusal::Xml(XmlError::Malformed),
        ),
        hostile(
            "many values",
            groups(5_000),
            Refusal::Form("there are too many attributes"),
        ),
    ]
}

#[test]
fn x7_answers_beyond_the_limits_are_refused() {
    refused(&corpus());
}

#[test]
fn x7_a_thousand_groups_are_read() {
    let identity = judge(&groups(1_000)).expect("an identity");
    assert_eq!(identity.attributes["groups"].len(), 1_000);
}
