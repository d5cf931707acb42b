//! Keys of apps: public keys of OAuth clients, and certificates that sign for SAML.

use http::StatusCode;
use serde_json::{Value, json};

use super::{App, Certificate, find, lookup};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::{Kind, mix};

/// The most keys that a client may have.
const MOST: usize = 50;

/// The routes of keys.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/credentials/keys", list)
        .post("/api/v1/apps/{appId}/credentials/keys/generate", generate)
        .get("/api/v1/apps/{appId}/credentials/keys/{keyId}", one)
        .post("/api/v1/apps/{appId}/credentials/keys/{keyId}/clone", copy)
        .get("/api/v1/apps/{appId}/credentials/jwks", list_public)
        .post("/api/v1/apps/{appId}/credentials/jwks", add_public)
        .get("/api/v1/apps/{appId}/credentials/jwks/{keyId}", one_public)
        .delete(
            "/api/v1/apps/{appId}/credentials/jwks/{keyId}",
            delete_public,
        )
        .post(
            "/api/v1/apps/{appId}/credentials/jwks/{keyId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/apps/{appId}/credentials/jwks/{keyId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

/// The given public keys of a client with id and status, when there are any.
pub(super) fn completed(app: &App) -> Option<Vec<Value>> {
    let keys = app.keys();
    if keys.is_empty() {
        return None;
    }
    Some(keys.iter().map(complete).collect())
}

fn complete(key: &Value) -> Value {
    if key.get("id").is_some() {
        return key.clone();
    }
    let text = key.to_string();
    let number = text
        .bytes()
        .fold(0_u64, |sum, byte| mix(sum ^ u64::from(byte)));
    let mut whole = json!({
        "kty": key.get("kty"), "id": format!("pks{number:017x}"), "status": "ACTIVE",
        "kid": key.get("kid"), "use": key.get("use"),
    });
    for name in ["e", "n", "x", "y", "crv", "alg"] {
        if let Some(value) = key.get(name) {
            whole[name] = value.clone();
        }
    }
    whole
}

/// A certificate as JSON.
pub(crate) fn print_certificate(org: &Org, certificate: &Certificate) -> Value {
    let made = org.keys.certificate(certificate, org.subdomain());
    json!({
        "kty": "RSA", "created": certificate.created, "lastUpdated": certificate.created,
        "expiresAt": certificate.created.plus(certificate.years * 365 * 86_400), "kid": certificate.kid, "use": "sig",
        "x5c": [made.as_ref().map(|made| made.x5c.clone())],
        "x5t#S256": made.as_ref().map(|made| made.thumbprint.clone()),
        "e": made.as_ref().map(|made| made.e.clone()), "n": made.as_ref().map(|made| made.n.clone()),
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let (_, app) = lookup(org, call)?;
    Ok(Reply::json(
        &app.certificates
            .iter()
            .map(|one| print_certificate(org, one))
            .collect::<Vec<_>>(),
    ))
}

fn certificate(org: &Org, call: &Call) -> Result<Certificate, Fail> {
    let (_, app) = lookup(org, call)?;
    let id = call.param("keyId");
    app.certificates
        .iter()
        .find(|one| one.kid == id)
        .cloned()
        .ok_or_else(|| Fail::not_found(id, "AppX509KeyCredential"))
}

fn one(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&print_certificate(
        org,
        &certificate(org, call)?,
    )))
}

fn generate(org: &mut Org, call: &Call) -> Answer {
    let (serial, _) = lookup(org, call)?;
    let years = call
        .query
        .get("validityYears")
        .and_then(|years| years.parse().ok())
        .filter(|years| (2..=10).contains(years));
    let Some(years) = years else {
        return Err(Fail::validation(
            "validityYears",
            ["validityYears: The field must be between 2 and 10"],
        ));
    };
    let new = Certificate {
        kid: call.opaque(43),
        created: call.now.whole(),
        years,
    };
    if let Some(app) = org.apps.get_mut(serial) {
        app.certificates.push(new.clone());
    }
    Ok(Reply::json(&print_certificate(org, &new)).status(StatusCode::CREATED))
}

fn copy(org: &mut Org, call: &Call) -> Answer {
    let key = certificate(org, call)?;
    let target = find(org, call.query.get("targetAid").unwrap_or_default())?;
    if let Some(app) = org.apps.get_mut(target) {
        app.certificates.push(key.clone());
    }
    Ok(Reply::json(&print_certificate(org, &key)).status(StatusCode::CREATED))
}

fn print_public(org: &Org, call: &Call, app: u32, key: &Value) -> Value {
    let id = key.get("id").and_then(Value::as_str).unwrap_or_default();
    let here = call.url(&format!(
        "/api/v1/apps/{}/credentials/jwks/{id}",
        org.tail.id(Kind::APP, app)
    ));
    let mut body = key.clone();
    let stamp = org.apps.get(app).map(|app| app.last_updated);
    body["created"] = json!(stamp);
    body["lastUpdated"] = json!(stamp);
    let post = |path: &str| json!({ "href": format!("{here}/lifecycle/{path}"), "hints": { "allow": ["POST"] } });
    body["_links"] = if key.get("status").and_then(Value::as_str) == Some("INACTIVE") {
        json!({ "activate": post("activate"), "delete": { "href": here, "hints": { "allow": ["DELETE"] } } })
    } else {
        json!({ "deactivate": post("deactivate") })
    };
    body
}

fn list_public(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let keys: Vec<_> = app
        .keys()
        .iter()
        .map(|key| print_public(org, call, serial, key))
        .collect();
    Ok(Reply::json(&json!({ "jwks": { "keys": keys } })))
}

fn public(org: &Org, call: &Call) -> Result<(u32, Value), Fail> {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("keyId");
    let found = app
        .keys()
        .iter()
        .find(|key| key.get("id").and_then(Value::as_str) == Some(id));
    found
        .map(|key| (serial, key.clone()))
        .ok_or_else(|| Fail::not_found(id, "OAuth2ClientJwk"))
}

fn one_public(org: &Org, call: &Call) -> Answer {
    let (serial, key) = public(org, call)?;
    Ok(Reply::json(&print_public(org, call, serial, &key)))
}

/// Replaces the public keys of a client.
fn store(org: &mut Org, serial: u32, call: &Call, keys: &[Value]) {
    if let Some(app) = org.apps.get_mut(serial) {
        app.last_updated = call.now.whole();
        if let Some(settings) = app.oauth_mut() {
            settings.insert("jwks".to_owned(), json!({ "keys": keys }));
        }
    }
}

fn add_public(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let given = Value::Object(call.object()?);
    let usable = crate::oauth::thumbprint(&given).is_some();
    let mut keys = app.keys().to_vec();
    let same = |key: &Value| key.get("kid") == given.get("kid");
    if !usable || crate::oauth::is_private(&given) || keys.len() >= MOST || keys.iter().any(same) {
        return Err(Fail::validation(
            "jwk",
            ["jwk: The key is not valid, or its 'kid' is taken"],
        ));
    }
    let mut key = complete(&given);
    if given.get("status").and_then(Value::as_str) == Some("INACTIVE") {
        key["status"] = "INACTIVE".into();
    }
    keys.push(key.clone());
    store(org, serial, call, &keys);
    Ok(Reply::json(&print_public(org, call, serial, &key)).status(StatusCode::CREATED))
}

fn delete_public(org: &mut Org, call: &Call) -> Answer {
    let (serial, key) = public(org, call)?;
    if key.get("status").and_then(Value::as_str) != Some("INACTIVE") {
        return Err(Fail::validation(
            "jwk",
            ["The key must be deactivated before deletion."],
        ));
    }
    let keys = org
        .apps
        .get(serial)
        .map(|app| app.keys().to_vec())
        .unwrap_or_default();
    let keys: Vec<Value> = keys
        .into_iter()
        .filter(|one| one.get("id") != key.get("id"))
        .collect();
    store(org, serial, call, &keys);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (serial, mut key) = public(org, call)?;
    key["status"] = if on { "ACTIVE" } else { "INACTIVE" }.into();
    let keys = org
        .apps
        .get(serial)
        .map(|app| app.keys().to_vec())
        .unwrap_or_default();
    let keys: Vec<Value> = keys
        .into_iter()
        .map(|one| {
            if one.get("id") == key.get("id") {
                key.clone()
            } else {
                one
            }
        })
        .collect();
    store(org, serial, call, &keys);
    Ok(Reply::json(&print_public(org, call, serial, &key)))
}
