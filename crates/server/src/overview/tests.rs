//! The overview as different people see it.

use crate::testing::db_test;

db_test!(
    async fn what_it_shows_depends_on_who_looks(t) {
        let mut admin = t.signed_in("super_admin").await;
        let page = admin.get("/").await.body;
        assert!(page.contains("Connect your Okta org") && page.contains("/connections/new"));
        assert!(page.contains("Recent events") && page.contains("0 break-glass admins"));
        let mut auditor = t.signed_in("auditor").await;
        let page = auditor.get("/").await.body;
        assert!(page.contains("connections.manage") && !page.contains("/connections/new"));
        let mut user = t.signed_in("user").await;
        let page = user.get("/").await.body;
        assert!(page.contains("You are signed in") && !page.contains("Recent events") && !page.contains("Doors"));
        for path in ["/activity", "/settings", "/doctor"] {
            assert!(!page.contains(&format!("href=\"{path}\"")), "{path} is in the navigation");
        }
    }

    async fn names_of_people_are_escaped(t) {
        let mut work = t.begin().await;
        let draft = crate::directory::UserDraft {
            kind: crate::directory::Kind::Local,
            login: "<b>x</b>".into(),
            email: String::new(),
            display_name: "<script>alert(1)</script>".into(),
        };
        let made = crate::signin::invite(&mut work, &draft, crate::directory::AUDITOR, "<i>a test</i>").await.unwrap();
        work.commit().await.unwrap();
        let url = secrecy::ExposeSecret::expose_secret(&made.url).to_owned();
        let mut browser = t.browser();
        browser.post(url.strip_prefix("http://localhost:8080").unwrap(), &[]).await;
        for path in ["/", "/me", "/activity"] {
            let page = browser.get(path).await.body;
            assert!(page.contains("&#60;script&#62;alert(1)"), "{path}");
            assert!(!page.contains("<script>alert") && !page.contains("<i>a test") && !page.contains("<b>x"), "{path}");
        }
    }
);
