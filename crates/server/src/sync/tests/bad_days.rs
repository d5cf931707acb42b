//! Bad days that must end well: in no case is a grant removed that should stay, or a half run applied; the reason is
//! told in words, with the mend.

use std::collections::HashMap;

use serde_json::json;

use super::*;
use crate::directory::{ADMIN, AUDITOR, USER};
use crate::testing::db_test;

/// An org of one group with so many people, synced once whole.
async fn synced(t: TestApp, people: usize) -> Org {
    let org = Org::start(t).await;
    org.crowd("Sales", people);
    org.map("Sales", &["user"]).await;
    org.settle().await;
    assert_eq!(org.having(USER).await, people);
    // From here on people's own changes are asked for too.
    org.pass(900);
    org.run().await;
    org.pass(900);
    org
}

/// A whole run that must fail without touching anybody, saying `words` and a mend.
async fn fails(org: &Org, people: usize, words: &str) {
    let run = org.run_as(RunKind::Run, true).await;
    assert_eq!(run.state, "failed", "{}", said(&run));
    assert!(said(&run).contains(words), "{words}: {}", said(&run));
    assert!(!run.findings[0].mend.is_empty(), "{}", said(&run));
    assert_eq!(
        (org.having(USER).await, org.changes(&run).await.len()),
        (people, 0)
    );
}

/// Without the fault all is well again, and the groups' changes arrive.
async fn recovers(org: &Org) {
    org.sandbox.clear_faults();
    org.pass(900);
    let run = org.run().await;
    assert_eq!(run.state, "done", "{}", said(&run));
    let failing = crate::sync::settings(&org.t.read().await, org.id)
        .await
        .unwrap()
        .failing_since;
    assert_eq!(failing, None);
}

