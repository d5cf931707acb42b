//! Event hooks as Okta drives them, and the feed, on both databases. K11: challenge, secret, one effect, order.

mod hooks;
mod poll;

use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::{KEPT_DAYS, handlers, schedule};
use crate::jobs::{self, Registry};
use crate::testing::{TestApp, db_test};

struct Hook {
    at: String,
    api: String,
    secret: String,
}

/// A connection whose event hook has a secret.
async fn hook(t: &TestApp) -> Hook {
    let new = json!({"name": "acme", "domain": "acme.okta.com", "authentication": "oauth", "key_algorithm": "ES256", "jobs": ["events"]});
    let (status, made) = t.call("POST", "/api/v1/connections", Some(new)).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().unwrap();
    let api = format!("/api/v1/connections/{id}");
    let (status, made) = t
        .call("POST", &format!("{api}/event-hook/secrets"), None)
        .await;
    assert_eq!(status, 201, "{made}");
    Hook {
        at: format!("/connections/{id}/hooks/events"),
        api,
        secret: made["secret"].as_str().unwrap().to_owned(),
    }
}

/// An event as the System Log has it (Okta: System Log API, `LogEvent`).
fn event(number: u32) -> Value {
    json!({"uuid": Uuid::from_u128(u128::from(number)), "published": format!("2026-01-05T07:{:02}:00.000Z", number % 60),
        "eventType": if number.is_multiple_of(2) { "user.lifecycle.suspend" } else { "group.user_membership.add" }, "version": "0", "severity": "INFO",
        "displayMessage": "something", "actor": {"id": format!("00u{}", number % 3), "type": "User"}, "outcome": {"result": "SUCCESS"},
        "target": [{"id": "00u9", "type": "User", "detailEntry": null}]})
}

fn delivery(events: &[Value]) -> Value {
    json!({"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
        "source": "https://acme.okta.com/api/v1/eventHooks/who1", "eventId": Uuid::from_u128(7), "data": {"events": events},
        "eventTime": "2026-01-05T08:00:00.000Z", "contentType": "application/json"})
}

impl Hook {
    async fn post(&self, t: &TestApp, secret: &str, body: impl Into<Body>) -> u16 {
        let request = Request::post(&self.at)
            .header("accept", "application/json")
            .header("content-type", "application/json")
            .header("authorization", secret);
        let response = t.router().oneshot(request.body(body.into()).unwrap()).await;
        response.unwrap().status().as_u16()
    }

    async fn deliver(&self, t: &TestApp, numbers: impl IntoIterator<Item = u32>) -> u16 {
        let events: Vec<Value> = numbers.into_iter().map(event).collect();
        self.post(t, &self.secret, delivery(&events).to_string())
            .await
    }

    async fn feed(&self, t: &TestApp, query: &str) -> (Vec<i64>, Vec<Value>, i64) {
        let (status, feed) = t
            .call("GET", &format!("{}/events?{query}", self.api), None)
            .await;
        assert_eq!(status, 200, "{feed}");
        let items = feed["items"].as_array().unwrap().clone();
        let seqs = items.iter().map(|item| item["seq"].as_i64().unwrap());
        (seqs.collect(), items, feed["next"].as_i64().unwrap())
    }
}

