//! X5: answers that nobody asked for. They are an outcome of their own: the server begins a sign-in from here.

use super::{
    super::{Expectation, Refusal, verify},
    Hostile,
    forge::Answer,
    hostile, refused,
    world::{expectation, fixture, now, pinned},
};

pub(super) fn corpus() -> Vec<Hostile> {
    let mut unasked = Answer {
        in_response_to: String::new(),
        ..Answer::default()
    };
    let within = unasked.by_response();
    unasked.subject = unasked
        .subject
        .replace(" InResponseTo=\"_00112233445566778899aabbccddeeff\"", "");
    let empty = Answer {
        in_response_to: " InResponseTo=\"\"".into(),
        ..Answer::default()
    };
    vec![
        hostile("not asked for", unasked.by_response(), Refusal::Unsolicited),
        hostile(
            "not asked for, by the response's word",
            within,
            Refusal::Unsolicited,
        ),
        hostile(
            "asked for by an empty id",
            empty.by_response(),
            Refusal::Unsolicited,
        ),
        hostile(
            "not asked for and not signed",
            unasked.response("", &unasked.assertion("")),
            Refusal::Unsolicited,
        ),
    ]
}

#[test]
fn x5_unsolicited_answers_are_an_outcome_of_their_own() {
    refused(&corpus());
}

#[test]
fn x5_an_answer_to_a_question_of_another_browser_is_refused() {
    let idp = pinned(&["idp"]);
    let expected = Expectation {
        request_id: None,
        ..expectation(&idp)
    };
    let xml = fixture("both-sha256.xml");
    let got = verify(xml.as_bytes(), &expected, now());
    assert_eq!(got, Err(Refusal::NoQuestion));
}
