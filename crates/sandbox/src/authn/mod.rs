//! `/api/v1/authn`: signing in step by step, as custom sign-in pages do (Okta: Authentication API).
//!
//! ```text
//! username, password -> PASSWORD_EXPIRED -> change_password -+
//!                    -> MFA_REQUIRED -> verify -> MFA_CHALLENGE -> verify -+-> SUCCESS with a session token
//! ```
//!
//! Whether a second factor is asked for is what the sign-on policies say.

mod primary;
mod second;
mod state;
mod view;

pub(crate) use state::Authn;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use state::{State, Step};

type Handler = fn(&mut Org, &Call) -> Answer;

/// The routes of this family. Nobody needs a token here: name and password, or a state token, are in the body.
pub(crate) fn routes(routes: &mut Routes) {
    let all: [(&str, Handler); 6] = [
        ("/api/v1/authn", begin),
        ("/api/v1/authn/cancel", cancel),
        ("/api/v1/authn/previous", previous),
        (
            "/api/v1/authn/credentials/change_password",
            primary::change_password,
        ),
        ("/api/v1/authn/factors/{factorId}/verify", second::verify),
        (
            "/api/v1/authn/factors/{factorId}/verify/resend",
            second::resend,
        ),
    ];
    for (path, write) in all {
        routes.open(Method::POST, path, write);
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// `E0000004`: not these credentials.
fn failed() -> Fail {
    let text = "Authentication failed";
    Fail::new(StatusCode::UNAUTHORIZED, "E0000004", text)
}

/// `E0000079`: the transaction is at another step.
fn not_now() -> Fail {
    let text = "This operation is not allowed in the current authentication state.";
    Fail::new(StatusCode::FORBIDDEN, "E0000079", text)
}

/// The transaction that a body names by its state token.
fn stated(org: &Org, call: &Call) -> Result<(String, State, Map<String, Value>), Fail> {
    let body = call.object()?;
    let token = text(&body, "stateToken").ok_or_else(Fail::malformed)?;
    let state = org.authn.state(token, call.now);
    let state = state.cloned().ok_or_else(Fail::invalid_token)?;
    Ok((token.to_owned(), state, body))
}

/// Name and password, or the state token of a sign-in that goes on.
fn begin(org: &mut Org, call: &Call) -> Answer {
    if call.object()?.contains_key("stateToken") {
        let (token, state, _) = stated(org, call)?;
        return Ok(Reply::json(&view::of(org, call, &token, &state)));
    }
    primary::begin(org, call)
}

/// Goes on after a right password: a second factor where a policy asks for one, or the end.
fn go_on(org: &mut Org, call: &Call, user: u32, relay: Option<String>) -> Answer {
    let sign_on = crate::policies::sign_on(org, user);
    if sign_on.denied {
        let text = "You do not have permission to access your account at this time.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000085", text));
    }
    if !sign_on.factor {
        return Ok(succeed(org, call, user, relay.as_deref(), false));
    }
    let enrolled = crate::factors::of_user(org, user).any(|(_, factor)| factor.active);
    let step = if enrolled { Step::Factor } else { Step::Enroll };
    Ok(keep(org, call, &State::new(user, step, relay, call.now)))
}

/// Keeps a transaction and shows it.
fn keep(org: &mut Org, call: &Call, state: &State) -> Reply {
    let token = format!("00{}", call.opaque_for(21, 40));
    org.authn.keep(&token, state.clone(), call.now);
    Reply::json(&view::of(org, call, &token, state))
}

/// The end: a session token.
fn succeed(org: &mut Org, call: &Call, user: u32, relay: Option<&str>, factor: bool) -> Reply {
    let token = format!("20111{}", call.opaque_for(22, 38));
    let until = org
        .authn
        .issue(&token, user, factor.then_some(call.now), call.now);
    Reply::json(&view::success(org, call, user, &token, until, relay))
}

/// Ends a sign-in before its end.
fn cancel(org: &mut Org, call: &Call) -> Answer {
    let (token, state, _) = stated(org, call)?;
    org.authn.forget(&token);
    let mut body = json!({});
    if let Some(relay) = state.relay {
        body["relayState"] = relay.into();
    }
    Ok(Reply::json(&body))
}

/// Back to the choice of a factor.
fn previous(org: &mut Org, call: &Call) -> Answer {
    let (token, mut state, _) = stated(org, call)?;
    if !matches!(state.step, Step::Challenge { .. }) {
        return Err(not_now());
    }
    state.step = Step::Factor;
    org.authn.keep(&token, state.clone(), call.now);
    Ok(Reply::json(&view::of(org, call, &token, &state)))
}