db_test!(with crate::sync::tests::parts;
    async fn an_empty_list_after_a_full_run(t) {
        let org = synced(t, 5).await;
        org.staff(&[("Audit", &["bo"])]);
        org.map("Audit", &["auditor"]).await;
        org.run().await;
        org.fault(GROUPS, Effect::EmptyList);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), codes(&run)), ("held", vec!["empty-answer"]), "{}", said(&run));
        assert!(said(&run).contains("admin role"));
        assert_eq!((org.having(USER).await, org.having(AUDITOR).await), (5, 1));
        recovers(&org).await;
        assert_eq!(org.find(run.id).await.state, "replaced");
    }

    async fn an_empty_group_that_was_full(t) {
        let org = synced(t, 5).await;
        org.fault(MEMBERS, Effect::EmptyList);
        let run = org.run_as(RunKind::Run, true).await;
        assert_eq!((run.state.as_str(), codes(&run)), ("held", vec!["group-emptied"]), "{}", said(&run));
        assert_eq!((run.counts.held_removed, org.having(USER).await), (5, 5));
        recovers(&org).await;
        assert_eq!(org.having(USER).await, 5);
    }

    async fn a_403_with_an_empty_body(t) {
        let org = synced(t, 5).await;
        org.fault(MEMBERS, Effect::Answer { status: 403, body: None, headers: HashMap::default() });
        fails(&org, 5, "403").await;
        recovers(&org).await;
    }

    async fn the_scope_is_gone(t) {
        let org = synced(t, 5).await;
        let client_id = org.sandbox.dpop().client_id.clone();
        org.sign_in_by_dpop(&["okta.groups.read"]);
        org.run_as(RunKind::Run, true).await;
        org.sandbox.set_client_scopes(&client_id, &["okta.users.read"]);
        org.sign_in_by_dpop(&["okta.groups.read"]);
        fails(&org, 5, "okta.groups.read").await;
        org.sandbox.set_client_scopes(&client_id, &["okta.groups.read"]);
        recovers(&org).await;
    }

    async fn the_token_lost_its_scope(t) {
        let org = synced(t, 5).await;
        org.sign_in_by_dpop(&["okta.groups.read", "okta.users.read"]);
        org.fault(MEMBERS, Effect::NoScope);
        fails(&org, 5, "scope").await;
        recovers(&org).await;
    }

    async fn the_role_is_gone(t) {
        let org = synced(t, 5).await;
        let client_id = org.sandbox.dpop().client_id.clone();
        org.sign_in_by_dpop(&["okta.groups.read", "okta.users.read"]);
        assert_eq!(org.run_as(RunKind::Run, true).await.state, "done");
        org.sandbox.set_client_admin(&client_id, false);
        let run = org.run_as(RunKind::Run, true).await;
        assert!(matches!(run.state.as_str(), "failed" | "held"), "{} {}", run.state, said(&run));
        assert!(said(&run).to_lowercase().contains("role"), "{}", said(&run));
        assert_eq!(org.having(USER).await, 5);
        org.sandbox.set_client_admin(&client_id, true);
        recovers(&org).await;
    }

    async fn the_token_expired(t) {
        let org = synced(t, 5).await;
        org.sandbox.fault(Fault { method: None, path: "*".into(), query: None, nth: 1, times: 0, every: 1, effect: Effect::TokenExpired });
        fails(&org, 5, "token").await;
        recovers(&org).await;
    }

    async fn page_3_of_7_fails(t) {
        let org = synced(t, 1_210).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::Answer { status: 500, body: None, headers: HashMap::default() }).nth(3).times(0));
        fails(&org, 1_210, "500").await;
        recovers(&org).await;
    }

    async fn a_page_is_cut_in_the_middle(t) {
        let org = synced(t, 450).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::Cut(0.5)).nth(2).times(0));
        fails(&org, 450, "cut off").await;
        recovers(&org).await;
    }

    async fn a_page_is_malformed(t) {
        let org = synced(t, 450).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::MalformedJson).nth(2).times(0));
        fails(&org, 450, "cut off").await;
        recovers(&org).await;
    }

    async fn a_page_repeats(t) {
        let org = synced(t, 650).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::RepeatPage).nth(2).times(0));
        fails(&org, 650, "in a circle").await;
        recovers(&org).await;
    }

    async fn the_link_to_the_next_page_is_lost(t) {
        let org = synced(t, 450).await;
        org.fault(MEMBERS, Effect::NoNext);
        fails(&org, 450, "a page is missing").await;
        recovers(&org).await;
    }

    async fn the_next_page_is_on_another_host(t) {
        let org = synced(t, 450).await;
        org.fault(MEMBERS, Effect::NextOrigin("https://other.example".to_owned()));
        fails(&org, 450, "other.example").await;
        recovers(&org).await;
    }

    async fn the_connection_breaks_off(t) {
        let org = synced(t, 5).await;
        org.fault(MEMBERS, Effect::Hangup);
        let run = org.run_as(RunKind::Run, true).await;
        assert_eq!((run.state.as_str(), org.having(USER).await), ("failed", 5), "{}", said(&run));
        recovers(&org).await;
    }

    async fn rate_limits_for_a_while(t) {
        let org = synced(t, 5).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::RateLimit { seconds: 1 }));
        org.leave("Sales", &["p1"]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.having(USER).await), ("done", 4), "{}", said(&run));
    }

    async fn rate_limits_for_longer_than_we_wait(t) {
        let org = synced(t, 5).await;
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::RateLimit { seconds: 600 }));
        fails(&org, 5, "rate limit").await;
        recovers(&org).await;
    }

    async fn clocks_ten_minutes_apart(t) {
        let org = synced(t, 5).await;
        for ahead in [600_000, -1_200_000] {
            org.sandbox.advance_clock_ms(ahead);
            org.sign_in_by_dpop(&["okta.groups.read", "okta.users.read"]);
            org.sandbox.edit(&[Edit::Leave { group: "Sales".into(), users: vec![login(if ahead > 0 { "p1" } else { "p2" })] }]).unwrap();
            let run = org.run().await;
            assert_eq!(run.state, "done", "{}", said(&run));
        }
        assert_eq!(org.having(USER).await, 3);
    }

    async fn the_nonce_changes_in_the_middle(t) {
        let org = synced(t, 5).await;
        org.sign_in_by_dpop(&["okta.groups.read", "okta.users.read"]);
        org.run().await;
        org.sandbox.renew_nonce();
        org.sandbox.fault(Fault::new("GET", MEMBERS, Effect::TokenExpired));
        org.leave("Sales", &["p1"]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.having(USER).await), ("done", 4), "{}", said(&run));
    }

    async fn a_suspension_moves_no_group(t) {
        let org = synced(t, 5).await;
        let epoch = org.user("p1").await.access_epoch;
        org.status("p1", "SUSPENDED");
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.groups_read, run.counts.blocked), ("done", 0, 1), "{}", said(&run));
        let p1 = org.user("p1").await;
        assert_eq!((p1.blocked, p1.access_epoch, org.roles("p1").await.as_str()), (true, epoch + 1, "user"));
    }

    async fn a_mapped_group_is_deleted(t) {
        let org = synced(t, 5).await;
        org.staff(&[("Audit", &["bo"])]);
        org.map("Audit", &["auditor"]).await;
        org.run().await;
        org.edit(&[Edit::DeleteGroup { group: "Sales".into() }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), codes(&run)), ("held", vec!["group-vanished"]), "{}", said(&run));
        assert_eq!((run.counts.held_removed, org.having(USER).await), (5, 5));
        let applied = org.approve(run.id).await;
        assert_eq!((applied.state.as_str(), org.having(USER).await), ("done", 0), "{}", said(&applied));
        org.pass(900);
        let next = org.run().await;
        assert_eq!((next.state.as_str(), codes(&next)), ("done", vec!["group-vanished"]), "{}", said(&next));
    }

    async fn a_mapped_group_is_renamed(t) {
        let org = synced(t, 5).await;
        org.edit(&[Edit::RenameGroup { group: "Sales".into(), name: "Sellers".into() }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), codes(&run), org.having(USER).await), ("done", vec!["group-renamed"], 5), "{}", said(&run));
        let groups = directory::mapped_groups(&org.t.read().await, org.id).await.unwrap();
        assert_eq!(groups[0].name, "Sellers");
    }

    async fn a_person_is_renamed_to_anothers_login(t) {
        let org = synced(t, 5).await;
        org.give("p1", AUDITOR).await;
        let (one, two) = (org.user("p1").await.id, org.user("p2").await.id);
        org.edit(&[Edit::SetLogin { user: login("p1"), login: login("gone") }, Edit::SetLogin { user: login("p2"), login: login("p1") }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.created, run.counts.updated), ("done", 0, 2), "{}", said(&run));
        assert_eq!((org.user("gone").await.id, org.user("p1").await.id), (one, two));
        assert_eq!((org.roles("gone").await.as_str(), org.roles("p1").await.as_str()), ("auditor user", "user"));
    }

    async fn two_people_swap_logins(t) {
        let org = synced(t, 5).await;
        org.give("p1", AUDITOR).await;
        let (one, two) = (org.user("p1").await.id, org.user("p2").await.id);
        org.edit(&[Edit::SwapLogins { one: login("p1"), other: login("p2") }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.updated), ("done", 2), "{}", said(&run));
        assert_eq!((org.user("p2").await.id, org.user("p1").await.id), (one, two));
        assert_eq!((org.roles("p2").await.as_str(), org.roles("p1").await.as_str()), ("auditor user", "user"));
    }

    async fn two_fifths_of_a_group_gone_at_once(t) {
        let org = synced(t, 20).await;
        let gone: Vec<String> = (0..8).map(|n| format!("p{n}")).collect();
        org.leave("Sales", &gone.iter().map(String::as_str).collect::<Vec<_>>());
        org.edit(&[Edit::AddUser { login: login("new"), first_name: "N".into(), last_name: "N".into(), groups: vec!["Sales".into()] }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.held_removed, run.counts.granted), ("held", 8, 1), "{}", said(&run));
        assert_eq!((org.having(USER).await, org.roles("new").await.as_str()), (21, "user"));
        let diff = org.changes(&run).await;
        assert_eq!(diff.iter().filter(|change| change.held && change.login.starts_with('p')).count(), 8);
    }

    async fn removals_drop_by_drop_are_held_too(t) {
        let org = synced(t, 20).await;
        for n in 0..4 {
            org.leave("Sales", &[&format!("p{n}")]);
            assert_eq!(org.run().await.state, "done");
        }
        org.leave("Sales", &["p4"]);
        assert_eq!(org.run().await.state, "held");
        assert_eq!(org.having(USER).await, 16);
        // A day later the window has moved on.
        org.pass(86_400);
        assert_eq!((org.run().await.state.as_str(), org.having(USER).await), ("done", 15));
    }

    async fn the_last_admin_is_gone(t) {
        let org = synced(t, 20).await;
        org.staff(&[("Admins", &["ann"])]);
        org.map("Admins", &["admin"]).await;
        org.run().await;
        org.edit(&[Edit::DeleteUser { user: login("ann") }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.having(ADMIN).await), ("held", 1), "{}", said(&run));
        assert!(run.touches_admins && said(&run).contains("last admin"), "{}", said(&run));
    }

    async fn a_super_admin_is_never_made_unasked(t) {
        let org = synced(t, 20).await;
        org.staff(&[("Bosses", &["ann"])]);
        org.map("Bosses", &["super_admin", "auditor"]).await;
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.roles("ann").await.as_str()), ("held", "auditor"), "{}", said(&run));
        org.approve(run.id).await;
        assert_eq!(org.roles("ann").await, "super_admin auditor");
    }

    async fn a_flood_of_new_grants_is_held(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 11);
        org.map("Sales", &["user"]).await;
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.created, run.counts.held_granted), ("held", 11, 11), "{}", said(&run));
        assert_eq!((org.having(USER).await, org.roles("p1").await.as_str()), (0, ""));
        assert_eq!((org.approve(run.id).await.state.as_str(), org.having(USER).await), ("done", 11));
    }

    async fn another_connection_and_local_users_are_never_touched(t) {
        let org = synced(t, 5).await;
        let mut work = org.t.begin().await;
        let draft = |kind, login: &str| directory::UserDraft { kind, login: login.into(), email: String::new(), display_name: String::new() };
        let local = directory::create_user(&mut work, &draft(directory::Kind::Local, "p1@acme.test"), "").await;
        // The login of a person of the org is no clash: they are joined by Okta's id alone.
        let local = local.unwrap().id;
        directory::give(&mut work, local, AUDITOR, None, "").await.unwrap();
        work.commit().await.unwrap();
        org.edit(&[Edit::DeleteUser { user: login("p1") }]);
        org.run().await;
        let roles = directory::roles_of(&org.t.read().await, local).await.unwrap();
        assert_eq!(roles.len(), 1);
    }

    async fn roles_that_change_are_told_to_those_who_ask(t) {
        let org = synced(t, 5).await;
        let (status, _) = org.t.call("POST", "/api/v1/notice-channels", Some(json!({ "kind": "mail", "name": "all", "target": "all@acme.test" }))).await;
        assert_eq!(status, 201);
        org.leave("Sales", &["p1"]);
        org.run().await;
        assert_eq!(notices(&org, "grants.changed").await, 0, "nobody asks");
        let channel = json!({ "kind": "mail", "name": "ops", "target": "ops@acme.test", "topics": ["grants.changed"] });
        assert_eq!(org.t.call("POST", "/api/v1/notice-channels", Some(channel)).await.0, 201);
        org.leave("Sales", &["p2"]);
        org.staff(&[("Audit", &["bo"])]);
        org.map("Audit", &["auditor", "helpdesk"]).await;
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.granted, run.counts.removed), ("done", 2, 1), "{}", said(&run));
        let told = last_notice(&org, "grants.changed").await;
        assert_eq!((&told["granted"], &told["revoked"], &told["complete"], &told["run"]), (&json!(2), &json!(1), &json!(true), &json!(run.id)));
        let of = |person: &str| told["people"].as_array().unwrap().iter().find(|one| one["login"] == login(person)).unwrap().clone();
        assert_eq!((&of("p2")["granted"], &of("p2")["revoked"]), (&json!([]), &json!(["user"])));
        assert_eq!((&of("bo")["granted"], &of("bo")["revoked"]), (&json!(["auditor", "helpdesk"]), &json!([])));
        org.pass(900);
        org.run().await;
        assert_eq!(notices(&org, "grants.changed").await, 1, "nothing changed");
        org.give("p1", AUDITOR).await;
        let told = last_notice(&org, "grants.changed").await;
        assert_eq!((&told["people"][0]["login"], &told["people"][0]["granted"]), (&json!(login("p1")), &json!(["auditor"])));
    }

    async fn an_org_that_is_gone_is_removed_by_force(t) {
        let org = synced(t, 5).await;
        org.give("p1", AUDITOR).await;
        let epochs = (org.user("p1").await.access_epoch, org.user("p2").await.access_epoch);
        let force = async |actor: &Actor| {
            let mut work = org.t.app.begin(actor).await.unwrap();
            let forced = connections::remove_by_force(&mut work, org.id, "the org was deleted").await;
            if forced.is_ok() {
                work.commit().await.unwrap();
            }
            forced
        };
        let fails = async |works: bool| {
            let mut work = org.t.begin().await;
            connections::failed(&mut work, org.id, "there is no such host").await.unwrap();
            if works {
                connections::worked(&mut work, org.id).await.unwrap();
            }
            work.commit().await.unwrap();
        };
        fails(true).await;
        assert!(matches!(force(&org.person(1)).await, Err(connections::Error::StillWorks(_))));
        fails(false).await;
        assert!(matches!(force(&org.t.local()).await, Err(connections::Error::NotPersonal)));
        let forced = force(&org.person(1)).await.unwrap();
        assert_eq!(forced.ended, directory::Ended { mappings: 1, grants: 5, people: 5 });
        assert!(forced.left_in_okta[0].contains("API token"), "{forced:?}");
        assert_eq!((org.having(USER).await, org.roles("p1").await.as_str(), org.roles("p2").await.as_str()), (0, "auditor", ""));
        assert_eq!((org.user("p1").await.access_epoch, org.user("p2").await.access_epoch), (epochs.0, epochs.1 + 1), "who has no role left is out");
        assert!(directory::list_mappings(&org.t.read().await, None).await.unwrap().is_empty());
        assert!(matches!(connections::find(&org.t.read().await, org.id).await, Err(connections::Error::NotFound(_))));
    }

    async fn the_last_admin_does_not_go_by_force(t) {
        let org = Org::start(t).await;
        org.staff(&[("Admins", &["ann"])]);
        org.map("Admins", &["admin"]).await;
        org.settle().await;
        let mut work = org.t.app.begin(&org.person(1)).await.unwrap();
        connections::failed(&mut work, org.id, "there is no such host").await.unwrap();
        let forced = connections::remove_by_force(&mut work, org.id, "").await;
        assert!(matches!(forced, Err(connections::Error::Directory(directory::Error::LastAdmin))), "{forced:?}");
    }

    async fn failing_and_held_are_told_once(t) {
        let org = synced(t, 5).await;
        let channel = json!({ "kind": "mail", "name": "ops", "target": "ops@acme.test" });
        assert_eq!(org.t.call("POST", "/api/v1/notice-channels", Some(channel)).await.0, 201);
        org.fault(MEMBERS, Effect::Hangup);
        org.run_as(RunKind::Run, true).await;
        org.run_as(RunKind::Run, true).await;
        let told = notices(&org, "run.failed").await;
        assert_eq!(told, 1);
        org.sandbox.clear_faults();
        org.leave("Sales", &["p0", "p1", "p2", "p3"]);
        assert_eq!(org.run().await.state, "held");
        org.pass(900);
        assert_eq!(org.run().await.state, "held", "a newer one replaces it");
        assert_eq!(notices(&org, "run.held").await, 1, "and is no news");
    }
);

/// What programs are told by the latest notice.
async fn last_notice(org: &Org, topic: &str) -> serde_json::Value {
    #[derive(sea_orm::FromQueryResult)]
    struct Told {
        detail: serde_json::Value,
    }
    let work = org.t.read().await;
    let sql =
        "SELECT detail FROM notices WHERE tenant_id = $1 AND topic = $2 ORDER BY id DESC LIMIT 1";
    let told = work
        .row::<Told>(sql, crate::db::values![work.tenant, topic])
        .await;
    told.unwrap().unwrap().detail
}

async fn notices(org: &Org, topic: &str) -> i64 {
    #[derive(sea_orm::FromQueryResult)]
    struct Told {
        told: i64,
    }
    let work = org.t.read().await;
    let sql = "SELECT COUNT(*) AS told FROM notices WHERE tenant_id = $1 AND topic = $2";
    work.row::<Told>(sql, crate::db::values![work.tenant, topic])
        .await
        .unwrap()
        .unwrap()
        .told
}
