use serde_json::json;

use super::*;
use crate::actor::Permission;
use crate::directory::{ADMIN, AUDITOR, USER};
use crate::sync::guard::Limits;
use crate::sync::{Approval, SettingsChange, ask_for_limits, change_settings};
use crate::testing::db_test;

/// An org of 20 people, of whom 8 left at once: a held run.
async fn held(t: TestApp) -> (Org, Run) {
    let org = Org::start(t).await;
    org.crowd("Sales", 20);
    org.map("Sales", &["user"]).await;
    org.settle().await;
    org.leave("Sales", &["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
    let run = org.run().await;
    assert_eq!(run.state, "held", "{}", said(&run));
    (org, run)
}

async fn approve_as(org: &Org, actor: &Actor, run: RunId) -> Result<Approval, Error> {
    let mut work = org.t.app.begin(actor).await.unwrap();
    let approval = super::super::approve(&mut work, org.id, run, "test").await?;
    work.commit().await.unwrap();
    Ok(approval)
}

async fn reject(org: &Org, run: RunId) {
    let mut work = org.t.app.begin(&org.person(1)).await.unwrap();
    super::super::reject(&mut work, org.id, run, "they are on leave")
        .await
        .unwrap();
    work.commit().await.unwrap();
}

async fn undo(org: &Org, run: RunId) -> Run {
    let mut work = org.t.begin().await;
    let id = super::super::undo(&mut work, org.id, run, "test")
        .await
        .unwrap();
    work.commit().await.unwrap();
    org.work().await;
    org.find(id).await
}

db_test!(with crate::sync::tests::parts;
    async fn what_was_only_planned_or_held_is_no_history(t) {
        let (org, run) = held(t).await;
        org.run_as(RunKind::Plan, false).await;
        let person = org.user("p1").await.id;
        let history = async || crate::sync::why(&org.t.read().await, person, None).await.unwrap().history;
        let before = history().await;
        assert!(before.iter().all(|past| !past.change.held), "{before:?}");
        let approved = org.approve(run.id).await;
        let after = history().await;
        assert_eq!((after.len(), after[0].run), (before.len() + 1, approved.id));
    }

    async fn approval_takes_a_persons_own_credential_and_is_by_name(t) {
        let (org, run) = held(t).await;
        assert!(matches!(approve_as(&org, &org.t.local(), run.id).await, Err(Error::NotPersonal)));
        let none = Actor { permissions: Permissions::default(), ..org.person(1) };
        assert!(matches!(approve_as(&org, &none, run.id).await, Err(Error::Forbidden(_))));
        let applied = org.approve(run.id).await;
        assert_eq!((applied.state.as_str(), applied.counts.removed, org.having(USER).await), ("done", 8, 12), "{}", said(&applied));
        let run = org.find(run.id).await;
        assert_eq!((run.state.as_str(), run.decided_by.as_deref()), ("approved", Some("person 1")));
        assert!(matches!(approve_as(&org, &org.person(1), run.id).await, Err(Error::WrongState(_))));
        assert!(org.user("p1").await.access_epoch > 0);
        org.pass(900);
        assert_eq!(org.run().await.state, "done");
    }

    async fn a_smaller_plan_passes_and_a_larger_one_does_not(t) {
        let (org, run) = held(t).await;
        // Somebody gets a role by hand meanwhile: nothing that was approved grows by it.
        org.give("p9", AUDITOR).await;
        let mut work = org.t.begin().await;
        let mapping = directory::list_mappings(&work, None).await.unwrap()[0].id;
        let more = directory::MappingChange { roles: Some(vec![USER, AUDITOR]), paused: None };
        directory::update_mapping(&mut work, mapping, &more, None, "").await.unwrap();
        work.commit().await.unwrap();
        let refused = org.approve(run.id).await;
        assert_eq!((refused.state.as_str(), codes(&refused)), ("failed", vec!["plan-grown"]), "{}", said(&refused));
        assert_eq!(org.having(USER).await, 20);
        // The new run that shows the larger plan was made at once.
        let newer = run::held(&org.t.read().await, org.id).await.unwrap().unwrap();
        assert!(newer.id != run.id && newer.counts.held_removed == 8, "{}", said(&newer));
        // Three of the eight come back, and are seen before the approval: a smaller plan.
        org.join("Sales", &["p0", "p1", "p2"]);
        let newest = org.run().await;
        assert_eq!((newest.state.as_str(), newest.counts.held_removed), ("held", 5), "{}", said(&newest));
        assert_eq!(org.find(newer.id).await.state, "replaced");
        assert_eq!(org.approve(newest.id).await.counts.removed, 5);
        assert_eq!(org.having(USER).await, 15);
    }

    async fn what_is_not_decided_in_a_day_expires(t) {
        let (org, run) = held(t).await;
        org.t.advance(Duration::from_secs(86_400));
        assert!(matches!(approve_as(&org, &org.person(1), run.id).await, Err(Error::WrongState(_))));
        let next = org.run().await;
        assert_eq!(org.find(run.id).await.state, "expired");
        assert_eq!(next.state, "held");
    }

    async fn a_rejected_plan_is_not_raised_again_for_a_day(t) {
        let (org, run) = held(t).await;
        reject(&org, run.id).await;
        assert_eq!(org.find(run.id).await.state, "rejected");
        org.pass(900);
        let next = org.run().await;
        assert_eq!((next.state.as_str(), codes(&next), org.having(USER).await), ("done", vec!["rejected-before"], 20), "{}", said(&next));
        // Another person leaves: that is another plan.
        org.leave("Sales", &["p9"]);
        assert_eq!(org.run().await.state, "held");
        org.join("Sales", &["p9"]);
        assert_eq!(codes(&org.run().await), ["rejected-before"]);
        org.pass(86_400);
        assert_eq!(org.run().await.state, "held");
    }

    async fn what_touches_admins_takes_two_people_when_there_are_two(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 8);
        org.staff(&[("Admins", &["ann", "bo", "cy"])]);
        org.map("Sales", &["user"]).await;
        org.map("Admins", &["admin"]).await;
        org.settle().await;
        assert_eq!(org.having(ADMIN).await, 3);
        org.leave("Admins", &["ann", "bo"]);
        let run = org.run().await;
        assert!(run.state == "held" && run.touches_admins, "{}", said(&run));
        assert!(matches!(approve_as(&org, &org.person(1), run.id).await, Ok(Approval::NeedsSecond)));
        assert!(matches!(approve_as(&org, &org.person(1), run.id).await, Ok(Approval::NeedsSecond)), "the same one again");
        org.work().await;
        assert_eq!(org.having(ADMIN).await, 3);
        assert!(matches!(approve_as(&org, &org.person(2), run.id).await, Ok(Approval::Applying(_))));
        org.work().await;
        assert_eq!(org.having(ADMIN).await, 1);
    }

    async fn nobody_approves_more_than_they_hold(t) {
        let org = Org::start(t).await;
        org.staff(&[("Bosses", &["ann"])]);
        org.map("Bosses", &["super_admin"]).await;
        let run = org.run().await;
        assert_eq!(run.state, "held");
        let few = Actor { permissions: [Permission::RunsApprove].into_iter().collect(), ..org.person(1) };
        let refused = approve_as(&org, &few, run.id).await;
        assert!(matches!(refused, Err(Error::Directory(directory::Error::Delegation(_)))));
    }

    async fn undo_reverses_a_run_and_pauses_its_mappings(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 20);
        let mapping = org.map("Sales", &["user"]).await;
        org.settle().await;
        org.leave("Sales", &["p0", "p1"]);
        org.edit(&[Edit::AddUser { login: login("new"), first_name: "N".into(), last_name: "N".into(), groups: vec!["Sales".into()] }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.removed, run.counts.granted), ("done", 2, 1), "{}", said(&run));
        org.edit(&[Edit::DeleteUser { user: login("p1") }]);
        org.run().await;
        let undone = undo(&org, run.id).await;
        assert_eq!((undone.state.as_str(), codes(&undone)), ("done", vec!["not-restored"]), "{}", said(&undone));
        assert_eq!((org.roles("p0").await.as_str(), org.roles("new").await.as_str()), ("user", ""));
        assert_eq!(org.find(run.id).await.undone_by, Some(undone.id));
        assert!(directory::find_mapping(&org.t.read().await, mapping).await.unwrap().paused_at.is_some());
        org.pass(900);
        org.run_as(RunKind::Run, true).await;
        assert_eq!((org.roles("p0").await.as_str(), org.roles("new").await.as_str()), ("user", ""), "paused until resumed");
        let mut work = org.t.begin().await;
        let resume = directory::MappingChange { roles: None, paused: Some(false) };
        directory::update_mapping(&mut work, mapping, &resume, None, "").await.unwrap();
        assert!(matches!(super::super::undo(&mut work, org.id, run.id, "").await, Err(Error::WrongState(_))), "once only");
        work.commit().await.unwrap();
        org.run().await;
        assert_eq!((org.roles("p0").await.as_str(), org.roles("new").await.as_str()), ("", "user"));
    }

    async fn undo_gives_nothing_back_to_who_left(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 20);
        org.map("Sales", &["user"]).await;
        org.settle().await;
        org.pass(900);
        org.run().await;
        org.status("p0", "DEPROVISIONED");
        org.leave("Sales", &["p1"]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.removed), ("done", 2), "{}", said(&run));
        let undone = undo(&org, run.id).await;
        assert_eq!((codes(&undone), org.having(USER).await), (vec!["not-restored"], 19));
    }

    async fn lowering_the_guard_takes_a_person_and_a_second_one(t) {
        let org = Org::start(t).await;
        let lower = Limits { removals_percent: 90, ..Limits::default() };
        let change = SettingsChange { limits: Some(lower), ..SettingsChange::default() };
        let mut work = org.t.begin().await;
        assert!(matches!(change_settings(&mut work, org.id, &change, None, "").await, Err(Error::NotPersonal)));
        let higher = SettingsChange { limits: Some(Limits { removals_count: 1, ..Limits::default() }), ..SettingsChange::default() };
        change_settings(&mut work, org.id, &higher, None, "stricter is free").await.unwrap();
        for name in ["a", "b"] {
            let draft = directory::UserDraft { kind: directory::Kind::Local, login: name.into(), email: String::new(), display_name: String::new() };
            let user = directory::create_user(&mut work, &draft, "").await.unwrap().id;
            directory::give(&mut work, user, ADMIN, None, "").await.unwrap();
        }
        work.commit().await.unwrap();
        let path = format!("/api/v1/connections/{}/sync", org.id);
        let body = Some(json!({ "limits": { "removals_percent": 90 } }));
        for _ in 0..2 {
            assert_eq!(org.t.send(Some(org.person(1)), "PATCH", &path, body.clone()).await.0, 403);
        }
        let (status, sync) = org.t.send(Some(org.person(2)), "PATCH", &path, body).await;
        assert_eq!((status, sync["limits"]["removals_percent"].as_u64()), (200, Some(90)));
        let mut work = org.t.begin().await;
        assert!(matches!(ask_for_limits(&mut work, org.id, &lower, "").await, Err(Error::NotPersonal)));
    }
);
