//! From a refusal to its meaning. Branches on status and code, never on texts, save for the OAuth errors, where one
//! code stands for many things and only the description tells them apart.
//!
//! Source: `fixtures/okta/data/error-codes.json`, `oauth2-error-codes.json`, and the recordings.

use http::{HeaderMap, StatusCode, header};
use jiff::SignedDuration;
use keywright_model::{ErrorBody, OAuthError};

use super::challenge::{self, Challenge};
use super::{Error, Said};

/// A refusal, as it was received.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// The call, `GET /api/v1/users`.
    pub call: &'a str,
    /// Status, 400 or more.
    pub status: StatusCode,
    /// Headers.
    pub headers: &'a HeaderMap,
    /// Body.
    pub body: &'a [u8],
    /// How far Okta's clock is ahead of ours, as known when the call was made.
    pub skew: SignedDuration,
    /// The scopes that were asked for, at the token endpoint.
    pub asked: &'a [String],
}

/// What a refusal means.
#[must_use]
pub fn classify(answered: &Answered<'_>) -> Error {
    let mut said = Said {
        call: answered.call.to_owned(),
        status: answered.status.as_u16(),
        request_id: text(answered.headers, "x-okta-request-id"),
        ..Said::default()
    };
    let challenge = challenge_of(answered.headers);
    if let Ok(body) = serde_json::from_slice::<ErrorBody>(answered.body) {
        fill(&mut said, body);
        // An access token may be refused by this code too; what is wrong with it only the header says.
        if challenge.is_none() || said.code.as_deref() != Some("E0000011") {
            return management(said);
        }
    }
    if let Ok(body) = serde_json::from_slice::<OAuthError>(answered.body) {
        said.code = Some(body.error);
        said.summary = body.error_description.into_value().unwrap_or_default();
        return oauth(said, Vec::new(), answered);
    }
    match challenge {
        Some(Challenge {
            error: Some(error),
            description,
            scopes,
        }) => {
            said.code = Some(error);
            said.summary = description;
            oauth(said, scopes, answered)
        }
        _ if said.code.is_some() => management(said),
        _ => by_status(said),
    }
}

