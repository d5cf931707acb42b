//! Access tokens at the management API: who calls, and how it is refused (FACTS sections 1.3 and 1.5).

use http::{StatusCode, header};
use serde_json::Value;

use super::dpop::{self, Proof, Target};
use super::issuer::Issuer;
use super::jws::Jws;
use super::nonces::Memory;
use crate::clock::Time;
use crate::http::{Call, Fail, Reply};
use crate::org::Org;
use crate::store::Kind;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessToken {
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    /// The user (serial) who granted it; nobody for a service app.
    pub(crate) user: Option<u32>,
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

/// 401: there is no token.
pub(super) fn missing() -> Fail {
    let challenge =
        "Bearer error=\"invalid_request\", error_description=\"The access token is missing.\"";
    Fail::instead(
        Reply::empty(StatusCode::UNAUTHORIZED).header(header::WWW_AUTHENTICATE, challenge),
    )
}

/// Reads an access token of the org server and, with `dpop`, the proof that goes with it.
pub(crate) fn bearer(
    org: &Org,
    text: &str,
    dpop: bool,
    shown: Shown<'_>,
    memory: &mut Memory,
) -> Result<AccessToken, Fail> {
    let proof = if dpop {
        Some(proven(text, shown, memory)?)
    } else {
        None
    };
    let token = read(org, text, shown, dpop, None)?;
    bound(token, proof, shown)
}

/// The same for a token of any server, where its issuer is known.
pub(super) fn at(
    org: &Org,
    issuer: Issuer,
    text: &str,
    dpop: bool,
    shown: Shown<'_>,
    call: &Call,
    memory: &mut Memory,
) -> Result<AccessToken, Fail> {
    let proof = if dpop {
        Some(proven(text, shown, memory)?)
    } else {
        None
    };
    let url = issuer.url(org, call);
    let token = read(
        org,
        text,
        shown,
        dpop,
        issuer.server().map(|_| (issuer, url.as_str())),
    )?;
    bound(token, proof, shown)
}

fn proven(text: &str, shown: Shown<'_>, memory: &mut Memory) -> Result<Proof, Fail> {
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
    let bad = |error: &str, why: &str| refused(shown, StatusCode::BAD_REQUEST, true, error, why);
    if proofs.is_empty() {
        return Err(bad(
            "invalid_request",
            "The resource request requires a DPoP proof.",
        ));
    }
    dpop::check(&proofs, target, Some(text), shown.now, memory)
        .map_err(|why| bad("invalid_dpop_proof", why))
}

fn bound(token: AccessToken, proof: Option<Proof>, shown: Shown<'_>) -> Result<AccessToken, Fail> {
    let bad = |error: &str, why: &str| refused(shown, StatusCode::BAD_REQUEST, true, error, why);
    match (&token.jkt, proof) {
        (None, None) => Ok(token),
        (Some(jkt), Some(proof)) if *jkt == proof.jkt => Ok(token),
        (Some(_), Some(_)) => Err(bad(
            "invalid_dpop_proof",
            "The access_token is not bound to the provided DPoP proof.",
        )),
        (Some(_), None) => Err(bad(
            "invalid_request",
            "The resource request must use the DPoP authentication scheme when using a DPoP bound token.",
        )),
        (None, Some(_)) => Err(invalid(
            shown,
            true,
            "The presented access_token is not DPoP bound.",
        )),
    }
}

/// Reads a token of the org server, or of a custom one by its issuer.
fn read(
    org: &Org,
    text: &str,
    shown: Shown<'_>,
    dpop: bool,
    custom: Option<(Issuer, &str)>,
) -> Result<AccessToken, Fail> {
    let no = |why: &str| invalid(shown, dpop, why);
    let wrong = || no("The access token is invalid.");
    let jws = Jws::parse(text).ok_or_else(wrong)?;
    let named = jws.text("iss").unwrap_or_default();
    let issuer = match custom {
        Some((_, url)) if named != url => {
            return Err(no("The access token provided has an invalid issuer."));
        }
        Some((issuer, _)) => issuer,
        // The host may be written in another way than when the token was made; the path may not.
        None if named.contains("/oauth2/") => {
            return Err(no("The access token provided is not intended for Okta."));
        }
        None => Issuer::Org,
    };
    if jws.algorithm() != "RS256"
        || !issuer
            .public_keys(org)
            .iter()
            .any(|key| jws.is_signed_by(key))
    {
        return Err(wrong());
    }
    if jws
        .seconds("exp")
        .is_none_or(|end| end <= shown.now.seconds())
    {
        return Err(no("The token has expired."));
    }
    let scopes = jws
        .claims
        .get("scp")
        .and_then(Value::as_array)
        .ok_or_else(wrong)?;
    let client_id = jws.text("cid").ok_or_else(wrong)?.to_owned();
    let app = org
        .apps
        .by_client_id(org, &client_id)
        .and_then(|serial| org.apps.get(serial));
    let user = jws.text("uid").map(|id| org.tail.serial(Kind::USER, id));
    let alive = app.is_some_and(|app| app.active)
        && user.is_none_or(|user| user.is_some_and(|user| super::grants::may_sign_in(org, user)))
        && !jws
            .text("jti")
            .is_some_and(|id| org.sign_ins.is_revoked(id));
    if !alive {
        return Err(no("The access token has been revoked."));
    }
    let jkt = jws
        .claims
        .get("cnf")
        .and_then(|cnf| cnf.get("jkt"))
        .and_then(Value::as_str);
    Ok(AccessToken {
        client_id,
        scopes: scopes
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        user: user.flatten(),
        jkt: jkt.map(str::to_owned),
    })
}

/// 401: the token has expired.
pub(crate) fn expired(shown: Shown<'_>, dpop: bool) -> Fail {
    invalid(shown, dpop, "The token has expired.")
}
