//! The second step: a factor.

use serde_json::Value;

use super::state::{State, Step};
use super::{not_now, stated, succeed, view};
use crate::factors::{self, Verdict};
use crate::http::{Answer, Call, Reply};
use crate::log::Event;
use crate::org::Org;

pub(super) fn verify(org: &mut Org, call: &Call) -> Answer {
    let (token, state, body) = stated(org, call)?;
    let factor = factors::find_id(org, state.user, call.param("factorId"))?;
    match &state.step {
        Step::Challenge {
            factor: asked,
            transaction: Some(transaction),
        } if *asked == factor => {
            let transaction = transaction.clone();
            return poll(org, call, &token, &state, factor, &transaction);
        }
        Step::Factor | Step::Challenge { .. } => {}
        Step::Password | Step::Enroll => return Err(not_now()),
    }
    let verdict = factors::judge(org, call, factor, &Value::Object(body));
    let event = Event::new("user.authentication.auth_via_mfa");
    let event = event.target(org.user_target(state.user));
    let transaction = match verdict {
        Ok(Verdict::Success) => {
            org.record(call, event);
            return Ok(end(org, call, &token, &state));
        }
        Ok(Verdict::Challenge) => None,
        Ok(Verdict::Waiting(transaction)) => Some(transaction),
        Err(fail) => {
            org.record(call, event.failed("INVALID_CREDENTIALS"));
            return Err(fail);
        }
    };
    let step = Step::Challenge {
        factor,
        transaction,
    };
    let state = State::new(state.user, step, state.relay, call.now);
    org.authn.keep(&token, state.clone(), call.now);
    Ok(Reply::json(&view::of(org, call, &token, &state)))
}

fn end(org: &mut Org, call: &Call, token: &str, state: &State) -> Reply {
    org.authn.forget(token);
    succeed(org, call, state.user, state.relay.as_deref(), true)
}

/// Asks how a phone answered.
fn poll(
    org: &mut Org,
    call: &Call,
    token: &str,
    state: &State,
    factor: u32,
    transaction: &str,
) -> Answer {
    if factors::outcome(org, factor, transaction, call.now) == "SUCCESS" {
        let event = Event::new("user.authentication.auth_via_mfa");
        org.record(call, event.target(org.user_target(state.user)));
        return Ok(end(org, call, token, state));
    }
    Ok(Reply::json(&view::of(org, call, token, state)))
}

/// Sends a code once more.
pub(super) fn resend(org: &mut Org, call: &Call) -> Answer {
    let (token, state, _) = stated(org, call)?;
    let factor = factors::find_id(org, state.user, call.param("factorId"))?;
    let asked = Step::Challenge {
        factor,
        transaction: None,
    };
    if state.step != asked {
        return Err(not_now());
    }
    factors::judge(org, call, factor, &Value::Null)?;
    Ok(Reply::json(&view::of(org, call, &token, &state)))
}
