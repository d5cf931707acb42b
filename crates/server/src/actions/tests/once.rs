//! Nothing is done twice: two calls at once, the same key again, no answer, a crash at every place.

use std::time::Duration;

use keywright_sandbox::{Effect, Fault};
use serde_json::{Value, json};

use super::super::action::{Does, Input};
use super::super::claim::{self, Claimed, LEASE_SECONDS};
use super::super::{Answer, Asked, Error, find, look, settling};
use super::{World, asked, keyed};
use crate::connections;
use crate::jobs::{self, Registry};
use crate::testing::db_test;

fn person(login: &str) -> Value {
    json!({"profile": {"login": login, "email": login, "firstName": "O", "lastName": "Nce"}, "activate": false})
}

fn replayed(answer: &Answer) -> bool {
    matches!(answer, Answer::Output { replayed: true, .. })
}

/// The changes with what makes each possible: name, status of the person before, input.
const CHANGES: [(&str, &str); 9] = [
    ("suspend-user", "ACTIVE"),
    ("unsuspend-user", "SUSPENDED"),
    ("activate-user", "STAGED"),
    ("deactivate-user", "ACTIVE"),
    ("unlock-user", "LOCKED_OUT"),
    ("expire-password", "ACTIVE"),
    ("reset-password", "ACTIVE"),
    ("delete-user", "ACTIVE"),
    ("delete-user", "DEPROVISIONED"),
];

impl World {
    /// Begins a change as a process would that ends before the end: after the claim, and when `called` after the call.
    async fn crash(&self, name: &str, input: Value, key: &str, called: bool) {
        let action = find(name).unwrap();
        let Does::Change(change) = &action.does else {
            panic!()
        };
        let Value::Object(members) = input else {
            panic!()
        };
        let input = Input(members);
        let local = self.t.local();
        let claimed = claim::claim(&self.t.app, &local, self.id, action, &input, Some(key));
        let Claimed::New(mut claim) = claimed.await.unwrap() else {
            panic!()
        };
        let client = connections::client(&self.t.app, self.t.tenant, self.id)
            .await
            .unwrap();
        if change.looks_first {
            let seen = look::look(&client, &input, change.things).await.unwrap();
            claim
                .saw(&self.t.app, &self.t.local(), &seen)
                .await
                .unwrap();
        }
        if called {
            look::send(&client, &(change.call)(&input)).await.unwrap();
        }
    }

    fn pass_the_lease(&self) {
        let seconds = u64::try_from(LEASE_SECONDS).unwrap() + 1;
        self.t.advance(Duration::from_secs(seconds));
    }

    async fn settle(&self) {
        let mut work = self.t.begin().await;
        settling::schedule(&mut work).await.unwrap();
        work.commit().await.unwrap();
        self.t.advance(Duration::from_secs(61));
        jobs::tick(&self.t.app, &[settling::SETTLE_JOB])
            .await
            .unwrap();
        jobs::run_until_idle(&self.t.app, &settling::handlers(Registry::new()))
            .await
            .unwrap();
    }

    async fn states(&self) -> Vec<String> {
        #[derive(sea_orm::FromQueryResult)]
        struct Row {
            state: String,
        }
        let work = self.t.read().await;
        let sql = "SELECT state FROM action_runs WHERE tenant_id = $1 ORDER BY id";
        let rows: Vec<Row> = work
            .rows(sql, crate::db::values![work.tenant])
            .await
            .unwrap();
        rows.into_iter().map(|row| row.state).collect()
    }

    async fn status(&self, id: &str) -> Option<String> {
        let user = self.asks("get-user", json!({"userId": id})).await.ok()?;
        Some(user["status"].as_str().unwrap().to_owned())
    }

    fn set(&self, id: &str, status: &str) {
        let edit = keywright_sandbox::Edit::SetStatus {
            user: id.to_owned(),
            status: status.to_owned(),
        };
        self.org.edit(&[edit]).unwrap();
    }
}

