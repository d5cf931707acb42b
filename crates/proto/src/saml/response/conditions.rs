//! For whom, where, when and in answer to what an assertion may be used. SAML 2.0 Core sections 2.4.1.2 and 2.5.1,
//! Profiles sections 4.1.4.2 and 4.1.4.3.
//!
//! The library checks all of this too; here it is checked again for words that say what is wrong.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        names::{ASSERTION, BEARER, PROTOCOL, SUCCESS},
        xml::Element,
    },
    Expectation,
    refusal::{Refusal, shown},
};

/// What the response says about itself: that it worked, and in answer to what.
pub(super) fn envelope(response: &Element, expected: &Expectation<'_>) -> Result<(), Refusal> {
    status(response)?;
    let asked = match response.attribute("InResponseTo") {
        None | Some("") => return Err(Refusal::Unsolicited),
        Some(id) => id,
    };
    match expected.request_id {
        None => Err(Refusal::NoQuestion),
        Some(id) if id == asked => Ok(()),
        Some(_) => Err(Refusal::OtherQuestion),
    }
}

fn status(response: &Element) -> Result<(), Refusal> {
    let code = response
        .only(PROTOCOL, "Status")
        .and_then(|status| status.only(PROTOCOL, "StatusCode"))
        .ok_or(Refusal::Form("the status is missing or doubled"))?;
    if code.attribute("Value") == Some(SUCCESS) {
        return Ok(());
    }
    let inner = code.only(PROTOCOL, "StatusCode").unwrap_or(code);
    let name = inner.attribute("Value").unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or_default();
    Err(Refusal::Status { code: shown(name) })
}

/// Judges an assertion in its response, and returns until when its id must be remembered.
pub(super) fn check(
    response: &Element,
    assertion: &Element,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    for element in [response, assertion] {
        issuer(element, expected)?;
    }
    if response.attribute("Destination") != Some(expected.acs) {
        let found = response.attribute("Destination").unwrap_or_default();
        return Err(Refusal::Destination {
            found: shown(found),
        });
    }
    let conditions = assertion
        .only(ASSERTION, "Conditions")
        .ok_or(Refusal::Form(
            "the assertion's conditions are missing or doubled",
        ))?;
    known(conditions)?;
    audience(conditions, expected)?;
    window(conditions, expected, now)?;
    sessions(assertion, expected, now)?;
    confirmation(assertion, expected, now)
}

/// An assertion must name its issuer; a response may.
fn issuer(element: &Element, expected: &Expectation<'_>) -> Result<(), Refusal> {
    let mut named = element.all(ASSERTION, "Issuer").map(Element::text);
    let found = match (named.next(), named.next()) {
        (Some(found), None) => found,
        (None, _) if element.name() == "Response" => return Ok(()),
        _ => return Err(Refusal::Form("the issuer is missing or doubled")),
    };
    if found == expected.idp.entity_id() {
        return Ok(());
    }
    Err(Refusal::Issuer {
        found: shown(found),
    })
}

fn known(conditions: &Element) -> Result<(), Refusal> {
    let strange = conditions.children().find(|child| {
        !["AudienceRestriction", "OneTimeUse", "ProxyRestriction"]
            .iter()
            .any(|name| child.is(ASSERTION, name))
    });
    strange.map_or(Ok(()), |child| Err(Refusal::Condition(shown(child.name()))))
}

/// Each restriction must name us; there must be one.
fn audience(conditions: &Element, expected: &Expectation<'_>) -> Result<(), Refusal> {
    let refused = |found: &str| Refusal::Audience {
        found: shown(found),
    };
    let mut any = false;
    for restriction in conditions.all(ASSERTION, "AudienceRestriction") {
        any = true;
        let named: Vec<&str> = restriction
            .all(ASSERTION, "Audience")
            .map(Element::text)
            .collect();
        if !named.contains(&expected.entity_id) {
            return Err(refused(named.first().copied().unwrap_or_default()));
        }
    }
    if any { Ok(()) } else { Err(refused("")) }
}

/// `NotBefore` and `NotOnOrAfter` of the conditions, each widened by the skew.
fn window(conditions: &Element, expected: &Expectation<'_>, now: Timestamp) -> Result<(), Refusal> {
    if let Some(from) = time(conditions, "NotBefore")?
        && now.saturating_add(expected.skew()).unwrap_or(now) < from
    {
        return Err(Refusal::NotYet {
            from: from.to_string(),
        });
    }
    match time(conditions, "NotOnOrAfter")? {
        Some(until) => before(until, expected.skew(), now),
        None => Ok(()),
    }
}

fn sessions(
    assertion: &Element,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut any = false;
    for statement in assertion.all(ASSERTION, "AuthnStatement") {
        any = true;
        if let Some(until) = time(statement, "SessionNotOnOrAfter")? {
            before(until, expected.skew(), now)?;
        }
    }
    if any { Ok(()) } else { Err(Refusal::NoSignIn) }
}

/// The one confirmation, which must be a bearer's, for here, for this question, in time.
fn confirmation(
    assertion: &Element,
    expected: &Expectation<'_>,
    now: Timestamp,
) -> Result<Timestamp, Refusal> {
    let subject = assertion
        .only(ASSERTION, "Subject")
        .ok_or(Refusal::Form("the subject is missing or doubled"))?;
    let mut bearers = subject
        .all(ASSERTION, "SubjectConfirmation")
        .filter(|of| of.attribute("Method") == Some(BEARER));
    let (bearer, None) = (bearers.next().ok_or(Refusal::NoBearer)?, bearers.next()) else {
        return Err(Refusal::Form("there are several bearer confirmations"));
    };
    let data = bearer
        .only(ASSERTION, "SubjectConfirmationData")
        .ok_or(Refusal::Form(
            "SubjectConfirmationData is missing or doubled",
        ))?;
    if data.attribute("Recipient") != Some(expected.acs) {
        let found = data.attribute("Recipient").unwrap_or_default();
        return Err(Refusal::Recipient {
            found: shown(found),
        });
    }
    if data.attribute("InResponseTo") != expected.request_id {
        return Err(Refusal::OtherQuestion);
    }
    if let Some(from) = time(data, "NotBefore")?
        && now.saturating_add(expected.skew()).unwrap_or(now) < from
    {
        return Err(Refusal::NotYet {
            from: from.to_string(),
        });
    }
    let until = time(data, "NotOnOrAfter")?
        .ok_or(Refusal::Time("SubjectConfirmationData/@NotOnOrAfter"))?;
    before(until, expected.skew(), now)?;
    Ok(until.saturating_add(expected.skew()).unwrap_or(until))
}

fn before(until: Timestamp, skew: SignedDuration, now: Timestamp) -> Result<(), Refusal> {
    if now < until.saturating_add(skew).unwrap_or(until) {
        return Ok(());
    }
    Err(Refusal::Expired {
        until: until.to_string(),
    })
}

/// A time in UTC, as SAML writes it (SAML 2.0 Core section 1.3.3).
fn time(of: &Element, attribute: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = of.attribute(attribute) else {
        return Ok(None);
    };
    let utc = text.ends_with('Z') && text.contains('T');
    let read = text.parse::<Timestamp>().ok().filter(|_| utc);
    read.map(Some).ok_or(Refusal::Time(attribute))
}
