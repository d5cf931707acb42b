//! Names wanted by two: refused in an admin's words, listed, decided.

use serde_json::{Value, json};

use super::client::{Client, id};
use crate::testing::{TestApp, db_test};

fn person(login: &str, okta_id: &str) -> Value {
    json!({"userName": login, "externalId": okta_id, "active": true})
}

async fn listed(t: &TestApp, okta: &Client) -> Vec<Value> {
    let path = format!("/api/v1/connections/{}/scim/collisions", okta.connection);
    let (status, body) = t.call("GET", &path, None).await;
    assert_eq!(status, 200, "{body}");
    body.as_array().unwrap().clone()
}

async fn decide(t: &TestApp, okta: &Client, collision: &Value, body: Value) -> (u16, Value) {
    let path = format!(
        "/api/v1/connections/{}/scim/collisions/{}",
        okta.connection,
        collision["id"].as_str().unwrap()
    );
    t.call("POST", &path, Some(body)).await
}

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    // C5
    async fn c5_a_duplicate_is_told_in_words_an_admin_can_act_on(t) {
        let okta = Client::new(&t).await;
        let ada = okta.ok("POST", "/Users", person("ada", "00uada")).await;
        let told = okta.refused("POST", "/Users", person("ADA", "00uother"), 409, Some("uniqueness")).await;
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains("`ada`") && detail.contains("00uada") && detail.contains(&id(&ada)) && detail.contains("in Okta"), "{detail}");
        let told = okta.refused("POST", "/Users", person("ada.lovelace", "00uada"), 409, Some("uniqueness")).await;
        assert!(told["detail"].as_str().unwrap().contains("already as `ada`"));
        okta.ok("POST", "/Groups", json!({"displayName": "Sales"})).await;
        let told = okta.refused("POST", "/Groups", json!({"displayName": "sales"}), 409, Some("uniqueness")).await;
        assert!(told["detail"].as_str().unwrap().contains("link the pushed group"));
        let bob = okta.ok("POST", "/Users", person("bob", "00ubob")).await;
        okta.refused("PUT", &format!("/Users/{}", id(&bob)), person("ada", "00ubob"), 409, Some("uniqueness")).await;
        let all = listed(&t, &okta).await;
        assert_eq!(all.len(), 3, "one for each name: {all:?}");
        let of_name = all.iter().find(|one| one["attribute"] == "userName").unwrap();
        assert_eq!((&of_name["times"], &of_name["wanted_by"], &of_name["holder_id"]), (&json!(2), &bob["id"], &ada["id"]));
        // an unknown attribute is passed over, as documented
        let cat = okta.ok("POST", "/Users", json!({"userName": "cat", "shoeSize": 43})).await;
        assert!(cat.get("shoeSize").is_none());
        // nobody else sees them
        let path = format!("/api/v1/connections/{}/scim/collisions", okta.connection);
        assert_eq!(t.send(Some(t.other_tenant().await), "GET", &path, None).await.0, 404);
    }

    async fn link_makes_the_pushed_one_the_one_that_is_there(t) {
        let okta = Client::new(&t).await;
        let sales = id(&okta.ok("POST", "/Groups", json!({"displayName": "Sales"})).await);
        let ada = id(&okta.ok("POST", "/Users", json!({"userName": "ada"})).await);
        okta.refused("POST", "/Groups", json!({"displayName": "Sales", "members": [{"value": ada}]}), 409, Some("uniqueness")).await;
        let collision = listed(&t, &okta).await.remove(0);
        let (status, decided) = decide(&t, &okta, &collision, json!({"decision": "link"})).await;
        assert_eq!((status, &decided["decision"]), (200, &json!("link")));
        let linked = okta.call("POST", "/Groups", Some(json!({"displayName": "Sales", "members": [{"value": ada}]}))).await;
        assert_eq!((linked.status, id(&linked.body)), (201, sales.clone()));
        assert_eq!(okta.get(&format!("/Groups/{sales}")).await["members"][0]["value"], json!(ada));
        // once
        okta.refused("POST", "/Groups", json!({"displayName": "Sales"}), 409, Some("uniqueness")).await;
        // a person: the id stays, the Okta id is the pushed one
        okta.refused("POST", "/Users", person("ada", "00uada"), 409, Some("uniqueness")).await;
        let collision = listed(&t, &okta).await.into_iter().find(|one| one["kind"] == "User").unwrap();
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "link"})).await.0, 200);
        let linked = okta.ok("POST", "/Users", person("ada", "00uada")).await;
        assert_eq!((id(&linked), &linked["externalId"]), (ada, &json!("00uada")));
    }

    async fn rename_makes_room(t) {
        let okta = Client::new(&t).await;
        let sales = id(&okta.ok("POST", "/Groups", json!({"displayName": "Sales"})).await);
        okta.refused("POST", "/Groups", json!({"displayName": "Sales"}), 409, Some("uniqueness")).await;
        let collision = listed(&t, &okta).await.remove(0);
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "rename"})).await.0, 422);
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "rename", "name": "Sales (old)"})).await.0, 200);
        assert!(listed(&t, &okta).await.is_empty());
        let made = okta.ok("POST", "/Groups", json!({"displayName": "Sales"})).await;
        assert_ne!(id(&made), sales);
        assert_eq!(okta.get(&format!("/Groups/{sales}")).await["displayName"], "Sales (old)");
    }

    async fn adopt_takes_the_place_with_its_memberships(t) {
        let okta = Client::new(&t).await;
        let ada = id(&okta.ok("POST", "/Users", person("ada", "00uold")).await);
        let sales = id(&okta.ok("POST", "/Groups", json!({"displayName": "Sales", "members": [{"value": ada}]})).await);
        okta.refused("POST", "/Users", person("ada", "00unew"), 409, Some("uniqueness")).await;
        let collision = listed(&t, &okta).await.remove(0);
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "adopt"})).await.0, 200);
        let new = id(&okta.ok("POST", "/Users", person("ada", "00unew")).await);
        assert_ne!(new, ada);
        okta.refused("GET", &format!("/Users/{ada}"), json!(null), 404, None).await;
        let group = okta.get(&format!("/Groups/{sales}")).await;
        assert_eq!((group["members"].as_array().unwrap().len(), &group["members"][0]["value"]), (1, &json!(new)));
        // a group by a rename: both are there, so link is refused
        let other = okta.ok("POST", "/Groups", json!({"displayName": "Vertrieb"})).await;
        let path = format!("/Groups/{}", id(&other));
        okta.refused("PUT", &path, json!({"displayName": "Sales"}), 409, Some("uniqueness")).await;
        let collision = listed(&t, &okta).await.remove(0);
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "link"})).await.0, 422);
        assert_eq!(decide(&t, &okta, &collision, json!({"decision": "adopt"})).await.0, 200);
        okta.ok("PUT", &path, json!({"displayName": "Sales"})).await;
        let group = okta.get(&path).await;
        assert_eq!((&group["displayName"], &group["members"][0]["value"]), (&json!("Sales"), &json!(new)));
        okta.refused("GET", &format!("/Groups/{sales}"), json!(null), 404, None).await;
        // adopting the name is over: the count is right for what comes next
        okta.ok("PATCH", &path, super::client::patch(&json!([{"op": "remove", "path": "members"}]))).await;
        assert!(okta.get(&path).await.get("members").is_none_or(|members| members == &json!([])));
    }

    async fn the_dialect_is_shown(t) {
        let okta = Client::new(&t).await;
        let path = format!("/api/v1/connections/{}/scim", okta.connection);
        assert_eq!(t.call("GET", &path, None).await.1["dialect"], Value::Null);
        let ada = format!("/Users/{}", id(&okta.ok("POST", "/Users", person("ada", "00uada")).await));
        okta.ok("PUT", &ada, person("ada", "00uada")).await;
        let shown = t.call("GET", &path, None).await.1;
        assert_eq!((&shown["dialect"], &shown["people"], &shown["groups"]), (&json!("put"), &json!(1), &json!(0)));
        okta.ok("PATCH", &ada, super::client::patch(&json!([{"op": "replace", "value": {"active": false}}]))).await;
        let shown = t.call("GET", &path, None).await.1;
        assert_eq!((&shown["dialect"], &shown["active"]), (&json!("patch"), &json!(0)));
    }
);
