//! SCIM and Okta's API as sources of one directory: pushed by a SCIM client, read from the sandbox.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::scim::State;
use crate::scim::tests::client::{Client as Scim, id, patch};
use crate::testing::db_test;

fn both(builder: AppBuilder) -> AppBuilder {
    parts(builder).with(State::default())
}

/// An org that is read and that pushes too.
struct Pushed {
    org: Org,
    okta: Scim,
}

impl Pushed {
    async fn start(t: TestApp) -> Self {
        let org = Org::start(t).await;
        let okta = Scim::on(&org.t, org.id).await;
        Self { org, okta }
    }

    /// Pushes a person with an Okta id of their name; gives their path.
    async fn assign(&self, person: &str) -> String {
        self.assign_as(person, &okta_id(person)).await
    }

    async fn assign_as(&self, person: &str, okta_id: &str) -> String {
        let body = json!({"userName": login(person), "externalId": okta_id, "active": true,
            "name": {"givenName": person, "familyName": "Pushed"}, "emails": [{"value": login(person), "primary": true}]});
        format!("/Users/{}", id(&self.okta.ok("POST", "/Users", body).await))
    }

    async fn crowd(&self, people: usize) -> Vec<String> {
        let mut paths = Vec::new();
        for n in 0..people {
            paths.push(self.assign(&format!("p{n}")).await);
        }
        paths
    }

    /// Pushes a group with members by their paths; gives its path.
    async fn push(&self, name: &str, members: &[String]) -> String {
        let body = json!({"displayName": name, "members": values(members)});
        format!(
            "/Groups/{}",
            id(&self.okta.ok("POST", "/Groups", body).await)
        )
    }

    async fn active(&self, path: &str, active: bool) {
        let operations = json!([{"op": "replace", "value": {"active": active}}]);
        let got = self
            .okta
            .call("PATCH", path, Some(patch(&operations)))
            .await;
        assert_eq!((got.status, &got.body["active"]), (200, &json!(active)));
    }

    async fn replace_members(&self, group: &str, members: &[String]) {
        let operations = json!([{"op": "replace", "path": "members", "value": values(members)}]);
        self.okta.ok("PATCH", group, patch(&operations)).await;
    }

    /// Lets the jobs run that SCIM asked for.
    async fn settle(&self) {
        crate::scim::flush(&self.org.t.app).await;
        self.org.t.advance(Duration::from_secs(400));
        self.org.work().await;
    }

    /// Maps a pushed group.
    async fn map(&self, group: &str, roles: &[&str]) -> MappingId {
        let okta_id = format!("scim-{}", group.trim_start_matches("/Groups/"));
        let mut work = self.org.t.begin().await;
        let made = directory::create_mapping(
            &mut work,
            self.org.id,
            &okta_id,
            None,
            &role_ids(roles),
            "test",
        )
        .await
        .unwrap();
        crate::scim::settle_soon(&mut work, self.org.id)
            .await
            .unwrap();
        work.commit().await.unwrap();
        made.id
    }

    async fn held(&self) -> Option<Run> {
        run::held(&self.org.t.read().await, self.org.id)
            .await
            .unwrap()
    }

    async fn runs(&self) -> Vec<Run> {
        run::list(&self.org.t.read().await, self.org.id, None, 100)
            .await
            .unwrap()
    }

    async fn epoch(&self, person: &str) -> i64 {
        self.org.user(person).await.access_epoch
    }

    async fn blocked(&self, person: &str) -> bool {
        self.org.user(person).await.blocked
    }

    async fn sources(&self, person: &str) -> Value {
        let path = format!("/api/v1/users/{}/sources", self.org.user(person).await.id);
        self.org.t.call("GET", &path, None).await.1
    }

    /// The Okta id that the sandbox gave a person.
    async fn id_in_okta(&self, person: &str) -> String {
        let user = self.org.user(person).await.id;
        let links = directory::links_of(&self.org.t.read().await, user)
            .await
            .unwrap();
        links[0].okta_id.clone()
    }
}

fn okta_id(person: &str) -> String {
    format!("00u{person}")
}

fn values(paths: &[String]) -> Value {
    paths
        .iter()
        .map(|path| json!({"value": path.trim_start_matches("/Users/")}))
        .collect()
}