db_test!(
    async fn two_calls_at_once_do_it_once(t) {
        let world = World::new(t, "api_token").await;
        world.org.fault(Fault::new("POST", "/api/v1/users", Effect::DelayMs(200)).times(0));
        let one = world.ask("create-user", keyed(person("once@acme.example"), "k"));
        let two = world.ask("create-user", keyed(person("once@acme.example"), "k"));
        let (one, two) = tokio::join!(one, two);
        assert_eq!(world.sent("POST", "/api/v1/users"), 1);
        let done = [&one, &two].iter().filter(|answer| answer.is_ok()).count();
        let waits = [&one, &two].iter().filter(|answer| matches!(answer, Err(Error::Running))).count();
        assert_eq!((done, waits), (1, 1), "{one:?} {two:?}");
        let again = world.ask("create-user", keyed(person("once@acme.example"), "k")).await.unwrap();
        assert!(replayed(&again));
        assert_eq!(world.sent("POST", "/api/v1/users"), 1);
    }

    async fn the_same_key_gives_the_same_answer_for_a_day(t) {
        let world = World::new(t, "api_token").await;
        let Answer::Output { output: first, .. } = world.ask("create-user", keyed(person("day@acme.example"), "k")).await.unwrap() else { panic!() };
        // The order of members does not make another request.
        let turned = json!({"activate": false, "profile": {"lastName": "Nce", "firstName": "O", "email": "day@acme.example", "login": "day@acme.example"}});
        let Answer::Output { output: again, replayed: true, .. } = world.ask("create-user", keyed(turned, "k")).await.unwrap() else { panic!() };
        assert_eq!(first, again);
        let other = world.ask("create-user", keyed(person("other@acme.example"), "k")).await;
        assert!(matches!(other, Err(Error::KeyReused)), "{other:?}");
        let plan = world.ask("create-user", Asked { plan: true, ..keyed(person("free@acme.example"), "k") }).await;
        assert!(matches!(plan, Ok(Answer::Plan(_))), "a plan uses no key");
        // Another caller's keys are others.
        let theirs = super::run(&world.t.app, &world.other(), world.id, "create-user", keyed(person("theirs@acme.example"), "k")).await.unwrap();
        assert!(!replayed(&theirs));
        world.t.advance(Duration::from_secs(24 * 3600));
        let late = world.ask("create-user", keyed(person("late@acme.example"), "k")).await.unwrap();
        assert!(!replayed(&late));
        assert_eq!(world.sent("POST", "/api/v1/users"), 3);
    }

    async fn what_okta_refused_may_be_tried_again_under_the_same_key(t) {
        let world = World::new(t, "api_token").await;
        let id = world.user("again@acme.example").await;
        world.org.fault(Fault::new("POST", "/api/v1/users/{id}/lifecycle/suspend", Effect::NoRole).times(1));
        assert!(world.ask("suspend-user", keyed(json!({"userId": id}), "k")).await.is_err());
        assert!(world.ask("suspend-user", keyed(json!({"userId": id}), "k")).await.is_ok());
        let audited: Vec<String> = world.audited().await.into_iter().map(|(action, _)| action).collect();
        assert_eq!(audited, ["action.done", "action.refused", "action.done"]);
    }

    async fn an_answer_that_is_lost_is_read_back(t) {
        let world = World::new(t, "api_token").await;
        for (name, status) in CHANGES {
            let id = world.user(&format!("{name}-{status}@acme.example").to_lowercase()).await;
            world.set(&id, status);
            world.org.clear_requests();
            let method = if name == "delete-user" { "DELETE" } else { "POST" };
            world.wire.lose(method);
            let answer = world.ask(name, keyed(json!({"userId": id}), &id)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let Answer::Output { notes, .. } = answer else { panic!() };
            assert!(notes.iter().any(|note| note.contains("reading back")), "{name}: {notes:?}");
            let again = world.ask(name, keyed(json!({"userId": id}), &id)).await.unwrap();
            assert!(replayed(&again), "{name}");
            let sent: u64 = world.org.requests().counts.iter().filter(|(call, _)| call.starts_with(method)).map(|(_, count)| count).sum();
            assert_eq!(sent, 1, "{name}");
        }
    }

    async fn a_call_that_is_still_on_its_way_is_not_sent_again(t) {
        let world = World::new(t, "api_token").await;
        let id = world.user("late@acme.example").await;
        world.org.clear_requests();
        world.wire.delay("POST");
        let answer = world.ask("suspend-user", keyed(json!({"userId": id}), "k")).await;
        assert!(matches!(answer, Err(Error::OutcomeUnknown { .. })), "{answer:?}");
        let soon = world.ask("suspend-user", keyed(json!({"userId": id}), "k")).await;
        assert!(matches!(soon, Err(Error::Running)), "{soon:?}");
        world.wire.arrive().await;
        world.pass_the_lease();
        world.ask("suspend-user", keyed(json!({"userId": id}), "k")).await.unwrap();
        assert_eq!(world.sent("POST", "/api/v1/users/{id}/lifecycle/suspend"), 1);
        assert_eq!(world.status(&id).await.as_deref(), Some("SUSPENDED"));
    }

    async fn a_crash_at_any_place_never_does_it_twice(t) {
        let world = World::new(t, "api_token").await;
        for (name, status) in CHANGES {
            for called in [false, true] {
                let login = format!("{name}-{status}-{called}@acme.example").to_lowercase();
                let id = world.user(&login).await;
                world.set(&id, status);
                world.org.clear_requests();
                world.crash(name, json!({"userId": id}), &id, called).await;
                let soon = world.ask(name, keyed(json!({"userId": id}), &id)).await;
                assert!(matches!(soon, Err(Error::Running)), "{name}: {soon:?}");
                world.pass_the_lease();
                world.ask(name, keyed(json!({"userId": id}), &id)).await.unwrap_or_else(|error| panic!("{login}: {error}"));
                let method = if name == "delete-user" { "DELETE" } else { "POST" };
                let sent: u64 = world.org.requests().counts.iter().filter(|(call, _)| call.starts_with(method)).map(|(_, count)| count).sum();
                assert_eq!(sent, 1, "{login}");
            }
        }
    }

    async fn a_person_or_group_is_made_once_although_the_maker_crashed(t) {
        let world = World::new(t, "api_token").await;
        for called in [false, true] {
            let input = person(&format!("made-{called}@acme.example"));
            world.org.clear_requests();
            world.crash("create-user", input.clone(), "k", called).await;
            world.pass_the_lease();
            let made = world.ask("create-user", keyed(input.clone(), "k")).await.unwrap();
            let Answer::Output { output, .. } = made else { panic!() };
            assert_eq!(output["user"]["profile"]["login"], input["profile"]["login"]);
            assert_eq!(world.sent("POST", "/api/v1/users"), 1);
            let input = json!({"name": format!("made {called}")});
            world.crash("create-group", input.clone(), "g", called).await;
            world.pass_the_lease();
            let made = world.ask("create-group", keyed(input.clone(), "g")).await.unwrap();
            let Answer::Output { output, .. } = made else { panic!() };
            assert_eq!(output["group"]["profile"]["name"], input["name"]);
            assert_eq!(world.sent("POST", "/api/v1/groups"), 1);
            world.t.advance(Duration::from_secs(24 * 3600));
        }
    }

    async fn what_cannot_be_seen_stays_unknown_and_is_not_repeated(t) {
        let world = World::new(t, "api_token").await;
        let id = world.user("blind@acme.example").await;
        world.set(&id, "RECOVERY");
        world.org.clear_requests();
        world.crash("reset-password", json!({"userId": id}), "k", true).await;
        for _ in 0..3 {
            world.pass_the_lease();
            let answer = world.ask("reset-password", keyed(json!({"userId": id}), "k")).await;
            assert!(matches!(answer, Err(Error::OutcomeUnknown { .. })), "{answer:?}");
        }
        assert_eq!(world.sent("POST", "/api/v1/users/{id}/lifecycle/reset_password"), 1);
        assert_eq!(world.states().await.last().unwrap(), "unknown");
    }

    async fn runs_whose_process_is_gone_are_settled_by_themselves(t) {
        let world = World::new(t, "api_token").await;
        let [done, not, blind] = [world.user("done@acme.example").await, world.user("not@acme.example").await, world.user("blind@acme.example").await];
        world.set(&blind, "RECOVERY");
        world.crash("suspend-user", json!({"userId": done}), "done", true).await;
        world.crash("suspend-user", json!({"userId": not}), "not", false).await;
        world.crash("reset-password", json!({"userId": blind}), "blind", true).await;
        world.settle().await;
        let states = world.states().await;
        assert_eq!(&states[3..], ["done", "unknown"], "what was not done is given back: {states:?}");
        assert_eq!(world.status(&done).await.as_deref(), Some("SUSPENDED"));
        assert_eq!(world.status(&not).await.as_deref(), Some("ACTIVE"));
        assert!(replayed(&world.ask("suspend-user", keyed(json!({"userId": done}), "done")).await.unwrap()));
        world.t.advance(Duration::from_secs(24 * 3600));
        world.settle().await;
        assert!(world.states().await.is_empty(), "a day later all is forgotten");
    }

    // K10: 204 is not believed.
    async fn a_deletion_that_did_not_happen_is_not_believed(t) {
        let world = World::new(t, "api_token").await;
        let id = world.user("stays@acme.example").await;
        world.org.fault(Fault::new("DELETE", "/api/v1/users/{id}", Effect::DropWrite).times(1));
        let answer = world.asks("delete-user", json!({"userId": id})).await;
        assert!(matches!(answer, Err(Error::OutcomeUnknown { .. })), "{answer:?}");
        assert_eq!(world.status(&id).await.as_deref(), Some("ACTIVE"));
    }

    async fn secrets_of_a_run_are_sealed_and_forgotten(t) {
        let world = World::new(t, "api_token").await;
        let mut input = person("sealed@acme.example");
        input["credentials"] = json!({"password": {"value": "planted-Secret-4711"}});
        world.crash("create-user", input.clone(), "k", false).await;
        let rows = dump(&world).await;
        assert!(!rows.contains("planted") && !rows.contains("sealed@acme"), "{rows}");
        world.pass_the_lease();
        world.ask("create-user", keyed(input, "k")).await.unwrap();
        assert!(!dump(&world).await.contains("planted"));
        #[derive(sea_orm::FromQueryResult)]
        struct Row { input: Option<Vec<u8>> }
        let work = world.t.read().await;
        let rows: Vec<Row> = work.rows("SELECT input FROM action_runs WHERE tenant_id = $1", crate::db::values![work.tenant]).await.unwrap();
        assert!(rows.iter().all(|row| row.input.is_none()));
    }

    async fn another_tenants_runs_are_out_of_reach(t) {
        use super::super::store;
        let world = World::new(t, "api_token").await;
        world.crash("create-user", person("mine@acme.example"), "k", false).await;
        world.pass_the_lease();
        let stranger = world.t.other_tenant().await;
        let work = world.t.app.begin(&stranger).await.unwrap();
        assert!(store::orphans(&work, 10).await.unwrap().is_empty());
        assert_eq!(store::forget_before(&work, work.now).await.unwrap(), 0);
        let mine = store::orphans(&world.t.read().await, 10).await.unwrap();
        let id = mine[0].id;
        let hash = [0; 32];
        let caller = mine[0].caller.clone();
        let key = store::Key { connection: world.id, caller: &caller, hash: &hash };
        assert!(store::find(&work, &key).await.unwrap().is_none());
        assert!(!store::lease(&work, id, 1, 2, work.now).await.unwrap());
        assert!(!store::set_before(&work, id, 1, json!({})).await.unwrap());
        assert!(!store::finish(&work, id, 1, "done", None, work.now).await.unwrap());
        assert!(!store::forget(&work, id, 1).await.unwrap());
        let strange = super::run(&world.t.app, &stranger, world.id, "get-user", asked(json!({"userId": "x"}))).await;
        assert!(matches!(strange, Err(Error::Connection(connections::Error::NotFound(_)))), "{strange:?}");
    }
);

/// All that is readable of the runs.
async fn dump(world: &World) -> String {
    #[derive(Debug, sea_orm::FromQueryResult)]
    struct Row {
        input: Option<Vec<u8>>,
        outcome: Option<Vec<u8>>,
        seen_before: Option<Value>,
    }
    let work = world.t.read().await;
    let sql = "SELECT input, outcome, seen_before FROM action_runs WHERE tenant_id = $1";
    let rows: Vec<Row> = work
        .rows(sql, crate::db::values![work.tenant])
        .await
        .unwrap();
    let text = |bytes: &Option<Vec<u8>>| {
        String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
    };
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{} {} {:?}",
                text(&row.input),
                text(&row.outcome),
                row.seen_before
            )
        })
        .collect();
    lines.join("\n")
}
