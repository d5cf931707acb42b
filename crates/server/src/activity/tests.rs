//! The activity page through the router.

use serde_json::Value;

use crate::audit::{Entry, record};
use crate::testing::{TestApp, db_test};

async fn write(t: &TestApp, action: &'static str, target: (&'static str, &str), reason: &str) {
    let mut work = t.begin().await;
    let entry = Entry::new(action, (target.0, target.1.to_owned()), reason);
    record(&mut work, entry).await.unwrap();
    work.commit().await.unwrap();
}

db_test!(
    async fn entries_are_found_by_kind_words_and_time(t) {
        let mut browser = t.signed_in("auditor").await;
        write(&t, "role.changed", ("role", "x"), "50%_off").await;
        write(&t, "sign-in.refused", ("login", "mallory"), "wrong code").await;
        for (path, found, not) in [
            ("/activity", "mallory", ""),
            ("/activity?kind=refused", "mallory", "50%_off"),
            ("/activity?kind=access", "50%_off", "mallory"),
            ("/activity?q=MALLORY", "mallory", "50%_off"),
            ("/activity?q=0%25_O", "50%_off", "mallory"),
            ("/activity?target=x", "50%_off", "mallory"),
        ] {
            let page = browser.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            let list = page.body.split("aria-label=\"Entries\"").nth(1).unwrap_or_default();
            assert!(list.contains(found), "{path} lacks {found}");
            assert!(not.is_empty() || !list.contains(not), "{path} has {not}");
        }
        assert!(browser.get("/activity?q=nothing-like-it").await.body.contains("Nothing found"));
        t.advance(std::time::Duration::from_secs(3_000));
        assert_eq!(browser.get("/activity?since=1").await.status, 200);
    }

    async fn the_tail_gives_what_came_since_and_where_to_ask_next(t) {
        let mut browser = t.signed_in("auditor").await;
        let page = browser.get("/activity").await;
        let ask = |body: &str| {
            let at = body.split("hx-get=\"").nth(1).unwrap().split('"').next().unwrap();
            at.replace("&#38;", "&").replace("&amp;", "&")
        };
        let first = ask(&page.body);
        let none = browser.get(&first).await;
        assert!(!none.body.contains("<details"), "{}", none.body);
        write(&t, "role.changed", ("role", "x"), "later").await;
        let one = browser.get(&first).await;
        assert_eq!(one.body.matches("<details").count(), 1, "{}", one.body);
        let again = browser.get(&ask(&one.body)).await;
        assert!(!again.body.contains("<details"), "each entry comes once");
    }

    async fn exports_hold_everything_that_the_filters_find_and_no_formula(t) {
        let mut browser = t.signed_in("auditor").await;
        write(&t, "role.changed", ("role", "x"), "=cmd|' /C calc'!A0").await;
        let csv = browser.get("/activity/export?form=csv&kind=access").await;
        assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
        assert!(csv.headers["content-disposition"].to_str().unwrap().contains("activity.csv"));
        assert!(csv.body.starts_with("id,at,") && csv.body.contains("\"'=cmd|"), "{}", csv.body);
        let lines = browser.get("/activity/export?form=jsonl").await;
        let entries: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(entries.iter().any(|entry| entry["reason"] == "=cmd|' /C calc'!A0"));
        assert_eq!(entries.iter().filter(|entry| entry["action"] == "tenant.created").count(), 1);
    }

    async fn verification_tells_that_the_chain_holds_and_where_it_is_broken(t) {
        let mut browser = t.signed_in("auditor").await;
        let page = browser.post("/activity/verify", &[]).await;
        assert!(page.body.contains("The chain holds"), "{}", page.body);
        assert_eq!(browser.post("/activity/verify", &[("anchor", "nonsense")]).await.status, 422);
        let work = t.begin().await;
        work.run("UPDATE audit_entries SET reason = 'other' WHERE tenant_id = $1", vec![work.tenant.into()]).await.unwrap();
        work.commit().await.unwrap();
        assert!(browser.post("/activity/verify", &[]).await.body.contains("The chain is broken"));
    }

    async fn another_tenants_entries_are_not_shown(t) {
        write(&t, "role.changed", ("role", "x"), "ours alone").await;
        let other = t.other_tenant().await;
        let mut browser = t.signed_in_as(&other, "super_admin").await;
        assert!(!browser.get("/activity?since=all").await.body.contains("ours alone"));
        assert!(!browser.get("/activity/export").await.body.contains("ours alone"));
    }
);
