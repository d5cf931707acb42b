//! Deliveries: what happens in the org is told to each active and verified hook, as Okta tells it (FACTS section 9): in
//! batches, not always in order, at least once or not at all, with one more try after silence or a 5xx.
//!
//! Rules of fault whose path is `event-hook` spoil them: `drop_write` loses a delivery, `delay_ms` sends it later and so behind
//! others, `repeat_page` sends it twice, `hangup` loses one try.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::HOOK;
use crate::control::{Asked as Struck, Effect};
use crate::http::Asked;
use crate::org::Org;
use crate::shared::Shared;
use crate::store::Doc;

/// How often the log is looked at for news.
const EVERY: Duration = Duration::from_millis(100);
/// Events of one delivery at most.
const BATCH: usize = 10;
/// What rules of fault call a delivery.
const PATH: &str = "event-hook";

/// Delivers until it is stopped.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut told = HashMap::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        for asked in due(&shared, &mut told) {
            tokio::spawn(deliver(Arc::clone(&shared), asked));
        }
    }
}

/// What each hook has not been told yet. One that was just verified is told what happens from now on.
fn due(shared: &Shared, told: &mut HashMap<u32, u32>) -> Vec<Asked> {
    let org = shared.read();
    let end = org.log.next();
    let mut all = Vec::new();
    let wants = |hook: &Doc| hook.active && hook.text("verification") == "VERIFIED";
    told.retain(|serial, _| org.hooks.get(*serial).is_some_and(wants));
    for (serial, hook) in org.hooks.iter().filter(|(_, hook)| wants(hook)) {
        let from = told.insert(serial, end).unwrap_or(end).min(end);
        let kinds: Vec<&str> = hook
            .at(&["events", "items"])
            .and_then(Value::as_array)
            .map(|items| items.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let events: Vec<Value> = org.log.since(from, &kinds).collect();
        let batches = events.chunks(BATCH);
        all.extend(batches.map(|events| order(&org, serial, hook, events)));
    }
    all
}

fn order(org: &Org, serial: u32, hook: &Doc, events: &[Value]) -> Asked {
    let text = |path: &[&str]| hook.at(path).and_then(Value::as_str).unwrap_or_default();
    let id = org.tail.id(HOOK, serial);
    let first = events.first().cloned().unwrap_or_default();
    let body = json!({
        "eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1",
        "source": format!("https://{}/api/v1/eventHooks/{id}", org.tail.id(crate::store::Kind::ORG, 0)),
        "eventId": first["uuid"], "data": { "events": events }, "eventTime": first["published"],
        "contentType": "application/json",
    });
    let mut headers = vec![
        (header::ACCEPT, "application/json".to_owned()),
        (header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    let key = text(&["channel", "config", "authScheme", "key"]);
    if let Ok(name) = HeaderName::try_from(key) {
        headers.push((name, hook.text("secret").to_owned()));
    }
    let own = hook
        .at(&["channel", "config", "headers"])
        .and_then(Value::as_array);
    for one in own.into_iter().flatten() {
        let member = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        if let Ok(name) = HeaderName::try_from(member("key")) {
            headers.push((name, member("value")));
        }
    }
    Asked {
        method: Method::POST,
        url: text(&["channel", "config", "uri"]).to_owned(),
        headers,
        body: Bytes::from(body.to_string()),
        again: 0,
    }
}

/// What goes wrong with a try.
fn strike(shared: &Shared) -> Vec<Effect> {
    let struck = Struck {
        method: "POST",
        path: PATH,
        template: PATH,
        query: "",
        now: shared.clock.now(),
    };
    let effects = shared.faults().strike(struck);
    effects.into_iter().map(|(effect, _)| effect).collect()
}

async fn deliver(shared: Arc<Shared>, asked: Asked) {
    for _ in 0..2 {
        let mut times = 1;
        let mut is_lost = false;
        for effect in strike(&shared) {
            match effect {
                Effect::DropWrite => return,
                Effect::DelayMs(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                Effect::RepeatPage => times = 2,
                Effect::Hangup => is_lost = true,
                _ => {}
            }
        }
        if is_lost {
            continue;
        }
        let mut is_done = false;
        for _ in 0..times {
            let answer = shared.outside.send(asked.clone()).await;
            // 4xx is not tried again.
            is_done = answer.is_some_and(|answer| !answer.status.is_server_error());
        }
        if is_done {
            return;
        }
    }
}
