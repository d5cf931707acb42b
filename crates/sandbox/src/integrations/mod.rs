//! API service integrations: service apps of the catalogue, with scopes and secrets.

use http::StatusCode;
use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

/// They share their prefix with apps, so their numbers start where those of apps never reach.
const FIRST: u32 = 3 << 30;
const SECRET: Kind = Kind("ocs");

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    let one_secret =
        "/integrations/api/v1/api-services/{apiServiceId}/credentials/secrets/{secretId}";
    routes
        .get("/integrations/api/v1/api-services", list)
        .post("/integrations/api/v1/api-services", create)
        .get("/integrations/api/v1/api-services/{apiServiceId}", one)
        .delete("/integrations/api/v1/api-services/{apiServiceId}", delete)
        .get("/integrations/api/v1/api-services/{apiServiceId}/credentials/secrets", secrets)
        .post("/integrations/api/v1/api-services/{apiServiceId}/credentials/secrets", add_secret)
        .delete(one_secret, drop_secret)
        .post("/integrations/api/v1/api-services/{apiServiceId}/credentials/secrets/{secretId}/lifecycle/activate", |org, call| switch(org, call, true))
        .post("/integrations/api/v1/api-services/{apiServiceId}/credentials/secrets/{secretId}/lifecycle/deactivate", |org, call| switch(org, call, false));
}

fn id(org: &Org, serial: u32) -> String {
    org.tail.id(Kind::APP, FIRST + serial)
}

fn print(org: &Org, call: &Call, serial: u32, doc: &Doc) -> Value {
    let id = id(org, serial);
    json!({
        "id": id, "type": doc.text("type"), "name": doc.text("name"), "createdAt": doc.created,
        "createdBy": org.tail.id(Kind::USER, 0), "configGuideUrl": doc.body.get("guide"),
        "grantedScopes": doc.body.get("scopes"), "properties": {},
        "_links": {
            "self": { "href": call.url(&format!("/integrations/api/v1/api-services/{id}")), "hints": { "allow": ["GET", "DELETE"] } },
            "client": { "href": call.url(&format!("/oauth2/v1/clients/{id}")), "hints": { "allow": ["GET"] } },
            "logo": { "name": "medium", "href": "https://op3static.oktacdn.com/assets/img/logos/default.6770228fb0dab49a1695ef440a5279bb.png" },
        },
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("apiServiceId");
    let serial = org
        .tail
        .serial(Kind::APP, id)
        .and_then(|serial| serial.checked_sub(FIRST));
    serial
        .filter(|serial| org.integrations.get(*serial).is_some())
        .ok_or_else(|| Fail::not_found(id, "APIServiceIntegration"))
}

fn list(org: &Org, call: &Call) -> Answer {
    let body: Vec<_> = org
        .integrations
        .iter()
        .map(|(serial, doc)| print(org, call, serial, doc))
        .collect();
    Ok(Page::of(call, 100, 200)?.links(Reply::json(&body), call, &[], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    Ok(Reply::json(
        &org.integrations
            .get(serial)
            .map(|doc| print(org, call, serial, doc)),
    ))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let scopes = body
        .get("grantedScopes")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if kind.is_empty() || scopes.is_empty() {
        return Err(Fail::validation(
            "apiServiceIntegration",
            ["type: The field cannot be left blank"],
        ));
    }
    let secret = call.opaque(64);
    let number = org.apps.next_number();
    let doc = json!({
        "type": kind, "name": kind, "guide": format!("https://{kind}.example/okta"), "scopes": scopes,
        "secrets": [{ "number": number, "text": secret, "active": true, "created": call.now.whole() }],
    });
    let serial = org.integrations.push(Doc::new(members(doc), call.now));
    let mut shown = org
        .integrations
        .get(serial)
        .map(|doc| print(org, call, serial, doc))
        .unwrap_or_default();
    shown["clientSecret"] = secret.into();
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    org.integrations.remove(serial);
    Ok(Reply::no_content())
}

fn held(org: &Org, serial: u32) -> Vec<Value> {
    let doc = org.integrations.get(serial);
    doc.and_then(|doc| doc.body.get("secrets"))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn secret_id(org: &Org, secret: &Value) -> String {
    let number = secret
        .get("number")
        .and_then(Value::as_u64)
        .and_then(|number| u32::try_from(number).ok());
    org.tail.id(SECRET, number.unwrap_or(0))
}

fn print_secret(org: &Org, call: &Call, serial: u32, secret: &Value) -> Value {
    let id = secret_id(org, secret);
    let here = call.url(&format!(
        "/integrations/api/v1/api-services/{}/credentials/secrets/{id}",
        self::id(org, serial)
    ));
    let post = |name: &str| json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    let text = secret
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let active = secret.get("active") == Some(&Value::Bool(true));
    let hash = crate::oauth::base64url(crate::users::digest(text).get(..16).unwrap_or_default());
    let links = if active {
        json!({ "deactivate": post("deactivate") })
    } else {
        json!({ "activate": post("activate"), "delete": { "href": here, "hints": { "allow": ["DELETE"] } } })
    };
    json!({
        "id": id, "status": if active { "ACTIVE" } else { "INACTIVE" }, "client_secret": text, "secret_hash": hash,
        "created": secret.get("created"), "lastUpdated": secret.get("created"), "_links": links,
    })
}

fn secrets(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    Ok(Reply::json(
        &held(org, serial)
            .iter()
            .map(|one| print_secret(org, call, serial, one))
            .collect::<Vec<_>>(),
    ))
}

fn store(org: &mut Org, serial: u32, secrets: Vec<Value>) {
    if let Some(doc) = org.integrations.get_mut(serial) {
        doc.body.insert("secrets".to_owned(), Value::Array(secrets));
    }
}

fn add_secret(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let mut all = held(org, serial);
    if all.len() >= 2 {
        return Err(Fail::validation(
            "clientSecret",
            ["You have reached the maximum number of client secrets per client."],
        ));
    }
    let new = json!({ "number": org.apps.next_number(), "text": call.opaque(64), "active": true, "created": call.now.whole() });
    let shown = print_secret(org, call, serial, &new);
    all.push(new);
    store(org, serial, all);
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn place(org: &Org, call: &Call, all: &[Value]) -> Result<usize, Fail> {
    let wanted = call.param("secretId");
    let at = all
        .iter()
        .position(|secret| secret_id(org, secret) == wanted);
    at.ok_or_else(|| Fail::not_found(wanted, "OAuth2ClientSecret"))
}

fn drop_secret(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let mut all = held(org, serial);
    let at = place(org, call, &all)?;
    if all.get(at).and_then(|secret| secret.get("active")) == Some(&Value::Bool(true)) {
        return Err(Fail::validation(
            "clientSecret",
            ["The secret must be deactivated before deletion."],
        ));
    }
    all.remove(at);
    store(org, serial, all);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = find(org, call)?;
    let mut all = held(org, serial);
    let at = place(org, call, &all)?;
    let Some(secret) = all.get_mut(at) else {
        return Err(Fail::not_found(
            call.param("secretId"),
            "OAuth2ClientSecret",
        ));
    };
    secret["active"] = on.into();
    let shown = print_secret(org, call, serial, secret);
    store(org, serial, all);
    Ok(Reply::json(&shown))
}
