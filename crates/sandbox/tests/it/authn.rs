//! Signing in step by step at `/api/v1/authn`, and the sessions that come of it.

use keywright_sandbox::Sandbox;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{ask, http, org};

const PASSWORD: &str = "Correct-Horse-1";

/// A person with a password; gives its id.
async fn person(org: &Sandbox, login: &str) -> String {
    let body = json!({
        "profile": { "login": login, "email": login, "firstName": "Grace", "lastName": "Hopper" },
        "credentials": { "password": { "value": PASSWORD } },
    });
    let (status, made) = ask(org, Method::POST, "/api/v1/users?activate=true", Some(body)).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

/// A call without any token.
async fn open(org: &Sandbox, path: &str, body: Value) -> (u16, Value) {
    let url = if path.starts_with("http") {
        path.to_owned()
    } else {
        format!("{}{path}", org.url())
    };
    let answer = http().post(url).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn sign_in(org: &Sandbox, login: &str, password: &str) -> (u16, Value) {
    open(
        org,
        "/api/v1/authn",
        json!({ "username": login, "password": password }),
    )
    .await
}

async fn cookie(org: &Sandbox, method: Method, path: &str, session: &str) -> Response {
    let request = http().request(method, format!("{}{path}", org.url()));
    request
        .header("cookie", format!("sid={session}"))
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_session_is_made_once_looked_at_lengthened_and_ended() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    let (status, done) = sign_in(&org, "grace@acme.example", PASSWORD).await;
    assert_eq!((status, &done["status"]), (200, &json!("SUCCESS")));
    assert_eq!(done["_embedded"]["user"]["id"], *id);
    let token = json!({ "sessionToken": done["sessionToken"] });
    let (status, made) = ask(&org, Method::POST, "/api/v1/sessions", Some(token.clone())).await;
    assert_eq!(
        (status, &made["login"]),
        (200, &json!("grace@acme.example"))
    );
    let (status, again) = ask(&org, Method::POST, "/api/v1/sessions", Some(token)).await;
    assert_eq!((status, &again["errorCode"]), (401, &json!("E0000004")));
    let (status, empty) = ask(&org, Method::POST, "/api/v1/sessions", Some(json!({}))).await;
    assert_eq!((status, &empty["errorCode"]), (400, &json!("E0000003")));

    let session = made["id"].as_str().unwrap();
    let here = format!("/api/v1/sessions/{session}");
    let shown = ask(&org, Method::GET, &here, None).await.1;
    assert_eq!(
        (&shown["userId"], &shown["amr"]),
        (&json!(id), &json!(["pwd"]))
    );
    org.advance_clock_ms(3_600_000);
    let later = ask(
        &org,
        Method::POST,
        &format!("{here}/lifecycle/refresh"),
        None,
    )
    .await
    .1;
    assert!(later["expiresAt"].as_str() > shown["expiresAt"].as_str());
    let mine: Value = cookie(&org, Method::GET, "/api/v1/sessions/me", session)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(mine["id"], session);
    let end = cookie(&org, Method::DELETE, "/api/v1/sessions/me", session).await;
    assert_eq!(end.status(), 204);
    let (status, gone) = ask(&org, Method::GET, &here, None).await;
    assert_eq!(
        (status, &gone["errorSummary"]),
        (
            404,
            &json!(format!(
                "Not found: Resource not found: {session} (AppSession)"
            ))
        )
    );
}

#[tokio::test]
async fn a_session_dies_with_time_and_with_its_user() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    let session = async || {
        let token = sign_in(&org, "grace@acme.example", PASSWORD).await.1["sessionToken"].clone();
        let made = ask(
            &org,
            Method::POST,
            "/api/v1/sessions",
            Some(json!({ "sessionToken": token })),
        )
        .await
        .1;
        format!("/api/v1/sessions/{}", made["id"].as_str().unwrap())
    };
    let one = session().await;
    org.advance_clock_ms(7_201_000);
    assert_eq!(ask(&org, Method::GET, &one, None).await.0, 404);
    let other = session().await;
    assert_eq!(ask(&org, Method::GET, &other, None).await.0, 200);
    ask(
        &org,
        Method::POST,
        &format!("/api/v1/users/{id}/lifecycle/suspend"),
        None,
    )
    .await;
    assert_eq!(ask(&org, Method::GET, &other, None).await.0, 404);
    let token = sign_in(&org, "grace@acme.example", PASSWORD).await;
    assert_eq!((token.0, &token.1["errorCode"]), (401, &json!("E0000004")));
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_lock_out() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    let nobody = sign_in(&org, "nobody@acme.example", "x").await;
    assert_eq!(
        (nobody.0, &nobody.1["errorCode"]),
        (401, &json!("E0000004"))
    );
    for _ in 0..10 {
        assert_eq!(sign_in(&org, "grace@acme.example", "wrong").await.0, 401);
    }
    let right = sign_in(&org, "grace@acme.example", PASSWORD).await;
    assert_eq!((right.0, &right.1["errorCode"]), (401, &json!("E0000004")));
    let locked = ask(&org, Method::GET, &format!("/api/v1/users/{id}"), None)
        .await
        .1;
    assert_eq!(locked["status"], "LOCKED_OUT");
}

#[tokio::test]
async fn a_password_that_is_over_is_changed_on_the_way() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    ask(
        &org,
        Method::POST,
        &format!("/api/v1/users/{id}/lifecycle/expire_password"),
        None,
    )
    .await;
    let (status, over) = sign_in(&org, "grace@acme.example", PASSWORD).await;
    assert_eq!((status, &over["status"]), (200, &json!("PASSWORD_EXPIRED")));
    let next = over["_links"]["next"]["href"].as_str().unwrap();
    let change = |old: &str, new: &str| json!({ "stateToken": over["stateToken"], "oldPassword": old, "newPassword": new });
    let wrong = open(&org, next, change("wrong", "Another-Horse-2")).await;
    assert_eq!((wrong.0, &wrong.1["errorCode"]), (403, &json!("E0000014")));
    let short = open(&org, next, change(PASSWORD, "x")).await;
    assert_eq!((short.0, &short.1["errorCode"]), (403, &json!("E0000080")));
    let done = open(&org, next, change(PASSWORD, "Another-Horse-2"))
        .await
        .1;
    assert_eq!(done["status"], "SUCCESS");
    assert_eq!(
        sign_in(&org, "grace@acme.example", "Another-Horse-2")
            .await
            .1["status"],
        "SUCCESS"
    );
    let stale = open(
        &org,
        "/api/v1/authn",
        json!({ "stateToken": over["stateToken"] }),
    )
    .await;
    assert_eq!((stale.0, &stale.1["errorCode"]), (401, &json!("E0000011")));
}

