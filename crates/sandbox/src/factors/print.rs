//! A factor as JSON.

use serde_json::{Value, json};

use super::totp::STEP;
use super::{Proof, kind_of, question, user_of};
use crate::http::Call;
use crate::org::Org;
use crate::store::{Doc, Kind};

/// The status on the wire.
pub(super) fn status(factor: &Doc) -> &'static str {
    if factor.active {
        "ACTIVE"
    } else {
        "PENDING_ACTIVATION"
    }
}

/// The address of a factor.
pub(super) fn address(org: &Org, call: &Call, serial: u32, factor: &Doc) -> String {
    let user = org.tail.id(Kind::USER, user_of(factor).unwrap_or(0));
    let id = super::id(org, serial);
    call.url(&format!("/api/v1/users/{user}/factors/{id}"))
}

fn link(href: &str, allow: &[&str]) -> Value {
    json!({ "href": href, "hints": { "allow": allow } })
}

/// What a factor says of itself; secrets are told only while it waits to be activated.
pub(crate) fn print(org: &Org, call: &Call, serial: u32, factor: &Doc) -> Value {
    let Some(kind) = kind_of(factor) else {
        return Value::Null;
    };
    let mut body = json!({
        "id": org.tail.id(kind.id, serial), "factorType": kind.name, "provider": kind.provider,
        "vendorName": kind.provider, "status": status(factor), "created": factor.created,
        "lastUpdated": factor.last_updated,
    });
    match kind.proof {
        Proof::Answer => {
            let key = factor.text("question");
            body["profile"] = json!({ "question": key, "questionText": question::text(key) });
        }
        _ => {
            if let Some(profile) = factor.body.get("profile") {
                body["profile"] = profile.clone();
            }
        }
    }
    body["_links"] = links(org, call, serial, factor);
    if !factor.active
        && let Some(activation) = activation(factor, kind.proof)
    {
        body["_embedded"] = json!({ "activation": activation });
    }
    body
}

fn links(org: &Org, call: &Call, serial: u32, factor: &Doc) -> Value {
    let here = address(org, call, serial, factor);
    let user = call.url(&format!(
        "/api/v1/users/{}",
        org.tail.id(Kind::USER, user_of(factor).unwrap_or(0))
    ));
    let mut links = json!({});
    let proof = kind_of(factor).map(|kind| kind.proof);
    match proof {
        Some(Proof::Answer) => {
            links["questions"] = link(&format!("{user}/factors/questions"), &["GET"]);
        }
        Some(Proof::Approval) if !factor.active => {
            let poll = format!("{here}/lifecycle/activate/poll");
            links["poll"] = link(&poll, &["POST"]);
        }
        _ if factor.active => links["verify"] = link(&format!("{here}/verify"), &["POST"]),
        _ => {
            if let Some(Proof::Sent(channel)) = proof {
                let mut again = link(&format!("{here}/resend"), &["POST"]);
                again["name"] = channel.text().into();
                links["resend"] = json!([again]);
            }
            links["activate"] = link(&format!("{here}/lifecycle/activate"), &["POST"]);
        }
    }
    if proof == Some(Proof::Approval) && factor.active {
        links["verify"] = link(&format!("{here}/verify"), &["POST"]);
    }
    let allowed: &[&str] = if factor.active {
        &["GET", "DELETE"]
    } else {
        &["GET"]
    };
    links["self"] = link(&here, allowed);
    links["user"] = link(&user, &["GET"]);
    links
}

/// What a phone needs to know to be set up.
fn activation(factor: &Doc, proof: Proof) -> Option<Value> {
    match proof {
        Proof::Computed => {
            let secret = factor.text("secret");
            Some(json!({
                "timeStep": STEP, "sharedSecret": secret, "encoding": "base32", "keyLength": secret.len(),
            }))
        }
        Proof::Approval => Some(json!({
            "expiresAt": factor.body.get("until"), "factorResult": "WAITING",
        })),
        _ => None,
    }
}
