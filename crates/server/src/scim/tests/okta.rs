//! Okta as the client, in both dialects: the requests of FACTS-like transcripts in their order (Okta: SCIM 2.0,
//! reference and concepts).

use serde_json::{Value, json};

use super::client::{Client, id, patch};
use crate::testing::{TestApp, db_test};

fn person(login: &str, okta_id: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": login,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"primary": true, "value": login, "type": "work"}], "displayName": "Ada Lovelace", "locale": "en-US",
        "externalId": okta_id, "groups": [], "password": "rand0m-and-never-kept", "active": true})
}

fn group(name: &str, members: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members})
}

/// Assign: looked up by name, made when there is none.
async fn assign(okta: &Client, login: &str, okta_id: &str) -> String {
    let path = format!("/Users?filter=userName eq \"{login}\"&startIndex=1&count=100");
    let found = okta.get(&path).await;
    assert!(
        found["totalResults"].is_u64()
            && found["startIndex"].is_u64()
            && found["itemsPerPage"].is_u64()
    );
    if found["totalResults"] == 0 {
        assert_eq!(found["Resources"], json!([]));
        return id(&okta.ok("POST", "/Users", person(login, okta_id)).await);
    }
    let path = format!("/Users/{}", id(&found["Resources"][0]));
    let mut read = okta.get(&path).await;
    for (name, value) in person(login, okta_id).as_object().unwrap() {
        read[name] = value.clone();
    }
    id(&okta.ok("PUT", &path, read).await)
}

