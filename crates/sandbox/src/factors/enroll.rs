//! Enrolling, activating, changing.

use serde_json::{Map, Value, json};

use super::totp::{self, Worth};
use super::verify::wrong_code;
use super::{Channel, FactorKind, Proof, code, find, kind_of, of_user, question, shown};
use crate::http::{Answer, Call, Fail};
use crate::log::Event;
use crate::org::Org;
use crate::store::{Doc, members};
use crate::users;

/// A phone must be set up within so many seconds.
const PATIENCE: i64 = 600;
/// So many codes may be tried in [`TRIED_WITHIN`] seconds.
const TRIES: usize = 5;
const TRIED_WITHIN: i64 = 300;

fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The kind that a body asks for.
fn asked(org: &Org, body: &Value) -> Result<FactorKind, Fail> {
    let name = text(body, "/factorType");
    let provider = match text(body, "/provider") {
        "" => "OKTA",
        provider => provider,
    };
    let known = FactorKind::find(name, provider);
    known.filter(|kind| kind.is_offered(org)).ok_or_else(|| {
        let why = format!("factorType: '{name}' is not enabled in this org");
        Fail::validation("factorType", [why])
    })
}

/// The number of a phone in E.164, from what people write.
fn phone(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
        .collect();
    let digits = plain.strip_prefix('+')?;
    let fits = (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
    fits.then_some(plain)
}

fn phone_profile(body: &Value) -> Result<Value, Fail> {
    let number = phone(text(body, "/profile/phoneNumber")).ok_or_else(|| {
        let text = "This phone number is invalid.";
        Fail::new(http::StatusCode::BAD_REQUEST, "E0000098", text)
    })?;
    let mut profile = json!({ "phoneNumber": number });
    if let Some(extension) = body.pointer("/profile/phoneExtension") {
        profile["phoneExtension"] = extension.clone();
    }
    Ok(profile)
}

/// What is kept of a new factor.
fn kept(org: &Org, call: &Call, user: u32, kind: FactorKind, body: &Value) -> Result<Value, Fail> {
    let person = org.people.get(user);
    let login = person.map(|person| person.profile.login.to_string());
    let mut kept = json!({ "user": user, "factorType": kind.name, "provider": kind.provider });
    match kind.proof {
        Proof::Answer => {
            let (question, answer) = question::given(body)?;
            kept["question"] = question.into();
            kept["answer"] = answer.into();
        }
        Proof::Sent(Channel::Email) => {
            let mail = person.map(|person| person.profile.email.to_string());
            let asked = Some(text(body, "/profile/email")).filter(|mail| mail.contains('@'));
            let mail = asked.map_or(mail.unwrap_or_default(), str::to_owned);
            kept["profile"] = json!({ "email": mail });
        }
        Proof::Sent(_) => kept["profile"] = phone_profile(body)?,
        Proof::Computed => {
            kept["profile"] = json!({ "credentialId": login });
            kept["secret"] = totp::secret(&call.opaque_for(11, 16)).into();
        }
        Proof::Approval => {
            kept["profile"] = json!({ "credentialId": login });
            kept["until"] = json!(call.now.plus(PATIENCE));
        }
    }
    Ok(kept)
}

pub(super) fn enroll(org: &mut Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userId"))?;
    let body = Value::Object(call.object()?);
    let kind = asked(org, &body)?;
    let held = of_user(org, user).find(|(_, factor)| kind_of(factor) == Some(kind));
    let held = held.map(|(serial, factor)| (serial, factor.active));
    if held.is_some_and(|(_, active)| active) {
        let why = "A factor of this type is already set up.";
        return Err(Fail::validation("factorEnrollRequest", [why]));
    }
    let kept = members(kept(org, call, user, kind, &body)?);
    // Who begins again forgets the first attempt.
    if let Some((serial, _)) = held {
        org.factors.remove(serial);
    }
    let mut factor = Doc::new(kept, call.now);
    let at_once = matches!(kind.proof, Proof::Sent(_)) && call.query.flag("activate") == Some(true);
    factor.active = kind.proof == Proof::Answer || at_once;
    let active = factor.active;
    let serial = org.factors.push(factor);
    if active {
        told(org, call, user, "user.mfa.factor.activate");
    } else if let Proof::Sent(channel) = kind.proof {
        code::send(org, call, serial, channel)?;
    }
    shown(org, call, serial)
}

fn told(org: &mut Org, call: &Call, user: u32, event: &'static str) {
    let target = org.user_target(user);
    org.record(call, Event::new(event).target(target));
}

/// Counts an attempt to activate; five within five minutes are the most.
fn count_try(org: &mut Org, call: &Call, serial: u32) -> Result<(), Fail> {
    let Some(factor) = org.factors.get_mut(serial) else {
        return Ok(());
    };
    let since = call.now.plus(-TRIED_WITHIN).0;
    let tries = factor.body.entry("tries").or_insert_with(|| json!([]));
    let Some(tries) = tries.as_array_mut() else {
        return Ok(());
    };
    tries.retain(|at| at.as_i64().is_some_and(|at| at > since));
    if tries.len() >= TRIES {
        return Err(crate::http::too_many());
    }
    tries.push(call.now.0.into());
    Ok(())
}

pub(super) fn activate(org: &mut Org, call: &Call) -> Answer {
    let (user, serial) = find(org, call)?;
    let body = Value::Object(call.object_or_empty()?);
    let factor = org.factors.get(serial).cloned();
    let factor = factor.ok_or_else(|| Fail::not_found(call.param("factorId"), "UserFactor"))?;
    let proof = kind_of(&factor).map(|kind| kind.proof);
    if factor.active || proof == Some(Proof::Approval) {
        return shown(org, call, serial);
    }
    count_try(org, call, serial)?;
    let given = text(&body, "/passCode");
    let (good, step) = match proof {
        Some(Proof::Sent(_)) => (code::take(org, serial, given, call.now), None),
        Some(Proof::Computed) => {
            let secret = totp::bytes(factor.text("secret")).unwrap_or_default();
            match totp::check(&secret, given, call.now) {
                Worth::Right(step) => (true, Some(step)),
                _ => (false, None),
            }
        }
        _ => (false, None),
    };
    if !good {
        return Err(wrong_code());
    }
    if let Some(factor) = org.factors.get_mut(serial) {
        (factor.active, factor.last_updated) = (true, call.now.whole());
        factor.body.shift_remove("tries");
        if let Some(step) = step {
            factor.body.insert("step".to_owned(), step.into());
        }
    }
    told(org, call, user, "user.mfa.factor.activate");
    shown(org, call, serial)
}

/// Sends the code of an enrolment once more.
pub(super) fn resend(org: &mut Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    let proof = org.factors.get(serial).and_then(kind_of);
    let Some(Proof::Sent(channel)) = proof.map(|kind| kind.proof) else {
        let why = "factorType: Only codes that are sent can be sent again";
        return Err(Fail::validation("factorType", [why]));
    };
    code::send(org, call, serial, channel)?;
    shown(org, call, serial)
}

/// `PUT` of a security question: another question with another answer.
pub(super) fn change(org: &mut Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    let body: Map<String, Value> = call.object()?;
    let (question, answer) = question::given(&Value::Object(body))?;
    if let Some(factor) = org.factors.get_mut(serial) {
        factor.body.insert("question".to_owned(), question.into());
        factor.body.insert("answer".to_owned(), answer.into());
        factor.last_updated = call.now.whole();
    }
    shown(org, call, serial)
}
