//! Authenticators of the org, and their methods.

mod aaguids;
mod methods;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Docs, Kind, members, under};

const AUTHENTICATOR: Kind = Kind("aut");

/// Authenticators of a new org: key, type, name, whether active, settings.
fn known() -> [(&'static str, &'static str, &'static str, bool, Value); 7] {
    [
        (
            "okta_email",
            "email",
            "Email",
            true,
            json!({ "allowedFor": "any", "tokenLifetimeInMinutes": 5 }),
        ),
        (
            "okta_verify",
            "app",
            "Okta Verify",
            true,
            json!({
                "compliance": { "fips": "OPTIONAL" },
                "channelBinding": { "style": "NUMBER_CHALLENGE", "required": "NEVER" }, "userVerification": "PREFERRED",
                "userVerificationMethods": ["PIN", "BIOMETRICS"], "appInstanceId": "",
            }),
        ),
        ("okta_password", "password", "Password", true, Value::Null),
        (
            "phone_number",
            "phone",
            "Phone",
            false,
            json!({ "allowedFor": "recovery" }),
        ),
        (
            "security_question",
            "security_question",
            "Security Question",
            true,
            json!({ "allowedFor": "recovery" }),
        ),
        (
            "webauthn",
            "security_key",
            "Security Key or Biometric",
            false,
            Value::Null,
        ),
        (
            "google_otp",
            "app",
            "Google Authenticator",
            false,
            json!({}),
        ),
    ]
}

/// The authenticators of a new org.
pub(crate) fn initial(now: Time) -> Docs {
    let mut docs = Docs::default();
    for (key, kind, name, active, settings) in known() {
        let mut body = json!({ "key": key, "type": kind, "name": name });
        if !settings.is_null() {
            body["settings"] = settings;
        }
        let mut doc = Doc::system(body, now);
        doc.active = active;
        docs.push(doc);
    }
    docs
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/authenticators", list)
        .post("/api/v1/authenticators", create)
        .get("/api/v1/authenticators/{authenticatorId}", one)
        .put("/api/v1/authenticators/{authenticatorId}", replace)
        .post(
            "/api/v1/authenticators/{authenticatorId}/lifecycle/activate",
            activate,
        )
        .post(
            "/api/v1/authenticators/{authenticatorId}/lifecycle/deactivate",
            deactivate,
        );
    aaguids::routes(routes);
    methods::routes(routes);
}

fn print(org: &Org, call: &Call, serial: u32, doc: &Doc) -> Value {
    let id = org.tail.id(AUTHENTICATOR, serial);
    let here = call.url(&format!("/api/v1/authenticators/{id}"));
    let mut body = json!({
        "type": doc.text("type"), "id": id, "key": doc.text("key"), "status": doc.status(), "name": doc.text("name"),
        "created": doc.created, "lastUpdated": doc.last_updated,
    });
    for part in ["settings", "provider"] {
        if let Some(value) = doc.body.get(part) {
            body[part] = value.clone();
        }
    }
    let mut links = json!({ "self": { "href": here, "hints": { "allow": ["GET", "PUT"] } } });
    if doc.body.contains_key("aaguids") {
        links["aaguids"] =
            json!({ "href": format!("{here}/aaguids"), "hints": { "allow": ["GET", "POST"] } });
    }
    // A password can neither be switched on nor off.
    if doc.text("key") != "okta_password" {
        let name = if doc.active { "deactivate" } else { "activate" };
        links[name] =
            json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    }
    links["methods"] = json!({ "href": format!("{here}/methods"), "hints": { "allow": ["GET"] } });
    if ["okta_verify", "custom_app"].contains(&doc.text("key")) {
        links["enroll"] =
            json!({ "href": call.url("/idp/authenticators"), "hints": { "allow": ["POST"] } });
    }
    body["_links"] = links;
    body
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("authenticatorId");
    let serial = org
        .tail
        .serial(AUTHENTICATOR, id)
        .filter(|serial| org.authenticators.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "Authenticator"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let doc = org
        .authenticators
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("authenticatorId"), "Authenticator"))?;
    Ok(Reply::json(&print(org, call, serial, doc)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let mut all: Vec<_> = org.authenticators.iter().collect();
    // By name, whatever the case.
    all.sort_by_key(|(_, doc)| doc.text("name").to_lowercase());
    let all = all.into_iter();
    let body: Vec<_> = all
        .map(|(serial, doc)| print(org, call, serial, doc))
        .collect();
    Ok(Reply::json(&body))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn complete(body: &mut Map<String, Value>) {
    let app = body
        .get("settings")
        .and_then(|settings| settings.get("appInstanceId"))
        .cloned();
    if body.get("key").and_then(Value::as_str) == Some("custom_app")
        && let Some(Value::Object(settings)) = body.get_mut("settings")
    {
        settings.insert("oauthClientId".to_owned(), app.unwrap_or_default());
    }
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let given = call.object()?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = match text("key") {
        "custom_app" | "google_otp" => "app",
        "custom_otp" | "onprem_mfa" | "yubikey_token" | "rsa_token" | "symantec_vip" | "duo" => {
            "security_key"
        }
        _ => {
            let object = "com.okta.services.factors.iface.dto.AuthenticatorCatalog";
            return Err(Fail::validation(object, ["The field has an invalid value"]));
        }
    };
    let mut body = members(json!({ "key": text("key"), "type": kind, "name": text("name") }));
    for part in ["settings", "provider"] {
        if let Some(value) = given.get(part) {
            body.insert(part.to_owned(), value.clone());
        }
    }
    complete(&mut body);
    let mut doc = Doc::new(body, call.now);
    doc.active = call.query.flag("activate") == Some(true);
    let serial = org.authenticators.push(doc);
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let given = call.object()?;
    if let Some(doc) = org.authenticators.get_mut(serial) {
        for part in ["name", "settings", "provider"] {
            if let Some(value) = given.get(part).filter(|value| !value.is_null()) {
                let old = doc.body.get(part).cloned().unwrap_or_default();
                doc.body.insert(part.to_owned(), under(old, value));
            }
        }
        complete(&mut doc.body);
        doc.last_updated = call.now.whole();
    }
    shown(org, call, serial)
}

fn gone(call: &Call) -> Fail {
    Fail::not_found(call.param("authenticatorId"), "Authenticator")
}

/// Who switches an authenticator on finds it offered by the default enrollment policy, unless it only serves recovery.
fn activate(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    if let Some(doc) = org.authenticators.get_mut(serial) {
        (doc.active, doc.last_updated) = (true, call.now.whole());
    }
    shown(org, call, serial)
}

/// Whether the default enrollment policy offers it to people.
fn is_offered(org: &Org, doc: &Doc) -> bool {
    match org.policies.enrolls(doc.text("key")) {
        Some(offered) => offered,
        None => doc.at(&["settings", "allowedFor"]).and_then(Value::as_str) != Some("recovery"),
    }
}

/// Switching off is refused while a policy offers the authenticator, and when it is off already.
fn deactivate(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let doc = org.authenticators.get(serial).ok_or_else(|| gone(call))?;
    if !doc.active || doc.text("key") == "okta_password" {
        return Err(Fail::validation(
            "api.authenticator.error.unsupported.active.deactivate",
            Vec::<String>::new(),
        ));
    }
    if is_offered(org, doc) {
        let why = "Cannot modify/disable this authenticator because it is enabled in one or more policies. To continue, disable the authenticator in these policies.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000148", why)
            .because("Authenticator Enrollment Policies: Default Policy"));
    }
    if let Some(doc) = org.authenticators.get_mut(serial) {
        (doc.active, doc.last_updated) = (false, call.now.whole());
    }
    shown(org, call, serial)
}
