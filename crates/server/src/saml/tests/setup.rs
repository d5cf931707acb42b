//! The page on which admins set it up, on both databases.

use super::forge::fixture;
use super::settings::metadata;
use super::world::World;
use crate::testing::db_test;

db_test!(with crate::saml::tests::settings::may_call_here;
    async fn an_admin_sets_it_up_by_the_page(t) {
        let world = World::new(t).await;
        let mut browser = world.t.signed_in("super_admin").await;
        let at = format!("/connections/{}/saml", world.id);
        assert!(browser.get(&format!("{at}/remove")).await.body.contains("Take sign-in by SAML away from acme?"));
        assert_eq!(browser.post(&format!("{at}/remove"), &[]).await.status, 303);
        let page = browser.get(&at).await;
        for part in ["Not set up", "/saml/acs</code>", "/saml/metadata</code>", "user.id", "Make our key and metadata now"] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains("3. Rules"));
        assert_eq!(browser.post(&at, &[("do", "begin")]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("Waits for Okta"));
        let nothing = browser.post(&format!("{at}/idp"), &[("metadata", " ")]).await;
        assert!(nothing.status == 422 && nothing.body.contains("give the address of Okta"), "{}", nothing.body);
        let wrong = browser.post(&format!("{at}/idp"), &[("metadata", "<a>kept</a>")]).await;
        assert!(wrong.status == 422 && wrong.body.contains("&#60;a&#62;kept"), "input is kept: {}", wrong.body);
        let took = browser.post(&format!("{at}/idp"), &[("metadata", &metadata(&["idp"]))]).await;
        assert_eq!(took.status, 303, "{}", took.body);
        let page = browser.get(&at).await;
        assert!(page.body.contains("Ready") && page.body.contains("https://acme.okta.example/sso"));
        // Roll-over: the next certificate beside the present one, then the old one away. The last one stays.
        let next = [("certificate", fixture("next.cert.pem"))];
        let next = next.each_ref().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(browser.post(&format!("{at}/certificates"), &next).await.status, 303);
        let twice = browser.post(&format!("{at}/certificates"), &next).await;
        assert!(twice.status == 409 && twice.body.contains("is there already"), "{}", twice.body);
        let page = browser.get(&at).await.body;
        let link = page.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|to| to.contains("/certificates/")).unwrap().to_owned();
        assert!(browser.get(&link).await.body.contains("Remove this certificate?"));
        assert_eq!(browser.post(&link, &[]).await.status, 303);
        assert!(!browser.get(&at).await.body.contains("/certificates/0"), "the last one cannot be removed");
        assert_eq!(browser.get(&link).await.status, 404);
        // Our own key rolls over too.
        assert_eq!(browser.post(&format!("{at}/rotate"), &[]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("Waits to take over"));
        assert_eq!(browser.post(&format!("{at}/rotate/finish"), &[]).await.status, 303);
        assert_eq!(browser.post(&format!("{at}/rotate/finish"), &[]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("no new key waits"));
    }

    async fn rules_are_saved_and_only_who_may_all_decides_about_trust(t) {
        let world = World::new(t).await;
        let at = format!("/connections/{}/saml", world.id);
        let version = world.api("GET", "", None).await.1["version"].as_i64().unwrap().to_string();
        let rules = |demand: &'static str, version: &str| vec![
            ("version", version.to_owned()), ("enabled", "on".to_owned()), ("demand", demand.to_owned()), ("binding", "post".to_owned()),
            ("skew", "30".to_owned()), ("attribute", "oktaId".to_owned()), ("role", String::new())];
        let pairs = |form: &[(&'static str, String)]| form.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>();
        let mut admin = world.t.signed_in("admin").await;
        let form = pairs(&rules("both", &version));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let refused = admin.post(&at, &form).await;
        assert!(refused.status == 403 && refused.body.contains("could sign in as anybody"), "{}", refused.body);
        let form = pairs(&rules("either", &version));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let saved = admin.post(&at, &form).await;
        assert_eq!(saved.status, 303, "{}", saved.body);
        let (_, view) = world.api("GET", "", None).await;
        assert_eq!((view["binding"].as_str(), view["clock_skew_seconds"].as_i64()), (Some("post"), Some(30)));
        assert_eq!(admin.post(&at, &form).await.status, 412, "made for an earlier version");
        let mut all = world.t.signed_in("super_admin").await;
        let version = view["version"].as_i64().unwrap().to_string();
        let form = pairs(&rules("both", &version));
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(all.post(&at, &form).await.status, 303);
        assert_eq!(world.api("GET", "", None).await.1["demand"], "both");
        let mut reader = world.t.signed_in("auditor").await;
        let page = reader.get(&at).await;
        assert!(page.status == 200 && page.body.contains("connections.manage") && !page.body.contains("Save the rules"));
        assert_eq!(reader.post(&at, &form).await.status, 403);
        let other = world.t.other_tenant().await;
        assert_eq!(world.t.signed_in_as(&other, "super_admin").await.get(&at).await.status, 404);
    }
);
