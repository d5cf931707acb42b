//! Whose sign-in it is.

use keywright_sandbox::{Edit, Sandbox, SandboxOptions};
use serde_json::json;

use super::forge::Answer;
use super::world::World;
use crate::directory::staging::{self, Facts};
use crate::directory::{self, AUDITOR, Kind, UserDraft};
use crate::testing::db_test;

/// An answer about somebody.
fn about(okta_id: Option<&str>, login: &str) -> impl FnOnce(&Answer) -> String {
    let (okta_id, login) = (okta_id.map(str::to_owned), login.to_owned());
    move |answer| {
        Answer {
            okta_id,
            name_id: login,
            ..answer.clone()
        }
        .by_response()
    }
}

/// An org with two people in it, and a connection to it.
async fn org(t: crate::testing::TestApp) -> (Sandbox, World, [String; 2]) {
    let mut options = SandboxOptions::default();
    (options.rate_limits, options.groups) = (false, 0);
    let sandbox = Sandbox::start(options).await.unwrap();
    let people = ["ann", "bob"].map(|name| Edit::AddUser {
        login: format!("{name}@acme.test"),
        first_name: name.to_owned(),
        last_name: "Tester".to_owned(),
        groups: Vec::new(),
    });
    let ids = sandbox.edit(&people).unwrap();
    let connection = json!({"name": "acme", "domain": sandbox.url(), "authentication": "api_token", "api_token": sandbox.api_token()});
    let world = World::of(t, connection).await;
    (sandbox, world, [ids[0].clone(), ids[1].clone()])
}

async fn rename(sandbox: &Sandbox, id: &str, login: &str) {
    let body = json!({"profile": {"login": login}});
    let answer = reqwest::Client::builder()
        .build()
        .unwrap()
        .post(format!("{}/api/v1/users/{id}", sandbox.url()))
        .header("authorization", format!("SSWS {}", sandbox.api_token()))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
}

