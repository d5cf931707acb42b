//! The token endpoint of the org server and of custom servers.

use http::HeaderName;
use serde_json::Value;

use super::dpop::{self, Target};
use super::fail::OAuthFail;
use super::form::{self, Client};
use super::grants;
use super::issuer::Issuer;
use super::nonces::Memory;
use super::scopes;
use crate::http::{Call, Query, Reply};
use crate::org::Org;

const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
/// The grant types that a token endpoint knows.
const TYPES: [&str; 4] = [
    "authorization_code",
    "client_credentials",
    "refresh_token",
    "password",
];

/// A token request whose client is known.
pub(super) struct Request<'a> {
    pub(super) issuer: Issuer,
    pub(super) form: &'a Query,
    pub(super) client: Client,
    /// The thumbprint of the key to which the tokens are to be bound.
    pub(super) jkt: Option<String>,
}

/// The answer of the token endpoint.
pub(crate) fn answer(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    match granted(org, call, memory) {
        Ok(reply) | Err(reply) => reply,
    }
}

fn granted(org: &mut Org, call: &Call, memory: &mut Memory) -> Result<Reply, Reply> {
    let issuer = Issuer::of(org, call)?;
    let form = form::form(call).map_err(OAuthFail::reply)?;
    if form.get("grant_type").is_none_or(str::is_empty) {
        let text = format!(
            "The token request must specify a 'grant_type'. Valid values: [{}]",
            TYPES.join(", ")
        );
        return Err(OAuthFail::bad("invalid_request", text).reply());
    }
    let client = form::client(org, issuer, call, &form, memory).map_err(OAuthFail::reply)?;
    let grant_type = grant_type(org, client.app, issuer, &form).map_err(OAuthFail::reply)?;
    if grant_type == "client_credentials" {
        scopes::client_credentials_scopes(org, issuer, client.app, &form)
            .map_err(OAuthFail::reply)?;
    }
    let wanted = org
        .apps
        .get(client.app)
        .is_some_and(crate::apps::App::wants_dpop);
    let jkt = if wanted {
        Some(proven(call, memory)?)
    } else {
        None
    };
    let bound = jkt.is_some();
    let request = Request {
        issuer,
        form: &form,
        client,
        jkt,
    };
    let body = match grant_type {
        "authorization_code" => grants::authorization_code(org, call, &request),
        "refresh_token" => grants::refresh_token(org, call, &request),
        "password" => grants::password(org, call, &request),
        _ => grants::client_credentials(org, call, &request),
    };
    let reply = Reply::json(&body.map_err(OAuthFail::reply)?)
        .header(http::header::CACHE_CONTROL, "no-cache, no-store")
        .header(http::header::PRAGMA, "no-cache");
    Ok(if bound {
        reply.header(NONCE, memory.nonce(call.now))
    } else {
        reply
    })
}

/// The grant types that are configured for an app.
pub(super) fn configured(org: &Org, app: u32, name: &str) -> Vec<String> {
    let list = org
        .apps
        .get(app)
        .and_then(|app| app.oauth(name))
        .and_then(Value::as_array);
    list.map(|list| {
        list.iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    })
    .unwrap_or_default()
}

fn grant_type(
    org: &Org,
    app: u32,
    issuer: Issuer,
    form: &Query,
) -> Result<&'static str, OAuthFail> {
    let wanted = form.get("grant_type").unwrap_or_default();
    let Some(wanted) = TYPES.into_iter().find(|known| *known == wanted) else {
        let text = format!(
            "The authorization grant type is not supported by the authorization server. Configured grant types: [{}].",
            TYPES.join(", ")
        );
        return Err(OAuthFail::bad("unsupported_grant_type", text));
    };
    let configured = configured(org, app, "grant_types");
    if !configured.iter().any(|one| one == wanted) {
        let text = format!(
            "The client is not authorized to use the provided grant type. Configured grant types: [{}].",
            configured.join(", ")
        );
        return Err(OAuthFail::bad("unauthorized_client", text));
    }
    let kind = org
        .apps
        .get(app)
        .and_then(|app| app.oauth("application_type"))
        .and_then(Value::as_str);
    if wanted == "client_credentials" && issuer == Issuer::Org && kind != Some("service") {
        return Err(OAuthFail::client(
            "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.",
        ));
    }
    Ok(wanted)
}

/// The thumbprint of the key that the access token will be bound to.
fn proven(call: &Call, memory: &mut Memory) -> Result<String, Reply> {
    let proofs: Vec<&str> = call
        .headers
        .get_all("dpop")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let url = call.url(&call.path);
    let target = Target {
        method: call.method.as_str(),
        url: &url,
    };
    let proof = dpop::check(&proofs, target, None, call.now, memory)
        .map_err(|text| OAuthFail::bad("invalid_dpop_proof", text).reply())?;
    if proof
        .nonce
        .is_some_and(|nonce| memory.takes(&nonce, call.now))
    {
        return Ok(proof.jkt);
    }
    let fail = OAuthFail::bad(
        "use_dpop_nonce",
        "Authorization server requires nonce in DPoP proof.",
    );
    Err(fail.reply().header(NONCE, memory.nonce(call.now)))
}
