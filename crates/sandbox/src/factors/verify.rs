//! Proving with a factor that one is the user.

use http::StatusCode;
use serde_json::{Value, json};

use super::totp::{self, Worth};
use super::{Proof, code, find, kind_of, phone, print, question};
use crate::http::{Answer, Call, Fail, Reply};
use crate::log::Event;
use crate::org::Org;

/// What became of a verification.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Success,
    /// A code was sent, which must come back.
    Challenge,
    /// A phone was asked; the transaction that waits for it.
    Waiting(String),
}

/// `E0000068`: the code is not right.
pub(super) fn wrong_code() -> Fail {
    let text = "Invalid Passcode/Answer";
    let cause = "Your passcode doesn't match our records. Please try again.";
    Fail::new(StatusCode::FORBIDDEN, "E0000068", text).because(cause)
}

fn wrong_answer() -> Fail {
    let text = "Invalid Passcode/Answer";
    let cause = "Your answer doesn't match our records. Please try again.";
    Fail::new(StatusCode::FORBIDDEN, "E0000068", text).because(cause)
}

/// Checks a code of an authenticator app; each holds once.
fn computed(org: &mut Org, call: &Call, serial: u32, given: &str) -> Result<(), Fail> {
    let factor = org.factors.get(serial);
    let secret = factor.and_then(|factor| totp::bytes(factor.text("secret")));
    let last = factor.and_then(|factor| factor.body.get("step")?.as_i64());
    let step = match totp::check(&secret.unwrap_or_default(), given, call.now) {
        Worth::Right(step) => step,
        Worth::Late => {
            let text = "PassCode is valid but exceeded time window.";
            return Err(Fail::new(StatusCode::FORBIDDEN, "E0000083", text));
        }
        Worth::Wrong => return Err(wrong_code()),
    };
    if last.is_some_and(|last| step <= last) {
        let text = "Each code can only be used once. Please wait for a new code and try again.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000082", text));
    }
    if let Some(factor) = org.factors.get_mut(serial) {
        factor.body.insert("step".to_owned(), step.into());
    }
    Ok(())
}

/// Judges what a user shows of a factor (serial); without a code one is sent.
pub(crate) fn judge(
    org: &mut Org,
    call: &Call,
    serial: u32,
    shown: &Value,
) -> Result<Verdict, Fail> {
    let given = |name: &str| shown.get(name).and_then(Value::as_str);
    let factor = org.factors.get(serial).filter(|factor| factor.active);
    let kind = factor.and_then(kind_of);
    let Some(kind) = kind else {
        let text = "This operation is not allowed in the current authentication state.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000079", text));
    };
    match kind.proof {
        Proof::Answer => {
            let kept = factor.map(|factor| factor.text("answer").to_owned());
            let right = given("answer").map(question::kept) == kept;
            if right {
                Ok(Verdict::Success)
            } else {
                Err(wrong_answer())
            }
        }
        Proof::Computed => computed(org, call, serial, given("passCode").unwrap_or_default())
            .map(|()| Verdict::Success),
        Proof::Sent(channel) => match given("passCode") {
            None => code::send(org, call, serial, channel).map(|()| Verdict::Challenge),
            Some(given) if code::take(org, serial, given, call.now) => Ok(Verdict::Success),
            Some(_) => Err(wrong_code()),
        },
        Proof::Approval => {
            let number = shown.get("useNumberMatchingChallenge") == Some(&Value::Bool(true));
            Ok(Verdict::Waiting(phone::ask(org, call, serial, number)))
        }
    }
}

/// `POST /users/{userId}/factors/{factorId}/verify`.
pub(super) fn verify(org: &mut Org, call: &Call) -> Answer {
    let (user, serial) = find(org, call)?;
    let body = Value::Object(call.object_or_empty()?);
    let verdict = judge(org, call, serial, &body);
    let event = Event::new("user.authentication.auth_via_mfa").target(org.user_target(user));
    match verdict {
        Ok(Verdict::Success) => {
            org.record(call, event);
            Ok(Reply::json(&json!({ "factorResult": "SUCCESS" })))
        }
        Ok(Verdict::Challenge) => Ok(Reply::json(&challenge(org, call, serial))),
        Ok(Verdict::Waiting(transaction)) => {
            let mut shown = phone::print(org, call, serial, &transaction);
            // Whose phone it is, is told to those who ask how it stands.
            if let Some(shown) = shown.as_object_mut() {
                shown.shift_remove("profile");
            }
            Ok(Reply::json(&shown).status(StatusCode::CREATED))
        }
        Err(fail) => {
            org.record(call, event.failed("INVALID_CREDENTIALS"));
            Err(fail)
        }
    }
}

/// What says that a code was sent; a phone number is told, an address is not.
fn challenge(org: &Org, call: &Call, serial: u32) -> Value {
    let Some(factor) = org.factors.get(serial) else {
        return Value::Null;
    };
    let here = print::address(org, call, serial, factor);
    let mut body = json!({ "factorResult": "CHALLENGE" });
    if let Some(number) = factor.at(&["profile", "phoneNumber"]) {
        body["profile"] = json!({ "phoneNumber": number });
    }
    body["_links"] = json!({
        "verify": { "href": format!("{here}/verify"), "hints": { "allow": ["POST"] } },
        "factor": { "href": here, "hints": { "allow": ["GET", "DELETE"] } },
    });
    body
}