/// Makes the default sign-on policy ask for a second factor, or deny.
async fn rule(org: &Sandbox, signon: Value) {
    let all = ask(org, Method::GET, "/api/v1/policies?type=OKTA_SIGN_ON", None)
        .await
        .1;
    let path = format!("/api/v1/policies/{}/rules", all[0]["id"].as_str().unwrap());
    let body = json!({ "type": "SIGN_ON", "name": "All", "actions": { "signon": signon } });
    let (status, made) = ask(org, Method::POST, &path, Some(body)).await;
    assert_eq!(status, 200, "{made}");
}

#[tokio::test]
async fn a_policy_asks_for_a_second_factor() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    let factor = json!({ "factorType": "question", "provider": "OKTA", "profile": { "question": "disliked_food", "answer": "mayonnaise" } });
    let path = format!("/api/v1/users/{id}/factors");
    rule(
        &org,
        json!({ "access": "ALLOW", "requireFactor": true, "factorPromptMode": "ALWAYS" }),
    )
    .await;
    let none = sign_in(&org, "grace@acme.example", PASSWORD).await.1;
    assert_eq!(none["status"], "MFA_ENROLL");
    ask(&org, Method::POST, &path, Some(factor)).await;
    let asked = sign_in(&org, "grace@acme.example", PASSWORD).await.1;
    assert_eq!(asked["status"], "MFA_REQUIRED");
    let verify = asked["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    let shown = |answer: &str| json!({ "stateToken": asked["stateToken"], "answer": answer });
    let wrong = open(&org, verify, shown("ketchup")).await;
    assert_eq!((wrong.0, &wrong.1["errorCode"]), (403, &json!("E0000068")));
    let done = open(&org, verify, shown("mayonnaise")).await.1;
    assert_eq!(done["status"], "SUCCESS");
    let token = json!({ "sessionToken": done["sessionToken"] });
    let made = ask(&org, Method::POST, "/api/v1/sessions", Some(token))
        .await
        .1;
    assert!(made["lastFactorVerification"].is_string());
}

#[tokio::test]
async fn a_phone_is_polled_and_a_sign_in_can_be_given_up() {
    let org = org(0, 0).await;
    let id = person(&org, "grace@acme.example").await;
    let path = format!("/api/v1/users/{id}/factors");
    let made = ask(
        &org,
        Method::POST,
        &path,
        Some(json!({ "factorType": "push", "provider": "OKTA" })),
    )
    .await
    .1;
    let phone = async |order: Value| {
        http()
            .post(format!("{}/_sandbox/phone", org.url()))
            .json(&order)
            .send()
            .await
            .unwrap();
    };
    phone(json!({ "op": "enroll", "factor": made["id"] })).await;
    rule(
        &org,
        json!({ "access": "ALLOW", "requireFactor": true, "factorPromptMode": "ALWAYS" }),
    )
    .await;
    let asked = sign_in(&org, "grace@acme.example", PASSWORD).await.1;
    let state = json!({ "stateToken": asked["stateToken"] });
    let verify = asked["_embedded"]["factors"][0]["_links"]["verify"]["href"]
        .as_str()
        .unwrap();
    let waiting = open(&org, verify, state.clone()).await.1;
    assert_eq!(
        (&waiting["status"], &waiting["factorResult"]),
        (&json!("MFA_CHALLENGE"), &json!("WAITING"))
    );
    let back = open(&org, "/api/v1/authn/previous", state.clone()).await.1;
    assert_eq!(back["status"], "MFA_REQUIRED");
    open(&org, verify, state.clone()).await;
    let given_up = open(&org, "/api/v1/authn/cancel", state.clone()).await;
    assert_eq!(given_up, (200, json!({})));
    assert_eq!(open(&org, verify, state).await.0, 401);
}

#[tokio::test]
async fn a_policy_that_denies_lets_nobody_in() {
    let org = org(0, 0).await;
    person(&org, "grace@acme.example").await;
    rule(&org, json!({ "access": "DENY" })).await;
    let denied = sign_in(&org, "grace@acme.example", PASSWORD).await;
    assert_eq!(
        (denied.0, &denied.1["errorCode"]),
        (403, &json!("E0000085"))
    );
}
