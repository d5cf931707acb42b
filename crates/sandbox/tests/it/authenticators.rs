//! Authenticators: what a new org offers, and when one can be switched off.

use keywright_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, org};

async fn path_of(org: &Sandbox, key: &str) -> String {
    let (_, all) = ask(org, Method::GET, "/api/v1/authenticators", None).await;
    let one = all.as_array().unwrap().iter().find(|one| one["key"] == key);
    format!(
        "/api/v1/authenticators/{}",
        one.unwrap()["id"].as_str().unwrap()
    )
}

async fn turn(org: &Sandbox, path: &str, verb: &str) -> (u16, Value) {
    ask(org, Method::POST, &format!("{path}/lifecycle/{verb}"), None).await
}

#[tokio::test]
async fn only_what_no_policy_offers_can_be_switched_off() {
    let org = org(0, 0).await;
    let otp = path_of(&org, "google_otp").await;
    let (status, fail) = turn(&org, &otp, "deactivate").await;
    assert_eq!(
        (status, &fail["errorCode"]),
        (400, &json!("E0000001")),
        "it is off already"
    );
    assert_eq!(turn(&org, &otp, "activate").await.1["status"], "ACTIVE");
    let (status, fail) = turn(&org, &otp, "deactivate").await;
    assert_eq!((status, &fail["errorCode"]), (403, &json!("E0000148")));

    let (_, policies) = ask(&org, Method::GET, "/api/v1/policies?type=MFA_ENROLL", None).await;
    let mut policy = policies[0].clone();
    let off = json!({ "key": "google_otp", "enroll": { "self": "NOT_ALLOWED" } });
    policy["settings"]["authenticators"]
        .as_array_mut()
        .unwrap()
        .push(off);
    let here = format!("/api/v1/policies/{}", policy["id"].as_str().unwrap());
    assert_eq!(ask(&org, Method::PUT, &here, Some(policy)).await.0, 200);
    assert_eq!(turn(&org, &otp, "deactivate").await.1["status"], "INACTIVE");
}

#[tokio::test]
async fn what_only_serves_recovery_is_in_no_enrollment_policy() {
    let org = org(0, 0).await;
    let phone = path_of(&org, "phone_number").await;
    assert_eq!(turn(&org, &phone, "activate").await.1["status"], "ACTIVE");
    assert_eq!(
        turn(&org, &phone, "deactivate").await.1["status"],
        "INACTIVE"
    );
    let question = path_of(&org, "security_question").await;
    assert_eq!(turn(&org, &question, "deactivate").await.0, 200);
}

#[tokio::test]
async fn methods_of_okta_verify_are_switched_one_by_one() {
    let org = org(0, 0).await;
    let verify = path_of(&org, "okta_verify").await;
    let states = async || {
        let (_, all) = ask(&org, Method::GET, &format!("{verify}/methods"), None).await;
        let all = all.as_array().unwrap().clone();
        all.into_iter()
            .map(|one| (one["type"].clone(), one["status"].clone()))
            .collect::<Vec<_>>()
    };
    let pairs = |push: &str| {
        [
            ("totp", "ACTIVE"),
            ("push", push),
            ("signed_nonce", "INACTIVE"),
        ]
        .map(|(kind, status)| (json!(kind), json!(status)))
        .to_vec()
    };
    assert_eq!(states().await, pairs("INACTIVE"));
    turn(&org, &format!("{verify}/methods/push"), "activate").await;
    assert_eq!(states().await, pairs("ACTIVE"));
    let body = json!({ "type": "push", "settings": { "keyProtection": "HARDWARE" } });
    let (_, push) = ask(
        &org,
        Method::PUT,
        &format!("{verify}/methods/push"),
        Some(body),
    )
    .await;
    assert_eq!(push["settings"]["keyProtection"], "HARDWARE");
    assert_eq!(push["settings"]["transactionTypes"], json!(["LOGIN"]));
}

#[tokio::test]
async fn models_of_security_keys_are_added_changed_and_taken() {
    let org = org(0, 0).await;
    let all = ask(&org, Method::GET, "/api/v1/authenticators", None)
        .await
        .1;
    let all = all.as_array().unwrap();
    let id = |key: &str| {
        let one = all.iter().find(|one| one["key"] == key).unwrap();
        one["id"].as_str().unwrap().to_owned()
    };
    let here = format!("/api/v1/authenticators/{}/aaguids", id("webauthn"));
    let body = json!({ "aaguid": "2FC0579F-8113-47ea-b116-bb5a8db9202a", "name": "Acme key" });
    let made = ask(&org, Method::POST, &here, Some(body.clone())).await.1;
    assert_eq!(made["aaguid"], "2fc0579f-8113-47ea-b116-bb5a8db9202a");
    assert_eq!(ask(&org, Method::POST, &here, Some(body)).await.0, 400);
    let one = format!("{here}/2fc0579f-8113-47ea-b116-bb5a8db9202a");
    let traits = json!({ "authenticatorCharacteristics": { "hardwareProtected": true } });
    let patched = ask(&org, Method::PATCH, &one, Some(traits.clone())).await.1;
    assert_eq!(
        (
            &patched["name"],
            &patched["authenticatorCharacteristics"]["hardwareProtected"]
        ),
        (&json!("Acme key"), &json!(true))
    );
    let replaced = ask(&org, Method::PUT, &one, Some(traits)).await.1;
    assert_eq!(replaced.get("name"), None);
    assert_eq!(
        ask(&org, Method::GET, &here, None)
            .await
            .1
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(ask(&org, Method::DELETE, &one, None).await.0, 204);
    assert_eq!(ask(&org, Method::GET, &one, None).await.0, 404);
    let other = format!("/api/v1/authenticators/{}/aaguids", id("okta_email"));
    assert_eq!(
        ask(&org, Method::GET, &other, None).await.1["errorCode"],
        "E0000015"
    );
}
