//! Documents about an authorization server: metadata and keys (RFC 8414).

use serde_json::{Value, json};

use super::issuer::Issuer;
use super::jws::ALGORITHMS;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;

/// The documents of all servers.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .public("/oauth2/v1/keys", keys)
        .public("/.well-known/openid-configuration", openid)
        .public("/.well-known/oauth-authorization-server", server)
        .public("/oauth2/{authorizationServerId}/v1/keys", keys)
        .public(
            "/oauth2/{authorizationServerId}/.well-known/openid-configuration",
            openid,
        )
        .public(
            "/oauth2/{authorizationServerId}/.well-known/oauth-authorization-server",
            server,
        );
}

fn keys(org: &Org, call: &Call) -> Answer {
    let issuer = Issuer::of(org, call).map_err(Fail::instead)?;
    let keys = issuer.public_keys(org);
    Ok(Reply::json(&json!({ "keys": keys }))
        .header(http::header::CACHE_CONTROL, "max-age=3600, must-revalidate"))
}

/// What a client is told of the scopes: those of the org, or those that a custom server publishes.
fn scopes(org: &Org, issuer: Issuer) -> Vec<String> {
    match issuer {
        Issuer::Org => issuer
            .scopes(org)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        Issuer::Custom(serial) => {
            let all = org.servers.scopes_of(serial).into_iter();
            let shown = all.filter(|doc| doc.text("metadataPublish") == "ALL_CLIENTS");
            shown.map(|doc| doc.text("name").to_owned()).collect()
        }
    }
}

fn document(org: &Org, call: &Call) -> Result<(Value, String), Fail> {
    let issuer = Issuer::of(org, call).map_err(Fail::instead)?;
    if let Some(id) = call.query.get("client_id")
        && org.apps.by_client_id(org, id).is_none()
    {
        return Err(Fail::instead(
            super::fail::OAuthFail::bad(
                "invalid_client",
                "Invalid value for 'client_id' parameter.",
            )
            .reply(),
        ));
    }
    let base = issuer.endpoints(org, call);
    let at = |path: &str| format!("{base}/v1/{path}");
    let mut body = json!({
        "issuer": issuer.url(org, call),
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "registration_endpoint": call.url("/oauth2/v1/clients"),
        "jwks_uri": at("keys"),
        "response_types_supported": ["code", "id_token", "code id_token", "code token", "id_token token", "code id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post", "okta_post_message"],
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "password", "client_credentials"],
        "subject_types_supported": ["public"],
        "scopes_supported": scopes(org, issuer),
        "token_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        "code_challenge_methods_supported": ["S256"],
        "introspection_endpoint": at("introspect"),
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        "revocation_endpoint": at("revoke"),
        "revocation_endpoint_auth_methods_supported":
            ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"],
        "end_session_endpoint": at("logout"),
        "pushed_authorization_request_endpoint": at("par"),
        "request_parameter_supported": false,
        "dpop_signing_alg_values_supported": ALGORITHMS,
    });
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
        "nickname",
        "preferred_username",
        "given_name",
        "middle_name",
        "family_name",
        "email",
        "email_verified",
        "profile",
        "zoneinfo",
        "locale",
        "address",
        "phone_number",
        "updated_at",
        "at_hash",
        "c_hash"
    ]);
    Ok((body, at("userinfo")))
}

fn server(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&document(org, call)?.0))
}

fn openid(org: &Org, call: &Call) -> Answer {
    let (mut body, userinfo) = document(org, call)?;
    body["userinfo_endpoint"] = userinfo.into();
    body["id_token_signing_alg_values_supported"] = json!(["RS256"]);
    Ok(Reply::json(&body))
}
