//! The Okta side: a service app with our public key, its scopes and its role, made through Okta's API with a bootstrap
//! token, as an administrator would in the console.

use anyhow::Context;
use keywright_okta::{Client, Credentials, OrgUrl};
use keywright_sandbox::Sandbox;
use serde_json::{Value, json};

/// What the app is called.
const LABEL: &str = "Keywright";

/// Makes the app with these scopes; gives its client id.
pub(super) async fn register(
    org: &Sandbox,
    jwk: &Value,
    scopes: &[String],
) -> anyhow::Result<String> {
    let url = OrgUrl::parse(&org.url())?;
    let bootstrap = Credentials::ApiToken(org.api_token().to_owned().into());
    let okta = Client::builder(url, bootstrap).build()?;
    let app: Value = okta.post("/api/v1/apps", &[], &app(jwk)).await?;
    let id = app["id"]
        .as_str()
        .context("the new app has no id")?
        .to_owned();
    for scope in scopes {
        let grant = json!({"scopeId": scope, "issuer": org.url()});
        let _granted: Value = okta
            .post(&format!("/api/v1/apps/{id}/grants"), &[], &grant)
            .await?;
    }
    let role = json!({"type": "READ_ONLY_ADMIN"});
    let _assigned: Value = okta
        .post(&format!("/oauth2/v1/clients/{id}/roles"), &[], &role)
        .await?;
    Ok(id)
}

/// A service app that authenticates by our key and whose tokens are bound by DPoP.
fn app(jwk: &Value) -> Value {
    json!({
        "name": "oidc_client",
        "label": LABEL,
        "signOnMode": "OPENID_CONNECT",
        "credentials": {"oauthClient": {"token_endpoint_auth_method": "private_key_jwt"}},
        "settings": {"oauthClient": {
            "application_type": "service",
            "grant_types": ["client_credentials"],
            "response_types": ["token"],
            "dpop_bound_access_tokens": true,
            "jwks": {"keys": [jwk]},
        }},
    })
}
