//! Reading the System Log of the real sandbox, on both databases.

use std::collections::HashMap;

use keywright_sandbox::{Effect, Fault, Sandbox, SandboxOptions};
use serde_json::{Value, json};

use super::super::{handlers, poll, schedule};
use crate::connections;
use crate::db::{ConnectionId, Timestamp};
use crate::jobs::{self, Registry};
use crate::testing::{TestApp, db_test};

/// A connection to a sandbox org, for its events.
pub(super) struct Org {
    pub(super) t: TestApp,
    pub(super) sandbox: Sandbox,
    pub(super) id: ConnectionId,
}

impl Org {
    pub(super) async fn start(t: TestApp) -> Self {
        let mut options = SandboxOptions::default();
        options.rate_limits = false;
        let sandbox = Sandbox::start(options).await.unwrap();
        let new = json!({"domain": sandbox.url(), "authentication": "api_token", "api_token": sandbox.api_token(), "jobs": ["events"]});
        let mut work = t.begin().await;
        let made = connections::create(&mut work, serde_json::from_value(new).unwrap()).await;
        let id = made.unwrap().id;
        schedule(&mut work).await.unwrap();
        work.commit().await.unwrap();
        let org = Self { t, sandbox, id };
        org.clocks();
        let path = format!("/api/v1/connections/{id}/test");
        let (status, report) = org.t.call("POST", &path, None).await;
        assert_eq!(status, 200, "{report}");
        org
    }

    /// Sets our clock to the org's.
    fn clocks(&self) {
        self.t.set_clock(Timestamp(self.sandbox.clock_ms() * 1_000));
    }

    /// A minute later everything that is due is done.
    pub(super) async fn round(&self) {
        self.sandbox.advance_clock_ms(61_000);
        self.clocks();
        jobs::run_until_idle(&self.t.app, &handlers(Registry::new()))
            .await
            .unwrap();
    }

    /// Makes somebody and suspends them, by the org's own API.
    pub(super) async fn suspend(&self, number: usize) {
        let login = format!("p{number}@acme.test");
        let profile = json!({"login": login, "email": login, "firstName": "P", "lastName": "Q"});
        let person = json!({"profile": profile});
        let made = self.call("users?activate=true", person).await;
        let path = format!("users/{}/lifecycle/suspend", made["id"].as_str().unwrap());
        self.call(&path, json!({})).await;
    }

    pub(super) async fn call(&self, path: &str, body: Value) -> Value {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client
            .post(format!("{}/api/v1/{path}", self.sandbox.url()))
            .header(
                "authorization",
                format!("SSWS {}", self.sandbox.api_token()),
            );
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let path = format!("/api/v1/connections/{}/{path}", self.id);
        let (status, got) = self.t.call("GET", &path, None).await;
        assert_eq!(status, 200, "{got}");
        got
    }

    /// How many suspensions are kept, and how many events at all.
    pub(super) async fn kept(&self) -> (usize, usize) {
        let number = |feed: &Value| feed["items"].as_array().unwrap().len();
        let suspended = self
            .get("events?type=user.lifecycle.suspend&limit=1000")
            .await;
        (
            number(&suspended),
            number(&self.get("events?limit=1000").await),
        )
    }

    fn log_calls(&self) -> u64 {
        self.sandbox.requests().of("GET", "/api/v1/logs")
    }
}

db_test!(
    with |builder| builder.with(crate::events::Intake::default());

    async fn the_log_is_read_on_from_where_it_was_left(t) {
        let org = Org::start(t).await;
        for number in 0..3 {
            org.suspend(number).await;
        }
        org.round().await;
        let (suspended, all) = org.kept().await;
        assert_eq!(suspended, 3);
        org.suspend(3).await;
        org.round().await;
        let (suspended, later) = org.kept().await;
        assert!(suspended == 4 && later > all, "{suspended} {all} {later}");
        // As it stands in the log.
        let event = org.get("events?type=user.lifecycle.suspend&limit=1").await["items"][0].clone();
        assert_eq!((&event["came_by"], &event["event"]["uuid"]), (&json!("poll"), &event["uuid"]));
        assert!(event["event"]["target"][0]["alternateId"].as_str().unwrap().ends_with("@acme.test"));
        let hook = org.get("event-hook").await;
        assert_eq!(hook["found_by_log"], hook["events"], "nothing came by a hook");
        assert_eq!(hook["log_trouble"], Value::Null);
    }

    async fn an_idle_round_takes_one_call(t) {
        let org = Org::start(t).await;
        org.suspend(1).await;
        org.round().await;
        let before = org.log_calls();
        org.round().await;
        org.round().await;
        assert_eq!(org.log_calls() - before, 2);
    }

    async fn a_round_that_fails_is_told_and_the_next_loses_nothing(t) {
        let org = Org::start(t).await;
        org.suspend(1).await;
        org.round().await;
        let wrong = Effect::Answer { status: 401, body: Some(json!({"errorCode": "E0000011"})), headers: HashMap::new() };
        org.sandbox.fault(Fault::new("GET", "/api/v1/logs", wrong).times(0));
        org.suspend(2).await;
        org.round().await;
        let hook = org.get("event-hook").await;
        assert!(hook["log_trouble"].is_string(), "{hook}");
        org.sandbox.clear_faults();
        org.suspend(3).await;
        org.round().await;
        assert_eq!(org.kept().await.0, 3);
        assert_eq!(org.get("event-hook").await["log_trouble"], Value::Null);
    }

    async fn a_link_that_okta_does_not_know_any_more_is_begun_anew_with_an_overlap(t) {
        let org = Org::start(t).await;
        org.suspend(1).await;
        org.round().await;
        let mut work = org.t.begin().await;
        let mut standing = poll::standing(&work, org.id).await.unwrap();
        let good = standing.cursor.clone().unwrap();
        let (base, _) = good.split_once("after=").unwrap();
        standing.cursor = Some(format!("{base}after=nonsense"));
        poll::set(&work, org.id, &standing).await.unwrap();
        work.wake_jobs();
        work.commit().await.unwrap();
        org.suspend(2).await;
        // A long outage: what happened in it is not passed over.
        org.sandbox.advance_clock_ms(3 * 3_600_000);
        org.round().await;
        assert_eq!(org.kept().await.0, 2, "{:?}", org.get("event-hook").await);
    }
);
