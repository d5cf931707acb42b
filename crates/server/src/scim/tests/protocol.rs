//! RFC 7644: versions, pages, bulk, search, what is refused.

use http::header::{ETAG, LOCATION};
use serde_json::{Value, json};

use super::client::{Client, id, patch};
use crate::testing::db_test;

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    async fn versions_guard_changes(t) {
        let okta = Client::new(&t).await;
        let made = okta.call("POST", "/Users", Some(json!({"userName": "ada"}))).await;
        assert_eq!(made.status, 201);
        let path = format!("/Users/{}", id(&made.body));
        assert!(made.headers[LOCATION].to_str().unwrap().ends_with(&path));
        assert_eq!((&made.headers[ETAG], &made.body["meta"]["version"]), (&"W/\"1\"".parse().unwrap(), &json!("W/\"1\"")));
        let title = patch(&json!([{"op": "replace", "path": "title", "value": "T"}]));
        let stale = okta.with("PATCH", &path, Some(title.clone()), &[("if-match", "W/\"7\"")]).await;
        assert_eq!(stale.status, 412);
        let fresh = okta.with("PATCH", &path, Some(title.clone()), &[("if-match", "W/\"1\"")]).await;
        assert_eq!((fresh.status, &fresh.headers[ETAG]), (200, &"W/\"2\"".parse().unwrap()));
        // said again: nothing changes, not even the version
        assert_eq!(okta.ok("PATCH", &path, title).await["meta"]["version"], "W/\"2\"");
        assert_eq!(okta.with("GET", &path, None, &[("if-none-match", "W/\"2\"")]).await.status, 304);
        assert_eq!(okta.with("DELETE", &path, None, &[("if-match", "W/\"1\"")]).await.status, 412);
        assert_eq!(okta.with("DELETE", &path, None, &[("if-match", "W/\"2\"")]).await.status, 204);
    }

    // Nobody said which version they know, so none of them is refused, and none undoes what another said.
    async fn patches_of_one_person_at_once_all_count(t) {
        let okta = Client::new(&t).await;
        let path = format!("/Users/{}", id(&okta.ok("POST", "/Users", json!({"userName": "ada"})).await));
        let names = ["title", "nickName", "userType", "locale", "timezone", "preferredLanguage", "profileUrl", "displayName"];
        let all = names.map(|name| okta.call("PATCH", &path, Some(patch(&json!([{"op": "replace", "path": name, "value": "en"}])))));
        let answers: Vec<u16> = futures_util::future::join_all(all).await.iter().map(|got| got.status).collect();
        assert_eq!(answers, [200; 8]);
        let ada = okta.get(&path).await;
        assert!(names.iter().all(|name| ada[name] == "en"), "{ada}");
        assert_eq!(ada["meta"]["version"], "W/\"9\"");
    }

    // C8: a reader of pages meets everybody who was there all the time, once.
    async fn c8_pages_are_stable_under_change(t) {
        let okta = Client::new(&t).await;
        let mut ids = Vec::new();
        for number in 0..12 {
            ids.push(id(&okta.ok("POST", "/Users", json!({"userName": format!("u{number}")})).await));
        }
        let first = okta.get("/Users?startIndex=1&count=5").await;
        assert_eq!((&first["totalResults"], &first["itemsPerPage"]), (&json!(12), &json!(5)));
        for gone in &ids[1..4] {
            okta.ok("DELETE", &format!("/Users/{gone}"), Value::Null).await;
        }
        ids.push(id(&okta.ok("POST", "/Users", json!({"userName": "late"})).await));
        let second = okta.get("/Users?startIndex=6&count=5").await;
        let third = okta.get("/Users?startIndex=11&count=5").await;
        let read: Vec<String> = [&second, &third].iter().flat_map(|page| page["Resources"].as_array().unwrap().iter().map(id)).collect();
        assert_eq!(read, ids[5..]);
        assert_eq!((&second["totalResults"], &third["totalResults"]), (&json!(13), &json!(13)), "a reader that counts to the total is not stopped early");
        let beyond = okta.get("/Users?startIndex=100&count=5").await;
        assert_eq!((&beyond["totalResults"], &beyond["Resources"]), (&json!(10), &json!([])));
        assert_eq!(okta.get("/Users?count=0").await["totalResults"], 10);
    }

    async fn bulk_runs_references_in_their_order(t) {
        let okta = Client::new(&t).await;
        let request = |operations: Value, fail: Value| json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "failOnErrors": fail, "Operations": operations});
        let done = okta.ok("POST", "/Bulk", request(json!([
            {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "Sales", "members": [{"value": "bulkId:u"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"userName": "ada"}},
            {"method": "PATCH", "path": "/Users/bulkId:u", "data": patch(&json!([{"op": "add", "path": "title", "value": "T"}]))},
            {"method": "POST", "path": "/Users", "bulkId": "twin", "data": {"userName": "ADA"}},
            {"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {}},
        ]), json!(null))).await;
        let statuses: Vec<&str> = done["Operations"].as_array().unwrap().iter().map(|o| o["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["201", "201", "200", "409", "400"], "{done}");
        assert_eq!(done["Operations"][3]["response"]["scimType"], "uniqueness");
        let group = okta.get("/Groups").await["Resources"][0].clone();
        let ada = okta.get("/Users").await["Resources"][0].clone();
        assert_eq!((&group["members"][0]["value"], &ada["title"]), (&ada["id"], &json!("T")));
        // failOnErrors
        let none = format!("/Users/{}", t.app.id::<uuid::Uuid>());
        let operations = json!([{"method": "DELETE", "path": none}, {"method": "DELETE", "path": format!("/Users/{}", id(&ada))}]);
        let done = okta.ok("POST", "/Bulk", request(operations, json!(1))).await;
        assert_eq!(done["Operations"].as_array().map(Vec::len), Some(1));
        assert_eq!(okta.get("/Users").await["totalResults"], 1);
        let many = vec![json!({"method": "DELETE", "path": "/Users/1"}); 1_001];
        okta.refused("POST", "/Bulk", request(json!(many), json!(null)), 413, None).await;
    }

    async fn searches_and_projections(t) {
        let okta = Client::new(&t).await;
        let ada = okta.ok("POST", "/Users?attributes=userName", json!({"userName": "ada", "displayName": "Sales person", "title": "T"})).await;
        assert_eq!(ada.as_object().unwrap().keys().collect::<Vec<_>>(), ["schemas", "id", "userName"]);
        okta.ok("POST", "/Groups", json!({"displayName": "Sales", "members": [{"value": ada["id"]}]})).await;
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "displayName sw \"sales\"",
            "attributes": ["displayName"], "startIndex": 1, "count": 10});
        let both = okta.ok("POST", "/.search", search.clone()).await;
        let names: Vec<&str> = both["Resources"].as_array().unwrap().iter().map(|r| r["displayName"].as_str().unwrap()).collect();
        assert_eq!((names, &both["totalResults"]), (vec!["Sales person", "Sales"], &json!(2)));
        assert_eq!(okta.ok("POST", "/Groups/.search", search).await["totalResults"], 1);
        let bare = okta.get("/Groups?excludedAttributes=members").await;
        assert!(bare["Resources"][0].get("members").is_none() && bare["Resources"][0]["displayName"] == "Sales");
        okta.refused("POST", "/.search", json!({"filter": "userName pr"}), 400, Some("invalidSyntax")).await;
    }

    async fn what_is_not_offered_is_told(t) {
        let okta = Client::new(&t).await;
        okta.refused("GET", "/Me", Value::Null, 501, None).await;
        okta.refused("GET", "/Nothing", Value::Null, 404, None).await;
        okta.refused("GET", "/Users/not-an-id", Value::Null, 404, None).await;
        okta.refused("DELETE", "/Users", Value::Null, 405, None).await;
        okta.refused("POST", "/Users", json!([]), 400, Some("invalidSyntax")).await;
        okta.refused("POST", "/Users", json!({"userName": "a\u{0}"}), 400, Some("invalidSyntax")).await;
let strangers = json!({"displayName": "g", "members": [{"value": "x"}]});
        assert!(okta.ok("POST", "/Groups", strangers).await.get("members").is_none());
        assert_eq!(okta.with("POST", "/Users", Some(json!({"userName": "a"})), &[("content-type", "text/plain")]).await.status, 415);
        okta.refused("POST", "/Schemas", json!({}), 405, None).await;
        for path in ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/ResourceTypes/User",
            "/Schemas/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] {
            assert!(okta.get(path).await["schemas"].is_array(), "{path}");
        }
        okta.refused("GET", "/Schemas/urn:nothing", Value::Null, 404, None).await;
    }

    async fn large_groups_answer_a_patch_with_204(t) {
        let okta = Client::new(&t).await;
        let ids: Vec<Value> = (0..1_200).map(|_| json!({"value": t.app.id::<uuid::Uuid>()})).collect();
        let group = okta.ok("POST", "/Groups", json!({"displayName": "All", "members": ids})).await;
        let path = format!("/Groups/{}", id(&group));
        let ada = id(&okta.ok("POST", "/Users", json!({"userName": "ada"})).await);
        let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]));
        let got = okta.call("PATCH", &path, Some(add)).await;
        assert_eq!((got.status, got.body), (204, Value::Null));
        assert_eq!(okta.get(&path).await["members"].as_array().map(Vec::len), Some(1));
        let replaced = okta.ok("PUT", &path, json!({"displayName": "All", "members": [{"value": ada}, {"value": ids[0]["value"]}]})).await;
        assert_eq!(replaced["members"].as_array().map(Vec::len), Some(1));
    }

    async fn the_log_keeps_the_last_thousand(t) {
        let okta = Client::new(&t).await;
        for _ in 0..3 {
            okta.get("/Users?count=0").await;
        }
        okta.refused("POST", "/Users", json!({"password": "hunter2"}), 400, Some("invalidValue")).await;
        let path = format!("/api/v1/connections/{}/scim/requests", okta.connection);
        let log = t.call("GET", &path, None).await.1;
        let log = log.as_array().unwrap();
        assert_eq!(log.len(), 4);
        assert_eq!((&log[3]["status"], &log[3]["body"]), (&json!(400), &json!("{\"password\":\"***\"}")));
        let after = t.call("GET", &format!("{path}?after={}", log[2]["id"].as_str().unwrap()), None).await.1;
        assert_eq!(after.as_array().unwrap().as_slice(), &log[3..]);
        for _ in 0..1_010 {
            okta.call("GET", "/Nothing", None).await;
        }
        let log = t.call("GET", &path, None).await.1;
        assert_eq!(log.as_array().map(Vec::len), Some(1_000));
    }
);
