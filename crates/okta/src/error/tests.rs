use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::*;

/// The variant's name: what the tables compare.
fn name(error: &Error) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn answered(status: u16, header: Option<&'static str>, body: &str) -> Error {
    let mut headers = HeaderMap::new();
    headers.insert("x-okta-request-id", "req-1".parse().unwrap());
    if let Some(header) = header {
        headers.insert("www-authenticate", header.parse().unwrap());
    }
    let asked = ["okta.users.read".to_owned()];
    classify(&Answered {
        call: "POST /oauth2/v1/token",
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers,
        body: body.as_bytes(),
        skew: SignedDuration::ZERO,
        asked: &asked,
    })
}

/// Status, `error`, `error_description`, and the variant it must become.
const OAUTH: [(u16, &str, &str, &str); 25] = [
    (
        401,
        "invalid_client",
        "The client_assertion JWT signature algorithm is invalid.",
        "KeyRejected",
    ),
    (
        401,
        "invalid_client",
        "Error retrieving the client JWKSet from jwks_uri.",
        "KeyRejected",
    ),
    (
        401,
        "invalid_client",
        "Client authentication failed. Either the client or the client credentials are invalid.",
        "ClientUnknown",
    ),
    (
        400,
        "invalid_request",
        "The id_token_hint is expired.",
        "Validation",
    ),
    (
        403,
        "access_denied",
        "The resource owner or authorization server denied the request.",
        "Forbidden",
    ),
    (
        401,
        "invalid_client",
        "Invalid value for 'client_id' parameter.",
        "ClientUnknown",
    ),
    (
        401,
        "invalid_client",
        "The issuer claim for client_assertion is not a valid client_id.",
        "ClientUnknown",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion signature is invalid.",
        "KeyRejected",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion JWT kid is invalid.",
        "KeyRejected",
    ),
    (
        401,
        "invalid_client",
        "The client does not have a JWKSet configured, but the client_assertion requires one.",
        "KeyRejected",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token is expired.",
        "ClockSkew",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token must be issued before the current time.",
        "ClockSkew",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token has an expiration too far into the future.",
        "ClockSkew",
    ),
    (
        401,
        "invalid_client",
        "The audience claim for client_assertion must be the endpoint invoked for the request.",
        "AssertionRejected",
    ),
    (
        401,
        "invalid_client",
        "The client_assertion token has already been used.",
        "AssertionRejected",
    ),
    (
        401,
        "invalid_client",
        "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server.",
        "ClientNotAllowed",
    ),
    (
        400,
        "invalid_dpop_proof",
        "The DPoP proof JWT header is missing.",
        "DpopRequired",
    ),
    (
        400,
        "invalid_dpop_proof",
        "'htu' claim in the DPoP proof JWT is invalid.",
        "InvalidDpopProof",
    ),
    (
        400,
        "invalid_dpop_proof",
        "The DPoP proof JWT is issued in the future.",
        "ClockSkew",
    ),
    (
        400,
        "invalid_dpop_proof",
        "The DPoP proof JWT is issued more than five minutes in the past.",
        "ClockSkew",
    ),
    (
        400,
        "invalid_scope",
        "One or more scopes are not configured for the authorization server resource.",
        "ScopeNotGranted",
    ),
    (
        400,
        "consent_required",
        "You are not allowed any of the requested scopes.",
        "ScopeNotGranted",
    ),
    (
        400,
        "unauthorized_client",
        "The client is not authorized to use the provided grant type.",
        "ClientNotAllowed",
    ),
    (
        400,
        "invalid_grant",
        "The refresh token is invalid or expired.",
        "GrantRejected",
    ),
    (
        403,
        "access_denied",
        "The request is made from outside the client's permitted network zones.",
        "NetworkNotAllowed",
    ),
];

#[test]
fn oauth_errors_by_description() {
    for (status, code, text, want) in OAUTH {
        let body = json!({"error": code, "error_description": text}).to_string();
        let error = answered(status, None, &body);
        assert_eq!(name(&error), want, "{text}");
        assert_eq!(
            (error.code(), error.request_id()),
            (Some(code), Some("req-1"))
        );
    }
}

