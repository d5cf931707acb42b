//! How much is taken, how long it takes, how much memory it costs.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::client::{Client, id, patch};
use crate::testing::db_test;

const MIB: usize = 1 << 20;

/// The most memory this process ever had, bytes. One test is one process under nextest.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        * 1024
}

/// A group's body of nearly 16 MiB.
fn large_group() -> (String, usize) {
    let mut body = String::from(r#"{"displayName": "All", "members": ["#);
    let mut members = 0_u128;
    while body.len() < 16 * MIB - 200 {
        let comma = if members == 0 { "" } else { "," };
        let id = uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + members);
        write!(
            body,
            r#"{comma}{{"value": "{id}", "display": "person{members}@example.com"}}"#
        )
        .unwrap();
        members += 1;
    }
    body.push_str("]}");
    (body, usize::try_from(members).unwrap())
}

async fn put(okta: &Client, path: &str, body: String) -> u16 {
    let uri = format!("/connections/{}/scim/v2{path}", okta.connection);
    let request = http::Request::builder()
        .method("PUT")
        .uri(uri)
        .header(AUTHORIZATION, format!("Bearer {}", okta.token))
        .header("content-type", "application/scim+json")
        .body(axum::body::Body::from(body))
        .unwrap();
    okta.router
        .clone()
        .oneshot(request)
        .await
        .unwrap()
        .status()
        .as_u16()
}

db_test!(
    with |builder| builder.with(crate::scim::State::default());

    async fn a_group_of_16_mebibytes_is_taken_in_bounded_memory(t) {
        let okta = Client::new(&t).await;
        let path = format!("/Groups/{}", id(&okta.ok("POST", "/Groups", json!({"displayName": "All"})).await));
        let (body, members) = large_group();
        assert!(members > 100_000, "{members}");
        let before = peak();
        let began = Instant::now();
        assert_eq!(put(&okta, &path, body).await, 200);
        let (grown, took) = (peak() - before, began.elapsed());
        println!("{members} members: {} MiB more at the peak, {took:?}", grown / MIB);
        assert!(grown < 320 * MIB, "{} MiB", grown / MIB);
        // the same again changes nothing, and its members stay out of the body on request
        let (body, _) = large_group();
        assert_eq!(put(&okta, &path, body).await, 200);
        let slim = okta.get(&format!("{path}?excludedAttributes=members")).await;
        assert!(slim.get("members").is_none());
        let one = okta.call("PATCH", &path, Some(patch(&json!([{"op": "add", "path": "members", "value": [{"value": t.app.id::<uuid::Uuid>()}]}])))).await;
        assert_eq!((one.status, one.body), (204, Value::Null));
        assert!(peak() - before < 320 * MIB, "{} MiB", (peak() - before) / MIB);
    }

    async fn what_is_too_much_is_refused_with_the_right_error(t) {
        let okta = Client::new(&t).await;
        let path = format!("/Groups/{}", id(&okta.ok("POST", "/Groups", json!({"displayName": "All"})).await));
        assert_eq!(put(&okta, &path, " ".repeat(16 * MIB + 1)).await, 413);
        let deep = format!("{{\"displayName\": {}1{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(put(&okta, &path, deep).await, 400);
        let many: Vec<Value> = (0..1_001).map(|n| json!({"method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": {"userName": n.to_string()}})).collect();
        let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": many});
        okta.refused("POST", "/Bulk", bulk, 413, None).await;
        let operations: Vec<Value> = (0..10_001).map(|n| json!({"op": "replace", "path": "title", "value": n.to_string()})).collect();
        let ada = format!("/Users/{}", id(&okta.ok("POST", "/Users", json!({"userName": "ada"})).await));
        let got = okta.call("PATCH", &ada, Some(patch(&json!(operations)))).await;
        assert!(got.status == 413 || got.status == 400, "{} {}", got.status, got.body);
        assert!(okta.get(&ada).await.get("title").is_none(), "all or nothing");
        let page = okta.get("/Users?count=1000000").await;
        assert!(page["itemsPerPage"].as_u64().unwrap() <= 1_000);
    }

    // C8
    async fn c8_every_answer_comes_in_time_under_load(t) {
        let okta = std::sync::Arc::new(Client::new(&t).await);
        let group = format!("/Groups/{}", id(&okta.ok("POST", "/Groups", json!({"displayName": "All"})).await));
        let mut tasks = tokio::task::JoinSet::new();
        for worker in 0..32 {
            let (okta, group) = (std::sync::Arc::clone(&okta), group.clone());
            tasks.spawn(async move {
                let mut slowest = Duration::ZERO;
                for n in 0..4 {
                    let login = format!("p{worker}-{n}@example.com");
                    let began = Instant::now();
                    let made = okta.ok("POST", "/Users", json!({"userName": login, "externalId": format!("00u{worker}x{n}")})).await;
                    slowest = slowest.max(began.elapsed());
                    let path = format!("/Users/{}", id(&made));
                    let began = Instant::now();
                    okta.ok("PATCH", &group, patch(&json!([{"op": "add", "path": "members", "value": [{"value": id(&made)}]}]))).await;
                    slowest = slowest.max(began.elapsed());
                    let began = Instant::now();
                    let found = okta.get(&format!("/Users?filter=userName eq \"{login}\"")).await;
                    assert_eq!(found["totalResults"], 1);
                    slowest = slowest.max(began.elapsed());
                    let began = Instant::now();
                    okta.ok("PATCH", &path, patch(&json!([{"op": "replace", "value": {"active": false}}]))).await;
                    slowest = slowest.max(began.elapsed());
                }
                slowest
            });
        }
        let slowest = tasks.join_all().await.into_iter().max().unwrap();
        println!("slowest of 512 answers to 32 clients at once: {slowest:?}");
        assert!(slowest < Duration::from_secs(60), "{slowest:?}");
        assert_eq!(okta.get(&group).await["members"].as_array().unwrap().len(), 128);
    }
);
