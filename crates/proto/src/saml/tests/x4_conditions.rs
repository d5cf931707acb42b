//! X4: for whom, where, when, in answer to what, and once. All of these answers are soundly signed.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{
    super::{Expectation, Refusal, verify},
    Hostile,
    forge::{Answer, audience, confirmation, name, statement},
    hostile, refused,
    world::{ACS, ENTITY, QUESTION, at, expectation, fixture, judge, pinned},
};

const OTHER: &str = "https://other.example/acs";
const LATER: &str = "2026-11-22T10:05:00Z";

fn with(change: impl FnOnce(&mut Answer)) -> String {
    let mut answer = Answer::default();
    change(&mut answer);
    answer.by_response()
}

fn subject(inside: &str) -> String {
    with(|answer| answer.subject = name("ada@example.com") + inside)
}

fn status(codes: &str) -> String {
    with(|answer| answer.status = format!("<samlp:Status>{codes}</samlp:Status>"))
}

pub(super) fn corpus() -> Vec<Hostile> {
    let mut all = places();
    all.extend(times());
    all.extend(forms());
    all
}

fn places() -> Vec<Hostile> {
    let elsewhere = |found: &str| Refusal::Audience {
        found: found.into(),
    };
    let sent = |found: &str| Refusal::Destination {
        found: found.into(),
    };
    let used = |found: &str| Refusal::Recipient {
        found: found.into(),
    };
    let from = || Refusal::Issuer {
        found: "https://evil.example".into(),
    };
    vec![
        hostile(
            "another audience",
            with(|a| a.conditions = audience(OTHER)),
            elsewhere(OTHER),
        ),
        hostile(
            "our audience with a slash",
            with(|a| a.conditions = audience(&format!("{ENTITY}/"))),
            elsewhere(&format!("{ENTITY}/")),
        ),
        hostile("no audience", with(|a| a.conditions.clear()), elsewhere("")),
        hostile(
            "two restrictions, one not ours",
            with(|a| a.conditions += &audience(OTHER)),
            elsewhere(OTHER),
        ),
        hostile(
            "another destination",
            with(|a| a.destination = format!(" Destination=\"{OTHER}\"")),
            sent(OTHER),
        ),
        hostile("no destination", with(|a| a.destination.clear()), sent("")),
        hostile(
            "another recipient",
            subject(&confirmation(QUESTION, LATER, OTHER)),
            used(OTHER),
        ),
        hostile(
            "no recipient",
            subject(&confirmation(QUESTION, LATER, ACS).replace(" Recipient=", " Rx=")),
            used(""),
        ),
        hostile(
            "another issuer",
            with(|a| a.issuer = "https://evil.example"),
            from(),
        ),
        hostile(
            "another issuer of the response",
            with(|a| a.response_issuer = "https://evil.example"),
            from(),
        ),
        hostile(
            "another question",
            with(|a| a.in_response_to = " InResponseTo=\"_other\"".into()),
            Refusal::OtherQuestion,
        ),
        hostile(
            "another question in the assertion",
            subject(&confirmation("_other", LATER, ACS)),
            Refusal::OtherQuestion,
        ),
        hostile(
            "no question in the assertion",
            subject(&confirmation(QUESTION, LATER, ACS).replace(" InResponseTo=", " Ix=")),
            Refusal::OtherQuestion,
        ),
        hostile(
            "an unknown condition",
            with(|a| a.conditions += "<saml:Condition></saml:Condition>"),
            Refusal::Condition("Condition".into()),
        ),
    ]
}

fn times() -> Vec<Hostile> {
    let window = |from: &str, until: &str| {
        with(|answer| answer.window = format!(" NotBefore=\"{from}\" NotOnOrAfter=\"{until}\""))
    };
    let expired = |until: &str| Refusal::Expired {
        until: until.into(),
    };
    let early = "2026-11-22T09:55:00Z";
    let stale = "2026-11-22T10:00:00Z";
    let future = "2026-11-22T10:02:01Z";
    vec![
        hostile("stale", window(early, stale), expired(stale)),
        hostile(
            "from the future",
            window(future, LATER),
            Refusal::NotYet {
                from: future.into(),
            },
        ),
        hostile(
            "a stale confirmation",
            subject(&confirmation(QUESTION, stale, ACS)),
            expired(stale),
        ),
        hostile(
            "a confirmation for ever",
            subject(
                &confirmation(QUESTION, LATER, ACS)
                    .replace(" NotOnOrAfter=", " NotBefore=")
                    .replace(LATER, early),
            ),
            Refusal::Time("SubjectConfirmationData/@NotOnOrAfter"),
        ),
        hostile(
            "a session that is over",
            with(|a| a.statements = statement(&format!(" SessionNotOnOrAfter=\"{stale}\""))),
            expired(stale),
        ),
        hostile(
            "a time that is none",
            window("yesterday", LATER),
            Refusal::Time("NotBefore"),
        ),
        hostile(
            "a time of another zone",
            window(early, "2026-11-22T12:05:00+02:00"),
            Refusal::Time("NotOnOrAfter"),
        ),
    ]
}

