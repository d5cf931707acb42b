//! Small things about a user: risk, subscriptions, security questions.

use http::StatusCode;
use serde_json::{Value, json};

use super::find;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of these.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/users/{userId}/risk", risk)
        .put("/api/v1/users/{userId}/risk", set_risk)
        .get("/api/v1/users/{userId}/classification", classification)
        .put("/api/v1/users/{userId}/classification", classify)
        .get("/api/v1/users/{userId}/subscriptions", subscriptions)
        .get(
            "/api/v1/users/{userId}/subscriptions/{notificationType}",
            subscription,
        )
        .post(
            "/api/v1/users/{userId}/subscriptions/{notificationType}/subscribe",
            |org, call| subscribe(org, call, true),
        )
        .post(
            "/api/v1/users/{userId}/subscriptions/{notificationType}/unsubscribe",
            |org, call| subscribe(org, call, false),
        );
}

fn classification(org: &Org, call: &Call) -> Answer {
    let (user, person) = super::person(org, call, call.param("userId"))?;
    let held = org.classified.get(&user).copied();
    let (kind, at) = match held {
        Some((true, at)) => ("LITE", at),
        Some((false, at)) => ("STANDARD", at),
        None => ("STANDARD", person.created),
    };
    Ok(Reply::json(&json!({ "type": kind, "lastUpdated": at })))
}

fn classify(org: &mut Org, call: &Call) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    let body = call.object()?;
    let lite = match body.get("type").and_then(Value::as_str) {
        Some("LITE") => true,
        Some("STANDARD") => false,
        _ => {
            let why = "type: The field must be LITE or STANDARD";
            return Err(Fail::validation("type", [why]));
        }
    };
    org.classified.insert(user, (lite, call.now.whole()));
    classification(org, call)
}

fn print_risk(org: &Org, call: &Call, user: u32) -> Value {
    let here = call.url(&format!("/api/v1/users/{}", org.tail.id(Kind::USER, user)));
    let level = org.risks.get(&user).map_or("NONE", String::as_str);
    let mut body = json!({ "riskLevel": level });
    if level != "NONE" {
        body["reason"] = "Admin override risk".into();
    }
    body["_links"] = json!({
        "user": { "href": here, "hints": { "allow": ["GET"] } },
        "self": { "href": format!("{here}/risk"), "hints": { "allow": ["GET", "PUT"] } },
    });
    body
}

fn risk(org: &Org, call: &Call) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    Ok(Reply::json(&print_risk(org, call, user)))
}

fn set_risk(org: &mut Org, call: &Call) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    let body = call.object()?;
    let level = body
        .get("riskLevel")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !["HIGH", "LOW"].contains(&level) {
        return Err(Fail::validation(
            "riskLevel",
            ["riskLevel: The field must be HIGH or LOW"],
        ));
    }
    let new = org.risks.insert(user, level.to_owned()).is_none();
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(Reply::json(&print_risk(org, call, user)).status(status))
}

/// What admins can be told about.
const KINDS: [&str; 12] = [
    "CONNECTOR_AGENT",
    "USER_LOCKED_OUT",
    "APP_IMPORT",
    "LDAP_AGENT",
    "AD_AGENT",
    "OKTA_ANNOUNCEMENT",
    "OKTA_UPDATE",
    "IWA_AGENT",
    "USER_DEPROVISION",
    "REPORT_SUSPICIOUS_ACTIVITY",
    "RATELIMIT_NOTIFICATION",
    "AGENT_AUTO_UPDATE_NOTIFICATION",
];

fn known(call: &Call) -> Result<&'static str, Fail> {
    let name = call.param("notificationType");
    KINDS
        .into_iter()
        .find(|kind| *kind == name)
        .ok_or_else(|| Fail::not_found(name, "NotificationType"))
}

fn print_subscription(org: &Org, call: &Call, user: u32, kind: &str) -> Value {
    let here = call.url(&format!(
        "/api/v1/users/{}/subscriptions/{kind}",
        org.tail.id(Kind::USER, user)
    ));
    let on = !org.unsubscribed.contains(&(user, kind.to_owned()));
    let name = if on { "unsubscribe" } else { "subscribe" };
    let mut links = json!({});
    links[name] = json!({ "href": format!("{here}/{name}"), "hints": { "allow": ["POST"] } });
    links["self"] = json!({ "href": here });
    json!({
        "notificationType": kind, "channels": ["email"], "status": if on { "subscribed" } else { "unsubscribed" },
        "_links": links,
    })
}

fn subscriptions(org: &Org, call: &Call) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    Ok(Reply::json(
        &KINDS.map(|kind| print_subscription(org, call, user, kind)),
    ))
}

fn subscription(org: &Org, call: &Call) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    Ok(Reply::json(&print_subscription(
        org,
        call,
        user,
        known(call)?,
    )))
}

fn subscribe(org: &mut Org, call: &Call, on: bool) -> Answer {
    let user = find(org, call, call.param("userId"))?;
    let key = (user, known(call)?.to_owned());
    if on {
        org.unsubscribed.remove(&key);
    } else {
        org.unsubscribed.insert(key);
    }
    Ok(Reply::empty(StatusCode::OK))
}