fn fill(said: &mut Said, body: ErrorBody) {
    said.code = Some(body.error_code);
    said.summary = body.error_summary.into_value().unwrap_or_default();
    said.error_id = body.error_id.into_value();
    let causes = body.error_causes.into_value().unwrap_or_default();
    said.causes = causes
        .into_iter()
        .filter_map(|cause| cause.error_summary.into_value())
        .collect();
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn challenge_of(headers: &HeaderMap) -> Option<Challenge> {
    let values = headers.get_all(header::WWW_AUTHENTICATE);
    values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(challenge::parse)
}

/// Codes that say: not in its present state. By status alone they would be forbidden (403) or busy (423).
const WRONG_STATE: [&str; 19] = [
    "E0000014", "E0000016", "E0000017", "E0000023", "E0000032", "E0000034", "E0000035", "E0000036",
    "E0000038", "E0000056", "E0000079", "E0000080", "E0000107", "E0000117", "E0000142", "E0000148",
    "E0000155", "E0000180", "E0000246",
];

/// Codes that ask to try again in a moment.
const BUSY: [&str; 6] = [
    "E0000112", "E0000239", "E0000249", "E0000253", "E0000254", "E0000268",
];

/// The management API's own codes.
fn management(said: Said) -> Error {
    let said = Box::new(said);
    match said.code.as_deref().unwrap_or_default() {
        "E0000004" | "E0000005" | "E0000064" | "E0000207" => Error::AuthenticationFailed(said),
        "E0000006" => Error::RoleMissing(said),
        "E0000007" | "E0000048" => Error::NotFound(said),
        "E0000008" | "E0000022" | "E0000052" | "E0000060" => Error::NoSuchCall(said),
        "E0000009" => Error::ServerFault(said),
        "E0000011" => Error::TokenInvalid(said),
        "E0000015" => Error::FeatureMissing(said),
        "E0000047" => rate_limited(said),
        code if WRONG_STATE.contains(&code) => Error::WrongState(said),
        code if BUSY.contains(&code) => Error::Busy(said),
        _ => by_status(*said),
    }
}

/// By status alone, where the code says no more.
fn by_status(said: Said) -> Error {
    let said = Box::new(said);
    match said.status {
        400 | 406 | 411 | 413..=415 | 422 => Error::Validation(said),
        401 => Error::TokenInvalid(said),
        403 => Error::Forbidden(said),
        404 | 410 => Error::NotFound(said),
        405 | 501 => Error::NoSuchCall(said),
        409 => Error::WrongState(said),
        412 => Error::Stale(said),
        423 => Error::Busy(said),
        429 => rate_limited(said),
        500.. => Error::ServerFault(said),
        _ => Error::Unexpected(said),
    }
}

fn rate_limited(said: Box<Said>) -> Error {
    Error::RateLimited {
        call: said.call.clone(),
        waited: std::time::Duration::ZERO,
        needs: std::time::Duration::ZERO,
        said: Some(said),
    }
}

/// OAuth errors, of the token endpoint (body) and of resources (`WWW-Authenticate`).
fn oauth(said: Said, scopes: Vec<String>, answered: &Answered<'_>) -> Error {
    let description = said.summary.to_ascii_lowercase();
    let has = |part: &str| description.contains(part);
    let code = said.code.clone().unwrap_or_default();
    let said = Box::new(said);
    if matches!(code.as_str(), "invalid_client" | "invalid_dpop_proof")
        && is_about_time(&description)
    {
        return Error::ClockSkew {
            skew: answered.skew,
            said,
        };
    }
    match code.as_str() {
        "insufficient_scope" => Error::ScopeMissing { scopes, said },
        "invalid_token" if has("expired") => Error::TokenExpired(said),
        "invalid_token" => Error::TokenInvalid(said),
        "invalid_client" => invalid_client(said, &description),
        "invalid_dpop_proof" if has("header is missing") => Error::DpopRequired(said),
        "invalid_dpop_proof" | "use_dpop_nonce" => Error::InvalidDpopProof(said),
        "invalid_request" if has("requires a dpop proof") || has("dpop authentication scheme") => {
            Error::DpopRequired(said)
        }
        "invalid_scope" | "consent_required" => Error::ScopeNotGranted {
            missing: named_scopes(&said.summary, answered.asked),
            said: Some(said),
        },
        "invalid_grant" => Error::GrantRejected(said),
        "unauthorized_client" | "unsupported_grant_type" => Error::ClientNotAllowed(said),
        "access_denied" if has("network zone") => Error::NetworkNotAllowed(said),
        "access_denied" => Error::Forbidden(said),
        "invalid_request" => Error::Validation(said),
        _ => by_status(*said),
    }
}

fn invalid_client(said: Box<Said>, description: &str) -> Error {
    let has = |part: &str| description.contains(part);
    let about_key = ["signature", "kid", "key", "jwks", "jku"]
        .iter()
        .any(|part| has(part));
    if has("application_type") || has("token_endpoint_auth_method") || has("must use either") {
        Error::ClientNotAllowed(said)
    } else if about_key && !has("proof key") {
        Error::KeyRejected(said)
    } else if has("valid client_id") || has("'client_id'") {
        Error::ClientUnknown(said)
    } else if has("assertion") {
        Error::AssertionRejected(said)
    } else {
        Error::ClientUnknown(said)
    }
}

/// "expired", "in the future", "before the current time": said of assertions and proofs.
fn is_about_time(description: &str) -> bool {
    [
        "is expired",
        "in the future",
        "before the current time",
        "five minutes in the past",
        "far into the future",
    ]
    .iter()
    .any(|part| description.contains(part))
}

/// The scopes a description names in brackets; all that were asked for where it names none.
fn named_scopes(summary: &str, asked: &[String]) -> Vec<String> {
    let inside = summary
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(inside, _)| inside);
    let named: Vec<String> = inside
        .unwrap_or_default()
        .split([',', ' '])
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect();
    if named.is_empty() {
        asked.to_vec()
    } else {
        named
    }
}
