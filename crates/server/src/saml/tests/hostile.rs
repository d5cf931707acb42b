//! Who is not honest stays out, and an admin can read why.

use std::collections::BTreeSet;

use super::corpus;
use super::forge::Answer;
use super::world::{Visitor, World};
use crate::testing::db_test;

db_test!(with crate::saml::tests::world::https;
    async fn x1_to_x7_every_hostile_answer_is_refused_for_its_own_reason(t) {
        let world = World::new(t).await;
        let (ada, eve) = (world.person("00uada", "ada@example.com").await, world.person("00ueve", "eve@example.com").await);
        let names: BTreeSet<&str> = corpus::all(&Answer::new("", "", world.t.app.now(), 1)).iter().map(|row| row.name).collect();
        assert!(names.len() >= 40, "{}", names.len());
        // Each from a place of its own, so that each leaves its own trace; nine to one question, as it bears ten.
        let places = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.8", "192.0.2.9"];
        let (mut wrong, mut batches) = (Vec::new(), 0);
        for first in (0..names.len()).step_by(places.len()) {
            let mut visitor = Visitor::default();
            let question = world.begin(&mut visitor, "/").await;
            let honest = world.answer(&question);
            for (row, place) in corpus::all(&honest).into_iter().skip(first).zip(places) {
                visitor.address = Some(place);
                let got = world.post_field(&mut visitor, &row.field, &question.relay).await;
                let code = world.traced().await;
                if (got.status, code.as_str()) != (403, row.want) || got.is_signed_in() {
                    wrong.push((row.name, got.status, code, row.want));
                }
            }
            // The honest answer to the same question still signs in: nothing was used up.
            let got = world.post(&mut visitor, &honest.by_response(), &question.relay).await;
            assert_eq!(got.status, 303, "{}", world.traced().await);
            batches += 1;
            world.t.advance(std::time::Duration::from_secs(61));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(world.sessions_of(eve).await, 0);
        assert_eq!(world.sessions_of(ada).await, batches);
    }

    async fn x5_login_by_a_strangers_honest_answer_is_refused(t) {
        let world = World::new(t).await;
        world.person("00ueve", "eve@example.com").await;
        let ada = world.person("00uada", "ada@example.com").await;
        // Eve begins in her browser, and has Ada's browser post the honest answer to it.
        let mut eve = Visitor::default();
        let question = world.begin(&mut eve, "/").await;
        let answer = Answer { name_id: "eve@example.com".into(), okta_id: Some("00ueve".into()), ..world.answer(&question) };
        let mut visitor = Visitor::default();
        let got = world.post(&mut visitor, &answer.by_response(), &question.relay).await;
        assert_eq!((got.status, got.is_signed_in(), world.traced().await.as_str()), (403, false, "no_question"));
        // Also while Ada's browser has a question of its own open.
        let own = world.begin(&mut visitor, "/").await;
        for relay in [question.relay.as_str(), own.relay.as_str(), "", "https://evil.example/"] {
            let got = world.post(&mut visitor, &answer.by_response(), relay).await;
            assert_eq!((got.status, got.is_signed_in()), (403, false), "{relay}");
        }
        // Her own still works: nothing was used up.
        let xml = world.answer(&own).by_response();
        assert_eq!(world.post(&mut visitor, &xml, &own.relay).await.status, 303);
        assert_eq!(world.sessions_of(ada).await, 1);
    }

    async fn x5_the_tile_begins_a_sign_in_from_here(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let mut visitor = Visitor::default();
        let nobody = super::world::Question { id: String::new(), relay: String::new() };
        let unasked = Answer { question: String::new(), ..world.answer(&nobody) };
        for relay in ["", "https://evil.example/", "/people"] {
            let got = world.post(&mut visitor, &unasked.by_response(), relay).await;
            let login = format!("/connections/{}/saml/login", world.id);
            assert_eq!((got.status, got.location(), got.is_signed_in()), (303, login.as_str(), false), "{relay}");
        }
        let question = world.begin(&mut visitor, "").await;
        let xml = world.answer(&question).by_response();
        let got = world.post(&mut visitor, &xml, &question.relay).await;
        assert_eq!((got.status, got.location()), (303, "/"));
        assert_eq!(world.sessions_of(ada).await, 1);
        let traces = world.api("GET", "/traces", None).await.1;
        assert_eq!(traces, serde_json::json!([]), "the tile is no refusal");
    }

    async fn x5_an_identity_provider_that_echoes_nothing_does_not_send_anybody_round_for_ever(t) {
        let world = World::new(t).await;
        let mut visitor = Visitor::default();
        for round in 0..5 {
            let question = world.begin(&mut visitor, "/").await;
            let unasked = Answer { question: String::new(), ..world.answer(&question) };
            let got = world.post(&mut visitor, &unasked.by_response(), "").await;
            if got.status == 403 {
                assert_eq!((round, world.traced().await.as_str()), (2, "unaddressed"));
                return;
            }
        }
        panic!("it goes round");
    }

    async fn x5_the_way_back_is_ours_whatever_is_asked(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        for back in ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", ""] {
            let mut visitor = Visitor::default();
            let question = world.begin(&mut visitor, back).await;
            assert_eq!(question.relay.len(), 32, "{}", question.relay);
            let xml = world.answer(&question).by_response();
            let got = world.post(&mut visitor, &xml, &question.relay).await;
            assert_eq!((got.status, got.location()), (303, "/"), "{back}");
        }
    }

    async fn x4_questions_and_cookies_end(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let mut visitor = Visitor::default();
        let question = world.begin(&mut visitor, "/").await;
        let mut other = visitor.clone();
        let name = other.cookies.keys().next().unwrap().clone();
        let sealed = other.cookies[&name].clone();
        let turned: String = sealed.chars().rev().collect();
        other.cookies.insert(name.clone(), turned);
        let xml = world.answer(&question).by_response();
        let got = world.post(&mut other, &xml, &question.relay).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "no_question"));
        world.t.advance(std::time::Duration::from_secs(600));
        let xml = world.answer(&question).by_response();
        let got = world.post(&mut visitor, &xml, &question.relay).await;
        assert_eq!((got.status, world.traced().await.as_str()), (403, "no_question"));
    }

    async fn x4_clocks_may_differ_by_what_is_set_and_no_more(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        for (skew, behind, status) in [(60, 59, 303), (60, 60, 403), (0, -1, 303), (0, 0, 403)] {
            world.set(serde_json::json!({"clock_skew_seconds": skew})).await;
            let now = world.t.app.now();
            let got = world.sign_in(|answer| Answer { until: now.plus_seconds(-behind), ..answer.clone() }.by_response()).await;
            assert_eq!(got.status, status, "{skew} {behind}");
        }
        for wrong in [-1, 61] {
            let (status, _) = world.api("PUT", "", Some(serde_json::json!({"clock_skew_seconds": wrong}))).await;
            assert_eq!(status, 422);
        }
    }

    async fn x7_forms_are_bounded(t) {
        let world = World::new(t).await;
        let got = world.post_field(&mut Visitor::default(), &"A".repeat(3_000_000), "").await;
        assert_eq!(got.status, 413);
    }

    async fn p7_a_flood_of_refused_answers_locks_nobody_out(t) {
        let world = World::new(t).await;
        let ada = world.person("00uada", "ada@example.com").await;
        let nobody = super::world::Question { id: "_0".into(), relay: String::new() };
        let stray = world.answer(&nobody).by_response();
        let mut flood = Visitor { address: Some("192.0.2.7"), ..Visitor::default() };
        let mut last = 0;
        for _ in 0..70 {
            last = world.post(&mut flood, &stray, "").await.status;
        }
        assert_eq!(last, 429);
        let traces = world.api("GET", "/traces", None).await.1;
        assert_eq!(traces.as_array().unwrap().len(), 1, "a flood is one trace: {traces}");
        assert_eq!(traces[0]["times"], 60);
        // From the same place, with a question of one's own.
        let mut visitor = Visitor { address: Some("192.0.2.7"), ..Visitor::default() };
        let question = world.begin(&mut visitor, "/").await;
        let honest = world.answer(&question);
        let hostile = honest.response("", &honest.assertion(""));
        for _ in 0..10 {
            assert_eq!(world.post(&mut visitor, &hostile, &question.relay).await.status, 403);
        }
        let got = world.post(&mut visitor, &honest.by_response(), &question.relay).await;
        assert_eq!(got.status, 429, "a question is not guessed at for ever");
        assert!(got.headers.contains_key("retry-after"));
        let question = world.begin(&mut visitor, "/").await;
        let xml = world.answer(&question).by_response();
        assert_eq!(world.post(&mut visitor, &xml, &question.relay).await.status, 303);
        assert_eq!(world.sessions_of(ada).await, 1);
    }

    async fn traces_show_the_reason_and_never_the_message(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        let got = world.sign_in(|answer| Answer { audience: "https://other.example/".into(), ..answer.clone() }.by_response()).await;
        assert_eq!(got.status, 403);
        assert!(got.body.contains("tell your administrator") && !got.body.contains("other.example"), "{}", got.body);
        assert!(got.body.contains("Begin again"));
        let traces = world.api("GET", "/traces", None).await.1;
        assert_eq!(traces[0]["code"], "audience");
        assert!(traces[0]["message"].as_str().unwrap().contains("https://other.example/"));
        assert!(traces[0]["request_id"].is_string());
        assert!(!traces.to_string().contains("ada@example.com"), "{traces}");
        let other = world.t.other_tenant().await;
        let path = format!("/api/v1/connections/{}/saml/traces", world.id);
        assert_eq!(world.t.send(Some(other), "GET", &path, None).await.0, 404);
    }
);
