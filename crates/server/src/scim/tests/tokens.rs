//! Who is let in.

use std::time::Duration;

use serde_json::json;

use super::super::requests;
use super::client::Client;
use crate::testing::db_test;

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    // C2
    async fn c2_tokens(t) {
        let okta = Client::new(&t).await;
        let tokens = format!("/api/v1/connections/{}/scim/tokens", okta.connection);
        let (status, made) = t.call("POST", &tokens, Some(json!({"name": "second", "days": 1}))).await;
        assert_eq!(status, 200, "{made}");
        let secret = made["secret"].as_str().unwrap().to_owned();
        assert!(secret.len() >= 4 + 43, "256 bits");
        assert!(made["base_url"].as_str().unwrap().ends_with(&format!("/connections/{}/scim/v2", okta.connection)));
        let second = Client::at(&t, okta.connection, &secret);
        // two alive at once
        second.get("/Users").await;
        okta.get("/Users").await;
        let listed = t.call("GET", &tokens, None).await.1;
        assert!(!listed.to_string().contains(&secret), "shown once");
        assert!(secret.starts_with(listed[0]["prefix"].as_str().unwrap()));
        assert!(listed[0]["last_used_at"].is_string());
        // expiry, revocation
        t.advance(Duration::from_secs(86_400));
        let expired = second.refused("GET", "/Users", json!(null), 401, None).await;
        okta.get("/Users").await;
        let first = listed[1]["id"].as_str().unwrap();
        assert_eq!(t.call("DELETE", &format!("{tokens}/{first}"), None).await.0, 200);
        assert_eq!(t.call("DELETE", &format!("{tokens}/{first}"), None).await.0, 404);
        let revoked = okta.refused("GET", "/Users", json!(null), 401, None).await;
        // alike to the caller
        let wrong = Client::at(&t, okta.connection, "kws_wrong");
        let unknown = wrong.refused("GET", "/Users", json!(null), 401, None).await;
        let stranger = Client::new(&t).await;
        let foreign = Client::at(&t, okta.connection, &stranger.token);
        let foreign = foreign.refused("GET", "/Users", json!(null), 401, None).await;
        let nowhere = Client::at(&t, t.app.id(), &stranger.token);
        let nowhere = nowhere.refused("GET", "/Users", json!(null), 401, None).await;
        assert!([&revoked, &unknown, &foreign, &nowhere].into_iter().all(|body| *body == expired));
        // told apart in the trail, which is written after the answers
        requests::flush(&t.app).await;
        let trail = t.call("GET", "/api/v1/audit?action=scim.refused", None).await.1.to_string();
        for why in ["expired", "revoked", "unknown", "foreign"] {
            assert_eq!(trail.matches(&format!("\"{why} token\"")).count(), 1, "{why}: {trail}");
        }
        // a flood of refusals does not fill it
        for _ in 0..5 {
            wrong.refused("GET", "/Users", json!(null), 401, None).await;
        }
        requests::flush(&t.app).await;
        let trail = t.call("GET", "/api/v1/audit?action=scim.refused", None).await.1.to_string();
        assert_eq!(trail.matches("\"unknown token\"").count(), 1);
    }

    // C2: a token of one connection or tenant never sees another's.
    async fn c2_connections_do_not_see_each_other(t) {
        let (one, two) = (Client::new(&t).await, Client::new(&t).await);
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada@example.com"});
        let ada = one.ok("POST", "/Users", body.clone()).await;
        assert_eq!(two.get("/Users").await["totalResults"], 0);
        let path = format!("/Users/{}", ada["id"].as_str().unwrap());
        two.refused("GET", &path, json!(null), 404, None).await;
        two.refused("DELETE", &path, json!(null), 404, None).await;
        // the same name is free there
        two.ok("POST", "/Users", body).await;
        let bare = one.with("GET", "/Users", None, &[]).await;
        assert_eq!(bare.status, 200);
        let listed = t.send(Some(t.other_tenant().await), "GET", &format!("/api/v1/connections/{}/scim/tokens", one.connection), None).await;
        assert_eq!(listed.0, 404);
    }
);