db_test!(
    with super::both;

    async fn pushed_people_and_groups_appear_and_members_get_roles(t) {
        let at = Pushed::start(t).await;
        let (ada, bob) = (at.assign("ada").await, at.assign("bob").await);
        let group = at.push("Sales", &[ada.clone(), bob.clone()]).await;
        at.settle().await;
        let user = at.org.user("ada").await;
        assert_eq!((user.kind.as_str(), user.facts_source.as_str(), user.display_name.as_str()), ("okta", "scim", "ada Pushed"));
        assert_eq!((user.email.as_str(), user.okta_status), ("ada@acme.test", None));
        let groups = directory::groups_of(&at.org.t.read().await, user.id).await.unwrap();
        assert_eq!((groups[0].name.as_str(), groups[0].kind.as_str(), groups[0].members), ("Sales", "SCIM_GROUP", 2));
        assert_eq!(at.org.roles("ada").await, "");
        at.map(&group, &["user", "auditor"]).await;
        at.settle().await;
        assert_eq!(at.org.roles("ada").await, "auditor user");
        let why = crate::sync::why(&at.org.t.read().await, user.id, None).await.unwrap();
        assert_eq!((why.grants[0].group.as_deref(), why.grants[0].source.as_str()), (Some("Sales"), "mapping"));
        // one leaves, one comes, by commands; a rename and a new name follow
        let operations = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", &bob["/Users/".len()..])}]);
        at.okta.ok("PATCH", &group, patch(&operations)).await;
        let eve = at.assign("eve").await;
        at.okta.ok("PATCH", &group, patch(&json!([{"op": "add", "path": "members", "value": values(std::slice::from_ref(&eve))}]))).await;
        at.okta.ok("PATCH", &group, patch(&json!([{"op": "replace", "value": {"displayName": "Sales EMEA"}}]))).await;
        at.okta.ok("PATCH", &ada, patch(&json!([{"op": "replace", "path": "displayName", "value": "Ada L."}]))).await;
        at.settle().await;
        assert_eq!((at.org.roles("bob").await, at.org.roles("eve").await), (String::new(), "auditor user".to_owned()));
        let user = at.org.user("ada").await;
        assert_eq!(user.display_name, "Ada L.");
        let groups = directory::groups_of(&at.org.t.read().await, user.id).await.unwrap();
        assert_eq!((groups[0].name.as_str(), groups[0].members), ("Sales EMEA", 2));
        assert!(at.runs().await.iter().all(|run| run.kind == "scim" && run.state == "done"));
        // nothing new: no run
        let runs = at.runs().await.len();
        at.okta.ok("PATCH", &ada, patch(&json!([{"op": "replace", "path": "nickName", "value": "A"}]))).await;
        at.settle().await;
        assert_eq!(at.runs().await.len(), runs);
    }

    async fn whoever_comes_first_the_end_is_the_same(t) {
        let at = Pushed::start(t).await;
        let ada = at.assign("ada").await;
        let group = at.push("Sales", std::slice::from_ref(&ada)).await;
        at.map(&group, &["user"]).await;
        // removed, and named by a group before they are back
        at.settle().await;
        at.okta.ok("DELETE", &ada, Value::Null).await;
        at.replace_members(&group, std::slice::from_ref(&ada)).await;
        at.settle().await;
        assert_eq!(at.org.roles("ada").await, "");
        let user = at.org.user("ada").await.id;
        assert_eq!(at.assign("ada").await, ada, "the same id");
        at.settle().await;
        assert_eq!((at.org.roles("ada").await, at.org.user("ada").await.id), ("user".to_owned(), user));
        // deactivated while a group takes them in
        at.active(&ada, false).await;
        at.settle().await;
        assert!(at.blocked("ada").await);
        let second = at.push("Second", std::slice::from_ref(&ada)).await;
        at.map(&second, &["auditor"]).await;
        at.settle().await;
        assert_eq!(at.org.roles("ada").await, "");
        at.active(&ada, true).await;
        at.settle().await;
        assert_eq!((at.org.roles("ada").await, at.blocked("ada").await), ("auditor user".to_owned(), false));
    }

    async fn one_deactivation_ends_sessions_at_once_and_takes_roles_soon(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(5).await;
        let group = at.push("All", &people).await;
        at.map(&group, &["user"]).await;
        at.settle().await;
        let before = at.epoch("p0").await;
        at.active(&people[0], false).await;
        assert!(at.epoch("p0").await > before, "at once");
        at.settle().await;
        assert_eq!((at.org.roles("p0").await, at.blocked("p0").await), (String::new(), true));
        assert!(at.held().await.is_none());
        assert_eq!(at.org.roles("p1").await, "user");
    }

    // C7
    async fn c7_a_flood_of_deactivations_is_held_by_name(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(20).await;
        let group = at.push("All", &people[..10]).await;
        at.map(&group, &["user"]).await;
        at.settle().await;
        // ten within a minute: Okta gets its 200, sessions end, and none of them loses anything else
        for path in &people[..10] {
            at.active(path, false).await;
        }
        assert!(at.epoch("p3").await > 0);
        at.settle().await;
        let held = at.held().await.unwrap();
        assert_eq!((held.kind.as_str(), held.counts.held_blocked, held.counts.held_removed), ("scim", 10, 10));
        assert!(held.reasons.iter().any(|reason| reason.contains("10 people would be deactivated by SCIM")), "{:?}", held.reasons);
        let mut names: Vec<String> = at.org.changes(&held).await.into_iter().map(|change| change.login).collect();
        names.sort();
        assert_eq!(names, (0..10).map(|n| login(&format!("p{n}"))).collect::<Vec<_>>());
        assert_eq!((at.org.roles("p3").await, at.blocked("p3").await), ("user".to_owned(), false));
        // more of it is the same story; people without roles too
        for path in &people[10..15] {
            at.active(path, false).await;
        }
        at.settle().await;
        let held = at.held().await.unwrap();
        assert_eq!((held.counts.held_blocked, at.blocked("p12").await), (15, false));
        // additions still apply
        at.assign("new").await;
        at.settle().await;
        assert_eq!(at.org.user("new").await.facts_source, "scim");
        // Okta says again what was before: nothing waits any more
        for path in &people[5..15] {
            at.active(path, true).await;
        }
        at.settle().await;
        let held = at.held().await.unwrap();
        assert_eq!(held.counts.held_blocked, 5);
        let done = at.org.approve(held.id).await;
        assert_eq!((done.state.as_str(), done.counts.blocked), ("done", 5));
        assert_eq!((at.org.roles("p3").await, at.blocked("p3").await), (String::new(), true));
        assert_eq!((at.org.roles("p7").await, at.blocked("p7").await), ("user".to_owned(), false));
    }

    // C7: the limit holds over 24 hours, one by one.
    async fn c7_slow_deactivations_are_counted_together(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(20).await;
        at.settle().await;
        for path in &people[..6] {
            at.active(path, false).await;
            at.settle().await;
        }
        let mut blocked = 0;
        for n in 0..6 {
            blocked += u8::from(at.blocked(&format!("p{n}")).await);
        }
        assert_eq!(blocked, 4, "20 % of 20");
        assert_eq!(at.held().await.unwrap().counts.held_blocked, 2);
    }

    // C7
    async fn c7_an_emptied_or_removed_group_is_held(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(2).await;
        let (one, two) = (at.push("One", &people).await, at.push("Two", &people).await);
        at.map(&one, &["user"]).await;
        at.map(&two, &["auditor"]).await;
        at.settle().await;
        assert_eq!(at.org.roles("p0").await, "auditor user");
        at.replace_members(&one, &[]).await;
        at.settle().await;
        let held = at.held().await.unwrap();
        assert_eq!((codes(&held), held.counts.held_removed), (vec!["group-emptied"], 2));
        assert_eq!(at.org.roles("p0").await, "auditor user");
        // pushed again: over
        at.replace_members(&one, &people).await;
        at.settle().await;
        assert!(at.held().await.is_none());
        // PUT in the other dialect
        at.okta.ok("PUT", &one, json!({"displayName": "One", "members": []})).await;
        at.settle().await;
        assert_eq!(at.org.roles("p0").await, "auditor user");
        at.okta.ok("PUT", &one, json!({"displayName": "One", "members": values(&people)})).await;
        // the group removed
        at.okta.ok("DELETE", &two, Value::Null).await;
        at.settle().await;
        let held = at.held().await.unwrap();
        assert_eq!((codes(&held), held.counts.held_removed), (vec!["group-vanished"], 2));
        // rejected: not raised again, nothing lost
        let mut work = at.org.t.app.begin(&at.org.person(1)).await.unwrap();
        crate::sync::reject(&mut work, at.org.id, held.id, "a mistake").await.unwrap();
        work.commit().await.unwrap();
        at.assign("new").await;
        at.settle().await;
        assert!(at.held().await.is_none());
        assert_eq!(at.org.roles("p0").await, "auditor user");
        at.org.t.advance(Duration::from_secs(90_000));
        at.assign("newer").await;
        at.settle().await;
        let held = at.held().await.unwrap();
        at.org.approve(held.id).await;
        assert_eq!(at.org.roles("p0").await, "user");
        // member by member is no suspicion
        for path in &people {
            let operations = json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", &path["/Users/".len()..])}]);
            at.okta.ok("PATCH", &one, patch(&operations)).await;
        }
        at.org.t.advance(Duration::from_secs(90_000));
        at.settle().await;
        assert_eq!((at.org.roles("p0").await, at.held().await), (String::new(), None));
    }

    async fn a_run_by_scim_is_undone_like_any_other(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(3).await;
        let group = at.push("All", &people).await;
        at.map(&group, &["user"]).await;
        at.settle().await;
        at.replace_members(&group, &people[1..]).await;
        at.settle().await;
        assert_eq!(at.org.roles("p0").await, "");
        let took = at.runs().await.into_iter().find(|run| run.counts.removed == 1).unwrap();
        let mut work = at.org.t.app.begin(&at.org.person(1)).await.unwrap();
        crate::sync::undo(&mut work, at.org.id, took.id, "test").await.unwrap();
        work.commit().await.unwrap();
        at.settle().await;
        assert_eq!(at.org.roles("p0").await, "user", "given back, and the mapping rests");
    }

    async fn two_sources_are_one_person_and_the_more_restrictive_wins(t) {
        let at = Pushed::start(t).await;
        at.org.staff(&[("Sales", &["ada", "bob", "cat", "dan"])]);
        at.org.map("Sales", &["user"]).await;
        at.org.settle().await;
        let user = at.org.user("ada").await;
        let ada = at.assign_as("ada", &at.id_in_okta("ada").await).await;
        at.settle().await;
        assert_eq!(at.org.user("ada").await.id, user.id, "one person");
        assert_eq!(at.org.user("ada").await.facts_source, "pull");
        let sources = at.sources("ada").await;
        assert_eq!((sources["items"][0]["source"].as_str(), sources["items"][1]["source"].as_str()), (Some("pull"), Some("scim")));
        assert_eq!((&sources["differ"], &sources["items"][1]["display_name"]), (&json!(false), &json!("ada Pushed")));
        // SCIM bars whom the API lets in, whatever a later run reads
        at.active(&ada, false).await;
        at.settle().await;
        assert!(at.blocked("ada").await);
        assert_eq!(at.org.roles("ada").await, "");
        assert_eq!(at.sources("ada").await["differ"], true);
        let run = at.org.run_as(RunKind::Run, true).await;
        assert!(at.blocked("ada").await);
        assert!(said(&run).contains("differ about the access of 1 people"), "{}", said(&run));
        at.active(&ada, true).await;
        at.settle().await;
        assert_eq!((at.org.roles("ada").await, at.blocked("ada").await), ("user".to_owned(), false));
        // the API bars whom SCIM lets in
        at.org.status("ada", "SUSPENDED");
        at.org.run_as(RunKind::Run, true).await;
        assert!(at.blocked("ada").await);
        at.okta.ok("PATCH", &ada, patch(&json!([{"op": "replace", "path": "title", "value": "Boss"}]))).await;
        at.settle().await;
        assert!(at.blocked("ada").await);
        assert_eq!((at.sources("ada").await["differ"].clone(), at.org.user("ada").await.id), (json!(true), user.id));
    }

    async fn scim_joins_nobody_else(t) {
        let at = Pushed::start(t).await;
        let body = json!({"kind": "local", "login": "ada@acme.test"});
        let (status, local) = at.org.t.call("POST", "/api/v1/users", Some(body)).await;
        assert_eq!(status, 201, "{local}");
        let body = json!({"kind": "break_glass", "login": "bob@acme.test"});
        let (status, glass) = at.org.t.call("POST", "/api/v1/users", Some(body)).await;
        assert_eq!(status, 201, "{glass}");
        // another connection's person with the same name and even the same Okta id
        let other = Scim::new(&at.org.t).await;
        other.ok("POST", "/Users", json!({"userName": "ada@acme.test", "externalId": okta_id("ada")})).await;
        let (ada, bob) = (at.assign("ada").await, at.assign("bob").await);
        at.settle().await;
        let named = directory::users_by_login(&at.org.t.read().await, "ada@acme.test").await.unwrap();
        assert_eq!(named.iter().filter(|user| user.kind == "okta").count(), 2, "one of each connection");
        assert_eq!(named.len(), 3);
        at.active(&ada, false).await;
        at.active(&bob, false).await;
        at.okta.ok("DELETE", &bob, Value::Null).await;
        at.settle().await;
        for user in [&local, &glass] {
            let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
            let now = at.org.t.call("GET", &path, None).await.1;
            assert_eq!((&now["blocked"], &now["version"]), (&json!(false), &user["version"]), "{now}");
        }
        let named = directory::users_by_login(&at.org.t.read().await, "ada@acme.test").await.unwrap();
        assert_eq!(named.iter().filter(|user| user.blocked).count(), 1);
    }

    async fn a_pushed_group_and_its_twin_in_okta_give_only_to_those_in_both(t) {
        let at = Pushed::start(t).await;
        at.org.staff(&[("Sales", &["ada", "bob"])]);
        at.org.map("Sales", &["user"]).await;
        at.org.settle().await;
        assert_eq!((at.org.roles("ada").await, at.org.roles("bob").await), ("user".to_owned(), "user".to_owned()));
        let ada = at.assign_as("ada", &at.id_in_okta("ada").await).await;
        let mapping = directory::list_mappings(&at.org.t.read().await, Some(at.org.id)).await.unwrap().remove(0);
        let body = json!({"displayName": "Sales", "externalId": mapping.okta_group_id, "members": values(&[ada])});
        at.okta.ok("POST", "/Groups", body).await;
        at.settle().await;
        assert_eq!((at.org.roles("ada").await, at.org.roles("bob").await), ("user".to_owned(), String::new()));
        at.org.run_as(RunKind::Run, true).await;
        assert_eq!((at.org.roles("ada").await, at.org.roles("bob").await), ("user".to_owned(), String::new()));
    }

    async fn who_was_deactivated_is_forgotten_after_30_days_and_comes_back_as_new(t) {
        let at = Pushed::start(t).await;
        let people = at.crowd(4).await;
        at.settle().await;
        let user = at.org.user("p0").await.id;
        at.active(&people[0], false).await;
        at.okta.ok("DELETE", &people[1], Value::Null).await;
        at.settle().await;
        let keeping = || async {
            let mut work = at.org.t.begin().await;
            let job = jobs::New { kind: crate::scim::KEEPING_JOB, payload: Value::Null, run_at: work.now, unique: None };
            jobs::enqueue(&mut work, job).await.unwrap();
            work.commit().await.unwrap();
            jobs::run_until_idle(&at.org.t.app, &crate::scim::handlers(register(Registry::new()))).await.unwrap();
        };
        at.org.t.advance(Duration::from_secs(29 * 86_400));
        keeping().await;
        assert_eq!(at.org.user("p0").await.id, user);
        at.org.t.advance(Duration::from_secs(2 * 86_400));
        keeping().await;
        let work = at.org.t.read().await;
        assert!(directory::find_user(&work, user).await.is_err());
        assert!(directory::users_by_login(&work, &login("p1")).await.unwrap().is_empty());
        drop(work);
        assert_eq!(at.okta.get("/Users").await["totalResults"], 2);
        assert_ne!(at.assign("p0").await, people[0]);
        at.settle().await;
        assert_ne!(at.org.user("p0").await.id, user);
    }

    async fn who_is_barred_by_scim_alone_is_not_forgotten_into_access(t) {
        let at = Pushed::start(t).await;
        at.org.staff(&[("Sales", &["ada", "bob", "cat", "dan"])]);
        at.org.map("Sales", &["user"]).await;
        at.org.settle().await;
        let ada = at.assign_as("ada", &at.id_in_okta("ada").await).await;
        at.active(&ada, false).await;
        at.settle().await;
        at.org.t.advance(Duration::from_secs(40 * 86_400));
        let mut work = at.org.t.begin().await;
        let job = jobs::New { kind: crate::scim::KEEPING_JOB, payload: Value::Null, run_at: work.now, unique: None };
        jobs::enqueue(&mut work, job).await.unwrap();
        work.commit().await.unwrap();
        jobs::run_until_idle(&at.org.t.app, &crate::scim::handlers(register(Registry::new()))).await.unwrap();
        at.org.run_as(RunKind::Run, true).await;
        assert!(at.blocked("ada").await);
        assert_eq!(at.org.roles("ada").await, "");
    }
);
