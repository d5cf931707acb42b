//! Provisioning of an app, as far as an app without provisioning has it; and tokens given to its users.

use serde_json::{Value, json};

use super::lookup;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::provisioning::{self, Side};

const FEATURES: [&str; 2] = ["USER_PROVISIONING", "INBOUND_PROVISIONING"];

/// The routes of connections, features and tokens.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/connections/default", connection)
        .post("/api/v1/apps/{appId}/connections/default", connect)
        .post(
            "/api/v1/apps/{appId}/connections/default/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/apps/{appId}/connections/default/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        )
        .get("/api/v1/apps/{appId}/features", features)
        .get("/api/v1/apps/{appId}/features/{featureName}", feature)
        .put("/api/v1/apps/{appId}/features/{featureName}", set_feature)
        .get("/api/v1/apps/{appId}/tokens", tokens)
        .delete("/api/v1/apps/{appId}/tokens", no_tokens)
        .get("/api/v1/apps/{appId}/tokens/{tokenId}", token)
        .delete("/api/v1/apps/{appId}/tokens/{tokenId}", drop_token);
}

fn unknown() -> Value {
    json!({ "status": "UNKNOWN", "profile": { "authScheme": "UNKNOWN" } })
}

fn connection(org: &Org, call: &Call) -> Answer {
    let (app, _) = lookup(org, call)?;
    Ok(Reply::json(&match org.provisioning.of(app) {
        Some(side) => provisioning::connection(side, call, call.param("appId")),
        None => unknown(),
    }))
}

/// A base URL and a token make the connection; it stays disabled until it is activated.
fn connect(org: &mut Org, call: &Call) -> Answer {
    let (app, _) = lookup(org, call)?;
    let body = Value::Object(call.object()?);
    let text = |path: &str| body.pointer(path).and_then(Value::as_str);
    if let (Some(base_url), Some(token)) = (text("/baseUrl"), text("/profile/token")) {
        let side = org.provisioning.connect(app, base_url, token);
        side.on |= call.query.flag("activate").unwrap_or(false);
    }
    connection(org, call)
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (app, _) = lookup(org, call)?;
    if let Some(side) = org.provisioning.of_mut(app) {
        side.on = on;
    }
    Ok(Reply::no_content())
}

fn unsupported() -> Fail {
    Fail::validation("feature", ["Provisioning is not supported."])
}

fn features(org: &Org, call: &Call) -> Answer {
    let side = side(org, call)?;
    let all: Vec<Value> = FEATURES
        .iter()
        .map(|name| shown(side, call, name))
        .collect();
    Ok(Reply::json(&all))
}

fn side<'a>(org: &'a Org, call: &Call) -> Result<&'a Side, Fail> {
    let (app, _) = lookup(org, call)?;
    org.provisioning.of(app).ok_or_else(unsupported)
}

/// A feature as the specification has it.
fn shown(side: &Side, call: &Call, name: &str) -> Value {
    let status = |on: bool| json!({ "status": if on { "ENABLED" } else { "DISABLED" } });
    let (description, capabilities) = if name == "USER_PROVISIONING" {
        (
            "User provisioning settings from Okta to a downstream application",
            json!({
                "create": { "lifecycleCreate": status(side.create) },
                "update": {
                    "lifecycleDeactivate": status(side.deactivate), "profile": status(side.update),
                    "password": { "status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING" },
                },
            }),
        )
    } else {
        (
            "In-bound provisioning settings for provisioning users from an application to Okta",
            json!({
                "importSettings": {
                    "username": { "userNameFormat": "EMAIL" },
                    "schedule": { "status": "DISABLED", "fullImport": null, "incrementalImport": null },
                },
                "importRules": { "userCreateAndMatch": {
                    "exactMatchCriteria": "USERNAME", "allowPartialMatch": true, "autoConfirmPartialMatch": false,
                    "autoConfirmExactMatch": false, "autoConfirmNewUsers": false, "autoActivateNewUsers": false,
                } },
            }),
        )
    };
    let here = call.url(&format!(
        "/api/v1/apps/{}/features/{name}",
        call.param("appId")
    ));
    json!({
        "name": name, "status": "ENABLED", "description": description, "capabilities": capabilities,
        "_links": { "self": { "href": here, "hints": { "allow": ["GET", "PUT"] } } },
    })
}

fn known(call: &Call) -> Result<(), Fail> {
    let name = call.param("featureName");
    if FEATURES.contains(&name) {
        Ok(())
    } else {
        Err(Fail::not_found(name, "PublicAppFeatureSetName"))
    }
}

fn feature(org: &Org, call: &Call) -> Answer {
    known(call)?;
    let side = side(org, call)?;
    Ok(Reply::json(&shown(side, call, call.param("featureName"))))
}

fn set_feature(org: &mut Org, call: &Call) -> Answer {
    let body = Value::Object(call.object()?);
    known(call)?;
    let (app, _) = lookup(org, call)?;
    let side = org.provisioning.of_mut(app).ok_or_else(unsupported)?;
    for (path, slot) in [
        ("/create/lifecycleCreate/status", &mut side.create),
        ("/update/lifecycleDeactivate/status", &mut side.deactivate),
        ("/update/profile/status", &mut side.update),
    ] {
        if let Some(status) = body.pointer(path).and_then(Value::as_str) {
            *slot = status == "ENABLED";
        }
    }
    feature(org, call)
}

fn tokens(org: &Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&json!([])), call, &[], None))
}

fn no_tokens(org: &mut Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Ok(Reply::no_content())
}

fn no_token(call: &Call) -> Fail {
    let id = format!("{}.{}", call.param("appId"), call.param("tokenId"));
    Fail::not_found(&id, "OAuth2RefreshTokenTx")
}

fn token(org: &Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Err(no_token(call))
}

fn drop_token(org: &mut Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Err(no_token(call))
}
