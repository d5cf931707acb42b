//! What roles limit: targets of standard roles, permissions and resource sets of custom ones.

use keywright_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Signer, ask, claims, http, org, token};

const SCOPES: &str = "okta.users.manage okta.groups.manage okta.apps.manage";

/// A service app without any role, and its access token.
async fn client(org: &Sandbox) -> (String, String) {
    let app = org.oauth().clone();
    let signer = Signer::of(&app);
    let header = json!({ "alg": "RS256", "kid": signer.kid });
    let assertion = signer.sign(&header, &claims(org, &app, "roles"));
    let answer: Value = token(org, &assertion, SCOPES, None)
        .await
        .json()
        .await
        .unwrap();
    org.set_client_admin(&app.client_id, false);
    let bearer = answer["access_token"].as_str().unwrap().to_owned();
    (app.client_id, bearer)
}

async fn with(
    org: &Sandbox,
    bearer: &str,
    method: Method,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let request = http().request(method, format!("{}{path}", org.url()));
    let request = request.bearer_auth(bearer).json(&body);
    let answer = request.send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or_default(),
    )
}

fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

async fn group(org: &Sandbox, name: &str) -> String {
    let body = json!({ "profile": { "name": name } });
    id(&ask(org, Method::POST, "/api/v1/groups", Some(body)).await.1)
}

async fn person(org: &Sandbox, name: &str, group: &str) -> String {
    let login = format!("{name}@acme.example");
    let profile = json!({ "firstName": name, "lastName": "Test", "email": login, "login": login });
    let body = json!({ "profile": profile, "groupIds": [group] });
    id(&ask(
        org,
        Method::POST,
        "/api/v1/users?activate=false",
        Some(body),
    )
    .await
    .1)
}

async fn bookmark(org: &Sandbox, label: &str) -> String {
    let body = json!({ "name": "bookmark", "label": label, "signOnMode": "BOOKMARK", "settings": { "app": { "url": "https://acme.example" } } });
    id(&ask(org, Method::POST, "/api/v1/apps", Some(body)).await.1)
}

/// Gives a client a role; the address of the assignment.
async fn assign(org: &Sandbox, client: &str, body: Value) -> String {
    let path = format!("/oauth2/v1/clients/{client}/roles");
    let (status, made) = ask(org, Method::POST, &path, Some(body)).await;
    assert_eq!(status, 201, "{made}");
    format!("{path}/{}", id(&made))
}

fn profile() -> Value {
    json!({ "profile": { "nickName": "x" } })
}

