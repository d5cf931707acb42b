//! Getting in by link and by code, and being kept out.

mod https;

use std::time::Duration;

use secrecy::ExposeSecret;

use super::{LinkKind, make_link};
use crate::db::UserId;
use crate::directory::{self, Kind, UserDraft};
use crate::sessions::{self, RulesDraft};
use crate::testing::{Answer, TestApp, db_test};
use crate::web::Browser;

const SESSION: &str = "keywright";

/// The path of a new link.
async fn link(t: &TestApp, kind: LinkKind) -> String {
    let mut work = t.begin().await;
    let made = make_link(&mut work, kind).await.unwrap();
    work.commit().await.unwrap();
    let url = made.url.expose_secret();
    url.strip_prefix("http://localhost:8080")
        .unwrap()
        .to_owned()
}

/// The recovery codes on a page.
fn codes(answer: &Answer) -> Vec<String> {
    let pieces = answer.body.split("<li><code>").skip(1);
    let halves = |piece: &str| {
        let inside = piece.split("</code>").next().unwrap();
        let spans = inside.split("nowrap\">").skip(1);
        spans
            .map(|span| span.split('<').next().unwrap())
            .collect::<String>()
    };
    pieces.map(halves).collect()
}

/// A break-glass admin `rescue` with recovery codes.
async fn rescue(t: &TestApp) -> Vec<String> {
    let path = link(t, LinkKind::FirstAdmin).await;
    codes(
        &t.browser()
            .post(&path, &[("login", "rescue"), ("name", "Rescue Me")])
            .await,
    )
}

async fn user(t: &TestApp, login: &str) -> UserId {
    directory::users_by_login(&t.read().await, login)
        .await
        .unwrap()[0]
        .id
}

