//! Access tokens: renewal, scopes, the clock, secrets in errors and debug texts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keywright_okta::{Clock, Credentials, Error, Limits, TokenScheme};
use serde_json::json;

use crate::peer::{Peer, dpop_credentials, oauth, oauth_credentials, reply, token, user, with};

#[tokio::test]
async fn an_api_token_goes_with_each_call() {
    let peer = Peer::start(|_, _| reply(200, &user("00u1"))).await;
    let client = peer.with_token();
    assert_eq!(client.sign_in().await.unwrap().scheme, TokenScheme::Ssws);
    client.me().await.unwrap();
    let asked = &peer.asked()[0];
    assert_eq!(asked.header("authorization"), "SSWS 00secret");
    assert_eq!(asked.header("accept"), "application/json");
    assert!(asked.header("user-agent").starts_with("keywright-okta/"));
    assert_eq!(asked.line, "GET /api/v1/users/me");
}

#[tokio::test]
async fn a_bad_api_token_is_not_tried_twice() {
    let peer = Peer::start(|_, _| {
        reply(
            401,
            &json!({"errorCode": "E0000011", "errorSummary": "Invalid token provided"}),
        )
    })
    .await;
    let error = peer.with_token().me().await.unwrap_err();
    assert!(
        matches!(&error, Error::TokenInvalid(said) if said.request_id.as_deref() == Some("req-1"))
    );
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn a_refused_access_token_is_replaced_once() {
    let peer = Peer::start(|asked, before| {
        if asked.is("POST /oauth2/v1/token") {
            token("Bearer", &format!("at-{before}"), "okta.users.read")
        } else {
            {
                let challenge =
                    r#"Bearer error="invalid_token", error_description="The token has expired.""#;
                with(reply(401, &json!({})), "www-authenticate", challenge)
            }
        }
    })
    .await;
    let error = peer
        .client(oauth_credentials())
        .build()
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TokenExpired(_)));
    let lines: Vec<_> = peer
        .asked()
        .iter()
        .map(|asked| asked.header("authorization").to_owned())
        .collect();
    assert_eq!(lines, ["", "Bearer at-0", "", "Bearer at-2"]);
}

/// A feature the org lacks is a 401 too, but no new token will cure it.
#[tokio::test]
async fn a_missing_feature_does_not_cost_the_token() {
    let peer = Peer::start(|asked, _| {
        if asked.is("POST /oauth2/v1/token") {
            token("Bearer", "at", "okta.users.read")
        } else {
            reply(401, &json!({"errorCode": "E0000015", "errorSummary": "no"}))
        }
    })
    .await;
    let error = peer
        .client(oauth_credentials())
        .build()
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::FeatureMissing(_)));
    assert_eq!(peer.asked().len(), 2);
}

#[tokio::test]
async fn fewer_scopes_than_asked_is_an_error() {
    let peer = Peer::start(|_, _| token("Bearer", "at", "okta.users.read")).await;
    let client = peer
        .client(oauth_credentials())
        .build()
        .unwrap()
        .with_scopes(["okta.users.read", "okta.logs.read"]);
    let error = client.sign_in().await.unwrap_err();
    assert_eq!(
        error,
        Error::ScopeNotGranted {
            missing: vec!["okta.logs.read".into()],
            said: None
        }
    );
    assert!(error.mend().contains("okta.logs.read"));
}

#[tokio::test]
async fn many_calls_share_one_token() {
    let peer = Peer::start(|asked, _| {
        if asked.is("POST /oauth2/v1/token") {
            token("Bearer", "at", "okta.users.read")
        } else {
            reply(200, &user("00u1"))
        }
    })
    .await;
    let client = peer.client(oauth_credentials()).build().unwrap();
    let calls = (0..8).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.me().await.unwrap() })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    assert_eq!(
        peer.asked().iter().filter(|asked| asked.is("POST")).count(),
        1
    );
}

/// A peer as strict as Okta about time, whose clock is ten minutes behind ours.
#[tokio::test]
async fn a_clock_ten_minutes_off_is_put_right() {
    let okta: Timestamp = "2026-03-12T04:57:45Z".parse().unwrap();
    for off in [
        SignedDuration::from_mins(10),
        SignedDuration::from_mins(-10),
    ] {
        let date = jiff::fmt::rfc2822::to_string(&okta.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        let peer = Peer::start(move |asked, _| {
            let answer = if asked.is("POST /oauth2/v1/token") {
                let (assertion, proof) = (asked.assertion(), asked.proof());
                let second = |value: &serde_json::Value| value.as_i64().unwrap();
                let now = okta.as_second();
                if second(&assertion["iat"]) > now {
                    oauth(
                        401,
                        "invalid_client",
                        "The client_assertion token must be issued before the current time.",
                    )
                } else if second(&assertion["exp"]) <= now {
                    oauth(
                        401,
                        "invalid_client",
                        "The client_assertion token is expired.",
                    )
                } else if (second(&proof["iat"]) - now).abs() > 300 {
                    oauth(
                        400,
                        "invalid_dpop_proof",
                        "The DPoP proof JWT is issued more than five minutes in the past.",
                    )
                } else {
                    token("DPoP", "at", "okta.users.read")
                }
            } else {
                reply(200, &user("00u1"))
            };
            with(answer, "date", &date)
        })
        .await;
        let clock = Clock::from_fn(move || okta + off);
        let client = peer
            .client(dpop_credentials())
            .clock(clock)
            .build()
            .unwrap();
        client.me().await.unwrap();
        assert_eq!(client.skew(), -off);
        assert_eq!(peer.asked().len(), 3, "refused once, then right");
    }
}

#[tokio::test]
async fn a_clock_that_cannot_be_put_right_is_told() {
    let peer = Peer::start(|_, _| {
        oauth(
            401,
            "invalid_client",
            "The client_assertion token is expired.",
        )
    })
    .await;
    let error = peer
        .client(oauth_credentials())
        .build()
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ClockSkew { .. }) && error.mend().contains("NTP"));
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn okta_s_own_failures_are_tried_again() {
    let peer = Peer::start(|asked, before| {
        if before < 2 {
            reply(503, &json!({}))
        } else if asked.is("POST") {
            token("Bearer", "at", "okta.users.read")
        } else {
            reply(200, &user("00u1"))
        }
    })
    .await;
    let limits = Limits {
        first_pause: Duration::from_millis(1),
        ..Limits::default()
    };
    peer.client(oauth_credentials())
        .limits(limits)
        .build()
        .unwrap()
        .me()
        .await
        .unwrap();
    assert_eq!(peer.asked().len(), 4);
}

#[tokio::test]
async fn secrets_show_nowhere() {
    let peer =
        Peer::start(|_, _| reply(200, &json!({"access_token": 5, "secret": "at-hidden"}))).await;
    let credentials = oauth_credentials();
    let Credentials::Oauth { key, .. } = &credentials else {
        panic!("kind")
    };
    let private = key
        .private_pem()
        .reveal()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    let client = peer.client(credentials).build().unwrap();
    let error = client.me().await.unwrap_err();
    let texts = format!("{client:?} {error:?} {error} {:?}", peer.with_token());
    for secret in ["at-hidden", "00secret", &private] {
        assert!(!texts.contains(secret), "{texts}");
    }
}