#[tokio::test]
async fn a_group_administrator_with_targets_reaches_only_them() {
    let org = org(0, 0).await;
    let (sales, board) = (group(&org, "Sales").await, group(&org, "Board").await);
    let (grace, kim) = (
        person(&org, "grace", &sales).await,
        person(&org, "kim", &board).await,
    );
    let (client, bearer) = client(&org).await;
    let role = assign(&org, &client, json!({ "type": "USER_ADMIN" })).await;
    let user = |id: &str| format!("/api/v1/users/{id}");
    assert_eq!(
        with(&org, &bearer, Method::POST, &user(&kim), profile())
            .await
            .0,
        200
    );
    let target = format!("{role}/targets/groups/{sales}");
    assert_eq!(ask(&org, Method::PUT, &target, None).await.0, 204);

    let (status, refused) = with(&org, &bearer, Method::POST, &user(&kim), profile()).await;
    assert_eq!((status, &refused["errorCode"]), (403, &json!("E0000006")));
    assert_eq!(
        with(&org, &bearer, Method::POST, &user(&grace), profile())
            .await
            .0,
        200
    );
    assert_eq!(
        with(&org, &bearer, Method::GET, &user(&kim), json!({}))
            .await
            .0,
        403
    );
    let list = with(&org, &bearer, Method::GET, "/api/v1/users", json!({}))
        .await
        .1;
    assert_eq!(
        list.as_array().unwrap().iter().map(id).collect::<Vec<_>>(),
        std::slice::from_ref(&grace)
    );
    let list = with(&org, &bearer, Method::GET, "/api/v1/groups", json!({}))
        .await
        .1;
    assert_eq!(
        list.as_array().unwrap().iter().map(id).collect::<Vec<_>>(),
        std::slice::from_ref(&sales)
    );
    let member = |group: &str| format!("/api/v1/groups/{group}/users/{kim}");
    assert_eq!(
        with(&org, &bearer, Method::PUT, &member(&board), json!({}))
            .await
            .0,
        403
    );
    let new = |groups: Value| json!({ "profile": { "firstName": "N", "lastName": "N", "email": "n@acme.example", "login": "n@acme.example" }, "groupIds": groups });
    let path = "/api/v1/users?activate=false";
    assert_eq!(
        with(&org, &bearer, Method::POST, path, new(json!([])))
            .await
            .0,
        403
    );
    assert_eq!(
        with(&org, &bearer, Method::POST, path, new(json!([board])))
            .await
            .0,
        403
    );
    assert_eq!(
        with(&org, &bearer, Method::POST, path, new(json!([sales])))
            .await
            .0,
        200
    );
    let body = json!({ "profile": { "name": "Mine" } });
    assert_eq!(
        with(&org, &bearer, Method::POST, "/api/v1/groups", body)
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn an_app_administrator_with_targets_reaches_only_them() {
    let org = org(0, 0).await;
    let (wiki, shop) = (bookmark(&org, "Wiki").await, bookmark(&org, "Shop").await);
    let (client, bearer) = client(&org).await;
    let role = assign(&org, &client, json!({ "type": "APP_ADMIN" })).await;
    let target = format!("{role}/targets/catalog/apps/bookmark/{wiki}");
    assert_eq!(ask(&org, Method::PUT, &target, None).await.0, 204);
    let app = |id: &str| format!("/api/v1/apps/{id}");
    assert_eq!(
        with(&org, &bearer, Method::GET, &app(&wiki), json!({}))
            .await
            .0,
        200
    );
    let (status, refused) = with(&org, &bearer, Method::GET, &app(&shop), json!({})).await;
    assert_eq!((status, &refused["errorCode"]), (403, &json!("E0000006")));
    let list = with(&org, &bearer, Method::GET, "/api/v1/apps", json!({}))
        .await
        .1;
    assert_eq!(
        list.as_array().unwrap().iter().map(id).collect::<Vec<_>>(),
        [wiki]
    );
}

#[tokio::test]
async fn a_custom_role_permits_what_it_names_on_what_its_set_holds() {
    let org = org(0, 0).await;
    let (sales, board) = (group(&org, "Sales").await, group(&org, "Board").await);
    let (grace, kim) = (
        person(&org, "grace", &sales).await,
        person(&org, "kim", &board).await,
    );
    let (client, bearer) = client(&org).await;
    let role = json!({ "label": "Helper", "description": "", "permissions": ["okta.users.read", "okta.groups.members.manage"] });
    let role = id(&ask(&org, Method::POST, "/api/v1/iam/roles", Some(role))
        .await
        .1);
    let url = |path: &str| format!("{}/api/v1/{path}", org.url());
    let resources = [
        url(&format!("groups/{sales}/users")),
        url(&format!("groups/{sales}")),
    ];
    let set = json!({ "label": "Sales", "description": "", "resources": resources });
    let set = id(
        &ask(&org, Method::POST, "/api/v1/iam/resource-sets", Some(set))
            .await
            .1,
    );
    assign(
        &org,
        &client,
        json!({ "type": "CUSTOM", "role": role, "resource-set": set }),
    )
    .await;

    let user = |id: &str| format!("/api/v1/users/{id}");
    assert_eq!(
        with(&org, &bearer, Method::GET, &user(&grace), json!({}))
            .await
            .0,
        200
    );
    let (status, refused) = with(&org, &bearer, Method::GET, &user(&kim), json!({})).await;
    assert_eq!((status, &refused["errorCode"]), (403, &json!("E0000006")));
    assert_eq!(
        with(&org, &bearer, Method::POST, &user(&grace), profile())
            .await
            .0,
        403
    );
    let member = |group: &str| format!("/api/v1/groups/{group}/users/{kim}");
    assert_eq!(
        with(&org, &bearer, Method::PUT, &member(&board), json!({}))
            .await
            .0,
        403
    );
    assert_eq!(
        with(&org, &bearer, Method::PUT, &member(&sales), json!({}))
            .await
            .0,
        204
    );
    assert_eq!(
        with(&org, &bearer, Method::GET, &user(&kim), json!({}))
            .await
            .0,
        200,
        "kim is in Sales now"
    );
    assert_eq!(
        with(&org, &bearer, Method::GET, "/api/v1/apps/x", json!({}))
            .await
            .0,
        403
    );

    let more = format!("/api/v1/iam/roles/{role}/permissions/okta.users.userprofile.manage");
    assert_eq!(ask(&org, Method::POST, &more, None).await.0, 204);
    assert_eq!(
        with(&org, &bearer, Method::POST, &user(&grace), profile())
            .await
            .0,
        200
    );
}
