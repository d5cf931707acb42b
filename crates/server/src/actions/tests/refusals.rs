//! Each refusal is the right one: with the field, and what to do about it.

use keywright_sandbox::{Effect, Fault};
use serde_json::json;

use super::{KINDS, World};
use crate::db::Engine;
use crate::testing::{TestApp, db_test};

db_test!(
    async fn bad_input_is_told_by_field(t) {
        let world = World::new(t, "api_token").await;
        for (name, input, field) in [
            ("create-user", json!({}), "profile"),
            ("create-user", json!({"profile": {"login": "x@acme.example", "email": "no mail", "firstName": "X", "lastName": "Y"}}), "profile.email"),
            ("create-user", json!({"profile": {"login": "x@acme.example", "email": "x@acme.example", "firstName": "X", "lastName": "Y", "shoe": 7}}), "profile.shoe"),
            ("update-user", json!({"userId": "00u1", "profile": {"login": null}}), "profile.login"),
            ("update-user", json!({"userId": "00u1"}), ""),
            ("suspend-user", json!({"user": "00u1"}), "userId"),
            ("search-users", json!({"filter": "a", "search": "b"}), ""),
            ("list-logons-by-ip", json!({"ipAddress": "1.2.3"}), "ipAddress"),
        ] {
            let (status, problem) = world.rest(name, "", input.clone()).await;
            assert_eq!((status, &problem["type"]), (422, &json!("urn:keywright:problem:invalid")), "{name} {input}");
            let errors = problem["errors"].as_array().unwrap();
            assert!(errors.iter().any(|one| one["field"] == field && one["mend"] != ""), "{name} {input}: {problem}");
        }
        assert_eq!(world.sent("POST", "/api/v1/users"), 0, "nothing of it is sent");
    }

    async fn what_okta_finds_wrong_is_told_by_field(t) {
        let world = World::new(t, "api_token").await;
        world.user("twin@acme.example").await;
        let twin = json!({"profile": {"login": "twin@acme.example", "email": "twin@acme.example", "firstName": "T", "lastName": "W"}});
        let (status, problem) = world.rest("create-user", "", twin).await;
        assert_eq!((status, &problem["errors"][0]["field"]), (422, &json!("profile.login")), "{problem}");
    }

    async fn a_wrong_id_is_told_by_field(t) {
        for kind in KINDS {
            let world = World::new(fresh(&t).await, kind).await;
            for (name, input, field) in [
                ("get-user", json!({"userId": "00uNobody0000000000x"}), "userId"),
                ("suspend-user", json!({"userId": "00uNobody0000000000x"}), "userId"),
                ("delete-user", json!({"userId": "00uNobody0000000000x"}), "userId"),
                ("list-group-members", json!({"groupId": "00gNobody0000000000x"}), "groupId"),
            ] {
                let (status, problem) = world.rest(name, "", input).await;
                assert_eq!((status, &problem["field"]), (404, &json!(field)), "{kind} {name}: {problem}");
            }
        }
    }

    async fn a_wrong_state_is_a_conflict(t) {
        let world = World::new(t, "api_token").await;
        let id = world.user("calm@acme.example").await;
        for name in ["activate-user", "unlock-user"] {
            let (status, problem) = world.rest(name, "", json!({"userId": id})).await;
            assert_eq!(status, 409, "{name}: {problem}");
        }
        let (_, planned) = world.rest("unlock-user", "?plan=true", json!({"userId": id})).await;
        assert_eq!((&planned["plan"]["changes"], &planned["outcome"]), (&json!(false), &json!("planned")), "{planned}");
    }

    async fn a_missing_role_is_named(t) {
        for kind in KINDS {
            let world = World::new(fresh(&t).await, kind).await;
            world.org.fault(Fault::new("POST", "/api/v1/users/{id}/lifecycle/suspend", Effect::NoRole).times(0));
            let (status, problem) = world.rest("suspend-user", "", json!({"userId": "ada.admin@acme.example"})).await;
            assert_eq!((status, &problem["type"], &problem["role"]), (502, &json!("urn:keywright:problem:okta-role"), &json!("USER_ADMIN")), "{kind}: {problem}");
            assert!(problem["mend"].as_str().unwrap().contains("USER_ADMIN"));
        }
    }

    async fn a_missing_scope_is_named_before_and_after_the_call(t) {
        for kind in ["oauth", "oauth_dpop"] {
            let few = ["okta.users.manage", "okta.groups.manage", "okta.groups.read", "okta.users.read"];
            let world = World::with(fresh(&t).await, kind, |org| {
                let app = if kind == "oauth" { org.oauth() } else { org.dpop() };
                org.set_client_scopes(&app.client_id, &few);
            }).await;
            let (status, problem) = world.rest("list-logons-by-ip", "", json!({"ipAddress": "127.0.0.1"})).await;
            assert_eq!((status, &problem["type"], &problem["scope"]), (502, &json!("urn:keywright:problem:okta-scope"), &json!("okta.logs.read")), "{problem}");
            world.org.fault(Fault::new("GET", "/api/v1/users/{id}", Effect::NoScope).times(0));
            let (status, problem) = world.rest("get-user", "", json!({"userId": "ada.admin@acme.example"})).await;
            assert_eq!((status, &problem["type"], &problem["scope"]), (502, &json!("urn:keywright:problem:okta-scope"), &json!("okta.users.read")), "{problem}");
        }
    }

    // K4: what is wrong with credentials is one clear finding.
    async fn dead_credentials_are_one_clear_finding(t) {
        let world = World::new(t, "api_token").await;
        world.org.fault(Fault::new("GET", "/api/v1/users/{id}", Effect::TokenExpired).times(0));
        let (status, problem) = world.rest("get-user", "", json!({"userId": "ada.admin@acme.example"})).await;
        assert_eq!((status, &problem["type"]), (502, &json!("urn:keywright:problem:okta-credentials")), "{problem}");
        assert!(problem["mend"].as_str().unwrap().contains("API token"), "{problem}");
    }

    async fn a_name_that_is_none_proposes_the_nearest(t) {
        let world = World::new(t, "api_token").await;
        let (status, problem) = world.rest("suspend-users", "", json!({})).await;
        assert_eq!((status, &problem["mend"]), (404, &json!("did you mean suspend-user?")));
    }

    async fn a_connection_must_be_switched_on_for_it(t) {
        let world = World::new(t, "api_token").await;
        let path = format!("/api/v1/connections/{}", world.id);
        world.t.call("PATCH", &path, Some(json!({"jobs": ["sync"]}))).await;
        let (status, problem) = world.rest("get-user", "", json!({"userId": "x"})).await;
        assert_eq!(status, 409);
        assert!(problem["mend"].as_str().unwrap().contains("--jobs"), "{problem}");
        let stranger = world.t.other_tenant().await;
        let (status, _) = world.t.send(Some(stranger), "POST", &format!("{path}/actions/get-user"), Some(json!({"userId": "x"}))).await;
        assert_eq!(status, 404, "another tenant knows no such connection");
    }
);

/// Another database of the same kind: for one connection of each kind in one test.
async fn fresh(t: &TestApp) -> TestApp {
    match t.app.db().engine() {
        Engine::Sqlite => TestApp::sqlite(|builder| builder).await,
        Engine::Postgres => TestApp::postgres(|builder| builder).await,
    }
}
