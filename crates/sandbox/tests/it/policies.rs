//! Policies, their rules, and custom roles.

use reqwest::Method;
use serde_json::json;

use crate::client::{ask, org};

#[tokio::test]
async fn constraints_of_assurance_know_knowledge_and_possession_only() {
    let org = org(0, 0).await;
    let made = json!({ "type": "ACCESS_POLICY", "name": "Two", "description": "two" });
    let (_, policy) = ask(&org, Method::POST, "/api/v1/policies", Some(made)).await;
    let rules = format!("/api/v1/policies/{}/rules", policy["id"].as_str().unwrap());
    let method = json!({
        "type": "ASSURANCE", "factorMode": "2FA",
        "constraints": [
            { "authenticationMethods": [{ "key": "okta_password", "method": "password" }], "next": [] },
            { "possession": { "deviceBound": "REQUIRED" } },
        ],
    });
    let body = json!({
        "type": "ACCESS_POLICY", "name": "Rule", "priority": 1,
        "actions": { "appSignOn": { "access": "ALLOW", "verificationMethod": method } },
    });
    let (_, rule) = ask(&org, Method::POST, &rules, Some(body)).await;
    assert_eq!(
        rule["actions"]["appSignOn"]["verificationMethod"]["constraints"],
        json!([{}, { "possession": { "deviceBound": "REQUIRED", "required": true } }])
    );
}

#[tokio::test]
async fn a_changed_role_does_not_tell_whether_it_can_be_copied() {
    let org = org(0, 0).await;
    let body =
        json!({ "label": "Helper", "description": "helps", "permissions": ["okta.users.read"] });
    let (_, role) = ask(&org, Method::POST, "/api/v1/iam/roles", Some(body)).await;
    assert_eq!(role["isCloneable"], false);
    let here = format!("/api/v1/iam/roles/{}", role["id"].as_str().unwrap());
    let body = json!({ "label": "Helper", "description": "helps more" });
    let (_, changed) = ask(&org, Method::PUT, &here, Some(body)).await;
    assert_eq!(changed["description"], "helps more");
    assert_eq!(changed.get("isCloneable"), None);
}