db_test!(
    async fn the_first_admin_comes_by_a_link_that_works_once(t) {
        let path = link(&t, LinkKind::FirstAdmin).await;
        let mut browser = t.browser();
        assert_eq!(browser.get("/").await.to, "/sign-in");
        assert!(browser.get("/sign-in").await.body.contains("keywright admin link"));
        for _ in 0..2 {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "looking uses nothing up");
            assert_eq!(page.headers["referrer-policy"], "no-referrer");
        }
        assert_eq!(browser.post(&path, &[("login", " ")]).await.status, 422);
        let page = browser.post(&path, &[("login", "rescue"), ("name", "Rescue")]).await;
        assert_eq!((page.status, codes(&page).len()), (200, 8));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(browser.get("/").await.status, 200);
        let mut other = t.browser();
        assert_eq!(other.get(&path).await.status, 410);
        assert_eq!(other.post(&path, &[("login", "evil")]).await.status, 410);
        assert!(!super::needs_first_admin(&t.read().await).await.unwrap());
        assert!(super::first_admin_link(&t.app, t.tenant).await.unwrap().is_none());
        let kind = directory::find_user(&t.read().await, user(&t, "rescue").await).await.unwrap().kind;
        assert_eq!(kind, Kind::BreakGlass.word());
    }

    async fn links_die_with_time_and_with_the_next(t) {
        let (first, second) = (link(&t, LinkKind::FirstAdmin).await, link(&t, LinkKind::FirstAdmin).await);
        let mut browser = t.browser();
        assert_eq!(browser.get(&first).await.status, 410);
        assert_eq!(browser.get(&second).await.status, 200);
        t.advance(Duration::from_secs(3_601));
        assert_eq!(browser.get(&second).await.status, 410);
        for wrong in ["/welcome/x", "/welcome/%00", "/welcome/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(browser.get(wrong).await.status, 410, "{wrong}");
        }
    }

    async fn of_two_who_use_a_link_at_once_one_gets_in(t) {
        let path = link(&t, LinkKind::FirstAdmin).await;
        let (mut a, mut b) = (t.browser(), t.browser());
        let (form_a, form_b) = ([("login", "a")], [("login", "b")]);
        let (one, two) = tokio::join!(a.post(&path, &form_a), b.post(&path, &form_b));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 410]);
    }

    async fn a_recovery_code_works_once_however_it_is_typed(t) {
        let codes = rescue(&t).await;
        let mut browser = t.browser();
        let typed = codes[0].to_uppercase().replace('-', " ");
        let form = [("login", "RESCUE"), ("code", typed.as_str()), ("next", "/me?x=1")];
        let answer = browser.post("/sign-in", &form).await;
        assert_eq!((answer.status, answer.to.as_str()), (303, "/me?x=1"));
        assert_eq!(browser.get("/sign-in?next=//evil.example").await.to, "/");
        let again = t.browser().post("/sign-in", &form).await;
        assert_eq!(again.status, 422);
        assert!(again.body.contains("value=\"RESCUE\"") && !again.body.contains(&typed), "input is kept, the code is not");
        let stranger = t.browser().post("/sign-in", &[("login", "nobody"), ("code", &codes[1])]).await;
        assert_eq!(stranger.status, 422, "a code is its owner's");
    }

    // P7
    async fn guessing_ends_and_locks_nobody_else_out(t) {
        let codes = rescue(&t).await;
        let mut known = t.browser();
        let form = |code: &str| [("login", "rescue".to_owned()), ("code", code.to_owned())];
        async fn try_in(browser: &mut crate::testing::TestBrowser<'_>, form: [(&str, String); 2]) -> u16 {
            let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.post("/sign-in", &form).await.status
        }
        assert_eq!(try_in(&mut known, form(&codes[0])).await, 303);
        known.forget(SESSION);
        let mut guesser = t.browser();
        for _ in 0..5 {
            assert_eq!(try_in(&mut guesser, form("guess")).await, 422);
        }
        assert_eq!(try_in(&mut guesser, form(&codes[1])).await, 429, "even a right one");
        let mut elsewhere = t.browser();
        elsewhere.address = "203.0.113.9".parse().unwrap();
        assert_eq!(try_in(&mut elsewhere, form(&codes[1])).await, 303, "another address is not locked out");
        assert_eq!(try_in(&mut known, form(&codes[2])).await, 303, "nor a known browser at the same address");
        for n in 0..25 {
            let login = format!("somebody-{n}");
            assert_eq!(guesser.post("/sign-in", &[("login", &login), ("code", "guess")]).await.status, 422);
        }
        let refused = guesser.post("/sign-in", &[("login", "yet-another"), ("code", "guess")]).await;
        assert_eq!(refused.status, 429, "an address has its limit over all accounts");
        assert!(refused.headers.contains_key("retry-after"));
        t.advance(Duration::from_secs(901));
        assert_eq!(try_in(&mut guesser, form(&codes[3])).await, 303);
    }

    async fn only_allowed_addresses_sign_in_save_by_a_link(t) {
        let codes = rescue(&t).await;
        let mut work = t.begin().await;
        let draft = RulesDraft { sso: true, addresses: vec!["203.0.113.0/24".into()], idle_minutes: 60, absolute_hours: 12, version: 0 };
        sessions::change_rules(&mut work, &draft, &Browser::default()).await.unwrap();
        work.commit().await.unwrap();
        let mut browser = t.browser();
        let form = [("login", "rescue"), ("code", codes[0].as_str())];
        assert_eq!(browser.post("/sign-in", &form).await.status, 403);
        browser.address = "203.0.113.9".parse().unwrap();
        assert_eq!(browser.post("/sign-in", &form).await.status, 303);
        let path = link(&t, LinkKind::SignIn(user(&t, "rescue").await)).await;
        assert_eq!(t.browser().post(&path, &[]).await.status, 200);
    }

    // P6: fixation, sign-out everywhere, time-outs
    async fn sessions_end_when_they_should(t) {
        let codes = rescue(&t).await;
        let sign_in = async |n: usize| {
            let mut browser = t.browser();
            browser.post("/sign-in", &[("login", "rescue"), ("code", &codes[n])]).await;
            assert_eq!(browser.get("/").await.status, 200);
            browser
        };
        let (mut a, mut b) = (sign_in(0).await, sign_in(1).await);
        let before = a.cookie(SESSION).unwrap().to_owned();
        a.post("/sign-out", &[]).await;
        assert_eq!(a.cookie(SESSION), None);
        assert_eq!(a.get("/").await.to, "/sign-in");
        assert_eq!(b.get("/").await.status, 200);
        let mut a = sign_in(2).await;
        assert_ne!(a.cookie(SESSION).unwrap(), before);
        b.post("/sign-out", &[("everywhere", "on")]).await;
        assert_eq!(a.get("/").await.to, "/sign-in");
        let mut idle = sign_in(3).await;
        t.advance(Duration::from_secs(3_500));
        assert_eq!(idle.get("/").await.status, 200);
        t.advance(Duration::from_secs(3_601));
        assert_eq!(idle.get("/").await.to, "/sign-in");
        let mut busy = sign_in(4).await;
        for _ in 0..12 {
            t.advance(Duration::from_secs(3_000));
            assert_eq!(busy.get("/").await.status, 200);
        }
        t.advance(Duration::from_secs(3_000));
        for _ in 0..3 {
            t.advance(Duration::from_secs(3_000));
            busy.get("/").await;
        }
        assert_eq!(busy.get("/").await.to, "/sign-in", "12 hours in any case");
        let mut gone = sign_in(5).await;
        let mut work = t.begin().await;
        directory::end_sessions(&mut work, user(&t, "rescue").await, "a test").await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(gone.get("/").await.to, "/sign-in", "the person's access epoch rose");
    }

    // P3: CSRF
    async fn forms_of_other_sites_are_refused(t) {
        let mut browser = t.signed_in("super_admin").await;
        let forms: [&[(&str, &str)]; 3] = [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
            &[("origin", "https://evil.example"), ("host", "localhost:8080")],
            &[],
        ];
        for headers in forms {
            let request = headers.iter().fold(http::Request::post("/sign-out"), |request, (name, value)| request.header(*name, *value));
            let answer = browser.send(request, axum::body::Body::empty()).await;
            assert_eq!(answer.status, 403, "{headers:?}");
        }
        assert_eq!(browser.get("/").await.status, 200, "still signed in");
    }

    async fn an_invited_person_gets_in_with_the_role_that_was_given(t) {
        let mut work = t.begin().await;
        let draft = UserDraft { kind: Kind::Local, login: "ada".into(), email: String::new(), display_name: "Ada Lovelace".into() };
        let made = super::invite(&mut work, &draft, directory::AUDITOR, "a test").await.unwrap();
        work.commit().await.unwrap();
        let path = made.url.expose_secret().strip_prefix("http://localhost:8080").unwrap().to_owned();
        t.advance(Duration::from_secs(2 * 86_400));
        let mut browser = t.browser();
        assert!(browser.get(&path).await.body.contains("<strong>ada</strong>"));
        assert_eq!(codes(&browser.post(&path, &[]).await).len(), 8);
        assert!(browser.get("/").await.body.contains("Ada Lovelace"));
        let helpdesk = t.signed_in("helpdesk").await;
        drop(helpdesk);
        let mut work = t.begin().await;
        work.actor.permissions = [crate::actor::Permission::UsersManage].into_iter().collect();
        let first = make_link(&mut work, LinkKind::FirstAdmin).await;
        assert!(matches!(first, Err(super::Error::Directory(directory::Error::Delegation(_)))), "nobody gives more than they hold");
    }
);