db_test!(
    with |builder| builder.with(crate::events::Intake::default());

    async fn k11_the_challenge_is_said_back(t) {
        let hook = hook(&t).await;
        let request = Request::get(&hook.at).header("x-okta-verification-challenge", "Qd-123_x").body(Body::empty()).unwrap();
        let response = t.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        let body = axum::body::to_bytes(response.into_body(), 4_096).await.unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), json!({"verification": "Qd-123_x"}));
        assert_eq!(t.send(None, "GET", &hook.at, None).await.0, 400);
        let nowhere = format!("/connections/{}/hooks/events", Uuid::from_u128(1));
        let request = Request::get(nowhere).header("x-okta-verification-challenge", "x").body(Body::empty()).unwrap();
        assert_eq!(t.router().oneshot(request).await.unwrap().status(), 404);
    }

    async fn k11_a_wrong_secret_is_refused_and_leaves_nothing(t) {
        let hook = hook(&t).await;
        let body = delivery(&[event(1)]).to_string();
        for wrong in ["", "kwh_wrong", &hook.secret[..hook.secret.len() - 1], "Bearer x"] {
            assert_eq!(hook.post(&t, wrong, body.clone()).await, 401, "{wrong}");
        }
        assert!(hook.feed(&t, "").await.0.is_empty());
        // Another stands beside it, then alone.
        let (_, other) = t.call("POST", &format!("{}/event-hook/secrets", hook.api), None).await;
        let other = other["secret"].as_str().unwrap();
        assert_eq!((hook.deliver(&t, [1]).await, hook.post(&t, other, body.clone()).await), (204, 204));
        let (_, listed) = t.call("GET", &format!("{}/event-hook", hook.api), None).await;
        assert!(listed["url"].as_str().unwrap().ends_with(&hook.at) && !listed.to_string().contains(&hook.secret));
        assert_eq!((listed["secrets"].as_array().unwrap().len(), &listed["events"]), (2, &json!(1)));
        let first = listed["secrets"][1]["id"].as_str().unwrap();
        let path = format!("{}/event-hook/secrets/{first}", hook.api);
        assert_eq!(t.call("DELETE", &path, None).await.0, 204);
        assert_eq!(t.call("DELETE", &path, None).await.0, 404);
        assert_eq!((hook.deliver(&t, [2]).await, hook.post(&t, other, body).await), (401, 204));
        for table in ["event_secrets", "audit_entries"] {
            #[derive(sea_orm::FromQueryResult)]
            struct Count { n: i64 }
            let column = if table == "event_secrets" { "prefix" } else { "detail" };
            let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE tenant_id = $1 AND CAST({column} AS TEXT) LIKE $2");
            let like = format!("%{}%", &hook.secret[..20]);
            let count: Option<Count> = t.read().await.row(&sql, crate::db::values![t.tenant, like]).await.unwrap();
            assert_eq!(count.unwrap().n, 0, "the secret stands in {table}");
        }
    }

    async fn k11_what_comes_twice_or_out_of_order_is_kept_once(t) {
        let hook = hook(&t).await;
        assert_eq!(hook.deliver(&t, [5, 3, 5, 4]).await, 204);
        assert_eq!(hook.deliver(&t, [4, 1, 3, 2]).await, 204);
        assert_eq!(hook.deliver(&t, []).await, 204);
        let (seqs, items, next) = hook.feed(&t, "").await;
        assert_eq!((seqs, next), (vec![1, 2, 3, 4, 5], 5));
        let numbers: Vec<&str> = items.iter().map(|item| &item["uuid"].as_str().unwrap()[35..]).collect();
        assert_eq!(numbers, ["5", "3", "4", "1", "2"]);
        assert_eq!(items[0]["event"], event(5), "as Okta sent it");
        let (status, one) = t.call("GET", &format!("{}/events/{}", hook.api, items[3]["uuid"].as_str().unwrap()), None).await;
        assert_eq!((status, &one["seq"], &one["came_by"]), (200, &json!(4), &json!("hook")));
        assert_eq!(t.call("GET", &format!("{}/events/nothing", hook.api), None).await.0, 404);
    }

    async fn many_deliveries_at_once_leave_no_gap_and_nothing_twice(t) {
        let hook = hook(&t).await;
        let one = async |start: u32| hook.deliver(&t, start * 5..start * 5 + 10).await;
        let answers = futures_util::future::join_all((0..40).map(one)).await;
        assert!(answers.iter().all(|status| *status == 204), "{answers:?}");
        let (seqs, items, _) = hook.feed(&t, "limit=1000").await;
        assert_eq!(seqs, (1..=205).collect::<Vec<i64>>(), "0 to 204, each once");
        let mut ids: Vec<String> = items.iter().map(|item| item["uuid"].to_string()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 205);
    }

    async fn what_is_no_delivery_is_refused_and_a_bad_event_does_not_lose_the_others(t) {
        let hook = hook(&t).await;
        for wrong in ["", "{}", "[]", "{\"data\":{\"events\":{}}}", "{\"data\":{\"events\":[{}]}}", "{\"data\":{\"events\":[1]}}"] {
            assert_eq!(hook.post(&t, &hook.secret, wrong).await, 400, "{wrong}");
        }
        let deep = format!("{{\"data\":{{\"events\":[{}{}]}}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(hook.post(&t, &hook.secret, deep).await, 400);
        let many: Vec<Value> = (0..1_001).map(event).collect();
        assert_eq!(hook.post(&t, &hook.secret, delivery(&many).to_string()).await, 400);
        let mut long = event(1);
        long["uuid"] = json!("x".repeat(300));
        let mut zero = event(2);
        zero["displayMessage"] = json!("a\0b");
        assert_eq!(hook.post(&t, &hook.secret, delivery(&[long, zero, event(3)]).to_string()).await, 204);
        let (seqs, items, _) = hook.feed(&t, "").await;
        assert_eq!(seqs, [1, 2]);
        assert_eq!(items[0]["event"]["displayMessage"], "a\0b", "as it was sent");
        let mut escaped = event(4);
        escaped["displayMessage"] = json!("a\\u0000b \u{2028} \u{1F512}");
        assert_eq!(hook.post(&t, &hook.secret, delivery(&[escaped.clone()]).to_string()).await, 204);
        assert_eq!(hook.feed(&t, "after=2").await.1[0]["event"], escaped);
        let huge = delivery(&[json!({"x": "y".repeat(20 << 20)})]).to_string();
        assert_eq!(hook.post(&t, &hook.secret, huge).await, 413);
    }

    async fn the_feed_is_read_on_and_filtered(t) {
        let hook = hook(&t).await;
        hook.deliver(&t, 1..=9).await;
        let (first, _, next) = hook.feed(&t, "limit=4").await;
        assert_eq!((first, next), (vec![1, 2, 3, 4], 4));
        assert_eq!(hook.feed(&t, "limit=100&after=4").await.0, [5, 6, 7, 8, 9]);
        let (suspended, _, next) = hook.feed(&t, "type=user.lifecycle.suspend").await;
        assert_eq!((suspended, next), (vec![2, 4, 6, 8], 9), "what did not match is not looked at again");
        assert_eq!(hook.feed(&t, "type=user.*&limit=2").await.0, [2, 4]);
        assert_eq!(hook.feed(&t, "type=user.*&limit=2").await.2, 4);
        assert_eq!(hook.feed(&t, "type=user.life.*").await.0, [0; 0]);
        assert_eq!(hook.feed(&t, "actor=00u0").await.0, [3, 6, 9]);
        assert_eq!(hook.feed(&t, "outcome=FAILURE").await.0, [0; 0]);
        assert_eq!(hook.feed(&t, "since=2026-01-05T07:08:00Z").await.0, [8, 9]);
        assert_eq!(hook.feed(&t, "after=9").await.2, 9);
        assert_eq!((hook.feed(&t, "came_by=hook").await.0.len(), hook.feed(&t, "came_by=poll").await.0.len()), (9, 0));
        for wrong in ["limit=0", "limit=1001", "since=yesterday", "page=2"] {
            assert_eq!(t.call("GET", &format!("{}/events?{wrong}", hook.api), None).await.0, 400, "{wrong}");
        }
        let other = t.other_tenant().await;
        assert_eq!(t.send(Some(other), "GET", &format!("{}/events", hook.api), None).await.0, 404);
    }

    async fn who_waits_is_given_what_comes(t) {
        let hook = hook(&t).await;
        let waits = hook.feed(&t, "wait=20");
        let comes = async {
            tokio::task::yield_now().await;
            hook.deliver(&t, [1]).await
        };
        let ((seqs, ..), status) = tokio::join!(waits, comes);
        assert_eq!((seqs, status), (vec![1], 204));
    }

    async fn what_is_old_is_forgotten_and_numbers_go_on(t) {
        let hook = hook(&t).await;
        hook.deliver(&t, 1..=3).await;
        t.advance(Duration::from_secs(86_400 * u64::try_from(KEPT_DAYS).unwrap()));
        hook.deliver(&t, 4..=5).await;
        t.advance(Duration::from_secs(60));
        let mut work = t.begin().await;
        schedule(&mut work).await.unwrap();
        work.commit().await.unwrap();
        jobs::run_until_idle(&t.app, &handlers(Registry::new())).await.unwrap();
        assert_eq!(hook.feed(&t, "").await.0, [4, 5]);
        hook.deliver(&t, [6]).await;
        assert_eq!(hook.feed(&t, "").await.0, [4, 5, 6]);
    }
);
