//! Verification: the org calls the endpoint with a challenge, and the endpoint must answer with the same text.

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode};
use serde_json::Value;

use super::{find, shown, told};
use crate::http::{Answer, Answered, Asked, Call, Fail, Routes};
use crate::org::Org;

const CHALLENGE: HeaderName = HeaderName::from_static("x-okta-verification-challenge");

/// The route of verification.
pub(super) fn routes(routes: &mut Routes) {
    routes.outgoing(
        "/api/v1/eventHooks/{eventHookId}/lifecycle/verify",
        challenge,
        judge,
    );
}

/// The text that this call's endpoint must give back.
fn text(call: &Call) -> String {
    call.opaque(44)
}

fn challenge(org: &Org, call: &Call) -> Result<Asked, Fail> {
    let hook = org.hooks.get(find(org, call)?);
    let uri = hook.and_then(|hook| hook.at(&["channel", "config", "uri"])?.as_str());
    Ok(Asked {
        method: Method::GET,
        url: uri.unwrap_or_default().to_owned(),
        headers: vec![(CHALLENGE, text(call))],
        body: Bytes::new(),
        again: 1,
    })
}

fn judge(org: &mut Org, call: &Call, answer: Option<Answered>) -> Answer {
    let serial = find(org, call)?;
    let given = answer
        .filter(|answer| answer.status == StatusCode::OK)
        .and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
    let wanted = text(call);
    if given
        .as_ref()
        .and_then(|body| body.get("verification")?.as_str())
        != Some(wanted.as_str())
    {
        return Err(Fail::validation(
            "eventHook",
            ["The event hook endpoint did not answer with the verification challenge."],
        ));
    }
    if let Some(hook) = org.hooks.get_mut(serial) {
        hook.body
            .insert("verification".to_owned(), "VERIFIED".into());
        hook.last_updated = call.now.whole();
    }
    told(org, call, serial, "event_hook.verified");
    shown(org, call, serial)
}
