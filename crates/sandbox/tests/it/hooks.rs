//! Event hooks: the endpoint is really asked.

use axum::Json;
use axum::http::HeaderMap;
use axum::routing::get;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, org};

/// An endpoint that gives the challenge back at `/right` and something else at `/wrong`; its address.
async fn endpoint() -> String {
    let right = |headers: HeaderMap| async move {
        let challenge = headers["x-okta-verification-challenge"].to_str().unwrap();
        Json(json!({ "verification": challenge }))
    };
    let wrong = || async { Json(json!({ "verification": "something else" })) };
    let app = axum::Router::new()
        .route("/right", get(right))
        .route("/wrong", get(wrong));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn hook(uri: &str) -> Value {
    json!({
        "name": "People", "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": {
            "uri": uri, "authScheme": { "type": "HEADER", "key": "Authorization", "value": "secret" },
        } },
    })
}

#[tokio::test]
async fn an_endpoint_that_gives_the_challenge_back_is_verified_until_the_hook_changes() {
    let org = org(0, 0).await;
    let there = endpoint().await;
    let body = hook(&format!("{there}/right"));
    let (_, made) = ask(&org, Method::POST, "/api/v1/eventHooks", Some(body.clone())).await;
    assert_eq!(made["verificationStatus"], "UNVERIFIED");
    let here = format!("/api/v1/eventHooks/{}", made["id"].as_str().unwrap());
    let (status, verified) = ask(
        &org,
        Method::POST,
        &format!("{here}/lifecycle/verify"),
        None,
    )
    .await;
    assert_eq!(
        (status, &verified["verificationStatus"]),
        (200, &json!("VERIFIED"))
    );
    let kept = ask(&org, Method::GET, &here, None).await.1;
    assert_eq!(kept["verificationStatus"], "VERIFIED");
    let (_, changed) = ask(&org, Method::PUT, &here, Some(body)).await;
    assert_eq!(changed["verificationStatus"], "UNVERIFIED");
}

#[tokio::test]
async fn another_answer_or_none_leaves_the_hook_unverified() {
    let org = org(0, 0).await;
    let there = endpoint().await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    for uri in [
        format!("{there}/wrong"),
        format!("{there}/missing"),
        format!("http://{closed}/"),
    ] {
        let (_, made) = ask(&org, Method::POST, "/api/v1/eventHooks", Some(hook(&uri))).await;
        let here = format!("/api/v1/eventHooks/{}", made["id"].as_str().unwrap());
        let verify = format!("{here}/lifecycle/verify");
        let (status, fail) = ask(&org, Method::POST, &verify, None).await;
        assert_eq!(
            (status, &fail["errorCode"]),
            (400, &json!("E0000001")),
            "{uri}"
        );
        let kept = ask(&org, Method::GET, &here, None).await.1;
        assert_eq!(kept["verificationStatus"], "UNVERIFIED", "{uri}");
    }
}

#[tokio::test]
async fn a_host_of_a_hook_can_be_somewhere_else() {
    let org = org(0, 0).await;
    let there = endpoint().await;
    let hosts = json!({ "hooks.example": there });
    assert_eq!(
        ask(&org, Method::POST, "/_sandbox/hosts", Some(hosts))
            .await
            .0,
        200
    );
    let body = hook("https://hooks.example/right?of=okta");
    let (_, made) = ask(&org, Method::POST, "/api/v1/eventHooks", Some(body)).await;
    let verify = format!(
        "/api/v1/eventHooks/{}/lifecycle/verify",
        made["id"].as_str().unwrap()
    );
    let (status, verified) = ask(&org, Method::POST, &verify, None).await;
    assert_eq!(
        (status, &verified["verificationStatus"]),
        (200, &json!("VERIFIED"))
    );
    let gone = json!({ "hooks.example": null });
    assert_eq!(
        ask(&org, Method::POST, "/_sandbox/hosts", Some(gone))
            .await
            .1,
        json!({})
    );
}
