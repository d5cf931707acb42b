//! The page of SCIM, through the router, on both databases.

use crate::connections;
use crate::db::ConnectionId;
use crate::testing::{TestApp, db_test};

async fn connect(t: &TestApp) -> ConnectionId {
    let new = serde_json::json!({ "domain": "acme.okta.com", "authentication": "oauth_dpop" });
    let mut work = t.begin().await;
    let made = connections::create(&mut work, serde_json::from_value(new).unwrap())
        .await
        .unwrap();
    work.commit().await.unwrap();
    made.id
}

db_test!(
    async fn a_token_is_shown_once_and_revoked(t) {
        let id = connect(&t).await;
        let at = format!("/connections/{id}/provisioning");
        let mut browser = t.signed_in("super_admin").await;
        let page = browser.get(&at).await;
        assert!(page.status == 200 && page.body.contains(&format!("/connections/{id}/scim/v2")));
        assert!(page.body.contains("Nothing heard yet") && page.body.contains("No token yet"));
        let wrong = browser.post(&format!("{at}/tokens"), &[("name", "Okta <1>"), ("days", "0")]).await;
        assert!(wrong.status == 422 && wrong.body.contains("Okta &#60;1&#62;") && wrong.body.contains("from 1 to 3650"));
        let made = browser.post(&format!("{at}/tokens"), &[("name", "Okta"), ("days", "45")]).await;
        let start = made.body.find("<code>kws_").expect("the token") + 6;
        let token = &made.body[start..start + made.body[start..].find('<').unwrap()];
        assert!(token.len() > 60, "{token}");
        let page = browser.get(&at).await;
        assert!(!page.body.contains(token) && page.body.contains("in 45 days"));
        let revoke = page.body.split("href=\"").find_map(|part| part.split('"').next().filter(|href| href.ends_with("/revoke"))).unwrap().to_owned();
        let ask = browser.get(&revoke).await;
        assert!(ask.body.contains("It is the last one"));
        assert_eq!(browser.post(&revoke, &[]).await.status, 303);
        assert!(browser.get(&at).await.body.contains("Revoked"));
        assert_eq!(browser.post(&revoke, &[]).await.status, 404);
        assert_eq!(browser.get(&format!("{at}/requests")).await.status, 200);
    }

    async fn others_do_not_reach_it(t) {
        let id = connect(&t).await;
        let at = format!("/connections/{id}/provisioning");
        let mut reader = t.signed_in("auditor").await;
        assert_eq!(reader.get(&at).await.status, 403);
        let other = t.other_tenant().await;
        let mut stranger = t.signed_in_as(&other, "super_admin").await;
        for page in [at.clone(), format!("{at}/requests"), format!("{at}/tokens/{id}/revoke")] {
            assert_eq!(stranger.get(&page).await.status, 404, "{page}");
        }
        assert_eq!(stranger.post(&format!("{at}/tokens"), &[("name", "x"), ("days", "1")]).await.status, 404);
        assert_eq!(stranger.post(&format!("{at}/collisions/{id}"), &[("decision", "link")]).await.status, 404);
    }
);
