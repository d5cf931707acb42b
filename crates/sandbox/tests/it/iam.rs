//! Custom roles on resource sets, linked objects, identity providers' keys and people, settings of the org.

use keywright_sandbox::Sandbox;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, org};

fn id(body: &Value) -> &str {
    body["id"].as_str().unwrap()
}

async fn person(org: &Sandbox, name: &str) -> String {
    let login = format!("{name}@example.com");
    let profile = json!({ "firstName": name, "lastName": "Test", "email": login, "login": login });
    let body = json!({ "profile": profile });
    id(&ask(
        org,
        Method::POST,
        "/api/v1/users?activate=false",
        Some(body),
    )
    .await
    .1)
    .to_owned()
}

#[tokio::test]
async fn a_binding_is_who_holds_the_role_on_the_set() {
    let org = org(0, 0).await;
    let (one, other) = (person(&org, "one").await, person(&org, "other").await);
    let role = json!({ "label": "Helper", "description": "", "permissions": ["okta.users.read"] });
    let role = id(&ask(&org, Method::POST, "/api/v1/iam/roles", Some(role))
        .await
        .1)
    .to_owned();
    let set = json!({ "label": "Set", "description": "", "resources": [format!("{}/api/v1/users", org.url())] });
    let set = ask(&org, Method::POST, "/api/v1/iam/resource-sets", Some(set))
        .await
        .1;
    let here = format!("/api/v1/iam/resource-sets/{}/bindings", id(&set));
    let member = |user: &str| format!("{}/api/v1/users/{user}", org.url());
    let body = json!({ "role": role, "members": [member(&one)] });
    assert_eq!(ask(&org, Method::POST, &here, Some(body)).await.0, 200);
    let members = format!("{here}/Helper/members");
    let body = json!({ "additions": [member(&other)] });
    assert_eq!(ask(&org, Method::PATCH, &members, Some(body)).await.0, 200);
    let (_, list) = ask(&org, Method::GET, &members, None).await;
    let list = list["members"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[0]["_links"]["self"]["href"], member(&one));

    let (_, assignees) = ask(&org, Method::GET, "/api/v1/iam/assignees/users", None).await;
    assert_eq!(
        assignees["value"].as_array().unwrap().len(),
        3,
        "the admin, too"
    );
    let first = format!("{members}/{}", id(&list[0]));
    assert_eq!(ask(&org, Method::GET, &first, None).await.0, 200);
    assert_eq!(ask(&org, Method::DELETE, &first, None).await.0, 204);
    assert_eq!(ask(&org, Method::GET, &first, None).await.0, 404);
    let roles = format!("/api/v1/users/{one}/roles");
    assert_eq!(ask(&org, Method::GET, &roles, None).await.1, json!([]));
    assert_eq!(
        ask(&org, Method::DELETE, &format!("{here}/{role}"), None)
            .await
            .0,
        204
    );
    assert_eq!(
        ask(&org, Method::GET, &format!("{here}/{role}"), None)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn permissions_and_resources_have_conditions() {
    let org = org(0, 0).await;
    let role = json!({ "label": "Reader", "description": "", "permissions": ["okta.users.read"] });
    ask(&org, Method::POST, "/api/v1/iam/roles", Some(role)).await;
    let path = "/api/v1/iam/roles/Reader/permissions/okta.users.read";
    let narrow = json!({ "include": {}, "exclude": null });
    let body = json!({ "conditions": narrow });
    assert_eq!(
        ask(&org, Method::PUT, path, Some(body)).await.1["conditions"],
        narrow
    );
    assert_eq!(
        ask(&org, Method::GET, path, None).await.1["conditions"],
        narrow
    );

    let set = json!({ "label": "Set", "description": "", "resources": [] });
    let (_, set) = ask(&org, Method::POST, "/api/v1/iam/resource-sets", Some(set)).await;
    let all = format!("/api/v1/iam/resource-sets/{}/resources", id(&set));
    let body = json!({ "resourceOrnOrUrl": format!("{}/api/v1/apps", org.url()), "conditions": { "Exclude": {} } });
    let (_, made) = ask(&org, Method::POST, &all, Some(body)).await;
    assert_eq!(made["conditions"], json!({ "Exclude": {} }));
    let one = format!("{all}/{}", id(&made));
    let (_, bare) = ask(&org, Method::PUT, &one, Some(json!({ "conditions": null }))).await;
    assert_eq!(bare.get("conditions"), None);
    assert_eq!(ask(&org, Method::DELETE, &one, None).await.0, 204);
    assert_eq!(ask(&org, Method::GET, &one, None).await.0, 404);
}

#[tokio::test]
async fn a_linked_user_has_one_primary_and_a_primary_many() {
    let org = org(0, 0).await;
    let [boss, other, one, two] = ["boss", "other", "one", "two"].map(|name| person(&org, name));
    let (boss, other, one, two) = (boss.await, other.await, one.await, two.await);
    let side =
        |name: &str| json!({ "name": name, "title": name, "description": "", "type": "USER" });
    let body = json!({ "primary": side("manager"), "associated": side("subordinate") });
    ask(
        &org,
        Method::POST,
        "/api/v1/meta/schemas/user/linkedObjects",
        Some(body),
    )
    .await;
    let tie = async |user: &str, boss: &str| {
        let path = format!("/api/v1/users/{user}/linkedObjects/manager/{boss}");
        ask(&org, Method::PUT, &path, None).await.0
    };
    assert_eq!(tie(&one, &boss).await, 204);
    assert_eq!(tie(&two, &other).await, 204);
    assert_eq!(tie(&two, &boss).await, 204, "another one takes the place");
    let linked = async |user: &str, name: &str| {
        let path = format!("/api/v1/users/{user}/linkedObjects/{name}");
        ask(&org, Method::GET, &path, None).await.1
    };
    let at = |user: &str| json!({ "_links": { "self": { "href": format!("{}/api/v1/users/{user}", org.url()) } } });
    assert_eq!(
        linked(&boss, "subordinate").await,
        json!([at(&one), at(&two)])
    );
    assert_eq!(linked(&two, "manager").await, json!([at(&boss)]));
    assert_eq!(linked(&other, "subordinate").await, json!([]));
    let path = format!("/api/v1/users/{one}/linkedObjects/manager");
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    assert_eq!(linked(&boss, "subordinate").await, json!([at(&two)]));
    assert_eq!(
        ask(
            &org,
            Method::GET,
            &format!("/api/v1/users/{one}/linkedObjects/aunt"),
            None
        )
        .await
        .0,
        404
    );
}

#[tokio::test]
async fn identity_providers_have_keys_and_people() {
    let org = org(0, 0).await;
    let provider = |name: &str| {
        json!({
            "type": "GOOGLE", "name": name,
            "protocol": { "type": "OIDC", "scopes": ["profile", "email", "openid"], "credentials": { "client": { "client_id": "a", "client_secret": "b" } } },
            "policy": { "accountLink": { "action": "AUTO", "filter": null }, "provisioning": { "action": "AUTO" }, "subject": { "userNameTemplate": { "template": "idpuser.email" }, "matchType": "USERNAME" } },
        })
    };
    let (_, one) = ask(&org, Method::POST, "/api/v1/idps", Some(provider("One"))).await;
    let (_, two) = ask(&org, Method::POST, "/api/v1/idps", Some(provider("Two"))).await;
    let keys = |idp: &Value| format!("/api/v1/idps/{}/credentials/keys", id(idp));
    let none = format!("{}/active", keys(&one));
    assert_eq!(ask(&org, Method::GET, &none, None).await.0, 204);
    let generate = format!("{}/generate?validityYears=2", keys(&one));
    let (status, key) = ask(&org, Method::POST, &generate, None).await;
    assert_eq!((status, &key["kty"]), (201, &json!("RSA")));
    let kid = key["kid"].as_str().unwrap();
    let copy = format!("{}/{kid}/clone?targetIdpId={}", keys(&one), id(&two));
    assert_eq!(ask(&org, Method::POST, &copy, None).await.0, 201);
    assert_eq!(
        ask(&org, Method::GET, &keys(&two), None).await.1,
        json!([key])
    );

    let user = person(&org, "linked").await;
    let path = format!("/api/v1/idps/{}/users/{user}", id(&one));
    let body = json!({ "externalId": "121749775026145" });
    assert_eq!(ask(&org, Method::POST, &path, Some(body)).await.0, 200);
    assert_eq!(
        ask(&org, Method::GET, &path, None).await.1["externalId"],
        "121749775026145"
    );
    let (_, mine) = ask(
        &org,
        Method::GET,
        &format!("/api/v1/users/{user}/idps"),
        None,
    )
    .await;
    assert_eq!(mine[0]["id"], one["id"]);
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    assert_eq!(ask(&org, Method::GET, &path, None).await.0, 404);
}

#[tokio::test]
async fn settings_of_the_org_are_kept() {
    let org = org(0, 0).await;
    for (method, path, name) in [
        (
            Method::PUT,
            "/attack-protection/api/v1/user-lockout-settings",
            "preventBruteForceLockoutFromUnknownDevices",
        ),
        (
            Method::PUT,
            "/attack-protection/api/v1/authenticator-settings",
            "verifyKnowledgeSecondWhen2faRequired",
        ),
        (
            Method::PUT,
            "/api/v1/org/settings/clientPrivilegesSetting",
            "clientPrivilegesSetting",
        ),
        (
            Method::POST,
            "/api/v1/org/orgSettings/thirdPartyAdminSetting",
            "thirdPartyAdmin",
        ),
    ] {
        assert_eq!(
            ask(&org, Method::GET, path, None).await.1,
            json!({ name: false })
        );
        assert_eq!(
            ask(&org, method, path, Some(json!({ name: true }))).await.0,
            200
        );
        assert_eq!(
            ask(&org, Method::GET, path, None).await.1,
            json!({ name: true })
        );
    }
    let user = person(&org, "contact").await;
    let path = "/api/v1/org/contacts/BILLING";
    assert_eq!(
        ask(&org, Method::PUT, path, Some(json!({ "userId": user })))
            .await
            .0,
        200
    );
    assert_eq!(
        ask(&org, Method::GET, path, None).await.1["userId"],
        json!(user)
    );
}
