//! The methods of an authenticator: by which of its ways people may use it, and with which settings.

use serde_json::{Map, Value, json};

use super::{AUTHENTICATOR, find};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, under};

/// The routes of methods.
pub(super) fn routes(routes: &mut Routes) {
    let one = "/api/v1/authenticators/{authenticatorId}/methods/{methodType}";
    routes
        .get("/api/v1/authenticators/{authenticatorId}/methods", list)
        .get(one, show)
        .put(one, replace)
        .post(
            "/api/v1/authenticators/{authenticatorId}/methods/{methodType}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/authenticators/{authenticatorId}/methods/{methodType}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

/// The methods of an authenticator by its key.
fn methods_of(key: &str) -> &'static [&'static str] {
    match key {
        "okta_email" => &["email"],
        "okta_verify" => &["totp", "push", "signed_nonce"],
        "okta_password" => &["password"],
        "phone_number" => &["sms", "voice"],
        "security_question" => &["security_question"],
        "webauthn" => &["webauthn"],
        "custom_app" => &["push"],
        _ => &["otp"],
    }
}

/// The settings of a method that nobody changed.
fn settings_of(name: &str) -> Value {
    match name {
        "totp" => json!({
            "timeIntervalInSeconds": 30, "encoding": "Base32", "algorithm": "HMACSHA1", "passCodeLength": 6,
        }),
        "push" => {
            json!({ "algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "transactionTypes": ["LOGIN"] })
        }
        "signed_nonce" => {
            json!({ "algorithms": ["ES256", "RS256"], "keyProtection": "ANY", "showSignInWithOV": "NEVER" })
        }
        "webauthn" => json!({ "userVerification": "DISCOURAGED", "attachment": "ANY" }),
        _ => Value::Null,
    }
}

/// Whether a method that nobody switched is on: of Okta Verify only the codes are, until an admin wants more.
fn is_on(doc: &Doc, name: &str) -> bool {
    let switched = doc
        .at(&["methods", name, "active"])
        .and_then(Value::as_bool);
    switched.unwrap_or(match doc.text("key") {
        "okta_verify" => name == "totp",
        "phone_number" => doc.active && name == "sms",
        _ => true,
    })
}

fn print(org: &Org, call: &Call, serial: u32, doc: &Doc, name: &str, whole: bool) -> Value {
    let here = call.url(&format!(
        "/api/v1/authenticators/{}/methods/{name}",
        org.tail.id(AUTHENTICATOR, serial)
    ));
    let on = is_on(doc, name);
    let mut body = json!({ "type": name, "status": if on { "ACTIVE" } else { "INACTIVE" } });
    let own = doc.at(&["methods", name, "settings"]);
    let mut settings = under(settings_of(name), own.unwrap_or(&json!({})));
    if whole && name == "webauthn" && settings.get("aaguidGroups").is_none() {
        settings["aaguidGroups"] = json!([]);
    }
    if settings.as_object().is_some_and(|map| !map.is_empty()) {
        body["settings"] = settings;
    }
    let mut links = json!({ "self": { "href": here, "hints": { "allow": ["GET", "PUT"] } } });
    // The only method of an authenticator is switched with the authenticator.
    if methods_of(doc.text("key")).len() > 1
        && !(doc.text("key") == "okta_verify" && name == "totp")
    {
        let verb = if on { "deactivate" } else { "activate" };
        links[verb] =
            json!({ "href": format!("{here}/lifecycle/{verb}"), "hints": { "allow": ["POST"] } });
    }
    body["_links"] = links;
    body
}

fn gone(call: &Call) -> Fail {
    Fail::not_found(call.param("authenticatorId"), "Authenticator")
}

fn list(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let doc = org.authenticators.get(serial).ok_or_else(|| gone(call))?;
    let body: Vec<_> = methods_of(doc.text("key"))
        .iter()
        .map(|name| print(org, call, serial, doc, name, false))
        .collect();
    Ok(Reply::json(&body))
}

/// The authenticator and the method that a path names.
fn named(org: &Org, call: &Call) -> Result<(u32, &'static str), Fail> {
    let serial = find(org, call)?;
    let doc = org.authenticators.get(serial).ok_or_else(|| gone(call))?;
    let wanted = call.param("methodType");
    let name = methods_of(doc.text("key"))
        .iter()
        .find(|name| **name == wanted);
    name.map(|name| (serial, *name))
        .ok_or_else(|| Fail::not_found(wanted, "AuthenticatorMethod"))
}

fn show(org: &Org, call: &Call) -> Answer {
    let (serial, name) = named(org, call)?;
    let doc = org.authenticators.get(serial).ok_or_else(|| gone(call))?;
    Ok(Reply::json(&print(org, call, serial, doc, name, true)))
}

/// Changes what is kept of one method.
fn keep(org: &mut Org, serial: u32, name: &str, member: &str, value: Value) {
    let Some(doc) = org.authenticators.get_mut(serial) else {
        return;
    };
    let all = doc
        .body
        .entry("methods")
        .or_insert_with(|| Value::Object(Map::new()));
    all[name][member] = value;
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let (serial, name) = named(org, call)?;
    let given = call.object()?;
    if let Some(settings) = given
        .get("settings")
        .filter(|settings| settings.is_object())
    {
        keep(org, serial, name, "settings", settings.clone());
    }
    show(org, call)
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (serial, name) = named(org, call)?;
    keep(org, serial, name, "active", on.into());
    show(org, call)
}
