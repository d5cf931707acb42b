//! Lists to their end: page by page, or line by line; what breaks off is never taken for the whole.

use axum::body::{Body, to_bytes};
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use keywright_sandbox::{Effect, Fault};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::World;
use crate::testing::db_test;

impl World {
    async fn lines(&self, name: &str, input: Value) -> Vec<Value> {
        let mut request = Request::post(format!("/api/v1/connections/{}/actions/{name}", self.id))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/x-ndjson")
            .body(Body::from(input.to_string()))
            .unwrap();
        request.extensions_mut().insert(self.t.local());
        let answer = crate::router::router(&self.t.app)
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/x-ndjson");
        let bytes = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Okta's 403: lists without a role are empty instead.
fn forbidden() -> Effect {
    let body = json!({"errorCode": "E0000006", "errorSummary": "You do not have permission to perform the requested action",
        "errorLink": "E0000006", "errorId": "oae1", "errorCauses": []});
    Effect::Answer {
        status: 403,
        body: Some(body),
        headers: std::collections::HashMap::new(),
    }
}

db_test!(
    async fn pages_lead_to_the_end(t) {
        let world = World::new(t, "api_token").await;
        let (mut query, mut seen, mut pages) = ("?limit=5".to_owned(), Vec::new(), 0);
        loop {
            let (status, page) = world.rest("search-users", &query, json!({})).await;
            assert_eq!(status, 200, "{page}");
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 5);
            seen.extend(items.iter().map(|user| user["id"].as_str().unwrap().to_owned()));
            pages += 1;
            let Some(next) = page["next"].as_str() else { break };
            query = format!("?limit=5&after={next}");
        }
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), pages), (13, 3));
    }

    async fn a_cursor_leads_nowhere_else(t) {
        let world = World::new(t, "api_token").await;
        let (_, page) = world.rest("search-users", "?limit=5", json!({})).await;
        let next = page["next"].as_str().unwrap();
        let group = world.group().await;
        let (status, _) = world.rest("list-group-members", &format!("?after={next}"), json!({"groupId": group})).await;
        assert_eq!(status, 400);
        for after in ["x", "aHR0cDovL2V2aWwuZXhhbXBsZS8_YQ"] {
            assert_eq!(world.rest("search-users", &format!("?after={after}"), json!({})).await.0, 400, "{after}");
        }
        for limit in ["0", "201", "x"] {
            assert_eq!(world.rest("search-users", &format!("?limit={limit}"), json!({})).await.0, 400, "{limit}");
        }
    }

    async fn lines_say_that_they_are_at_the_end(t) {
        let world = World::new(t, "api_token").await;
        let lines = world.lines("search-users", json!({})).await;
        assert_eq!(lines.len(), 14);
        assert_eq!(lines[13], json!({"end": {"count": 13}}));
        assert!(lines[..13].iter().all(|line| line["item"]["id"].is_string()));
    }

    async fn lines_that_break_off_say_why(t) {
        let world = World::new(t, "api_token").await;
        // Okta's pages are large: a second one that fails comes by a list of which the first is full.
        world.org.edit(&[keywright_sandbox::Edit::AddPeople { count: 250, groups_per_person: 0 }]).unwrap();
        world.org.fault(Fault::new("GET", "/api/v1/users", forbidden()).nth(2).times(0));
        let lines = world.lines("search-users", json!({})).await;
        assert_eq!(lines.len(), 201);
        assert_eq!(lines[200]["problem"]["type"], "urn:keywright:problem:okta-role");
    }

    async fn what_is_read_is_recorded(t) {
        let world = World::new(t, "api_token").await;
        world.does("search-users", json!({})).await;
        world.does("get-user", json!({"userId": "ada.admin@acme.example"})).await;
        assert_eq!(world.audited().await, [("action.read".to_owned(), "connection".to_owned()), ("action.read".to_owned(), "okta_user".to_owned())]);
    }
);
