//! Custom authorization servers by the management API: scopes, claims, policies, rules, keys.

use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{App, app, claims_of, post, tokens};
use crate::client::{ask, org};

const ALL: &str = "/api/v1/authorizationServers";

async fn machine(org: &keywright_sandbox::Sandbox) -> App {
    let settings = json!({ "application_type": "service", "grant_types": ["client_credentials"], "response_types": ["token"] });
    app(org, "Machine", settings, json!({})).await
}

async fn granted(
    org: &keywright_sandbox::Sandbox,
    server: &str,
    app: &App,
    scope: &str,
) -> (u16, Value) {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    post(org, &format!("/oauth2/{server}/v1/token"), app, &form).await
}

#[tokio::test]
async fn a_server_of_ones_own() {
    let org = org(1, 0).await;
    let machine = machine(&org).await;
    let body = json!({ "name": "Orders", "description": "", "audiences": ["api://orders"] });
    let (status, made) = ask(&org, Method::POST, ALL, Some(body.clone())).await;
    assert_eq!((status, &made["status"]), (201, &json!("ACTIVE")), "{made}");
    assert_eq!(
        ask(&org, Method::POST, ALL, Some(body)).await.0,
        400,
        "the name is taken"
    );
    let id = made["id"].as_str().unwrap();
    let here = format!("{ALL}/{id}");
    assert_eq!(made["issuer"], format!("{}/oauth2/{id}", org.url()));

    let scope = json!({ "name": "orders.read", "metadataPublish": "ALL_CLIENTS" });
    assert_eq!(
        ask(&org, Method::POST, &format!("{here}/scopes"), Some(scope))
            .await
            .0,
        201
    );
    let claim = json!({ "name": "tier", "claimType": "RESOURCE", "valueType": "EXPRESSION", "value": "\"gold\"" });
    assert_eq!(
        ask(&org, Method::POST, &format!("{here}/claims"), Some(claim))
            .await
            .0,
        201
    );
    let (status, refused) = granted(&org, id, &machine, "orders.read").await;
    assert_eq!(
        (status, &refused["error"]),
        (401, &json!("access_denied")),
        "there is no policy yet"
    );

    let policy = json!({ "type": "OAUTH_AUTHORIZATION_POLICY", "name": "P", "description": "d", "conditions": { "clients": { "include": [machine.client_id] } } });
    let (status, policy) = ask(
        &org,
        Method::POST,
        &format!("{here}/policies"),
        Some(policy),
    )
    .await;
    assert_eq!((status, &policy["priority"]), (201, &json!(1)));
    let rules = format!("{here}/policies/{}/rules", policy["id"].as_str().unwrap());
    let rule = json!({
        "type": "RESOURCE_ACCESS", "name": "R",
        "conditions": { "grantTypes": { "include": ["client_credentials"] }, "scopes": { "include": ["orders.read"] } },
        "actions": { "token": { "accessTokenLifetimeMinutes": 5, "refreshTokenLifetimeMinutes": 0, "refreshTokenWindowMinutes": 60 } },
    });
    let (status, rule) = ask(&org, Method::POST, &rules, Some(rule)).await;
    assert_eq!(status, 201, "{rule}");
    let (status, token) = granted(&org, id, &machine, "orders.read").await;
    assert_eq!(
        (status, &token["expires_in"]),
        (200, &json!(300)),
        "{token}"
    );
    let claims = claims_of(&token["access_token"]);
    assert_eq!(
        (&claims["aud"], &claims["sub"], &claims["tier"]),
        (
            &json!("api://orders"),
            &json!(machine.client_id),
            &json!("gold")
        )
    );

    let (_, document) = ask(
        &org,
        Method::GET,
        &format!("/oauth2/{id}/.well-known/openid-configuration"),
        None,
    )
    .await;
    assert!(
        document["scopes_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("orders.read"))
    );
    assert_eq!(document["issuer"], made["issuer"]);

    let deactivate = format!(
        "{rules}/{}/lifecycle/deactivate",
        rule["id"].as_str().unwrap()
    );
    assert_eq!(ask(&org, Method::POST, &deactivate, None).await.0, 204);
    assert_eq!(granted(&org, id, &machine, "orders.read").await.0, 401);
    assert_eq!(
        ask(
            &org,
            Method::POST,
            &format!("{here}/lifecycle/deactivate"),
            None
        )
        .await
        .0,
        204
    );
    assert_eq!(granted(&org, id, &machine, "orders.read").await.0, 404);
    assert_eq!(ask(&org, Method::DELETE, &here, None).await.0, 204);
    assert_eq!(ask(&org, Method::GET, &here, None).await.0, 404);
    assert_eq!(
        ask(&org, Method::DELETE, &format!("{ALL}/default"), None)
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn keys_rotate_and_old_tokens_can_still_be_checked() {
    let org = org(1, 0).await;
    let web = app(&org, "Web", json!({}), json!({})).await;
    let before = tokens(&org, "/default", &web, "openid").await;
    let keys = format!("{ALL}/default/credentials/keys");
    let (_, old) = ask(&org, Method::GET, &keys, None).await;
    assert_eq!(
        old.as_array()
            .unwrap()
            .iter()
            .map(|key| key["status"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["ACTIVE", "NEXT"]
    );
    let rotate = format!("{ALL}/default/credentials/lifecycle/keyRotate");
    assert_eq!(
        ask(&org, Method::POST, &rotate, Some(json!({ "use": "enc" })))
            .await
            .0,
        400
    );
    let (status, new) = ask(&org, Method::POST, &rotate, Some(json!({ "use": "sig" }))).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&new[0]["kid"], &new[2]["kid"]),
        (&old[1]["kid"], &old[0]["kid"])
    );
    let (_, seen) = post(
        &org,
        "/oauth2/default/v1/introspect",
        &web,
        &[("token", before["access_token"].as_str().unwrap())],
    )
    .await;
    assert_eq!(seen["active"], true);
}

#[tokio::test]
async fn policies_and_rules_keep_their_order() {
    let org = org(1, 0).await;
    let policies = format!("{ALL}/default/policies");
    let first = json!({ "type": "OAUTH_AUTHORIZATION_POLICY", "name": "First", "description": "d", "priority": 1, "conditions": { "clients": { "include": ["ALL_CLIENTS"] } } });
    let (_, made) = ask(&org, Method::POST, &policies, Some(first.clone())).await;
    let (_, list) = ask(&org, Method::GET, &policies, None).await;
    let names: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["priority"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(names, [("First", 1), ("Default Policy", 2)]);
    assert_eq!(ask(&org, Method::POST, &policies, Some(first)).await.0, 400);
    assert_eq!(
        ask(
            &org,
            Method::DELETE,
            &format!("{policies}/{}", made["id"].as_str().unwrap()),
            None
        )
        .await
        .0,
        204
    );
    let (_, list) = ask(&org, Method::GET, &policies, None).await;
    assert_eq!(list[0]["priority"], 1);
}

#[tokio::test]
async fn system_scopes_and_claims_stay() {
    let org = org(0, 0).await;
    for family in ["scopes", "claims"] {
        let path = format!("{ALL}/default/{family}");
        let (_, list) = ask(&org, Method::GET, &path, None).await;
        let one = list
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["system"] == true)
            .unwrap();
        assert_eq!(
            ask(
                &org,
                Method::DELETE,
                &format!("{path}/{}", one["id"].as_str().unwrap()),
                None
            )
            .await
            .0,
            403
        );
    }
    let wrong = json!({ "name": "two words" });
    assert_eq!(
        ask(
            &org,
            Method::POST,
            &format!("{ALL}/default/scopes"),
            Some(wrong)
        )
        .await
        .0,
        400
    );
}
