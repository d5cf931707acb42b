//! Secrets of OAuth clients.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Secret, lookup};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

const SECRET: Kind = Kind("ocs");

/// The routes of client secrets.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/credentials/secrets", list)
        .post("/api/v1/apps/{appId}/credentials/secrets", create)
        .get("/api/v1/apps/{appId}/credentials/secrets/{secretId}", one)
        .delete(
            "/api/v1/apps/{appId}/credentials/secrets/{secretId}",
            delete,
        )
        .post(
            "/api/v1/apps/{appId}/credentials/secrets/{secretId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/apps/{appId}/credentials/secrets/{secretId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn print(org: &Org, call: &Call, app: u32, secret: &Secret) -> Value {
    let id = org.tail.id(SECRET, secret.serial);
    let here = call.url(&format!(
        "/api/v1/apps/{}/credentials/secrets/{id}",
        org.tail.id(Kind::APP, app)
    ));
    let post = |path: &str| json!({ "href": format!("{here}/lifecycle/{path}"), "hints": { "allow": ["POST"] } });
    let links = if secret.active {
        json!({ "deactivate": post("deactivate") })
    } else {
        json!({ "activate": post("activate"), "delete": { "href": here, "hints": { "allow": ["DELETE"] } } })
    };
    json!({
        "id": id, "created": secret.created, "lastUpdated": secret.created,
        "status": if secret.active { "ACTIVE" } else { "INACTIVE" }, "client_secret": secret.text,
        "secret_hash": crate::oauth::base64url(&crate::users::digest(&secret.text)[..16]), "_links": links,
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    Ok(Reply::json(
        &app.secrets
            .iter()
            .map(|secret| print(org, call, serial, secret))
            .collect::<Vec<_>>(),
    ))
}

fn find(org: &Org, call: &Call) -> Result<(u32, Secret), Fail> {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("secretId");
    let wanted = org.tail.serial(SECRET, id);
    let found = app
        .secrets
        .iter()
        .find(|secret| Some(secret.serial) == wanted);
    found
        .map(|secret| (serial, secret.clone()))
        .ok_or_else(|| Fail::not_found(id, "OAuth2ClientSecret"))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (serial, secret) = find(org, call)?;
    Ok(Reply::json(&print(org, call, serial, &secret)))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    if app.secrets.len() >= 2 {
        return Err(Fail::validation(
            "clientSecret",
            ["You have reached the maximum number of client secrets per client."],
        ));
    }
    let body = call.object_or_empty()?;
    let given = body
        .get("client_secret")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let secret = Secret {
        serial: org.apps.next_number(),
        text: given.unwrap_or_else(|| call.opaque(64)),
        active: body.get("status").and_then(Value::as_str) != Some("INACTIVE"),
        created: call.now.whole(),
    };
    let shown = print(org, call, serial, &secret);
    if let Some(app) = org.apps.get_mut(serial) {
        app.secrets.push(secret);
    }
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let (serial, secret) = find(org, call)?;
    if secret.active {
        return Err(Fail::validation(
            "clientSecret",
            ["The secret must be deactivated before deletion."],
        ));
    }
    if let Some(app) = org.apps.get_mut(serial) {
        app.secrets.retain(|one| one.serial != secret.serial);
    }
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (serial, mut secret) = find(org, call)?;
    let active = org
        .apps
        .get(serial)
        .map(|app| app.secrets.iter().filter(|one| one.active).count());
    if !on && secret.active && active == Some(1) {
        return Err(Fail::validation(
            "clientSecret",
            ["At least one secret must be active."],
        ));
    }
    secret.active = on;
    if let Some(app) = org.apps.get_mut(serial) {
        for one in app
            .secrets
            .iter_mut()
            .filter(|one| one.serial == secret.serial)
        {
            one.active = on;
        }
    }
    Ok(Reply::json(&print(org, call, serial, &secret)))
}
