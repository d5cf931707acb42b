//! The pages of sync, against the sandbox, through the router, on both databases.

use super::*;
use crate::directory::{AUDITOR, USER};
use crate::testing::{TestBrowser, db_test};

/// The group's id in Okta.
async fn okta_id(org: &Org, group: &str) -> String {
    let client = org
        .t
        .app
        .part::<Slot>()
        .unwrap()
        .0
        .lock()
        .unwrap()
        .clone()
        .unwrap();
    let found = client
        .groups(&keywright_okta::GroupQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap();
    found
        .iter()
        .find(|found| found.name() == group)
        .unwrap()
        .id
        .to_string()
}

/// The digest of the preview that a page shows.
fn seen(body: &str) -> String {
    let rest = body
        .split("name=\"seen\" value=\"")
        .nth(1)
        .expect("a preview");
    rest[..rest.find('"').unwrap()].to_owned()
}

async fn post(browser: &mut TestBrowser<'_>, form: &[(&str, &str)]) -> crate::testing::Answer {
    browser.post("/mapping", form).await
}

db_test!(with crate::sync::tests::parts;
    async fn a_group_is_found_added_simulated_saved_and_run(t) {
        let org = Org::start(t).await;
        org.staff(&[("Sales", &["ada", "bob"]), ("Support", &["bob"])]);
        let mut browser = org.t.signed_in("super_admin").await;
        let connection = org.id.to_string();
        let found = post(&mut browser, &[("connection", &connection), ("do", "find"), ("find", "Sal")]).await;
        let sales = okta_id(&org, "Sales").await;
        assert!(found.body.contains(&format!("<option value=\"{sales}\">Sales</option>")), "{}", found.body);
        let added = post(&mut browser, &[("connection", &connection), ("do", "add"), ("add", &sales)]).await;
        assert!(added.body.contains("Remove the row for Sales"));
        let (roles, name) = (format!("roles:{sales}"), format!("name:{sales}"));
        let (user, auditor) = (USER.to_string(), AUDITOR.to_string());
        let draft = [
            ("connection", connection.as_str()),
            ("row", &sales),
            (&name, "Sales"),
            (&roles, &user),
            (&roles, &auditor),
            ("interval", "60"),
        ];
        let with = |more: &[(&'static str, &str)]| -> Vec<(String, String)> {
            draft.iter().chain(more).map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
        };
        let as_form = |form: &[(String, String)]| -> Vec<(String, String)> { form.to_vec() };
        // Saving without having seen the preview shows the preview.
        let form = as_form(&with(&[("do", "save")]));
        let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let first = post(&mut browser, &form).await;
        assert!(first.status == 200 && first.body.contains("Nothing is saved yet"));
        assert!(first.body.contains("would change 2 people"), "{}", first.body);
        assert!(first.body.contains("ada<wbr>@") && first.body.contains("bob<wbr>@"));
        assert!(directory::list_mappings(&org.t.read().await, None).await.unwrap().is_empty(), "nothing is kept");
        // Another preview than the one that holds now does not save either.
        let form = with(&[("do", "save"), ("seen", "0123")]);
        let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert!(post(&mut browser, &form).await.body.contains("something changed since the preview"));
        let digest = seen(&first.body);
        let form = with(&[("do", "save"), ("seen", &digest), ("reason", "they sell")]);
        let form: Vec<(&str, &str)> = form.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let saved = post(&mut browser, &form).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let settings = crate::sync::settings(&org.t.read().await, org.id).await.unwrap();
        assert_eq!(settings.interval_minutes, 60);
        let page = browser.get("/mapping").await;
        assert!(page.body.contains("Saved. The next run does it") && page.body.contains("Sales"));
        let started = browser.post("/runs", &[("connection", &connection), ("kind", "run")]).await;
        assert_eq!(started.status, 303);
        assert!(browser.get(&started.to).await.body.contains("hx-trigger"), "it waits");
        org.work().await;
        let run = browser.get(&started.to).await;
        assert!(run.body.contains("Applied") && run.body.contains("ada<wbr>@") && run.body.contains("auditor"));
        assert_eq!(org.user("ada").await.okta_status.as_deref(), Some("ACTIVE"));
    }

    async fn removing_a_row_names_who_loses_and_the_guard_speaks(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 12);
        org.map("Sales", &["user"]).await;
        org.settle().await;
        let mut browser = org.t.signed_in("super_admin").await;
        let (connection, sales) = (org.id.to_string(), okta_id(&org, "Sales").await);
        let (roles, version, name) = (format!("roles:{sales}"), format!("version:{sales}"), format!("name:{sales}"));
        let user = USER.to_string();
        let remove = format!("remove:{sales}");
        let row = [("connection", connection.as_str()), ("row", &sales), (&name, "Sales"), (&roles, &user), (&version, "1"), ("interval", "15")];
        let form = |more: &[(&'static str, &'static str)]| row.iter().chain(more).map(|(a, b)| (*a, *b)).collect::<Vec<_>>();
        let mut removed = form(&[]);
        removed.push(("do", &remove));
        let page = post(&mut browser, &removed).await;
        assert!(page.body.contains("To be removed") && page.body.contains(&format!("keep:{sales}")));
        let mut gone = form(&[("do", "simulate")]);
        gone.push(("gone", &sales));
        let page = post(&mut browser, &gone).await;
        assert!(page.body.contains("would change 12 people") && page.body.contains("12 people would lose roles"), "{}", page.body);
        // An old version of the row is refused.
        let mut stale = form(&[("do", "simulate")]);
        stale.retain(|(name, _)| *name != version && *name != roles);
        let auditor = AUDITOR.to_string();
        stale.extend([(version.as_str(), "7"), (roles.as_str(), auditor.as_str())]);
        assert_eq!(post(&mut browser, &stale).await.status, 412);
        let mut empty = form(&[("do", "simulate")]);
        empty.retain(|(name, _)| *name != roles);
        let page = post(&mut browser, &empty).await;
        assert!(page.status == 422 && page.body.contains("Sales: a mapping gives at least one role"));
    }

    async fn a_held_run_is_approved_rejected_and_undone_by_people(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 20);
        org.map("Sales", &["user"]).await;
        org.settle().await;
        org.leave("Sales", &["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
        let run = org.run().await;
        let mut browser = org.t.signed_in("super_admin").await;
        let at = format!("/runs/{}", run.id);
        let page = browser.get(&at).await;
        assert!(page.body.contains("8 changes wait for a decision") && page.body.contains("p7<wbr>@"), "{}", page.body);
        assert!(browser.get("/runs?show=held").await.body.contains("Held"));
        let ask = browser.get(&format!("{at}/reject")).await;
        assert!(ask.body.contains("8 people stay as they are"), "{}", ask.body);
        assert!(ask.body.contains("p3"), "{}", ask.body);
        let mut reader = org.t.signed_in("auditor").await;
        assert!(reader.get(&at).await.body.contains("runs.approve"));
        assert_eq!(reader.post(&format!("{at}/approve"), &[]).await.status, 403);
        let done = browser.post(&format!("{at}/approve"), &[("reason", "they left")]).await;
        assert_eq!(done.status, 303, "{}", done.body);
        org.work().await;
        let applied = browser.get(&done.to).await;
        assert!(applied.body.contains("Applied") && applied.body.contains("Undo"), "{}", applied.body);
        let again = browser.post(&format!("{at}/reject"), &[("reason", "no")]).await;
        assert!(again.status == 422 && again.body.contains("the run is approved"), "{}", again.body);
        let undo = browser.post(&format!("{}/undo", done.to), &[("reason", "they are back")]).await;
        assert_eq!(undo.status, 303);
        org.work().await;
        assert!(browser.get("/mapping").await.body.contains("Paused: resume"));
        let other = org.t.other_tenant().await;
        let mut stranger = org.t.signed_in_as(&other, "super_admin").await;
        for page in [at.clone(), format!("{at}/approve"), format!("{at}/undo"), format!("/mapping?connection={}", org.id), format!("/guards?connection={}", org.id)] {
            assert_eq!(stranger.get(&page).await.status, 404, "{page}");
        }
        assert_eq!(stranger.post(&format!("{at}/approve"), &[]).await.status, 404);
    }

    async fn a_run_that_waits_is_stopped_and_one_that_ended_is_a_file(t) {
        let org = Org::start(t).await;
        org.crowd("Sales", 3);
        org.map("Sales", &["user"]).await;
        let mut browser = org.t.signed_in("super_admin").await;
        let connection = org.id.to_string();
        let run = browser.post("/runs", &[("connection", &connection), ("kind", "run")]).await.to;
        assert!(browser.get(&run).await.body.contains(&format!("href=\"{run}/stop\"")));
        assert!(browser.get(&format!("{run}/stop")).await.body.contains("Stop this run?"));
        let mut reader = org.t.signed_in("auditor").await;
        assert_eq!(reader.post(&format!("{run}/stop"), &[]).await.status, 403);
        assert_eq!(browser.post(&format!("{run}/stop"), &[("reason", "not now")]).await.status, 303);
        let page = browser.get(&run).await;
        assert!(page.body.contains("Failed") && page.body.contains("stopped it before anything was changed"), "{}", page.body);
        org.work().await;
        assert!(browser.get(&run).await.body.contains("stopped it before anything was changed"), "no worker takes it up");
        assert_eq!(browser.post(&format!("{run}/stop"), &[]).await.status, 303);
        assert!(browser.get(&run).await.body.contains("so this cannot be done with it"));
        // The next one is not hindered by it.
        let next = browser.post("/runs", &[("connection", &connection), ("kind", "run")]).await.to;
        assert_ne!(next, run);
        org.work().await;
        let file = browser.get(&format!("{next}/json")).await;
        assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"run-"));
        let file: serde_json::Value = serde_json::from_str(&file.body).unwrap();
        assert_eq!((file["run"]["state"].as_str(), file["changes"].as_array().map(Vec::len)), (Some("done"), Some(3)), "{file}");
    }

    async fn lower_guards_take_two_people(t) {
        let org = Org::start(t).await;
        let connection = org.id.to_string();
        let mut one = org.t.signed_in("super_admin").await;
        let mut two = org.t.signed_in("super_admin").await;
        let form = |count: &'static str| vec![("removals_count", count), ("removals_percent", "20"), ("grants_count", "10"),
            ("grants_percent", "50"), ("admins", "1"), ("hold_super_admin", "on"), ("version", "0"), ("reason", "a move")];
        let send = |count| { let mut form = form(count); form.push(("connection", &connection)); form };
        let wrong = one.post("/guards", &send("many")).await;
        assert!(wrong.status == 422 && wrong.body.contains("value=\"many\"") && wrong.body.contains("a move"));
        assert_eq!(one.post("/guards", &send("30")).await.status, 303);
        let page = one.get("/guards").await;
        assert!(page.body.contains("lower guards take two people") && page.body.contains("value=\"3\""));
        assert_eq!(one.post("/guards", &send("30")).await.status, 303, "the same person does not count twice");
        assert!(one.get("/guards").await.body.contains("value=\"3\""));
        assert_eq!(two.post("/guards", &send("30")).await.status, 303);
        assert!(two.get("/guards").await.body.contains("value=\"30\""));
        let mut reader = org.t.signed_in("auditor").await;
        assert!(reader.get("/guards").await.body.contains("guards.manage"));
        assert_eq!(reader.post("/guards", &send("1")).await.status, 403);
    }
);
