//! Provisioning of an app, as far as an app without provisioning has it; and tokens given to its users.

use serde_json::{Value, json};

use super::lookup;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;

const FEATURES: [&str; 2] = ["USER_PROVISIONING", "INBOUND_PROVISIONING"];

/// The routes of connections, features and tokens.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/connections/default", connection)
        .post("/api/v1/apps/{appId}/connections/default", connect)
        .post(
            "/api/v1/apps/{appId}/connections/default/lifecycle/activate",
            switch,
        )
        .post(
            "/api/v1/apps/{appId}/connections/default/lifecycle/deactivate",
            switch,
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
    lookup(org, call)?;
    Ok(Reply::json(&unknown()))
}

fn connect(org: &mut Org, call: &Call) -> Answer {
    lookup(org, call)?;
    call.object()?;
    Ok(Reply::json(&unknown()))
}

fn switch(org: &mut Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Ok(Reply::no_content())
}

fn unsupported() -> Fail {
    Fail::validation("feature", ["Provisioning is not supported."])
}

fn features(org: &Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Err(unsupported())
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
    lookup(org, call)?;
    Err(unsupported())
}

fn set_feature(org: &mut Org, call: &Call) -> Answer {
    call.object()?;
    known(call)?;
    lookup(org, call)?;
    Err(unsupported())
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