#[test]
fn missing_scopes_are_named() {
    let body = json!({"error": "consent_required", "error_description":
        "The following scopes require user consent and cannot be granted for the client credentials grant type: [okta.a.read, okta.b.read]."});
    let Error::ScopeNotGranted { missing, .. } = answered(400, None, &body.to_string()) else {
        panic!("variant")
    };
    assert_eq!(missing, ["okta.a.read", "okta.b.read"]);
    let body = json!({"error": "consent_required", "error_description": "You are not allowed any of the requested scopes."});
    let Error::ScopeNotGranted { missing, .. } = answered(400, None, &body.to_string()) else {
        panic!("variant")
    };
    assert_eq!(missing, ["okta.users.read"]);
}

#[test]
fn empty_bodies_speak_by_header() {
    let scope = r#"Bearer realm="http://acme", scope="okta.groups.read", error="insufficient_scope", error_description="x""#;
    let Error::ScopeMissing { scopes, said } = answered(403, Some(scope), "") else {
        panic!("variant")
    };
    assert_eq!(
        (scopes, said.status),
        (vec!["okta.groups.read".to_owned()], 403)
    );
    for (status, header, want) in [
        (
            403,
            r#"DPoP algs="RS256", scope="a", error="insufficient_scope""#,
            "ScopeMissing",
        ),
        (
            401,
            r#"Bearer error="invalid_token", error_description="The token has expired.""#,
            "TokenExpired",
        ),
        (
            401,
            r#"Bearer error="invalid_token", error_description="The access token has been revoked.""#,
            "TokenInvalid",
        ),
        (
            400,
            r#"DPoP error="invalid_dpop_proof", error_description="'ath' claim is wrong""#,
            "InvalidDpopProof",
        ),
        (
            400,
            r#"DPoP error="invalid_request", error_description="The resource request requires a DPoP proof.""#,
            "DpopRequired",
        ),
        (403, "Basic x=y", "Forbidden"),
        (401, "", "TokenInvalid"),
    ] {
        assert_eq!(name(&answered(status, Some(header), "")), want, "{header}");
    }
}

#[test]
fn a_header_says_more_than_a_general_code() {
    let body =
        r#"{"errorCode": "E0000011", "errorSummary": "Invalid token provided", "errorId": "oae1"}"#;
    for (header, want) in [
        (None, "TokenInvalid"),
        (Some("Basic realm=x"), "TokenInvalid"),
        (Some("Bearer realm=x"), "TokenInvalid"),
        (
            Some(r#"Bearer error="invalid_token", error_description="The token has expired.""#),
            "TokenExpired",
        ),
        (Some(r#"DPoP error="use_dpop_nonce""#), "InvalidDpopProof"),
    ] {
        let error = answered(401, header, body);
        assert_eq!(name(&error), want, "{header:?}");
        assert_eq!(error.said().unwrap().error_id.as_deref(), Some("oae1"));
    }
    let role = r#"{"errorCode": "E0000006", "errorSummary": "no"}"#;
    let header = Some(r#"Bearer error="insufficient_scope", scope="okta.users.read""#);
    assert_eq!(name(&answered(403, header, role)), "RoleMissing");
}

#[test]
fn every_error_has_a_mend_in_words() {
    let said = || Box::new(Said::default());
    for error in [
        Error::TokenInvalid(said()),
        Error::KeyRejected(said()),
        Error::DpopRequired(said()),
        Error::RoleMissing(said()),
        Error::ScopeMissing {
            scopes: vec!["okta.users.read".into()],
            said: said(),
        },
        Error::ClockSkew {
            skew: SignedDuration::from_secs(-600),
            said: said(),
        },
        Error::PagingLoop {
            call: "GET /api/v1/users".into(),
            page: 3,
        },
        Error::Unreachable {
            host: "acme.okta.com".into(),
            cause: "no route".into(),
        },
        Error::Unexpected(said()),
    ] {
        assert!(error.mend().len() > 40, "{error:?}");
    }
    assert!(
        Error::ScopeMissing {
            scopes: vec!["okta.users.read".into()],
            said: said()
        }
        .mend()
        .contains("okta.users.read")
    );
}
