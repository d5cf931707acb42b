//! Documents about the authorization server: metadata and keys (RFC 8414).

use serde_json::{Value, json};

use super::jws::ALGORITHMS;
use crate::http::{Answer, Call, Reply, Routes, all_scopes};
use crate::org::Org;

/// The routes of the authorization server.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .token("/oauth2/v1/token")
        .public("/oauth2/v1/keys", keys)
        .public("/.well-known/openid-configuration", openid)
        .public("/.well-known/oauth-authorization-server", server);
}

fn keys(org: &Org, _call: &Call) -> Answer {
    let keys: Vec<Value> = org
        .keys
        .signing()
        .map(super::PrivateKey::jwk)
        .into_iter()
        .collect();
    Ok(Reply::json(&json!({ "keys": keys })))
}

fn document(call: &Call) -> Value {
    let at = |path: &str| call.url(&format!("/oauth2/v1/{path}"));
    let mut scopes = vec![
        "openid",
        "email",
        "profile",
        "address",
        "phone",
        "offline_access",
        "groups",
    ];
    scopes.extend(all_scopes());
    json!({
        "issuer": call.base,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": at("clients"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code", "id_token", "code id_token", "code token", "id_token token", "code id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password", "client_credentials"],
        "subject_types_supported": ["public"],
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        "code_challenge_methods_supported": ["S256"],
        "introspection_endpoint": at("introspect"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("logout"),
        "pushed_authorization_request_endpoint": at("par"),
        "request_parameter_supported": true,
        "dpop_signing_alg_values_supported": ALGORITHMS,
    })
}

fn server(_org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&document(call)))
}

fn openid(_org: &Org, call: &Call) -> Answer {
    let mut body = document(call);
    body["userinfo_endpoint"] = call.url("/oauth2/v1/userinfo").into();
    body["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    body["claims_supported"] = json!([
        "iss",
        "ver",
        "sub",
        "aud",
        "iat",
        "exp",
        "jti",
        "auth_time",
        "amr",
        "idp",
        "nonce",
        "name",
        "email"
    ]);
    Ok(Reply::json(&body))
}
