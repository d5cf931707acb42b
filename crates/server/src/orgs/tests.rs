//! The pages of connections, through the router, on both databases.

use crate::testing::db_test;

const HUSH: &str = "hush-hush-hush-hush-hush-hush-hush-hush-hush-hush-hush-hush-hush";
const TOKEN: &str = "00aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcd";

fn form<'a>(auth: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("domain", "https://acme-admin.okta.com/admin/dashboard"),
        ("name", "Acme <1>"),
        ("auth", auth),
        ("keys", "make"),
        ("algorithm", "ES256"),
        ("jobs", "sync"),
        ("interval", "60"),
        ("share", "40"),
    ];
    form.extend(more);
    form
}

db_test!(
    async fn the_form_offers_the_four_ways_and_recommends_dpop(t) {
        let mut browser = t.signed_in("admin").await;
        let page = browser.get("/connections/new").await;
        assert_eq!(page.status, 200);
        for part in [
            "id=\"auth-dpop\" checked",
            "Recommended",
            "Least secure, not recommended",
            "An administrator’s consent",
            "id=\"keys-make\" checked",
            "<option value=\"15\" selected>15 minutes",
            "<option value=\"5\">5 minutes",
            "<option value=\"720\">12 hours",
            "okta.groups.read",
            "Read-Only Administrator",
        ] {
            assert!(page.body.contains(part), "{part}");
        }
    }

    async fn an_org_is_joined_in_each_way(t) {
        let mut browser = t.signed_in("super_admin").await;
        for (auth, domain, more) in [
            ("oauth_dpop", "one", vec![("client_id", "0oa1h7q2v9XkLm3Zp5d7")]),
            ("oauth", "two", vec![]),
            ("api_token", "three", vec![("token", TOKEN)]),
        ] {
            let mut sent = form(auth, &more);
            sent[0].1 = domain;
            sent[1].1 = domain;
            let made = browser.post("/connections/new", &sent).await;
            assert_eq!(made.status, 303, "{auth}: {}", made.body);
            let page = browser.get(&made.to).await;
            assert_eq!(page.status, 200);
            assert!(page.body.contains(&format!("{domain}.okta.com")) && page.body.contains("Not tested yet"));
            assert!(!page.body.contains(TOKEN));
            assert_eq!(page.body.contains("jwks.json"), auth != "api_token", "{auth}");
            assert_eq!(page.body.contains("Next, in Okta"), auth == "oauth", "{auth}");
            let sync = browser.get(&format!("/api/v1{}/sync", made.to)).await;
            assert!(sync.status == 401 || sync.body.contains("\"interval_minutes\":60"));
        }
        let web = [("web_client_id", "0oa7"), ("client_secret", HUSH), ("scope", "openid"), ("scope", "okta.users.read")];
        let mut sent = form("authorization_code", &web);
        (sent[0].1, sent[1].1) = ("four", "four");
        let made = browser.post("/connections/new", &sent).await;
        assert!(made.to.ends_with("/consent"), "{}", made.body);
        let page = browser.get(&made.to).await.body;
        assert!(page.contains(">openid</span>") && page.contains(">okta.users.read</span>") && !page.contains(">okta.groups.read</span>"));
        assert!(page.contains("Consent at Okta") && !page.contains(HUSH));
        let at = made.to.trim_end_matches("/consent").to_owned();
        let edit = browser.get(&format!("{at}/edit")).await.body;
        assert!(edit.contains("id=\"auth-consent\" checked") && edit.contains("value=\"0oa7\""));
        let change = [("version", "1"), ("name", "four"), ("auth", "authorization_code"), ("client_id", "0oa8"), ("jobs", "sync"), ("share", "30")];
        assert_eq!(browser.post(&format!("{at}/edit"), &change).await.status, 303);
        assert!(browser.get(&format!("{at}/edit")).await.body.contains("value=\"0oa8\""));
        assert!(browser.get("/connections").await.body.contains("OAuth 2.0 with a key and DPoP"));
    }

    async fn what_will_not_do_is_told_and_the_input_stays(t) {
        let mut browser = t.signed_in("super_admin").await;
        for (sent, status, part) in [
            (form("api_token", &[]), 422, "api_token"),
            (form("api_token", &[("token", "short")]), 422, "token"),
            (form("oauth", &[("client_id", "no spaces please")]), 422, "client"),
            (form("", &[]), 422, "choose how we sign in"),
        ] {
            let page = browser.post("/connections/new", &sent).await;
            assert_eq!(page.status, status, "{sent:?}");
            assert!(page.body.contains("Acme &#60;1&#62;") && page.body.contains("acme-admin.okta.com"), "input is kept");
            assert!(page.body.contains(part) && page.body.contains("role=\"alert\""), "{part}");
        }
        let mut pasted = form("oauth", &[("client_private", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"), ("client_public", "mine")]);
        pasted[3].1 = "paste";
        let page = browser.post("/connections/new", &pasted).await;
        assert_eq!(page.status, 422);
        assert!(page.body.contains(">mine</textarea>") && !page.body.contains("AAAA"), "secrets are not sent back");
        let looked = browser.post("/connections/new", &[("domain", "acme"), ("do", "look"), ("auth", "oauth")]).await;
        assert!(looked.status == 200 && looked.body.contains("Understood as <strong>acme.okta.com</strong>"));
        assert!(browser.get("/connections").await.body.contains("Connect your Okta org"), "nothing was joined");
    }

    async fn it_is_changed_switched_rotated_and_removed(t) {
        let mut browser = t.signed_in("super_admin").await;
        let made = browser.post("/connections/new", &form("oauth", &[])).await;
        let at = made.to;
        let edit = browser.get(&format!("{at}/edit")).await;
        assert!(edit.status == 200 && edit.body.contains("value=\"Acme &#60;1&#62;\""));
        let change = [("version", "1"), ("name", "Acme"), ("auth", "oauth_dpop"), ("client_id", "0oa1"), ("jobs", "sync"), ("share", "30")];
        assert_eq!(browser.post(&format!("{at}/edit"), &change).await.status, 303);
        let stale = browser.post(&format!("{at}/edit"), &change).await;
        assert_eq!(stale.status, 412, "somebody changed it meanwhile");
        assert_eq!(browser.post(&format!("{at}/switch"), &[("to", "off")]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("Switched off"));
        assert_eq!(browser.post(&format!("{at}/switch"), &[("to", "on")]).await.status, 303);
        assert_eq!(browser.get(&format!("{at}/rotate")).await.status, 200);
        assert_eq!(browser.post(&format!("{at}/rotate"), &[("purpose", "client"), ("keys", "make"), ("algorithm", "ES256")]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("let it take over"));
        let ask = browser.get(&format!("{at}/remove")).await;
        assert!(ask.body.contains("Remove Acme?") && ask.body.contains("Nobody has a role through it"));
        assert_eq!(browser.post(&format!("{at}/remove"), &[("typed", "acme?")]).await.status, 422);
        assert_eq!(browser.post(&format!("{at}/remove"), &[("typed", "Acme"), ("reason", "gone")]).await.status, 303);
        assert_eq!(browser.get(&at).await.status, 404);
    }

    async fn readers_look_and_others_do_not_see_it(t) {
        let mut admin = t.signed_in("super_admin").await;
        let at = admin.post("/connections/new", &form("oauth", &[])).await.to;
        let mut reader = t.signed_in("auditor").await;
        let page = reader.get(&at).await;
        assert!(page.status == 200 && !page.body.contains("/edit\""), "no acts for a reader");
        assert_eq!(reader.post(&format!("{at}/test"), &[]).await.status, 403);
        let other = t.other_tenant().await;
        let mut stranger = t.signed_in_as(&other, "super_admin").await;
        for page in [at.clone(), format!("{at}/edit"), format!("{at}/rotate"), format!("{at}/remove"), format!("{at}/token")] {
            assert_eq!(stranger.get(&page).await.status, 404, "{page}");
        }
        assert_eq!(stranger.post(&format!("{at}/test"), &[]).await.status, 404);
        assert_eq!(stranger.post(&format!("{at}/remove"), &[("typed", "Acme <1>")]).await.status, 404);
    }
);
