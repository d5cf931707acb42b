//! The pages of roles, on both databases.

use crate::directory;
use crate::testing::db_test;

db_test!(
    async fn a_custom_role_is_made_changed_and_deleted(t) {
        let mut browser = t.signed_in("super_admin").await;
        let page = browser.get("/roles").await;
        assert!(page.status == 200 && page.body.contains("super_admin") && page.body.contains("built in"));
        let wrong = browser.post("/roles/new", &[("name", "admin"), ("description", "mine <b>"), ("permissions", "users.read")]).await;
        assert!(wrong.status == 409 && wrong.body.contains("mine &#60;b&#62;") && wrong.body.contains("value=\"users.read\" checked"));
        assert_eq!(browser.post("/roles/new", &[("name", "desk"), ("permissions", "all.of.it")]).await.status, 422);
        let made = browser.post("/roles/new", &[("name", "desk"), ("permissions", "users.read"), ("permissions", "runs.read")]).await;
        assert_eq!(made.status, 303);
        let role = directory::find_role_by(&t.read().await, "desk").await.unwrap();
        let at = format!("/roles/{}", role.id);
        let page = browser.get(&at).await;
        assert!(page.body.contains("value=\"runs.read\" checked") && page.body.contains("/delete"));
        let change = [("version", "1"), ("name", "desk"), ("permissions", "users.read")];
        assert_eq!(browser.post(&at, &change).await.status, 303);
        assert_eq!(browser.post(&at, &change).await.status, 412, "changed meanwhile");
        assert!(browser.get(&format!("{at}/delete")).await.body.contains("Nobody has it"));
        assert_eq!(browser.post(&format!("{at}/delete"), &[("reason", "unused")]).await.status, 303);
        assert_eq!(browser.get(&at).await.status, 404);
    }

    async fn nobody_makes_a_role_that_allows_more_than_they_may(t) {
        let mut admin = t.signed_in("admin").await;
        let page = admin.get("/roles/new").await;
        assert!(page.body.contains("value=\"tenants.manage\" disabled"));
        let refused = admin.post("/roles/new", &[("name", "mine"), ("permissions", "tenants.manage")]).await;
        assert!(refused.status == 403 && refused.body.contains("nobody can give what they do not hold"));
        let mut reader = t.signed_in("auditor").await;
        assert_eq!(reader.get(&format!("/roles/{}", directory::ADMIN)).await.status, 200);
        assert_eq!(reader.post("/roles/new", &[("name", "x")]).await.status, 403);
        let built_in = t.signed_in("super_admin").await.post(&format!("/roles/{}", directory::USER), &[("version", "0"), ("name", "user")]).await;
        assert!(built_in.status == 409 && built_in.body.contains("is built in"));
    }
);
