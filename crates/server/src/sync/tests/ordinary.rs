use super::*;
use crate::directory::{ADMIN, AUDITOR, USER};
use crate::sync::{SettingsChange, change_settings, settings, why};
use crate::testing::db_test;

db_test!(with crate::sync::tests::parts;
    async fn members_of_mapped_groups_become_users_with_roles(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo"]), ("Audit", &["bo"]), ("Other", &["cy"])]);
        org.map("Sales", &["user", "helpdesk"]).await;
        org.map("Audit", &["auditor"]).await;
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.created, run.counts.granted), ("done", 2, 5), "{}", said(&run));
        assert_eq!(org.roles("ann").await, "helpdesk user");
        assert_eq!(org.roles("bo").await, "auditor helpdesk user");
        assert_eq!(org.roles("cy").await, "-");
        let changes = org.changes(&run).await;
        assert_eq!(changes.len(), 2);
        let bo = changes.iter().find(|change| change.login == "bo@acme.test").unwrap();
        assert_eq!((bo.steps.len(), bo.name.as_str()), (4, "bo Tester"));
        assert_eq!(bo.steps.iter().filter_map(|step| step.group_name.as_deref()).filter(|name| *name == "Audit").count(), 1);
    }

    async fn who_leaves_a_group_loses_its_roles_and_with_all_of_them_the_sessions(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo", "cy"]), ("Audit", &["bo"])]);
        org.map("Sales", &["user"]).await;
        org.map("Audit", &["auditor"]).await;
        org.run().await;
        let (ann, bo) = (org.user("ann").await.access_epoch, org.user("bo").await.access_epoch);
        org.leave("Sales", &["ann", "bo"]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.removed, run.counts.sessions_ended), ("done", 2, 1), "{}", said(&run));
        assert_eq!((org.roles("ann").await.as_str(), org.roles("bo").await.as_str()), ("", "auditor"));
        assert_eq!(org.user("ann").await.access_epoch, ann + 1);
        assert_eq!(org.user("bo").await.access_epoch, bo);
        org.join("Sales", &["ann"]);
        org.run().await;
        assert_eq!(org.roles("ann").await, "user");
    }

    async fn statuses_keep_block_or_end(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["a", "b", "c", "d", "e", "f", "g"])]);
        org.map("Sales", &["user"]).await;
        org.run().await;
        for (person, status) in [("a", "LOCKED_OUT"), ("b", "PASSWORD_EXPIRED"), ("c", "RECOVERY"), ("d", "PROVISIONED"), ("e", "SUSPENDED"), ("f", "DEPROVISIONED")] {
            org.status(person, status);
        }
        org.give("f", AUDITOR).await;
        let run = org.run().await;
        assert_eq!(run.state, "done", "{}", said(&run));
        for keeps in ["a", "b", "c", "d", "g"] {
            assert_eq!((org.roles(keeps).await.as_str(), org.user(keeps).await.blocked), ("user", false), "{keeps}");
        }
        assert_eq!((org.roles("e").await.as_str(), org.user("e").await.blocked), ("user", true));
        assert_eq!((org.roles("f").await.as_str(), org.user("f").await.blocked), ("", true));
        assert!(org.user("e").await.access_epoch > 0 && org.user("f").await.access_epoch > 0);
        org.status("e", "ACTIVE");
        org.run().await;
        assert!(!org.user("e").await.blocked);
    }

    async fn a_person_gone_from_the_org_loses_all(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo", "cy"])]);
        org.map("Sales", &["user"]).await;
        org.run().await;
        org.give("ann", AUDITOR).await;
        org.run().await;
        org.edit(&[Edit::DeleteUser { user: login("ann") }]);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), org.roles("ann").await.as_str()), ("done", ""), "{}", said(&run));
        assert_eq!(org.user("ann").await.okta_status.as_deref(), Some("GONE"));
    }

    async fn manual_grants_stay_unless_okta_alone_decides(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo", "cy", "di"])]);
        org.map("Sales", &["user"]).await;
        org.run().await;
        org.give("ann", AUDITOR).await;
        org.give("bo", AUDITOR).await;
        org.leave("Sales", &["ann"]);
        org.run().await;
        assert_eq!(org.roles("ann").await, "auditor");
        let mut work = org.t.begin().await;
        let local = directory::UserDraft { kind: directory::Kind::BreakGlass, login: "glass".into(), email: String::new(), display_name: String::new() };
        let glass = directory::create_user(&mut work, &local, "").await.unwrap();
        let change = SettingsChange { okta_only: Some(true), ..SettingsChange::default() };
        change_settings(&mut work, org.id, &change, None, "").await.unwrap();
        work.commit().await.unwrap();
        org.run().await;
        assert_eq!((org.roles("ann").await.as_str(), org.roles("bo").await.as_str()), ("", "auditor user"));
        assert_eq!(directory::roles_of(&org.t.read().await, glass.id).await.unwrap().len(), 1);
    }

    async fn nothing_moves_when_nothing_changed(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo"])]);
        org.map("Sales", &["user"]).await;
        org.run().await;
        org.pass(900);
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.whole, run.counts.groups_read), ("done", false, 0));
        assert!(org.changes(&run).await.is_empty());
    }

    async fn a_mapping_is_edited_paused_and_deleted(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo"])]);
        let mapping = org.map("Sales", &["user"]).await;
        org.run().await;
        let change = async |change: directory::MappingChange| {
            let mut work = org.t.begin().await;
            directory::update_mapping(&mut work, mapping, &change, None, "").await.unwrap();
            work.commit().await.unwrap();
        };
        change(directory::MappingChange { roles: Some(vec![AUDITOR, USER]), ..Default::default() }).await;
        org.run().await;
        assert_eq!(org.roles("ann").await, "auditor user");
        change(directory::MappingChange { paused: Some(true), roles: Some(vec![USER]) }).await;
        org.leave("Sales", &["bo"]);
        org.run().await;
        assert_eq!((org.roles("ann").await, org.roles("bo").await), ("auditor user".into(), "auditor user".into()));
        change(directory::MappingChange { paused: Some(false), ..Default::default() }).await;
        org.run().await;
        assert_eq!((org.roles("ann").await.as_str(), org.roles("bo").await.as_str()), ("user", ""));
        let mut work = org.t.begin().await;
        directory::delete_mapping(&mut work, mapping, "").await.unwrap();
        work.commit().await.unwrap();
        org.run().await;
        assert_eq!(org.roles("ann").await, "");
    }

    async fn why_tells_each_grant_its_group_run_and_time(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann"])]);
        org.map("Sales", &["user"]).await;
        let run = org.run().await;
        org.give("ann", AUDITOR).await;
        let ann = org.user("ann").await.id;
        let causes = why(&org.t.read().await, ann, None).await.unwrap();
        let of = |role: &str| causes.grants.iter().find(|cause| cause.role == role).unwrap();
        assert_eq!((of("user").group.as_deref(), of("user").run), (Some("Sales"), Some(run.id.0)));
        assert_eq!((of("auditor").source.as_str(), of("auditor").by.as_str()), ("manual", "local"));
        assert_eq!(causes.history[0].run, run.id);
        let (status, body) = org.t.call("GET", "/api/v1/users/ann@acme.test/why?role=user", None).await;
        assert_eq!((status, body["grants"].as_array().unwrap().len()), (200, 1));
        assert_eq!(body["history"][0]["steps"][1]["group"], "Sales");
    }

    async fn a_dry_run_shows_and_changes_nothing(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann"])]);
        org.map("Sales", &["user"]).await;
        let run = org.run_as(RunKind::Plan, false).await;
        assert_eq!((run.state.as_str(), run.counts.created, run.counts.granted), ("done", 1, 1));
        assert_eq!(org.changes(&run).await[0].login, "ann@acme.test");
        assert_eq!(org.roles("ann").await, "-");
    }

    async fn runs_are_scheduled_and_never_doubled(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann"])]);
        org.map("Sales", &["user"]).await;
        org.run().await;
        let runs = async || run::list(&org.t.read().await, org.id, None, 50).await.unwrap().len();
        org.pass(14 * 60);
        org.work().await;
        assert_eq!(runs().await, 1);
        org.pass(60);
        org.work().await;
        assert_eq!(runs().await, 2);
        org.pass(3 * 900);
        org.work().await;
        assert_eq!(runs().await, 3, "times that were missed count once");
        assert_eq!(org.ask(RunKind::Run, false).await, org.ask(RunKind::Run, false).await, "one that waits serves both");
        let mut work = org.t.begin().await;
        let bad = SettingsChange { interval_minutes: Some(7), ..SettingsChange::default() };
        assert!(change_settings(&mut work, org.id, &bad, None, "").await.is_err());
        let good = SettingsChange { interval_minutes: Some(60), ..SettingsChange::default() };
        assert_eq!(change_settings(&mut work, org.id, &good, None, "").await.unwrap().interval_minutes, 60);
        assert_eq!(settings(&work, org.id).await.unwrap().interval_minutes, 60);
    }

    async fn the_api_shows_runs_and_their_diff_in_pages(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ann", "bo", "cy"])]);
        org.map("Sales", &["user"]).await;
        let base = format!("/api/v1/connections/{}/sync", org.id);
        let (status, asked) = org.t.call("POST", &format!("{base}/run"), Some(serde_json::json!({ "reason": "by hand" }))).await;
        assert_eq!((status, asked["state"].as_str()), (202, Some("queued")));
        org.work().await;
        let path = format!("{base}/runs/{}", asked["id"].as_str().unwrap());
        let (_, run) = org.t.call("GET", &path, None).await;
        assert_eq!((run["state"].as_str(), run["by"].as_str(), run["counts"]["granted"].as_u64()), (Some("done"), Some("local"), Some(3)));
        let (_, page) = org.t.call("GET", &format!("{path}/changes?limit=2"), None).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 2);
        let (_, rest) = org.t.call("GET", &format!("{path}/changes?limit=2&after={}", page["next"].as_str().unwrap()), None).await;
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        let (_, all) = org.t.call("GET", &format!("{base}/runs"), None).await;
        assert_eq!(all["items"].as_array().unwrap().len(), 1);
        let (_, sync) = org.t.call("GET", &base, None).await;
        assert_eq!((sync["interval_minutes"].as_u64(), sync["last"]["state"].as_str()), (Some(15), Some("done")));
        let (status, groups) = org.t.call("GET", &format!("/api/v1/connections/{}/okta-groups?q=Sal", org.id), None).await;
        assert_eq!((status, groups["items"][0]["name"].as_str()), (200, Some("Sales")));
        let other = org.t.other_tenant().await;
        assert_eq!(org.t.send(Some(other), "GET", &path, None).await.0, 404);
    }

    async fn a_suspended_last_admin_waits_for_approval(t) {
        let org = Org::start(t).await;
        org.staff(&[("Admins", &["ann"]), ("Sales", &["bo"])]);
        org.map("Admins", &["admin"]).await;
        org.map("Sales", &["user"]).await;
        org.run().await;
        assert_eq!(org.having(ADMIN).await, 1);
        org.status("ann", "SUSPENDED");
        let run = org.run().await;
        assert_eq!((run.state.as_str(), run.counts.held_blocked), ("held", 1), "{}", said(&run));
        assert!(!org.user("ann").await.blocked);
        org.approve(run.id).await;
        assert!(org.user("ann").await.blocked);
    }
);
