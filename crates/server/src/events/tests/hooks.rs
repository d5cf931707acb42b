//! The real sandbox delivers to a real listener: what Okta's event hook and the System Log bring together.

use keywright_sandbox::{Effect, Fault};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::poll::Org;
use crate::testing::db_test;

/// Serves the app and hooks the org to it.
async fn hooked(org: &Org) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let router = org.t.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let path = format!("/api/v1/connections/{}/event-hook/secrets", org.id);
    let (status, secret) = org.t.call("POST", &path, None).await;
    assert_eq!(status, 201, "{secret}");
    let hook = json!({"name": "Keywright", "events": {"type": "EVENT_TYPE", "items": ["user.lifecycle.suspend", "user.lifecycle.unsuspend"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": format!("http://{at}/connections/{}/hooks/events", org.id),
            "headers": [], "authScheme": {"type": "HEADER", "key": "Authorization", "value": secret["secret"]}}}});
    let made = org.call("eventHooks", hook).await;
    let verify = format!(
        "eventHooks/{}/lifecycle/verify",
        made["id"].as_str().unwrap()
    );
    let verified = org.call(&verify, json!({})).await;
    assert_eq!(verified["verificationStatus"], "VERIFIED", "{verified}");
    // Events count from here on.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
}

/// Waits until so many suspensions came by the hook.
async fn until(org: &Org, number: usize) -> Vec<Value> {
    for _ in 0..200 {
        let feed = org
            .get("events?type=user.lifecycle.suspend&limit=1000")
            .await;
        let items = feed["items"].as_array().unwrap();
        let by_hook = items.iter().filter(|item| item["came_by"] == "hook");
        if by_hook.count() >= number {
            return items.clone();
        }
        org.get(&format!("events?after={}&wait=1", feed["next"]))
            .await;
    }
    panic!("only {} came", org.get("events").await);
}

db_test!(
    with |builder| builder.with(crate::events::Intake::default());

    async fn what_happens_in_the_org_is_there_without_asking(t) {
        let org = Org::start(t).await;
        hooked(&org).await;
        for number in 0..3 {
            org.suspend(number).await;
        }
        let items = until(&org, 3).await;
        assert_eq!(items.len(), 3);
        // The log has them, too, and more; each is kept once.
        org.round().await;
        assert_eq!(org.kept().await.0, 3);
        let hook = org.get("event-hook").await;
        assert_eq!(hook["found_by_log"].as_i64().unwrap(), hook["events"].as_i64().unwrap() - 3);
    }

    async fn the_log_finds_what_the_hook_lost_and_repeats_count_once(t) {
        let org = Org::start(t).await;
        hooked(&org).await;
        org.sandbox.fault(Fault::new("POST", "event-hook", Effect::DropWrite).nth(2).every(3).times(0));
        org.sandbox.fault(Fault::new("POST", "event-hook", Effect::RepeatPage).times(0));
        org.sandbox.fault(Fault::new("POST", "event-hook", Effect::DelayMs(400)).nth(1).every(2).times(0));
        for number in 0..9 {
            org.suspend(number).await;
            if number % 3 == 0 {
                until(&org, 1).await;
            }
        }
        until(&org, 3).await;
        org.round().await;
        let feed = org.get("events?type=user.lifecycle.suspend&limit=1000").await;
        let mut ids: Vec<&str> = feed["items"].as_array().unwrap().iter().map(|item| item["uuid"].as_str().unwrap()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!((all, ids.len()), (9, 9), "each once");
    }
);
