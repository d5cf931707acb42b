use super::*;
use crate::db::Timestamp;

/// A connection that is stored nowhere.
pub(super) fn sample(authentication: Authentication) -> Connection {
    Connection {
        id: ConnectionId(uuid::Uuid::from_u128(1)),
        name: "acme".to_owned(),
        domain: Domain::parse("acme").unwrap(),
        authentication,
        client_id: authentication
            .has_client()
            .then(|| "0oa1bcde2FGHIJ3kl4m5".to_owned()),
        jobs: vec![Job::Sync],
        rate_share: DEFAULT_SHARE,
        status: Status::Inactive,
        status_since: Timestamp(0),
        status_why: None,
        tested_at: None,
        test: None,
        version: 1,
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
    }
}

use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, IF_MATCH};
use http::{Method, Request};
use keywright_okta::{SigningAlgorithm, SigningKey};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::testing::{TestApp, db_test};

/// One call of the API as the machine's operator: status and body.
async fn call(t: &TestApp, method: Method, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    send(t, request).await
}

async fn send(t: &TestApp, mut request: Request<Body>) -> (u16, Value) {
    request.extensions_mut().insert(t.local());
    let answer = crate::router::router(&t.app)
        .oneshot(request)
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (
        status,
        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    )
}

async fn made(t: &TestApp, body: Value) -> Value {
    let (status, made) = call(t, Method::POST, "/connections", body).await;
    assert_eq!(status, 201, "{made}");
    made
}

fn path(connection: &Value) -> String {
    format!("/connections/{}", connection["id"].as_str().unwrap())
}

async fn actions(t: &TestApp) -> Vec<String> {
    let work = t.read().await;
    let sql = "SELECT action FROM audit_entries WHERE tenant_id = $1 AND target_kind = 'connection' ORDER BY id";
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        action: String,
    }
    let rows: Vec<Row> = work
        .rows(sql, crate::db::values![work.tenant])
        .await
        .unwrap();
    rows.into_iter().map(|row| row.action).collect()
}

