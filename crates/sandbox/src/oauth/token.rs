//! `POST /oauth2/v1/token`: client credentials for service apps.

use http::HeaderName;
use serde_json::{Value, json};

use super::assertion::{self, Setting};
use super::dpop::{self, Target};
use super::fail::{OAuthFail, reply};
use super::nonces::Memory;
use crate::http::{Call, Query, Reply, all_scopes};
use crate::log::Event;
use crate::org::Org;

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const LIFE: i64 = 3600;
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The answer of the token endpoint.
pub(crate) fn answer(org: &mut Org, call: &Call, memory: &mut Memory) -> Reply {
    match granted(org, call, memory) {
        Ok(reply) | Err(reply) => reply,
    }
}

fn granted(org: &mut Org, call: &Call, memory: &mut Memory) -> Result<Reply, Reply> {
    let form = form(call)?;
    let serial = client(org, call, &form, memory).map_err(OAuthFail::reply)?;
    grant_type(org, serial, &form)?;
    let scopes = scopes(org, serial, &form)?;
    let dpop = org
        .apps
        .get(serial)
        .is_some_and(crate::apps::App::wants_dpop);
    let jkt = if dpop {
        Some(proven(call, memory)?)
    } else {
        None
    };
    let body = issue(org, call, serial, &scopes, jkt.as_deref());
    let target = org.app_target(serial);
    org.record(
        call,
        Event::new("app.oauth2.as.token.grant.access_token").target(target),
    );
    let reply = Reply::json(&body);
    Ok(if jkt.is_some() {
        reply.header(NONCE, memory.nonce(call.now))
    } else {
        reply
    })
}

fn form(call: &Call) -> Result<Query, Reply> {
    let kind = call.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        let text =
            "The request content type is invalid. Expected 'application/x-www-form-urlencoded'.";
        return Err(OAuthFail::bad("invalid_request", text).reply());
    }
    Ok(Query::parse(&String::from_utf8_lossy(&call.body)))
}

/// Who asks, by its assertion.
fn client(org: &Org, call: &Call, form: &Query, memory: &mut Memory) -> Result<u32, OAuthFail> {
    if form.get("grant_type").is_none_or(str::is_empty) {
        return Err(OAuthFail::bad(
            "invalid_request",
            "The token request must specify a 'grant_type'. Valid grant types: [authorization_code, client_credentials, refresh_token].",
        ));
    }
    let basic = call
        .header("authorization")
        .is_some_and(|text| text.starts_with("Basic "));
    let ways = [
        basic,
        form.get("client_secret").is_some(),
        form.get("client_assertion").is_some(),
    ];
    if ways.iter().filter(|way| **way).count() > 1 {
        return Err(OAuthFail {
            status: 401,
            error: "invalid_request",
            text: "Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.",
        });
    }
    let Some(text) = form.get("client_assertion") else {
        return Err(without_assertion(org, form, basic));
    };
    if form.get("client_assertion_type") != Some(TYPE) {
        return Err(OAuthFail::bad(
            "invalid_request",
            "The client_assertion_type is invalid.",
        ));
    }
    let endpoint = call.url(&call.path);
    let setting = Setting {
        org,
        endpoint: &endpoint,
        now: call.now,
    };
    assertion::check(text, form.get("client_id"), setting, memory)
}

fn without_assertion(org: &Org, form: &Query, basic: bool) -> OAuthFail {
    let known = form
        .get("client_id")
        .and_then(|id| org.apps.by_client_id(org, id));
    if basic || form.get("client_secret").is_some() {
        return match known {
            None if !basic => OAuthFail::client("Invalid value for 'client_id' parameter."),
            _ => OAuthFail::client(
                "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.",
            ),
        };
    }
    match (form.get("client_id"), known) {
        (Some(_), None) => OAuthFail::client("Invalid value for 'client_id' parameter."),
        _ => OAuthFail::client("No client credentials found."),
    }
}

