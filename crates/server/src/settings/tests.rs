//! The settings pages through the router.

use crate::testing::db_test;

db_test!(
    async fn rules_are_changed_and_input_is_kept_on_error(t) {
        let mut browser = t.signed_in("super_admin").await;
        let form = |idle: &'static str, addresses: &'static str| {
            [("sso", "on"), ("idle", idle), ("absolute", "8"), ("addresses", addresses), ("version", "0")]
        };
        let refused = browser.post("/settings/sign-in", &form("4", "192.0.2.0/24")).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("5 to 1,440 minutes") && refused.body.contains("192.0.2.0/24"));
        let outside = browser.post("/settings/sign-in", &form("30", "203.0.113.0/24")).await;
        assert_eq!(outside.status, 409);
        assert!(outside.body.contains("lock yourself out"));
        let done = browser.post("/settings/sign-in", &form("30", "192.0.2.0/24 2001:db8::/32")).await;
        assert_eq!((done.status, done.to.as_str()), (303, "/settings/sign-in"));
        let page = browser.get("/settings/sign-in").await.body;
        assert!(page.contains("The rules of sign-in are in force") && page.contains("2001:db8::/32"));
        assert!(!browser.get("/settings/sign-in").await.body.contains("are in force"), "told once");
        assert_eq!(browser.post("/settings/sign-in", &form("30", "")).await.status, 412, "somebody changed it meanwhile");
    }

    async fn an_auditor_sees_the_rules_and_cannot_change_them(t) {
        let mut browser = t.signed_in("auditor").await;
        let page = browser.get("/settings/sign-in").await.body;
        assert!(page.contains("settings.manage") && !page.contains("Save the rules") && !page.contains("Invite somebody"));
        assert!(!browser.get("/settings").await.body.contains("Configuration in force"), "that is the operator's");
    }

    async fn an_invitation_gives_a_link_once_and_no_more_than_one_has(t) {
        let mut admin = t.signed_in("super_admin").await;
        let form = [("login", "ada"), ("name", "Ada"), ("role", "helpdesk")];
        let page = admin.post("/settings/sign-in/invite", &form).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("http://localhost:8080/welcome/"));
        let again = admin.post("/settings/sign-in/invite", &form).await;
        assert_eq!(again.status, 409);
        assert!(again.body.contains("value=\"ada\""), "input is kept");
        let mut other = t.signed_in("admin").await;
        let form = [("login", "eve"), ("role", "super_admin")];
        assert_eq!(other.post("/settings/sign-in/invite", &form).await.status, 403);
    }

    async fn channels_are_added_and_removed_with_a_question_first(t) {
        let mut browser = t.signed_in("super_admin").await;
        let bad = browser.post("/settings/notices", &[("kind", "mail"), ("name", "Ops"), ("target", "nobody")]).await;
        assert_eq!(bad.status, 422);
        assert!(bad.body.contains("value=\"nobody\""));
        let added = browser.post("/settings/notices", &[("kind", "mail"), ("name", "Ops"), ("target", "ops@example.com")]).await;
        assert_eq!(added.status, 303);
        let page = browser.get("/settings/notices").await.body;
        let ask = page.split("href=\"/settings/notices?remove=").nth(1).unwrap().split('"').next().unwrap();
        let asked = browser.get(&format!("/settings/notices?remove={ask}")).await.body;
        assert!(asked.contains("<dialog") && asked.contains("ops@example.com is told nothing more"));
        assert_eq!(browser.post(&format!("/settings/notices/{ask}/remove"), &[]).await.status, 303);
        assert!(browser.get("/settings/notices").await.body.contains("Nobody is told"));
    }

    async fn api_keys_are_made_shown_once_and_revoked_after_a_question(t) {
        let mut browser = t.signed_in("auditor").await;
        let none = browser.post("/api-keys", &[("name", "job"), ("days", "30")]).await;
        assert_eq!(none.status, 422);
        assert!(none.body.contains("choose at least one permission") && none.body.contains("value=\"job\""));
        let too_much = browser.post("/api-keys", &[("name", "job"), ("days", "30"), ("permission", "users.manage")]).await;
        assert_eq!(too_much.status, 403);
        let made = browser.post("/api-keys", &[("name", "job"), ("days", "30"), ("permission", "audit.read")]).await;
        assert!(made.status == 200 && made.body.contains("kw_"));
        let page = browser.get("/api-keys").await.body;
        assert!(!page.contains("kw_") && page.contains("audit.read"));
        let id = page.split("href=\"/api-keys?revoke=").nth(1).unwrap().split('"').next().unwrap();
        assert!(browser.get(&format!("/api-keys?revoke={id}")).await.body.contains("Revoke “job”?"));
        let mut stranger = t.signed_in("auditor").await;
        assert_eq!(stranger.post(&format!("/api-keys/{id}/revoke"), &[]).await.status, 404);
        assert_eq!(browser.post(&format!("/api-keys/{id}/revoke"), &[]).await.status, 303);
        assert!(browser.get("/api-keys").await.body.contains("Revoked"));
    }
);