db_test!(
    async fn a_connection_is_made_with_its_keys(t) {
        let made = made(&t, json!({"domain": "https://acme-admin.okta.com/admin", "key_algorithm": "ES256"})).await;
        assert_eq!((&made["name"], &made["org_url"]), (&json!("acme"), &json!("https://acme.okta.com")));
        assert_eq!((&made["authentication"], &made["status"]), (&json!("oauth_dpop"), &json!("inactive")));
        assert_eq!(made["scopes"][0]["name"], "okta.groups.read");
        let keys = made["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 2);
        assert_ne!(keys[0]["kid"], keys[1]["kid"]);
        assert!(!made.to_string().contains("PRIVATE"), "no private half is shown");
        let (status, jwks) = send(&t, Request::get(format!("{}/jwks.json", path(&made))).body(Body::empty()).unwrap()).await;
        assert_eq!((status, jwks["keys"].as_array().unwrap().len()), (200, 1), "{jwks}");
        assert_eq!(jwks["keys"][0]["kid"], keys[0]["kid"]);
        assert!(jwks["keys"][0].get("d").is_none());
        assert_eq!(actions(&t).await, ["connection.created"]);
    }

    async fn name_and_org_are_joined_once(t) {
        made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        for body in [json!({"domain": "acme.okta.com", "name": "other"}), json!({"domain": "other", "name": "ACME"})] {
            let (status, problem) = call(&t, Method::POST, "/connections", body).await;
            assert_eq!((status, &problem["type"]), (409, &json!("urn:keywright:problem:conflict")));
        }
    }

    async fn given_keys_are_taken_and_a_wrong_pair_is_refused(t) {
        let [one, two] = [1, 2].map(|_| SigningKey::generate(SigningAlgorithm::Es256).unwrap());
        let key = |private: &SigningKey, public: &SigningKey| json!({"private_pem": private.private_pem().reveal(), "public": public.public_pem()});
        let (status, problem) = call(&t, Method::POST, "/connections", json!({"domain": "acme", "client_key": key(&one, &two)})).await;
        assert_eq!(status, 422);
        assert!(problem["detail"].as_str().unwrap().contains("does not belong to the private key"), "{problem}");
        let same = json!({"domain": "acme", "client_key": key(&one, &one), "dpop_key": key(&one, &one)});
        let (status, problem) = call(&t, Method::POST, "/connections", same).await;
        assert_eq!(status, 422);
        assert!(problem["detail"].as_str().unwrap().contains("two different ones"), "{problem}");
        let public = json!({"domain": "acme", "client_key": {"private_pem": one.public_pem()}});
        assert_eq!(call(&t, Method::POST, "/connections", public).await.0, 422);
        let good = made(&t, json!({"domain": "acme", "client_key": key(&one, &one), "dpop_key": key(&two, &two)})).await;
        assert_eq!(good["keys"][0]["kid"], one.kid());
        assert_eq!(good["keys"][1]["jwk"]["kid"], two.kid());
    }

    async fn a_given_kid_is_kept(t) {
        let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
        let body = json!({"domain": "acme", "client_key": {"private_pem": key.private_pem().reveal(), "kid": "kid-in-okta"}});
        let made = made(&t, body).await;
        assert_eq!((&made["keys"][0]["kid"], &made["keys"][0]["jwk"]["kid"]), (&json!("kid-in-okta"), &json!("kid-in-okta")));
    }

    async fn each_way_wants_its_own_secrets(t) {
        let token = "00abcdefghijklmnopqrstuvwxyz0123456789ABCD";
        for (body, word) in [
            (json!({"domain": "acme", "authentication": "api_token"}), "api_token is missing"),
            (json!({"domain": "acme", "authentication": "oauth", "api_token": token}), "does not go with oauth"),
            (json!({"domain": "acme", "authentication": "api_token", "api_token": "x y"}), "no API token"),
            (json!({"domain": "acme", "client_id": "no good"}), "no client id"),
            (json!({"domain": "acme", "rate_share": 0}), "rate share"),
            (json!({"domain": "www.okta.com"}), "Okta's own site"),
        ] {
            let (status, problem) = call(&t, Method::POST, "/connections", body).await;
            assert_eq!(status, 422, "{word}");
            assert!(problem["detail"].as_str().unwrap().contains(word), "{word}: {problem}");
        }
        let made = made(&t, json!({"domain": "acme", "authentication": "api_token", "api_token": format!("SSWS {token}")})).await;
        assert!(made["keys"].as_array().unwrap().is_empty() && !made.to_string().contains(token));
        let work = t.read().await;
        let id = made["id"].as_str().unwrap().parse().unwrap();
        let sealed = store::api_token(&work, id).await.unwrap().unwrap();
        assert!(!sealed.0.windows(8).any(|part| part == &token.as_bytes()[..8]));
    }

    async fn changes_are_versioned_and_ask_for_a_test(t) {
        let made = made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        let id: ConnectionId = made["id"].as_str().unwrap().parse().unwrap();
        let mut work = t.begin().await;
        store::set_status(&work, id, Status::Active, work.now, None).await.unwrap();
        failed(&mut work, id, "Okta is away").await.unwrap();
        work.commit().await.unwrap();
        let (_, shown) = call(&t, Method::GET, &path(&made), json!({})).await;
        assert_eq!((&shown["status"], &shown["status_why"]), (&json!("failing"), &json!("Okta is away")));
        let (status, changed) = call(&t, Method::PATCH, &path(&made), json!({"client_id": "0oa1", "rate_share": 80})).await;
        assert_eq!((status, &changed["status"], &changed["version"]), (200, &json!("inactive"), &json!(2)));
        let stale = Request::patch(format!("/api/v1{}", path(&made)))
            .header(CONTENT_TYPE, "application/json")
            .header(IF_MATCH, "\"1\"")
            .body(Body::from(r#"{"name": "x"}"#))
            .unwrap();
        assert_eq!(send(&t, stale).await.0, 412);
        let (_, off) = call(&t, Method::PATCH, &path(&made), json!({"enabled": false})).await;
        assert_eq!(off["status"], "disabled");
        let refused = client(&t.app, t.tenant, id).await;
        assert!(matches!(refused, Err(Error::Disabled(name)) if name == "acme"));
    }

    async fn a_new_key_waits_beside_the_old_one(t) {
        let made = made(&t, json!({"domain": "acme", "client_id": "0oa1", "key_algorithm": "ES256"})).await;
        let (status, waits) = call(&t, Method::POST, &format!("{}/rotate", path(&made)), json!({"algorithm": "ES256"})).await;
        assert_eq!((status, &waits["done"]), (200, &json!(false)));
        let id: ConnectionId = made["id"].as_str().unwrap().parse().unwrap();
        let served = jwks(&t.app, id).await.unwrap();
        let kids: Vec<&Value> = served["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        assert_eq!(kids, [&made["keys"][0]["kid"], &waits["key"]["kid"]]);
        let (_, dpop) = call(&t, Method::POST, &format!("{}/rotate", path(&made)), json!({"purpose": "dpop", "algorithm": "ES256"})).await;
        assert_eq!(dpop["done"], true);
        let (_, shown) = call(&t, Method::GET, &path(&made), json!({})).await;
        assert_eq!(shown["keys"].as_array().unwrap().len(), 3);
    }

    async fn a_client_is_shared_until_the_connection_changes(t) {
        let made = made(&t, json!({"domain": "acme", "client_id": "0oa1", "key_algorithm": "ES256"})).await;
        let id: ConnectionId = made["id"].as_str().unwrap().parse().unwrap();
        let one = client(&t.app, t.tenant, id).await.unwrap();
        let same = client(&t.app, t.tenant, id).await.unwrap();
        assert!(std::sync::Arc::ptr_eq(one.budget(), same.budget()));
        assert_eq!((one.credentials_kind(), one.budget().share()), ("oauth_dpop", 50));
        call(&t, Method::PATCH, &path(&made), json!({"authentication": "oauth", "rate_share": 20})).await;
        let other = client(&t.app, t.tenant, id).await.unwrap();
        assert_eq!((other.credentials_kind(), one.budget().share()), ("oauth", 20));
        assert!(std::sync::Arc::ptr_eq(one.budget(), other.budget()));
    }

    async fn what_is_removed_is_gone(t) {
        let made = made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        assert_eq!(call(&t, Method::DELETE, &path(&made), json!({})).await.0, 204);
        assert_eq!(call(&t, Method::GET, &path(&made), json!({})).await.0, 404);
        let id: ConnectionId = made["id"].as_str().unwrap().parse().unwrap();
        assert!(matches!(jwks(&t.app, id).await, Err(Error::NotFound(_))));
        assert!(store::keys(&t.read().await, id).await.unwrap().is_empty());
    }

    async fn one_that_people_have_roles_through_is_not_removed(t) {
        let made = made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        let mapping = json!({"connection": made["id"], "okta_group_id": "00g1", "group_name": "Sales", "roles": ["user"]});
        let (status, mapping) = call(&t, Method::POST, "/mappings", mapping).await;
        assert_eq!(status, 201, "{mapping}");
        let (status, problem) = call(&t, Method::DELETE, &path(&made), json!({})).await;
        assert_eq!(status, 409, "{problem}");
        assert!(problem["mend"].as_str().unwrap().contains("mapping remove"));
        let gone = call(&t, Method::DELETE, &format!("/mappings/{}", mapping["id"].as_str().unwrap()), json!({})).await;
        assert_eq!(gone.0, 204);
        assert_eq!(call(&t, Method::DELETE, &path(&made), json!({})).await.0, 204);
    }

    async fn another_tenant_sees_nothing_of_it(t) {
        let made = made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        let id: ConnectionId = made["id"].as_str().unwrap().parse().unwrap();
        let stranger = t.other_tenant().await;
        let mut work = t.app.begin(&stranger).await.unwrap();
        assert!(list(&work).await.unwrap().is_empty());
        assert!(matches!(find(&work, id).await, Err(Error::NotFound(_))));
        assert!(keys(&work, id).await.unwrap().is_empty());
        assert!(store::api_token(&work, id).await.unwrap().is_none());
        assert!(matches!(remove(&mut work, id, "x").await, Err(Error::NotFound(_))));
        assert!(!store::delete(&work, id).await.unwrap());
        assert_eq!(store::delete_keys(&work, id, Purpose::Client, KeyState::Current).await.unwrap(), 0);
        assert!(store::promote_key(&work, id, Purpose::Client).await.is_err());
        store::set_api_token(&work, id, None).await.unwrap();
        store::set_status(&work, id, Status::Disabled, work.now, None).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(find(&t.read().await, id).await.unwrap().status, Status::Inactive);
        assert_eq!(owner(&t.app, id).await.unwrap(), Some(t.tenant));
    }

    async fn without_a_client_id_the_test_says_what_is_missing(t) {
        let made = made(&t, json!({"domain": "acme", "key_algorithm": "ES256"})).await;
        let (status, report) = call(&t, Method::POST, &format!("{}/test", path(&made)), json!({})).await;
        assert_eq!((status, &report["passed"]), (200, &json!(false)));
        assert!(report["checks"][0]["mend"].as_str().unwrap().contains("API Services"));
        let (_, shown) = call(&t, Method::GET, &path(&made), json!({})).await;
        assert_eq!((&shown["status"], &shown["test"]), (&json!("failing"), &report));
    }
);