fn grant_type(org: &Org, serial: u32, form: &Query) -> Result<(), Reply> {
    let wanted = form.get("grant_type").unwrap_or_default();
    if !["client_credentials", "authorization_code", "refresh_token"].contains(&wanted) {
        let text = "The authorization grant type is not supported by the authorization server. Configured grant types: [authorization_code, client_credentials, refresh_token].";
        return Err(OAuthFail::bad("unsupported_grant_type", text).reply());
    }
    let app = org.apps.get(serial);
    let configured: Vec<&str> = app
        .and_then(|app| app.oauth("grant_types"))
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if !configured.contains(&wanted) {
        let list = configured.join(", ");
        let text = format!(
            "The client is not authorized to use the provided grant type. Configured grant types: [{list}]."
        );
        return Err(reply(400, "unauthorized_client", &text));
    }
    if wanted != "client_credentials" {
        return Err(OAuthFail::bad(
            "invalid_grant",
            "The authorization code is invalid or has expired.",
        )
        .reply());
    }
    if app
        .and_then(|app| app.oauth("application_type"))
        .and_then(Value::as_str)
        != Some("service")
    {
        let text = "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.";
        return Err(OAuthFail::client(text).reply());
    }
    Ok(())
}

fn scopes(org: &Org, serial: u32, form: &Query) -> Result<Vec<String>, Reply> {
    let bad = |error, text| Err(OAuthFail::bad(error, text).reply());
    let asked: Vec<&str> = form
        .get("scope")
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    if asked.is_empty() {
        return bad("invalid_scope", "No scopes were requested.");
    }
    let known = all_scopes();
    if asked
        .iter()
        .any(|scope| ["openid", "profile", "email", "offline_access"].contains(scope))
    {
        return bad(
            "invalid_scope",
            "Cannot request 'openid' scopes using client credentials.",
        );
    }
    if asked
        .iter()
        .any(|scope| scope.split('.').next_back() == Some("self"))
    {
        let text = "The 'client_credentials' grant type may not request .self scopes.";
        return bad("client_credentials_self_scope_requested", text);
    }
    if asked.iter().any(|scope| !scope.starts_with("okta.")) {
        return bad(
            "invalid_scope",
            "Custom scopes are not allowed for this request.",
        );
    }
    if asked.iter().any(|scope| !known.contains(scope)) {
        let text = "One or more scopes are not configured for the authorization server resource.";
        return bad("invalid_scope", text);
    }
    let grants = org
        .apps
        .get(serial)
        .map(|app| app.grants.as_slice())
        .unwrap_or_default();
    let missing: Vec<&str> = asked
        .iter()
        .copied()
        .filter(|scope| !grants.iter().any(|grant| grant.scope == *scope))
        .collect();
    if missing.len() == asked.len() && asked.len() > 1 {
        return bad(
            "consent_required",
            "You are not allowed any of the requested scopes.",
        );
    }
    if !missing.is_empty() {
        let list = missing.join(", ");
        let text = format!(
            "The following scopes require user consent and cannot be granted for the client credentials grant type: [{list}]."
        );
        return Err(reply(400, "consent_required", &text));
    }
    Ok(asked.into_iter().map(str::to_owned).collect())
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

fn issue(org: &Org, call: &Call, serial: u32, scopes: &[String], jkt: Option<&str>) -> Value {
    let client = crate::apps::Apps::client_id(org, serial);
    let now = call.now.seconds();
    let mut claims = json!({
        "ver": 1, "jti": format!("AT.{}", call.opaque(43)), "iss": call.base, "aud": call.base, "sub": client,
        "iat": now, "exp": now + LIFE, "cid": client, "scp": scopes,
    });
    if let Some(jkt) = jkt {
        claims["cnf"] = json!({ "jkt": jkt });
    }
    let token = org.keys.signing().map(|key| {
        let header =
            json!({ "typ": "application/okta-internal-at+jwt", "alg": "RS256", "kid": key.kid });
        key.sign(&header, &claims)
    });
    let kind = if jkt.is_some() { "DPoP" } else { "Bearer" };
    json!({ "token_type": kind, "expires_in": LIFE, "access_token": token, "scope": scopes.join(" ") })
}
