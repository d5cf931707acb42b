//! Refusals as the client meets them: scope, role, rate limit, busy.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use jiff::Timestamp;
use keywright_okta::{Credentials, Error, Limits, RateBudget};
use serde_json::json;

use crate::peer::{Peer, reply, user, with};

#[tokio::test]
async fn scope_and_role() {
    let challenge = r#"Bearer realm="http://x", scope="okta.users.read", error="insufficient_scope", error_description="d""#;
    let peer = Peer::start(move |_, before| match before {
        0 => with(Response::builder().status(403).body(Body::empty()).unwrap(), "www-authenticate", challenge),
        _ => reply(403, &json!({"errorCode": "E0000006", "errorSummary": "You do not have permission", "errorCauses": []})),
    })
    .await;
    let client = peer.with_token();
    let error = client.me().await.unwrap_err();
    assert!(matches!(&error, Error::ScopeMissing { scopes, .. } if scopes == &["okta.users.read"]));
    let error = client.me().await.unwrap_err();
    assert!(matches!(&error, Error::RoleMissing(said) if said.call == "GET /api/v1/users/me"));
}

/// End of a window, in seconds of the epoch; `ahead` of the answer's `Date`. Answers with 200 are a window later.
const RESET: i64 = 1_773_291_473;

fn limited(remaining: u32, limit: u32, ahead: i64, status: u16) -> Response<Body> {
    let reset = RESET + i64::from(status == 200) * 60;
    let body = if status == 200 {
        user("00u1")
    } else {
        json!({"errorCode": "E0000047", "errorSummary": "limit"})
    };
    let response = with(
        reply(status, &body),
        "x-rate-limit-limit",
        &limit.to_string(),
    );
    let response = with(response, "x-rate-limit-remaining", &remaining.to_string());
    let at = Timestamp::from_second(reset)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC);
    let date =
        jiff::fmt::rfc2822::to_string(&at.checked_sub(jiff::Span::new().seconds(ahead)).unwrap())
            .unwrap();
    with(
        with(response, "x-rate-limit-reset", &reset.to_string()),
        "date",
        &date,
    )
}

/// The window's end is told by the answer's own `Date`: one second ahead, whatever the clock here says.
#[tokio::test]
async fn a_refused_call_waits_for_the_reset_and_goes_on() {
    let peer = Peer::start(|_, before| match before {
        0 => limited(0, 100, 1, 429),
        _ => limited(99, 100, 60, 200),
    })
    .await;
    let client = peer.with_token();
    client.me().await.unwrap();
    assert_eq!(peer.asked().len(), 2);
    let waiting = client.budget().waiting();
    assert_eq!((waiting.calls, waiting.waits, waiting.refused), (0, 1, 1));
}

#[tokio::test]
async fn a_limit_that_stays_used_up_is_told_in_the_end() {
    let peer = Peer::start(|_, _| limited(0, 100, 60, 429)).await;
    let limits = Limits {
        rate_wait: Duration::from_millis(500),
        ..Limits::default()
    };
    let client = peer
        .client(Credentials::ApiToken("t".into()))
        .limits(limits)
        .build()
        .unwrap();
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { .. }), "{error:?}");
    assert_eq!(peer.asked().len(), 1);
}

#[tokio::test]
async fn busy_is_tried_again() {
    let peer = Peer::start(|_, before| match before {
        0 => reply(
            423,
            &json!({"errorCode": "E0000239", "errorSummary": "being reconciled"}),
        ),
        _ => reply(200, &json!({"id": "0pr1"})),
    })
    .await;
    let limits = Limits {
        first_pause: Duration::from_millis(1),
        ..Limits::default()
    };
    let client = peer
        .client(Credentials::ApiToken("t".into()))
        .limits(limits)
        .build()
        .unwrap();
    let made: serde_json::Value = client
        .post("/api/v1/groups/rules", &[], &json!({}))
        .await
        .unwrap();
    assert_eq!((made["id"].as_str(), peer.asked().len()), (Some("0pr1"), 2));
}

/// Two clients of one connection draw from one budget, and stay within its share together.
#[tokio::test]
async fn two_clients_share_one_budget() {
    let peer =
        Peer::start(|_, before| limited(9 - u32::try_from(before.min(9)).unwrap(), 10, 60, 200))
            .await;
    let budget = Arc::new(RateBudget::new(50));
    let limits = Limits {
        rate_wait: Duration::from_millis(500),
        ..Limits::default()
    };
    let client = || {
        let client = peer
            .client(Credentials::ApiToken("t".into()))
            .limits(limits);
        client.budget(Arc::clone(&budget)).build().unwrap()
    };
    let (one, other) = (client(), client());
    let mut refused = 0;
    for _ in 0..4 {
        refused += usize::from(one.me().await.is_err());
        refused += usize::from(other.user("00u1").await.is_err());
    }
    assert_eq!(
        (peer.asked().len(), refused),
        (5, 3),
        "half of ten, by two kinds of calls together"
    );
}