async fn members_of(okta: &Client, group: &str) -> Vec<String> {
    let read = okta.get(&format!("/Groups/{group}")).await;
    let members = read["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = members
        .iter()
        .map(|m| m["value"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids
}

async fn password_is_nowhere(t: &TestApp, okta: &Client) {
    let log = t
        .call(
            "GET",
            &format!("/api/v1/connections/{}/scim/requests", okta.connection),
            None,
        )
        .await
        .1
        .to_string();
    assert!(log.contains("/Users") && !log.contains("never-kept") && !log.contains(&okta.token));
    let audit = t.call("GET", "/api/v1/audit", None).await.1.to_string();
    assert!(audit.contains("scim.user.created") && !audit.contains("never-kept"));
}

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    // C1: the catalogue apps' dialect.
    async fn c1_catalogue_app(t) {
        let okta = Client::new(&t).await;
        let test = okta.get("/Users?startIndex=1&count=2").await;
        assert_eq!((&test["totalResults"], &test["Resources"]), (&json!(0), &json!([])));
        let ada = assign(&okta, "ada@example.com", "00uada").await;
        let bob = assign(&okta, "bob@example.com", "00ubob").await;
        let read = okta.get(&format!("/Users/{ada}")).await;
        assert_eq!((&read["externalId"], &read["active"], &read["locale"]), (&json!("00uada"), &json!(true), &json!("en-US")));
        assert!(read.get("password").is_none());
        // push group, then its members
        let found = okta.get("/Groups?filter=displayName eq \"Sales\"&startIndex=1&count=100").await;
        assert_eq!(found["totalResults"], 0);
        let sales = id(&okta.ok("POST", "/Groups", group("Sales", &json!([]))).await);
        let path = format!("/Groups/{sales}");
        okta.ok("PATCH", &path, patch(&json!([{"op": "add", "path": "members", "value": [{"value": ada, "display": "ada@example.com"}]}]))).await;
        okta.ok("PATCH", &path, patch(&json!([
            {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
            {"op": "add", "path": "members", "value": [{"value": bob, "display": "bob@example.com"}]},
        ]))).await;
        assert_eq!(members_of(&okta, &sales).await, std::slice::from_ref(&bob));
        // rename: members untouched
        okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"id": sales, "displayName": "Sales EMEA"}}]))).await;
        assert_eq!(members_of(&okta, &sales).await, std::slice::from_ref(&bob));
        assert_eq!(okta.get(&format!("/Users/{bob}")).await["groups"][0]["display"], "Sales EMEA");
        // "Push now", also of an empty group and without a path
        let mut both = vec![ada.clone(), bob.clone()];
        both.sort();
        okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "path": "members", "value": [{"value": ada}, {"value": bob}]}]))).await;
        assert_eq!(members_of(&okta, &sales).await, both);
        okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"members": [], "id": sales, "displayName": "Sales EMEA"}}]))).await;
        assert!(members_of(&okta, &sales).await.is_empty());
        // unassign, assign again: the same person
        okta.ok("PATCH", &format!("/Users/{ada}"), patch(&json!([{"op": "replace", "value": {"active": false}}]))).await;
        assert_eq!(okta.get(&format!("/Users/{ada}")).await["active"], false);
        assert_eq!(assign(&okta, "ada@example.com", "00uada").await, ada);
        assert_eq!(okta.get(&format!("/Users/{ada}")).await["active"], true);
        // unlink and delete
        assert_eq!(okta.call("DELETE", &path, None).await.status, 204);
        okta.refused("GET", &path, Value::Null, 404, None).await;
        password_is_nowhere(&t, &okta).await;
    }

    // C1: the wizard apps' dialect.
    async fn c1_wizard_app(t) {
        let okta = Client::new(&t).await;
        let ada = assign(&okta, "ada@example.com", "00uada").await;
        // update: the whole object as read back
        let path = format!("/Users/{ada}");
        let mut read = okta.get(&path).await;
        read["name"]["givenName"] = json!("Augusta");
        let put = okta.ok("PUT", &path, read).await;
        assert_eq!((&put["name"]["givenName"], &put["id"]), (&json!("Augusta"), &json!(ada)));
        // members in POST and in PUT
        let made = okta.ok("POST", "/Groups", group("Sales", &json!([{"value": ada, "display": null}]))).await;
        assert_eq!(made["members"][0]["value"], json!(ada));
        let sales = format!("/Groups/{}", id(&made));
        let bob = assign(&okta, "bob@example.com", "00ubob").await;
        let mut read = okta.get(&sales).await;
        read["members"] = json!([{"value": bob, "display": "bob@example.com"}]);
        read["displayName"] = json!("Sales EMEA");
        let put = okta.ok("PUT", &sales, read).await;
        assert_eq!((&put["displayName"], &put["members"][0]["value"]), (&json!("Sales EMEA"), &json!(bob)));
        assert_eq!(put["members"].as_array().map(Vec::len), Some(1));
        okta.ok("PUT", &sales, group("Sales EMEA", &json!([]))).await;
        assert!(okta.get(&sales).await.get("members").is_none());
        // deactivate
        let mut read = okta.get(&path).await;
        read["active"] = json!(false);
        assert_eq!(okta.ok("PUT", &path, read).await["active"], false);
        password_is_nowhere(&t, &okta).await;
    }

    // C3
    async fn c3_active_in_all_its_forms(t) {
        let okta = Client::new(&t).await;
        let ada = assign(&okta, "ada@example.com", "00uada").await;
        let path = format!("/Users/{ada}");
        for off in [
            json!({"op": "replace", "value": {"active": false}}),
            json!({"op": "replace", "value": {"active": "False"}}),
            json!({"op": "Replace", "path": "active", "value": false}),
            json!({"op": "replace", "path": "active", "value": "false"}),
        ] {
            okta.ok("PATCH", &path, patch(&json!([off]))).await;
            assert_eq!(okta.get(&path).await["active"], false, "{off}");
            let on = okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"active": "true"}}]))).await;
            assert_eq!((&on["active"], &on["id"]), (&json!(true), &json!(ada)));
        }
        // a PUT that does not say leaves it as it is
        okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"active": false}}]))).await;
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.com"});
        assert_eq!(okta.ok("PUT", &path, body).await["active"], false);
        let audit = t.call("GET", "/api/v1/audit?action=scim.user.deactivated", None).await.1;
        assert_eq!(audit.as_array().map(Vec::len).or(audit["items"].as_array().map(Vec::len)), Some(5), "{audit}");
    }

    // C5
    async fn c5_duplicates_are_told_in_an_admins_words(t) {
        let okta = Client::new(&t).await;
        let ada = assign(&okta, "ada@example.com", "00uada").await;
        let told = okta.refused("POST", "/Users", person("ADA@example.com", "00uother"), 409, Some("uniqueness")).await;
        let detail = told["detail"].as_str().unwrap();
        assert!(detail.contains(&ada) && detail.contains("00uada") && detail.contains("in Okta"), "{detail}");
        let bob = assign(&okta, "bob@example.com", "00ubob").await;
        let rename = patch(&json!([{"op": "replace", "path": "userName", "value": "Ada@Example.com"}]));
        okta.refused("PATCH", &format!("/Users/{bob}"), rename, 409, Some("uniqueness")).await;
        okta.ok("POST", "/Groups", group("Sales", &json!([]))).await;
        okta.refused("POST", "/Groups", group("SALES", &json!([])), 409, Some("uniqueness")).await;
        // an unknown attribute is left out, one of a foreign schema is kept
        let mut carl = person("carl@example.com", "00ucarl");
        carl["favouriteColour"] = json!("red");
        carl["urn:acme:2.0:User"] = json!({"badge": 7});
        let made = okta.ok("POST", "/Users", carl).await;
        assert!(made.get("favouriteColour").is_none());
        assert_eq!(made["urn:acme:2.0:User"], json!({"badge": 7}));
        // removed and made again: the same person, whose name may have changed
        okta.ok("DELETE", &format!("/Users/{ada}"), Value::Null).await;
        okta.refused("GET", &format!("/Users/{ada}"), Value::Null, 404, None).await;
        let back = okta.ok("POST", "/Users", person("ada.l@example.com", "00uada")).await;
        assert_eq!(back["id"], json!(ada));
        // another person with the old name is another person
        let other = okta.ok("POST", "/Users", person("ada@example.com", "00unew")).await;
        assert_ne!(other["id"], json!(ada));
    }

    // C6
    async fn c6_groups_and_people_in_any_order(t) {
        let okta = Client::new(&t).await;
        let ada = assign(&okta, "ada@example.com", "00uada").await;
        okta.ok("DELETE", &format!("/Users/{ada}"), Value::Null).await;
        // the group says her before she is back
        let first = okta.ok("POST", "/Groups", group("First", &json!([{"value": ada}]))).await;
        assert!(first.get("members").is_none());
        assert_eq!(assign(&okta, "ada@example.com", "00uada").await, ada);
        let second = okta.ok("POST", "/Groups", group("Second", &json!([{"value": ada}]))).await;
        assert_eq!(members_of(&okta, &id(&first)).await, members_of(&okta, &id(&second)).await);
        // repeats change nothing
        let path = format!("/Groups/{}", id(&second));
        let before = okta.get(&path).await;
        let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": ada}, {"value": ada}]}]));
        okta.ok("PATCH", &path, add).await;
        assert_eq!(okta.get(&path).await, before);
    }
);
