//! Over https: cookies that are bound to the host, and forms that come from there.

use http::Request;
use secrecy::ExposeSecret;

use super::super::{LinkKind, make_link};
use crate::testing::db_test;

db_test!(with |builder| builder.with(crate::web::Options { public_url: "https://kw.example".into(), ..crate::web::Options::default() });
    // P6
    async fn the_cookie_is_bound_to_the_host_and_out_of_scripts_reach(t) {
        let mut work = t.begin().await;
        let made = make_link(&mut work, LinkKind::FirstAdmin).await.unwrap();
        work.commit().await.unwrap();
        let url = made.url.expose_secret().to_owned();
        let path = url.strip_prefix("https://kw.example").unwrap();
        let mut browser = t.browser();
        let answer = browser.post(path, &[("login", "rescue")]).await;
        let set = answer.headers["set-cookie"].to_str().unwrap();
        assert!(set.starts_with("__Host-keywright="), "{set}");
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(set.contains(part), "{set}");
        }
        assert!(answer.headers["strict-transport-security"].to_str().unwrap().contains("max-age"));
        assert_eq!(browser.get("/").await.status, 200);
        let token = browser.cookie("__Host-keywright").unwrap().to_owned();
        let plain = Request::get("/").header("cookie", format!("keywright={token}"));
        assert_eq!(t.browser().send(plain, axum::body::Body::empty()).await.status, 303, "a cookie that http could set does not count");
        let ours = Request::post("/sign-out").header("origin", "https://kw.example");
        assert_eq!(browser.send(ours, axum::body::Body::empty()).await.status, 303);
    }
);