fn forms() -> Vec<Hostile> {
    let vouches = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches";
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    let code = |name: &str, inner: &str| {
        format!(
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:{name}\">{inner}</samlp:StatusCode>"
        )
    };
    let says = |code: &str| Refusal::Status { code: code.into() };
    vec![
        hostile(
            "a refusal",
            status(&code("Responder", &code("RequestDenied", ""))),
            says("RequestDenied"),
        ),
        hostile(
            "a refusal of the question",
            status(&code("Requester", "")),
            says("Requester"),
        ),
        hostile(
            "no status",
            with(|a| a.status.clear()),
            Refusal::Form("the status is missing or doubled"),
        ),
        hostile(
            "two statuses",
            status(&(code("Success", "") + &code("Requester", ""))),
            Refusal::Form("the status is missing or doubled"),
        ),
        hostile(
            "nobody's word",
            subject(&confirmation(QUESTION, LATER, ACS).replace(bearer, vouches)),
            Refusal::NoBearer,
        ),
        hostile("no confirmation", subject(""), Refusal::NoBearer),
        hostile(
            "two confirmations",
            subject(&confirmation(QUESTION, LATER, ACS).repeat(2)),
            Refusal::Form("there are several bearer confirmations"),
        ),
        hostile(
            "no sign-in",
            with(|a| a.statements.clear()),
            Refusal::NoSignIn,
        ),
        hostile(
            "no assertion",
            Answer::default().response("", ""),
            Refusal::NoAssertion,
        ),
    ]
}

#[test]
fn x4_answers_for_others_elsewhere_or_at_another_time_are_refused() {
    refused(&corpus());
}

#[test]
fn x4_clocks_may_differ_by_sixty_seconds_and_no_more() {
    let idp = pinned(&["idp"]);
    let xml = fixture("both-sha256.xml");
    let judged = |now: &str, skew: i64| {
        let expected = Expectation {
            skew: SignedDuration::from_secs(skew),
            ..expectation(&idp)
        };
        verify(xml.as_bytes(), &expected, at(now)).is_ok()
    };
    // Valid from 09:55:00 until 10:05:00.
    for (now, skew, want) in [
        ("2026-11-22T09:55:00Z", 0, true),
        ("2026-11-22T09:54:59Z", 0, false),
        ("2026-11-22T10:04:59Z", 0, true),
        ("2026-11-22T10:05:00Z", 0, false),
        ("2026-11-22T09:54:00Z", 60, true),
        ("2026-11-22T09:53:59Z", 60, false),
        ("2026-11-22T10:05:59Z", 60, true),
        ("2026-11-22T10:06:00Z", 60, false),
        ("2026-11-22T10:05:59Z", 3600, true),
        ("2026-11-22T10:06:00Z", 3600, false),
        ("2026-11-22T09:53:59Z", 3600, false),
        ("2026-11-22T10:04:59Z", -3600, true),
    ] {
        assert_eq!(judged(now, skew), want, "{now} with {skew} s");
    }
}

#[test]
fn x4_an_assertion_is_used_once() {
    let mut cache = BTreeSet::new();
    let mut sign_in = |file: &str| {
        let identity = judge(&fixture(file))?;
        let fresh = cache.insert((identity.issuer.clone(), identity.assertion_id.clone()));
        identity.once(fresh)
    };
    assert!(sign_in("response-sha256.xml").is_ok());
    assert_eq!(sign_in("response-sha256.xml"), Err(Refusal::Replayed));
    // The same assertion in another wrapping is the same assertion.
    assert_eq!(sign_in("assertion-sha512.xml"), Err(Refusal::Replayed));
}

#[test]
fn x4_an_id_is_remembered_until_the_assertion_is_refused_by_its_time() {
    let idp = pinned(&["idp"]);
    let xml = fixture("response-sha256.xml");
    let until = judge(&xml).expect("an identity").remember_until;
    let got = verify(xml.as_bytes(), &expectation(&idp), until);
    assert!(matches!(got, Err(Refusal::Expired { .. })), "{got:?}");
}
