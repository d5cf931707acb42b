//! The scopes that an app may ask for (FACTS section 1.2).

use http::StatusCode;
use serde_json::{Value, json};

use super::{Grant, find};
use crate::http::{Answer, Call, Fail, Reply, Routes, all_scopes};
use crate::log::Event;
use crate::org::Org;
use crate::store::Kind;

/// The routes of grants.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/grants", list)
        .post("/api/v1/apps/{appId}/grants", grant)
        .get("/api/v1/apps/{appId}/grants/{grantId}", one)
        .delete("/api/v1/apps/{appId}/grants/{grantId}", revoke);
}

fn print(org: &Org, call: &Call, app: u32, grant: &Grant) -> Value {
    let id = org.tail.id(Kind::GRANT, grant.serial);
    let client = super::Apps::client_id(org, app);
    let here = call.url(&format!("/api/v1/apps/{}", org.tail.id(Kind::APP, app)));
    json!({
        "id": id, "status": "ACTIVE", "created": grant.created,
        "createdBy": { "id": org.tail.id(Kind::USER, 0), "type": "User" },
        "lastUpdated": grant.created, "issuer": call.base, "clientId": client, "scopeId": grant.scope,
        "source": "ADMIN",
        "_links": {
            "app": { "href": here, "title": org.apps.get(app).map(|app| app.label.as_str()) },
            "self": { "href": format!("{here}/grants/{id}"), "hints": { "allow": ["GET", "DELETE"] } },
            "client": { "href": call.url(&format!("/oauth2/v1/clients/{client}")), "title": org.apps.get(app).map(|app| app.label.as_str()) },
        },
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call.param("appId"))?;
    let grants = org
        .apps
        .get(serial)
        .map(|app| app.grants.as_slice())
        .unwrap_or_default();
    Ok(Reply::json(
        &grants
            .iter()
            .map(|grant| print(org, call, serial, grant))
            .collect::<Vec<_>>(),
    ))
}

fn lookup(org: &Org, call: &Call) -> Result<(u32, Grant), Fail> {
    let serial = find(org, call.param("appId"))?;
    let id = call.param("grantId");
    let wanted = org.tail.serial(Kind::GRANT, id);
    let grants = org
        .apps
        .get(serial)
        .map(|app| app.grants.as_slice())
        .unwrap_or_default();
    let found = grants.iter().find(|grant| Some(grant.serial) == wanted);
    found
        .map(|grant| (serial, grant.clone()))
        .ok_or_else(|| Fail::not_found(id, "OAuth2ScopeConsentGrant"))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (serial, grant) = lookup(org, call)?;
    Ok(Reply::json(&print(org, call, serial, &grant)))
}

fn grant(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call.param("appId"))?;
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("issuer").trim_end_matches('/') != call.base {
        return Err(Fail::validation(
            "issuer",
            ["issuer: The issuer is not valid"],
        ));
    }
    let scope = text("scopeId").to_owned();
    if !all_scopes().contains(&scope.as_str()) {
        return Err(Fail::validation(
            "scopeId",
            ["scopeId: The scope is not valid"],
        ));
    }
    let number = org.apps.next_number();
    let Some(app) = org.apps.get_mut(serial) else {
        return Err(Fail::not_found(call.param("appId"), "AppInstance"));
    };
    let held = app
        .grants
        .iter()
        .find(|grant| grant.scope == scope)
        .cloned();
    let grant = held.unwrap_or_else(|| {
        let grant = Grant {
            serial: number,
            scope,
            created: call.now.whole(),
        };
        app.grants.push(grant.clone());
        grant
    });
    let target = org.app_target(serial);
    org.record(
        call,
        Event::new("app.oauth2.as.consent.grant").target(target),
    );
    Ok(Reply::json(&print(org, call, serial, &grant)).status(StatusCode::CREATED))
}

fn revoke(org: &mut Org, call: &Call) -> Answer {
    let (serial, grant) = lookup(org, call)?;
    if let Some(app) = org.apps.get_mut(serial) {
        app.grants.retain(|held| held.serial != grant.serial);
    }
    let target = org.app_target(serial);
    org.record(
        call,
        Event::new("app.oauth2.as.consent.revoke").target(target),
    );
    Ok(Reply::no_content())
}
