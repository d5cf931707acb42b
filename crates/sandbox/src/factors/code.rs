//! Codes that are sent: drawing, sending, and what a code that comes back is worth.

use http::StatusCode;
use serde_json::{Value, json};

use super::message::Message;
use super::{Channel, user_of};
use crate::clock::Time;
use crate::http::{Call, Fail};
use crate::org::Org;

/// A code lives so long, in seconds, when nobody says otherwise.
const LIFE: i64 = 300;
/// The longest life that can be asked for, in seconds.
const LONGEST: i64 = 86_400;

fn too_soon(channel: Channel) -> Fail {
    let (code, text) = match channel {
        Channel::Sms => (
            "E0000109",
            "An SMS message was recently sent. Please wait 30 seconds before trying again.",
        ),
        Channel::Call => (
            "E0000133",
            "A phone call was recently made. Please wait 30 seconds before trying again.",
        ),
        Channel::Email => (
            "E0000118",
            "An email was recently sent. Please wait 5 seconds before trying again.",
        ),
    };
    Fail::new(StatusCode::TOO_MANY_REQUESTS, code, text)
}

/// The life of a code by `tokenLifetimeSeconds`.
fn life(call: &Call) -> i64 {
    let asked = call.query.get("tokenLifetimeSeconds");
    let asked = asked.and_then(|text| text.parse().ok());
    asked.map_or(LIFE, |life: i64| life.clamp(1, LONGEST))
}

/// A number of so many digits that looks random.
fn drawn(call: &Call, digits: u32) -> String {
    let number = crate::store::mix(call.salt ^ 0xc0de) % 10_u64.pow(digits);
    let width = usize::try_from(digits).unwrap_or(6);
    format!("{number:0width$}")
}

/// Sends a new code to the phone or address of a factor; the old one is worth nothing any more.
pub(super) fn send(org: &mut Org, call: &Call, serial: u32, channel: Channel) -> Result<(), Fail> {
    let factor = org.factors.get(serial);
    let factor = factor.ok_or_else(|| Fail::not_found(call.param("factorId"), "UserFactor"))?;
    let sent = factor.at(&["code", "sent"]).and_then(Value::as_i64);
    if sent.is_some_and(|sent| Time(sent).plus(channel.pause()) > call.now) {
        return Err(too_soon(channel));
    }
    let place = if channel == Channel::Email {
        "email"
    } else {
        "phoneNumber"
    };
    let to = factor.at(&["profile", place]).and_then(Value::as_str);
    let code = drawn(call, channel.digits());
    let message = Message {
        at: call.now,
        channel: channel.text().to_owned(),
        to: to.unwrap_or_default().to_owned(),
        user: user_of(factor).unwrap_or(0),
        code: code.clone(),
    };
    org.messages.send(message);
    let until = call.now.plus(life(call));
    if let Some(factor) = org.factors.get_mut(serial) {
        let kept = json!({ "code": code, "until": until.0, "sent": call.now.0 });
        factor.body.insert("code".to_owned(), kept);
    }
    Ok(())
}

/// Whether a code is the one that was sent and still lives; a right one is used up.
pub(super) fn take(org: &mut Org, serial: u32, given: &str, now: Time) -> bool {
    let Some(factor) = org.factors.get_mut(serial) else {
        return false;
    };
    let right = factor.at(&["code", "code"]).and_then(Value::as_str) == Some(given);
    let until = factor.at(&["code", "until"]).and_then(Value::as_i64);
    let good = right && until.is_some_and(|until| until > now.0);
    if good {
        factor.body.shift_remove("code");
    }
    good
}
