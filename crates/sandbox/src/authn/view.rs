//! What a sign-in shows of itself.

use serde_json::{Value, json};

use super::state::{State, Step};
use crate::clock::Time;
use crate::factors;
use crate::http::Call;
use crate::org::Org;
use crate::store::Kind;

fn link(call: &Call, path: &str) -> Value {
    json!({ "href": call.url(path), "hints": { "allow": ["POST"] } })
}

fn named(name: &str, mut link: Value) -> Value {
    link["name"] = name.into();
    link
}

fn user(org: &Org, serial: u32) -> Value {
    let Some(person) = org.people.get(serial) else {
        return Value::Null;
    };
    let profile = &person.profile;
    let of = |name: &str, or: &str| profile.member(name).unwrap_or_else(|| or.into());
    json!({
        "id": org.tail.id(Kind::USER, serial), "passwordChanged": person.password_changed,
        "profile": {
            "login": profile.login, "firstName": profile.first_name, "lastName": profile.last_name,
            "locale": of("locale", "en_US"), "timeZone": of("timezone", "America/Los_Angeles"),
        },
    })
}

/// The last answer: who it is, and a token for one session.
pub(super) fn success(
    org: &Org,
    call: &Call,
    serial: u32,
    token: &str,
    until: Time,
    relay: Option<&str>,
) -> Value {
    let mut body = json!({ "expiresAt": until.whole(), "status": "SUCCESS" });
    if let Some(relay) = relay {
        body["relayState"] = relay.into();
    }
    body["sessionToken"] = token.into();
    body["_embedded"] = json!({ "user": user(org, serial) });
    body["_links"] = json!({ "cancel": link(call, "/api/v1/authn/cancel") });
    body
}

/// A factor as a choice.
fn choice(org: &Org, call: &Call, serial: u32) -> Value {
    let Some(factor) = org.factors.get(serial) else {
        return Value::Null;
    };
    let mut body = factors::print(org, call, serial, factor);
    let id = factors::id(org, serial);
    if let Some(body) = body.as_object_mut() {
        body.retain(|name, _| {
            ["id", "factorType", "provider", "vendorName", "profile"].contains(&name.as_str())
        });
    }
    let path = format!("/api/v1/authn/factors/{id}/verify");
    body["_links"] = json!({ "verify": link(call, &path) });
    body
}

/// A sign-in that is under way.
pub(super) fn of(org: &Org, call: &Call, token: &str, state: &State) -> Value {
    let mut body = json!({ "stateToken": token, "expiresAt": state.until.whole() });
    if let Some(relay) = &state.relay {
        body["relayState"] = relay.as_str().into();
    }
    body["_embedded"] = json!({ "user": user(org, state.user) });
    body["_links"] = json!({ "cancel": link(call, "/api/v1/authn/cancel") });
    match &state.step {
        Step::Password => {
            body["status"] = "PASSWORD_EXPIRED".into();
            let next = link(call, "/api/v1/authn/credentials/change_password");
            body["_links"]["next"] = named("changePassword", next);
        }
        Step::Factor => {
            body["status"] = "MFA_REQUIRED".into();
            let mine = factors::of_user(org, state.user).filter(|(_, factor)| factor.active);
            body["_embedded"]["factors"] =
                mine.map(|(serial, _)| choice(org, call, serial)).collect();
        }
        Step::Enroll => {
            body["status"] = "MFA_ENROLL".into();
            let offered = factors::ALL.iter().filter(|kind| kind.is_offered(org));
            let offered = offered.map(|kind| {
                json!({ "factorType": kind.name, "provider": kind.provider, "vendorName": kind.provider,
                        "enrollment": "OPTIONAL", "status": "NOT_SETUP" })
            });
            body["_embedded"]["factors"] = offered.collect();
        }
        Step::Challenge {
            factor,
            transaction,
        } => challenge(org, call, &mut body, *factor, transaction.as_deref()),
    }
    body
}

fn challenge(org: &Org, call: &Call, body: &mut Value, factor: u32, transaction: Option<&str>) {
    let result = match transaction {
        None => "CHALLENGE".to_owned(),
        Some(id) => factors::outcome(org, factor, id, call.now),
    };
    body["status"] = "MFA_CHALLENGE".into();
    body["factorResult"] = result.into();
    body["_embedded"]["factor"] = choice(org, call, factor);
    let path = format!("/api/v1/authn/factors/{}/verify", factors::id(org, factor));
    let name = if transaction.is_some() {
        "poll"
    } else {
        "verify"
    };
    body["_links"]["next"] = named(name, link(call, &path));
    body["_links"]["prev"] = link(call, "/api/v1/authn/previous");
    if transaction.is_none() {
        let again = link(call, &format!("{path}/resend"));
        body["_links"]["resend"] = json!([named("resend", again)]);
    }
}
