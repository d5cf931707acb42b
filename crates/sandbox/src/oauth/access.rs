//! Access tokens at the management API: who calls, and how it is refused (FACTS sections 1.3 and 1.5).

use http::{StatusCode, header};
use serde_json::Value;

use super::dpop::{self, Target};
use super::jws::Jws;
use super::nonces::Memory;
use crate::clock::Time;
use crate::http::{Fail, Reply};
use crate::org::Org;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessToken {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    /// The thumbprint of the key it is bound to.
    pub(crate) jkt: Option<String>,
}

/// The call at which a token is shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) method: &'a str,
    pub(crate) base: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a http::HeaderMap,
    /// The scope that the endpoint wants.
    pub(crate) scope: &'a str,
    pub(crate) now: Time,
}

const ALGS: &str = r#"algs="RS256 RS384 RS512 ES256 ES384 ES512", "#;

fn challenge(shown: Shown<'_>, dpop: bool, error: &str, text: &str) -> String {
    let org = shown.base.replacen("https://", "http://", 1);
    let (scheme, algs) = if dpop { ("DPoP", ALGS) } else { ("Bearer", "") };
    format!(
        "{scheme} {algs}authorization_uri=\"{org}/oauth2/v1/authorize\", realm=\"{org}\", scope=\"{}\", error=\"{error}\", \
         error_description=\"{text}\", resource=\"{}\"",
        shown.scope, shown.path
    )
}

fn refused(shown: Shown<'_>, status: StatusCode, dpop: bool, error: &str, text: &str) -> Fail {
    Fail::instead(Reply::empty(status).header(
        header::WWW_AUTHENTICATE,
        challenge(shown, dpop, error, text),
    ))
}

/// 403 with an empty body: the token has not the scope that the endpoint wants.
pub(crate) fn insufficient_scope(shown: Shown<'_>, dpop: bool) -> Fail {
    let text = "The access token provided does not contain the required scopes.";
    refused(
        shown,
        StatusCode::FORBIDDEN,
        dpop,
        "insufficient_scope",
        text,
    )
}

fn invalid(shown: Shown<'_>, dpop: bool, text: &str) -> Fail {
    Fail::invalid_token().header(
        header::WWW_AUTHENTICATE,
        challenge(shown, dpop, "invalid_token", text),
    )
}

/// Reads an access token and, with `dpop`, the proof that goes with it.
pub(crate) fn bearer(
    org: &Org,
    text: &str,
    dpop: bool,
    shown: Shown<'_>,
    memory: &mut Memory,
) -> Result<AccessToken, Fail> {
    let proof = if dpop {
        let proofs: Vec<&str> = shown
            .headers
            .get_all("dpop")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        let url = format!("{}{}", shown.base, shown.path);
        let target = Target {
            method: shown.method,
            url: &url,
        };
        if proofs.is_empty() {
            let why = "The resource request requires a DPoP proof.";
            return Err(refused(
                shown,
                StatusCode::BAD_REQUEST,
                true,
                "invalid_request",
                why,
            ));
        }
        let proof = dpop::check(&proofs, target, Some(text), shown.now, memory).map_err(|why| {
            refused(
                shown,
                StatusCode::BAD_REQUEST,
                true,
                "invalid_dpop_proof",
                why,
            )
        })?;
        Some(proof)
    } else {
        None
    };
    let token = read(org, text, shown, dpop)?;
    match (&token.jkt, proof) {
        (None, None) => Ok(token),
        (Some(jkt), Some(proof)) if *jkt == proof.jkt => Ok(token),
        (Some(_), Some(_)) => {
            let why = "The access_token is not bound to the provided DPoP proof.";
            Err(refused(
                shown,
                StatusCode::BAD_REQUEST,
                true,
                "invalid_dpop_proof",
                why,
            ))
        }
        (Some(_), None) => {
            let why = "The resource request must use the DPoP authentication scheme when using a DPoP bound token.";
            Err(refused(
                shown,
                StatusCode::BAD_REQUEST,
                true,
                "invalid_request",
                why,
            ))
        }
        (None, Some(_)) => Err(invalid(
            shown,
            true,
            "The presented access_token is not DPoP bound.",
        )),
    }
}

fn read(org: &Org, text: &str, shown: Shown<'_>, dpop: bool) -> Result<AccessToken, Fail> {
    let wrong = || invalid(shown, dpop, "The access token is invalid.");
    let jws = Jws::parse(text).ok_or_else(wrong)?;
    let key = org.keys.signing().ok_or_else(wrong)?;
    if jws.algorithm() != "RS256" || !jws.is_signed_by(&key.jwk()) {
        return Err(wrong());
    }
    if jws
        .seconds("exp")
        .is_none_or(|end| end <= shown.now.seconds())
    {
        return Err(invalid(shown, dpop, "The token has expired."));
    }
    let scopes = jws
        .claims
        .get("scp")
        .and_then(Value::as_array)
        .ok_or_else(wrong)?;
    let client_id = jws.text("cid").ok_or_else(wrong)?.to_owned();
    let alive = org
        .apps
        .by_client_id(org, &client_id)
        .and_then(|serial| org.apps.get(serial))
        .is_some_and(|app| app.active);
    if !alive {
        return Err(invalid(shown, dpop, "The access token has been revoked."));
    }
    Ok(AccessToken {
        client_id,
        scopes: scopes
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        jkt: jws
            .claims
            .get("cnf")
            .and_then(|cnf| cnf.get("jkt"))
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

/// 401: the token has expired.
pub(crate) fn expired(shown: Shown<'_>, dpop: bool) -> Fail {
    invalid(shown, dpop, "The token has expired.")
}
