use serde_json::json;

use super::Severity;
use crate::testing::db_test;

db_test!(
    async fn a_new_installation_is_told_what_to_do_first(t) {
        let findings = super::examine(&t.app, &t.local()).await.unwrap();
        let codes: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(codes, ["directory.break_glass", "connection.none"]);
    }

    async fn findings_carry_cause_and_mend_and_the_worst_comes_first(t) {
        let body = json!({"domain": "acme", "authentication": "oauth", "key_algorithm": "ES256"});
        let (status, made) = t.call("POST", "/api/v1/connections", Some(body)).await;
        assert_eq!(status, 201, "{made}");
        t.advance(std::time::Duration::from_hours(24 * 400));
        let (status, examined) = t.call("POST", "/api/v1/doctor", Some(json!({}))).await;
        assert_eq!(status, 200, "{examined}");
        let codes: Vec<&str> = examined["items"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["connection.authenticated", "connection.key_old", "directory.break_glass", "connection.authentication", "sync.unmapped"]);
        for one in examined["items"].as_array().unwrap() {
            for member in ["what", "evidence", "cause", "mend"] {
                assert!(!one[member].as_str().unwrap().is_empty(), "{member} of {one}");
            }
        }
    }

    async fn a_forgotten_rotation_is_found_and_its_repair_leaves_all_as_it_was_when_okta_is_away(t) {
        let body = json!({"domain": "http://127.0.0.1:9", "client_id": "0oa1", "key_algorithm": "ES256"});
        let (_, made) = t.call("POST", "/api/v1/connections", Some(body)).await;
        let path = format!("/api/v1/connections/{}", made["id"].as_str().unwrap());
        t.call("POST", &format!("{path}/rotate"), Some(json!({"algorithm": "ES256"}))).await;
        t.advance(std::time::Duration::from_hours(24 * 8));
        let findings = super::examine(&t.app, &t.local()).await.unwrap();
        assert_eq!(findings[0].severity, Severity::Critical);
        assert!(findings.iter().any(|finding| finding.code == "connection.key_waits" && finding.repair.is_some()));
        let (status, after) = t.call("POST", "/api/v1/doctor/repair", Some(json!({}))).await;
        assert_eq!((status, &after["tried"][0]["mended"]), (200, &json!(false)), "{after}");
        let (_, shown) = t.call("GET", &path, None).await;
        assert_eq!(shown["keys"].as_array().unwrap().len(), 3);
    }

    async fn api_keys_near_their_end_are_found(t) {
        let user = json!({ "login": "ann", "email": "", "display_name": "", "kind": "local" });
        let (status, user) = t.call("POST", "/api/v1/users", Some(user)).await;
        assert_eq!(status, 201, "{user}");
        for (name, days) in [("long", 90), ("week", 7)] {
            let asked = json!({ "name": name, "owner": user["id"], "days": days });
            let (status, made) = t.call("POST", "/api/v1/api-keys", Some(asked)).await;
            assert_eq!(status, 201, "{made}");
        }
        let found = async || -> Vec<(String, Severity)> {
            let findings = super::examine(&t.app, &t.local()).await.unwrap();
            let keys = findings.into_iter().filter(|finding| finding.code == "service.api_key");
            keys.map(|finding| (finding.about, finding.severity)).collect()
        };
        assert_eq!(found().await, [], "a key made for a week is not near its end");
        for (day, want) in [
            (61, vec![("long", Severity::Note)]),
            (22, vec![("long", Severity::Warning)]),
            (6, vec![("long", Severity::Critical)]),
            (1, vec![]),
        ] {
            t.advance(std::time::Duration::from_hours(24 * day));
            let want: Vec<(String, Severity)> = want.into_iter().map(|(name, severity)| (name.to_owned(), severity)).collect();
            assert_eq!(found().await, want, "{day} days later");
        }
    }

    async fn given_up_jobs_are_told_once_for_each_kind(t) {
        use crate::jobs::{Error, New, Registry, enqueue, run_until_idle};
        let mut work = t.begin().await;
        for _ in 0..2 {
            let job = New { kind: "test.fails", payload: json!({}), run_at: work.now, unique: None };
            enqueue(&mut work, job).await.unwrap();
        }
        work.commit().await.unwrap();
        let registry = Registry::new().on("test.fails", |_, _| async { Err(Error::Fatal("no such file".to_owned())) });
        run_until_idle(&t.app, &registry).await.unwrap();
        let findings = super::examine(&t.app, &t.local()).await.unwrap();
        let job = findings.iter().find(|finding| finding.code == "service.job").unwrap();
        assert!(job.what.starts_with("2 jobs") && job.evidence.contains("no such file"), "{job:?}");
    }
);
