//! Who is honest gets in, whatever is signed, and once.

use http::header::SET_COOKIE;

use super::forge::{Answer, Signing, encrypted, key_info};
use super::world::{PUBLIC, Visitor, World};
use crate::testing::db_test;

db_test!(with crate::saml::tests::world::https;
    async fn p6_a_person_signs_in_and_is_led_back(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let mut visitor = Visitor::default();
        let question = world.begin(&mut visitor, "/people?q=a").await;
        let kept: Vec<&String> = visitor.cookies.keys().collect();
        assert_eq!(kept, [&format!("__Host-keywright-saml-{}", &question.relay[..8])]);
        assert!(!visitor.cookies.values().any(|value| value.contains("people")), "sealed");
        let xml = world.answer(&question).by_response();
        let got = world.post(&mut visitor, &xml, &question.relay).await;
        assert_eq!((got.status, got.location()), (303, "/people?q=a"), "{}", got.body);
        let session = got.cookie("__Host-keywright=").unwrap().to_owned();
        for part in ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"] {
            assert!(session.contains(part), "{session}");
        }
        assert!(!session.contains("Domain"));
        assert_eq!(visitor.cookies.len(), 1, "the question's cookie is gone: {:?}", visitor.cookies);
        assert_eq!(world.sessions_of(ada).await, 1);
        let token = secrecy::SecretString::from(visitor.cookies["__Host-keywright"].clone());
        let work = world.t.read().await;
        let found = crate::sessions::find(&work, &token).await.unwrap().unwrap();
        assert_eq!((found.user_id, found.method.as_str()), (ada, "saml"));
        drop(work);
        let view = world.api("GET", "", None).await.1;
        assert_eq!(view["attributes"], serde_json::json!(["oktaId"]));
        assert!(view["signed_in_at"].is_string());
        let trail = world.t.call("GET", "/api/v1/audit?action=session.begun", None).await.1.to_string();
        assert!(trail.contains("ada@example.com") && trail.contains("signed in by saml"), "{trail}");
    }

    async fn p6_the_cookie_of_a_question_is_fit_for_a_form_of_another_site(t) {
        let world = World::new(t).await;
        let path = format!("/connections/{}/saml/login", world.id);
        let got = world.send(&mut Visitor::default(), "GET", &path, None).await;
        let cookie = got.cookie("__Host-keywright-saml-").unwrap();
        for part in ["Path=/", "HttpOnly", "Secure", "SameSite=None", "Max-Age=600"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(got.location().contains("&SigAlg=") && got.location().contains("&Signature="));
    }

    async fn x3_whatever_is_signed_by_the_pinned_key_is_taken(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let foreign = Signing { tail: key_info("stranger"), ..Signing::default() };
        let key = world.api("GET", "", None).await.1["keys"][0]["certificate_pem"].as_str().unwrap().to_owned();
        let both = |signing: Signing| move |answer: &Answer| answer.by_both(&signing);
        let wrapped = |signed: bool| {
            let key = key.clone();
            move |answer: &Answer| {
                let inside = if signed { answer.signed_assertion(&Signing::default()) } else { answer.assertion("") };
                answer.signed_response(&Signing::default(), &encrypted(&inside, &key))
            }
        };
        type Way = Box<dyn Fn(&Answer) -> String>;
        let ways: Vec<(&str, Way)> = vec![
            ("response, RSA-SHA256", Box::new(Answer::by_response)),
            ("assertion, RSA-SHA256", Box::new(Answer::by_assertion)),
            ("both, RSA-SHA256", Box::new(both(Signing::default()))),
            ("response, RSA-SHA512", Box::new(|a: &Answer| a.signed_response(&Signing::sha512(), &a.assertion("")))),
            ("assertion, RSA-SHA512", Box::new(|a: &Answer| a.response("", &a.signed_assertion(&Signing::sha512())))),
            ("both, RSA-SHA512", Box::new(both(Signing::sha512()))),
            ("both, KeyInfo of somebody else", Box::new(both(foreign))),
            ("encrypted in a signed response", Box::new(wrapped(false))),
            ("signed, encrypted in a signed response", Box::new(wrapped(true))),
        ];
        for (n, (name, make)) in ways.iter().enumerate() {
            let got = world.sign_in(make).await;
            assert_eq!(got.status, 303, "{name}: {} {}", world.traced().await, got.body);
            assert_eq!(world.sessions_of(ada).await, n + 1, "{name}");
        }
    }

    async fn x3_a_connection_that_demands_both_takes_only_what_is_signed_twice(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        world.set(serde_json::json!({"demand": "both"})).await;
        let refused = world.sign_in(Answer::by_response).await;
        assert_eq!((refused.status, world.traced().await.as_str()), (403, "assertion_unsigned"));
        let refused = world.sign_in(Answer::by_assertion).await;
        assert_eq!((refused.status, world.traced().await.as_str()), (403, "response_unsigned"));
        let got = world.sign_in(|answer| answer.by_both(&Signing::default())).await;
        assert_eq!(got.status, 303, "{}", got.body);
    }

    async fn x4_an_assertion_and_a_question_are_used_once(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let mut visitor = Visitor::default();
        let question = world.begin(&mut visitor, "/").await;
        let mut again = visitor.clone();
        let answer = world.answer(&question);
        let got = world.post(&mut visitor, &answer.by_response(), &question.relay).await;
        assert_eq!(got.status, 303);
        // The same browser, as it was before: the very same answer, then another one to the same question.
        let got = world.post(&mut again, &answer.by_response(), &question.relay).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "replayed"));
        let other = Answer { assertion_id: "another".into(), ..answer.clone() };
        let got = world.post(&mut again, &other.by_response(), &question.relay).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "replayed"));
        assert_eq!(world.sessions_of(ada).await, 1);
    }

    async fn x4_of_two_posts_at_the_same_moment_one_signs_in(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        for n in 1..=5 {
            let mut one = Visitor::default();
            let question = world.begin(&mut one, "/").await;
            let mut two = one.clone();
            let xml = world.answer(&question).by_response();
            let (first, second) = tokio::join!(
                world.post(&mut one, &xml, &question.relay),
                world.post(&mut two, &xml, &question.relay)
            );
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 403]);
            assert_eq!(world.sessions_of(ada).await, n);
        }
    }

    async fn x6_two_certificates_are_in_force_during_roll_over(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let by = |key: &'static str| move |answer: &Answer| answer.signed_response(&Signing::by(key), &answer.assertion(""));
        assert_eq!(world.sign_in(by("next")).await.status, 403);
        assert_eq!(world.traced().await, "bad_signature");
        let new = serde_json::json!({"certificate": super::forge::fixture("next.cert.pem")});
        let (status, pinned) = world.api("POST", "/certificates", Some(new.clone())).await;
        assert_eq!(status, 201, "{pinned}");
        assert_eq!(world.api("POST", "/certificates", Some(new)).await.0, 409);
        assert_eq!(world.sign_in(by("next")).await.status, 303);
        assert_eq!(world.sign_in(by("idp")).await.status, 303);
        let listed = world.api("GET", "/certificates", None).await.1;
        let old = listed[1]["id"].as_str().unwrap();
        assert_eq!(world.api("DELETE", &format!("/certificates/{old}"), None).await.0, 204);
        assert_eq!(world.sign_in(by("idp")).await.status, 403);
        assert_eq!(world.sign_in(by("next")).await.status, 303);
        let last = listed[0]["id"].as_str().unwrap();
        assert_eq!(world.api("DELETE", &format!("/certificates/{last}"), None).await.0, 409);
    }

    async fn our_own_key_changes_without_a_gap(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let view = world.api("POST", "/rotate", None).await.1;
        let keys = view["keys"].as_array().unwrap().clone();
        assert_eq!((keys[0]["state"].as_str(), keys[1]["state"].as_str()), (Some("current"), Some("next")));
        let metadata = world.send(&mut Visitor::default(), "GET", &format!("/connections/{}/saml/metadata", world.id), None).await;
        assert_eq!(metadata.headers["content-type"], "application/samlmetadata+xml");
        assert_eq!(metadata.body.matches("use=\"signing\"").count(), 2);
        let for_either = |n: usize| {
            let pem = keys[n]["certificate_pem"].as_str().unwrap().to_owned();
            move |answer: &Answer| answer.signed_response(&Signing::default(), &encrypted(&answer.assertion(""), &pem))
        };
        for n in [0, 1] {
            assert_eq!(world.sign_in(for_either(n)).await.status, 303, "{n} {}", world.traced().await);
        }
        assert_eq!(world.api("POST", "/rotate/finish", None).await.0, 200);
        assert_eq!(world.api("POST", "/rotate/finish", None).await.0, 409);
        assert_eq!(world.sign_in(for_either(0)).await.status, 403);
        assert_eq!(world.traced().await, "undecryptable");
        assert_eq!(world.sign_in(for_either(1)).await.status, 303);
    }

    async fn a_question_travels_by_form_where_that_is_chosen(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        world.set(serde_json::json!({"binding": "post"})).await;
        let mut visitor = Visitor::default();
        let got = world.send(&mut visitor, "GET", &format!("/connections/{}/saml/login", world.id), None).await;
        assert_eq!(got.status, 200);
        let policy = got.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("form-action"));
        let field = |name: &str| {
            let start = got.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap();
            start.split('"').next().unwrap().replace("&#43;", "+").replace("&#x2b;", "+")
        };
        assert!(got.body.contains("<button") && got.body.contains("action=\"https://acme.okta.example/"));
        let xml = keywright_proto::saml::decode_post(&field("SAMLRequest")).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let id = xml.split(" ID=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let question = super::world::Question { id, relay: field("RelayState") };
        let answer = world.answer(&question).by_response();
        assert_eq!(world.post(&mut visitor, &answer, &question.relay).await.status, 303);
        let script = world.send(&mut visitor, "GET", "/saml/continue.js", None).await;
        assert_eq!((script.status, script.body.as_str()), (200, "document.forms[0].submit();\n"));
    }

    async fn two_windows_do_not_end_each_others_sign_in_and_many_do_not_pile_up(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let mut visitor = Visitor::default();
        let first = world.begin(&mut visitor, "/a").await;
        let second = world.begin(&mut visitor, "/b").await;
        for (question, back) in [(first, "/a"), (second, "/b")] {
            let xml = world.answer(&question).by_response();
            let got = world.post(&mut visitor, &xml, &question.relay).await;
            assert_eq!((got.status, got.location()), (303, back));
        }
        for _ in 0..20 {
            world.begin(&mut visitor, "/").await;
        }
        assert!(visitor.cookies.len() <= 6, "{}", visitor.cookies.len());
    }

    async fn metadata_of_ours_names_our_addresses(t) {
        let world = World::new(t).await;
        let preview = world.api("GET", "/metadata", None).await.1;
        let base = format!("{PUBLIC}/connections/{}/saml", world.id);
        assert_eq!(preview["entity_id"], format!("{base}/metadata"));
        assert_eq!(preview["acs_url"], format!("{base}/acs"));
        let xml = preview["metadata"].as_str().unwrap();
        assert!(xml.contains(&format!("entityID=\"{base}/metadata\"")) && xml.contains(&format!("Location=\"{base}/acs\"")));
        assert!(xml.contains("AuthnRequestsSigned=\"true\""));
    }
);

/// Over plain http, on this machine, cookies go without what browsers refuse there.
mod on_http {
    use super::*;

    crate::testing::db_test!(
        async fn p6_cookies_over_http_are_what_browsers_take_there(t) {
            let world = World::new(t).await;
            world.person("00uada", "ada@example.com").await;
            let mut visitor = Visitor::default();
            let path = format!("/connections/{}/saml/login", world.id);
            let got = world.send(&mut visitor, "GET", &path, None).await;
            let cookie = got.headers[SET_COOKIE].to_str().unwrap();
            assert!(cookie.starts_with("keywright-saml-") && !cookie.contains("Secure") && !cookie.contains("SameSite"), "{cookie}");
            let got = world.sign_in(Answer::by_response).await;
            let session = got.cookie("keywright=").unwrap();
            assert!(session.contains("SameSite=Lax") && !session.contains("Secure"), "{session}");
        }
    );
}