db_test!(with crate::saml::tests::world::https;
    async fn x4_after_a_swap_of_logins_nobody_gets_in_as_the_other(t) {
        let (sandbox, world, [ann_id, bob_id]) = org(t).await;
        let ann = world.person(&ann_id, "ann@acme.test").await;
        let bob = world.person(&bob_id, "bob@acme.test").await;
        // By id, and by the login alone, which Okta confirms.
        for id in [Some(ann_id.as_str()), None] {
            assert_eq!(world.sign_in(about(id, "ann@acme.test")).await.status, 303, "{}", world.traced().await);
        }
        assert_eq!((world.sessions_of(ann).await, world.sessions_of(bob).await), (2, 0));
        rename(&sandbox, &ann_id, "other@acme.test").await;
        rename(&sandbox, &bob_id, "ann@acme.test").await;
        rename(&sandbox, &ann_id, "bob@acme.test").await;
        // Okta signs Ann in, who is called bob@ by now; here bob@ is still Bob.
        for id in [Some(ann_id.as_str()), None] {
            let got = world.sign_in(about(id, "bob@acme.test")).await;
            assert_eq!((got.status, world.traced().await.as_str()), (403, "conflict"));
        }
        assert_eq!((world.sessions_of(ann).await, world.sessions_of(bob).await), (2, 0));
        // A sync run puts the logins right.
        let work = world.t.begin().await;
        let named = |login: &str| Facts { login: login.to_owned(), status: "ACTIVE".to_owned(), hash: 1, ..Facts::default() };
        staging::update_facts(&work, &[(ann, named("bob@acme.test")), (bob, named("ann@acme.test"))]).await.unwrap();
        work.commit().await.unwrap();
        for id in [Some(ann_id.as_str()), None] {
            assert_eq!(world.sign_in(about(id, "bob@acme.test")).await.status, 303);
        }
        assert_eq!((world.sessions_of(ann).await, world.sessions_of(bob).await), (4, 0));
        sandbox.stop().await;
    }

    async fn without_an_id_okta_is_asked_and_its_silence_lets_nobody_in(t) {
        let (sandbox, world, [ann_id, _]) = org(t).await;
        let ann = world.person(&ann_id, "ann@acme.test").await;
        let got = world.sign_in(about(None, "ann")).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "no_such_login"), "a short login is no login");
        let got = world.sign_in(about(None, "nobody@acme.test")).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "no_such_login"));
        assert_eq!(world.sign_in(about(Some(" "), "ANN@acme.test")).await.status, 303);
        sandbox.stop().await;
        let got = world.sign_in(about(None, "ann@acme.test")).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "unsure"));
        assert_eq!(world.sessions_of(ann).await, 1);
    }

    async fn only_people_of_this_connection_who_may_sign_in_do(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let mut work = world.t.begin().await;
        for (kind, login) in [(Kind::Local, "local@example.com"), (Kind::BreakGlass, "glass@example.com")] {
            let draft = UserDraft { kind, login: login.into(), email: String::new(), display_name: String::new() };
            directory::create_user(&mut work, &draft, "").await.unwrap();
        }
        work.commit().await.unwrap();
        let refused = async |okta_id: &str, login: &str, want: &str| {
            let got = world.sign_in(about(Some(okta_id), login)).await;
            assert_eq!((got.status, got.is_signed_in(), world.traced().await.as_str()), (403, false, want), "{okta_id} {login}");
        };
        refused("00unobody", "nobody@example.com", "unknown").await;
        refused("00unobody", "glass@example.com", "unknown").await;
        refused("00unobody", "local@example.com", "unknown").await;
        refused("00unobody", "ada@example.com", "conflict").await;
        refused("00uada'; --", "x@example.com", "unknown").await;
        // Renamed in Okta since the last sync run: the id decides.
        assert_eq!(world.sign_in(about(Some("00uada"), "new@example.com")).await.status, 303);
        // Suspended.
        let work = world.t.begin().await;
        staging::set_blocked(&work, &[ada], true).await.unwrap();
        work.commit().await.unwrap();
        refused("00uada", "ada@example.com", "blocked").await;
        let work = world.t.begin().await;
        staging::set_blocked(&work, &[ada], false).await.unwrap();
        work.commit().await.unwrap();
        // Without any role.
        let mut work = world.t.begin().await;
        directory::revoke(&mut work, ada, directory::USER, "test").await.unwrap();
        work.commit().await.unwrap();
        refused("00uada", "ada@example.com", "no_role").await;
        assert_eq!(world.sessions_of(ada).await, 1);
        let trail = world.t.call("GET", "/api/v1/audit?action=session.refused", None).await.1.to_string();
        assert!(trail.contains("is suspended or deactivated in Okta"), "{trail}");
    }

    async fn an_answer_about_somebody_who_is_refused_is_used_up_too(t) {
        let world = World::new(t).await;
        let mut visitor = super::world::Visitor::default();
        let question = world.begin(&mut visitor, "/").await;
        let xml = world.answer(&question).by_response();
        assert_eq!(world.post(&mut visitor, &xml, &question.relay).await.status, 403);
        world.person("00uada", "ada@example.com").await;
        assert_eq!(world.post(&mut visitor, &xml, &question.relay).await.status, 403);
        assert_eq!(world.traced().await, "replayed");
    }

    async fn another_connection_and_another_tenant_know_nobody_of_here(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let other = json!({"name": "other", "domain": "other.okta.com", "authentication": "api_token",
            "api_token": "00abcdefghijklmnopqrstuvwxyz0123456789ABCD"});
        let (_, made) = world.t.call("POST", "/api/v1/connections", Some(other)).await;
        let second = World { id: made["id"].as_str().unwrap().parse().unwrap(), router: world.router.clone(), t: world.t };
        let fixture = super::forge::fixture("idp.cert.pem");
        second.set(json!({"entity_id": super::forge::IDP, "redirect_url": "https://acme.okta.example/app/exk1fixture/sso/saml", "certificates": [fixture]})).await;
        let got = second.sign_in(about(Some("00uada"), "ada@example.com")).await;
        assert_eq!((got.status, second.traced().await.as_str()), (403, "unknown"));
    }

    async fn just_in_time_makes_a_user_only_where_it_is_on(t) {
        let world = World::new(t).await;
        let newcomer = |answer: &Answer| {
            let named = |name: &str, value: &str| format!("<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>");
            let more = [named("email", "new@mail.example"), named("firstName", "Nea"), named("lastName", "Neu")].concat();
            Answer { okta_id: Some("00unew".into()), name_id: "new@example.com".into(), more_attributes: more, ..answer.clone() }.by_response()
        };
        assert_eq!(world.sign_in(newcomer).await.status, 403);
        assert_eq!(world.t.call("GET", "/api/v1/users/new@example.com", None).await.0, 404);
        // On, but without a role: an account, and no way in yet.
        world.set(json!({"jit": true})).await;
        let got = world.sign_in(newcomer).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "no_role"));
        let (status, user) = world.t.call("GET", "/api/v1/users/new@example.com", None).await;
        assert_eq!(status, 200, "{user}");
        let text = user.to_string();
        assert!(text.contains("Nea Neu") && text.contains("new@mail.example") && text.contains("\"saml\""), "{text}");
        // With a role, for the next one.
        world.set(json!({"jit_role": "auditor"})).await;
        let got = world.sign_in(about(Some("00utwo"), "two@example.com")).await;
        assert_eq!(got.status, 303, "{}", world.traced().await);
        let work = world.t.read().await;
        let two = directory::user_by_okta_id(&work, world.id, "00utwo").await.unwrap().unwrap();
        let roles = directory::roles_of(&work, two.id).await.unwrap();
        assert_eq!(roles.iter().map(|role| role.id).collect::<Vec<_>>(), [AUDITOR]);
        drop(work);
        // The login of somebody who was made here is no way to become them.
        let mut work = world.t.begin().await;
        let draft = UserDraft { kind: Kind::BreakGlass, login: "glass@example.com".into(), email: String::new(), display_name: String::new() };
        let glass = directory::create_user(&mut work, &draft, "").await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(world.sign_in(about(Some("00uglass"), "glass@example.com")).await.status, 303);
        assert_eq!(world.sessions_of(glass.id).await, 0);
        for admin in ["admin", "super_admin"] {
            assert_eq!(world.api("PUT", "", Some(json!({"jit_role": admin}))).await.0, 422);
        }
    }
);
