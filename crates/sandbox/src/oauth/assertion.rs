//! Client assertions, `private_key_jwt` (RFC 7523; order and texts of FACTS section 1.2).

use serde_json::Value;

use super::fail::OAuthFail;
use super::jws::{ALGORITHMS, Jws};
use super::nonces::Memory;
use crate::apps::App;
use crate::clock::Time;
use crate::org::Org;

/// The algorithms of `client_secret_jwt`.
const HMACS: [&str; 3] = ["HS256", "HS384", "HS512"];
/// An assertion may live so long.
const LONGEST: i64 = 3600;
/// Clocks may differ by so much.
const SKEW: i64 = 5;

/// What an assertion needs to be checked against.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) org: &'a Org,
    /// The address of the endpoint that was called.
    pub(super) endpoint: &'a str,
    pub(super) now: Time,
}

/// Checks an assertion and gives the serial of the app that made it.
pub(super) fn check(
    text: &str,
    client_id: Option<&str>,
    setting: Setting<'_>,
    memory: &mut Memory,
) -> Result<u32, OAuthFail> {
    let jws = Jws::parse(text).ok_or(OAuthFail::client(
        "The parsing of the client_assertion failed.",
    ))?;
    let symmetric = HMACS.contains(&jws.algorithm());
    if !symmetric && !ALGORITHMS.contains(&jws.algorithm()) {
        return Err(OAuthFail::client(
            "The client_assertion JWT signature algorithm is invalid.",
        ));
    }
    let find = |id: Option<&str>| id.and_then(|id| setting.org.apps.by_client_id(setting.org, id));
    let serial = find(jws.text("iss")).ok_or(OAuthFail::client(
        "The issuer claim for client_assertion is not a valid client_id.",
    ))?;
    if jws.text("sub") != jws.text("iss") {
        return Err(OAuthFail::client(
            "The subject claim for client_assertion is not a valid client_id.",
        ));
    }
    if client_id.is_some_and(|id| Some(id) != jws.text("iss")) {
        return Err(OAuthFail::client(
            "Invalid value for 'client_id' parameter.",
        ));
    }
    let app = setting.org.apps.get(serial).filter(|app| app.active);
    let app = app.ok_or(OAuthFail::client(
        "Invalid value for 'client_id' parameter.",
    ))?;
    if symmetric {
        sealed(&jws, app)?;
    } else {
        signed(&jws, app)?;
    }
    in_time(&jws, setting)?;
    once(&jws, serial, setting.now, memory)?;
    Ok(serial)
}

/// Checks an assertion of `client_secret_jwt`.
fn sealed(jws: &Jws, app: &App) -> Result<(), OAuthFail> {
    let method = app
        .body
        .get("credentials")
        .and_then(|one| one.pointer("/oauthClient/token_endpoint_auth_method"));
    if method.and_then(Value::as_str) == Some("private_key_jwt") {
        return Err(OAuthFail::client(
            "The client_assertion JWT signature algorithm is invalid.",
        ));
    }
    let mut secrets = app.secrets.iter().filter(|secret| secret.active).peekable();
    if secrets.peek().is_none() {
        return Err(OAuthFail::client(
            "The issuer and subject claim for client_assertion is invalid because the client does not have a client secret.",
        ));
    }
    if secrets.any(|secret| jws.is_sealed_by(&secret.text)) {
        Ok(())
    } else {
        Err(OAuthFail::client(
            "The client_assertion signature is invalid.",
        ))
    }
}

fn signed(jws: &Jws, app: &App) -> Result<(), OAuthFail> {
    if app.keys().is_empty() {
        let text =
            "The client does not have a JWKSet configured, but the client_assertion requires one.";
        return Err(OAuthFail::client(text));
    }
    let kid = jws.header.get("kid").and_then(Value::as_str);
    let usable = |key: &&Value| key.get("status").and_then(Value::as_str) != Some("INACTIVE");
    let key = match kid {
        Some(kid) => app
            .keys()
            .iter()
            .filter(usable)
            .find(|key| key.get("kid").and_then(Value::as_str) == Some(kid)),
        None => app
            .keys()
            .iter()
            .filter(usable)
            .find(|_| app.keys().len() == 1),
    };
    let key = key.ok_or(OAuthFail::client(
        "The client_assertion JWT kid is invalid.",
    ))?;
    if key.get("use").and_then(Value::as_str) == Some("enc") {
        return Err(OAuthFail::client(
            "The client_assertion JWT needs to be signed using a signing key.",
        ));
    }
    if jws.is_signed_by(key) {
        Ok(())
    } else {
        Err(OAuthFail::client(
            "The client_assertion signature is invalid.",
        ))
    }
}

fn in_time(jws: &Jws, setting: Setting<'_>) -> Result<(), OAuthFail> {
    let now = setting.now.seconds();
    let aud = jws.claims.get("aud");
    let meant = |value: &Value| value.as_str() == Some(setting.endpoint);
    let meant = match aud {
        Some(Value::Array(list)) => list.iter().any(meant),
        Some(one) => meant(one),
        None => false,
    };
    if !meant {
        let text =
            "The audience claim for client_assertion must be the endpoint invoked for the request.";
        return Err(OAuthFail::client(text));
    }
    let Some(end) = jws.seconds("exp") else {
        let text = "The client_assertion must contain the 'exp' claim as seconds since epoch.";
        return Err(OAuthFail::client(text));
    };
    if end <= now {
        return Err(OAuthFail::client("The client_assertion token is expired."));
    }
    if end > now + LONGEST + SKEW {
        return Err(OAuthFail::client(
            "The client_assertion token has an expiration too far into the future.",
        ));
    }
    if jws.seconds("iat").is_some_and(|made| made > now + SKEW) {
        return Err(OAuthFail::client(
            "The client_assertion token must be issued before the current time.",
        ));
    }
    Ok(())
}

fn once(jws: &Jws, serial: u32, now: Time, memory: &mut Memory) -> Result<(), OAuthFail> {
    let Some(id) = jws.text("jti") else {
        return Ok(());
    };
    let until = jws
        .seconds("exp")
        .map_or(now.plus(LONGEST), |end| Time(end.saturating_mul(1000)));
    if memory.first_use("assertion", &format!("{serial} {id}"), until, now) {
        Ok(())
    } else {
        Err(OAuthFail::client(
            "The client_assertion token has already been used.",
        ))
    }
}
