//! Setting it up, who may, and what is told when something is about to end.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::forge::{Answer, IDP, fixture};
use super::world::World;
use crate::actor::{Actor, Permission, Permissions};
use crate::app::AppBuilder;
use crate::config;
use crate::jobs;
use crate::outgoing::Outgoing;
use crate::testing::db_test;

pub(super) fn metadata(certificates: &[&str]) -> String {
    let keys: String = certificates
        .iter()
        .map(|name| {
            let pem = fixture(&format!("{name}.cert.pem"));
            let body: String = pem.lines().filter(|line| !line.starts_with("---")).collect();
            format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
                 <ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            )
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><md:EntityDescriptor entityID=\"{IDP}\" \
         xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\"><md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://acme.okta.example/sso\"/>\
         <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://acme.okta.example/sso\"/>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

/// Lets requests go to this machine, as a test's server is here.
pub(super) fn may_call_here(builder: AppBuilder) -> AppBuilder {
    let outgoing = config::Outgoing {
        allow_private: true,
        allowed_hosts: Vec::new(),
        proxy: None,
    };
    super::world::https(builder).with(Outgoing::from(&outgoing))
}

/// A server that answers with metadata; gives its address.
async fn serve(text: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/metadata", get(move || async move { text }))
        .route("/huge", get(|| async { "<a>".repeat(200_000) }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

db_test!(with crate::saml::tests::settings::may_call_here;
    async fn the_identity_provider_comes_by_metadata_pasted_or_fetched(t) {
        let world = World::new(t).await;
        let view = world.set(json!({"metadata": metadata(&["idp", "next"])})).await;
        assert_eq!(view["standing"], "ready");
        assert_eq!(view["idp"]["redirect_url"], "https://acme.okta.example/sso");
        assert_eq!(view["certificates"].as_array().unwrap().len(), 2);
        assert!(view["idp_metadata_url"].is_null());
        let server = serve(metadata(&["next"])).await;
        let address = format!("{server}/metadata");
        let view = world.set(json!({"metadata_url": address})).await;
        assert_eq!((view["idp_metadata_url"].as_str(), view["certificates"].as_array().unwrap().len()), (Some(address.as_str()), 1));
        assert_eq!(world.api("POST", "/refresh", None).await.0, 200);
        for (address, status) in [(format!("{server}/huge"), 422), (format!("{server}/nothing"), 502), ("https://169.254.169.254/".to_owned(), 422), ("file:///etc/passwd".to_owned(), 422)] {
            let (got, problem) = world.api("PUT", "", Some(json!({"metadata_url": address}))).await;
            assert_eq!(got, status, "{address}: {problem}");
        }
        let view = world.set(json!({"entity_id": "http://www.okta.com/exk2"})).await;
        assert_eq!((view["idp"]["entity_id"].as_str(), view["idp_metadata_url"].is_null()), (Some("http://www.okta.com/exk2"), true));
        assert_eq!(world.api("POST", "/refresh", None).await.0, 409);
    }

    async fn values_that_will_not_do_are_refused_with_the_mend(t) {
        let world = World::new(t).await;
        for (change, part) in [
            (json!({"metadata": "<a/>"}), "identity provider"),
            (json!({"metadata": metadata(&["idp"]), "entity_id": "x"}), "one way"),
            (json!({"certificates": []}), "certificate"),
            (json!({"certificates": ["nonsense"]}), "certificate"),
            (json!({"redirect_url": "http://acme.okta.example/"}), "https"),
            (json!({"redirect_url": "", "post_url": ""}), "address"),
            (json!({"post_url": "", "binding": "post"}), "binding"),
            (json!({"entity_id": " "}), "entity id"),
            (json!({"okta_id_attribute": ""}), "okta_id_attribute"),
            (json!({"demand": "nothing"}), "either"),
            (json!({"unknown": 1}), "unknown"),
        ] {
            let (status, problem) = world.api("PUT", "", Some(change.clone())).await;
            assert_eq!(status, 422, "{change}: {problem}");
            assert!(problem["detail"].as_str().unwrap().contains(part), "{change}: {problem}");
        }
        let (status, _) = world.api("PUT", "", Some(json!({"jit_role": "nobody"}))).await;
        assert_eq!(status, 404);
    }

    async fn what_to_give_okta_is_there_before_okta_has_anything(t) {
        let new = json!({"name": "acme", "domain": "acme.okta.com", "authentication": "api_token",
            "api_token": "00abcdefghijklmnopqrstuvwxyz0123456789ABCD"});
        let (_, made) = t.call("POST", "/api/v1/connections", Some(new)).await;
        let base = format!("/api/v1/connections/{}/saml", made["id"].as_str().unwrap());
        let view = t.call("GET", &base, None).await.1;
        assert_eq!((view["standing"].as_str(), view["version"].as_i64()), (Some("none"), Some(0)));
        assert!(view["acs_url"].as_str().unwrap().ends_with("/saml/acs"));
        let public = format!("/connections/{}/saml/metadata", made["id"].as_str().unwrap());
        assert_eq!(t.send(None, "GET", &public, None).await.0, 404);
        let view = t.call("PUT", &base, Some(json!({}))).await.1;
        assert_eq!(view["standing"], "waits");
        let (status, xml) = t.send(None, "GET", &public, None).await;
        assert_eq!(status, 200);
        assert!(xml.as_str().unwrap().contains("SPSSODescriptor"));
        let login = format!("/connections/{}/saml/login", made["id"].as_str().unwrap());
        assert_eq!(t.send(None, "GET", &login, None).await.0, 403);
        assert!(crate::saml::ways(&t.read().await).await.unwrap().is_empty());
    }

    async fn it_can_be_switched_off_here_and_for_the_tenant(t) {
        let world = World::new(t).await;
        world.person("00uada", "ada@example.com").await;
        assert_eq!(crate::saml::ways(&world.t.read().await).await.unwrap().len(), 1);
        let login = format!("/connections/{}/saml/login", world.id);
        world.set(json!({"enabled": false})).await;
        assert_eq!(world.t.send(None, "GET", &login, None).await.0, 403);
        assert!(crate::saml::ways(&world.t.read().await).await.unwrap().is_empty());
        world.set(json!({"enabled": true})).await;
        let mut visitor = super::world::Visitor::default();
        let question = world.begin(&mut visitor, "/").await;
        let mut work = world.t.begin().await;
        let draft = crate::sessions::RulesDraft { sso: false, addresses: Vec::new(), idle_minutes: 60, absolute_hours: 12, version: 0 };
        crate::sessions::change_rules(&mut work, &draft, &crate::web::Browser::default()).await.unwrap();
        work.commit().await.unwrap();
        assert_eq!(world.t.send(None, "GET", &login, None).await.0, 403);
        let xml = world.answer(&question).by_response();
        assert_eq!(world.post(&mut visitor, &xml, &question.relay).await.status, 403, "what was begun before is over too");
        assert_eq!(world.api("GET", "", None).await.1["standing"], "off");
        assert!(crate::saml::ways(&world.t.read().await).await.unwrap().is_empty());
    }

    async fn only_who_holds_everything_sets_who_may_sign_people_in(t) {
        let world = World::new(t).await;
        let mut permissions: Permissions = Permissions::all();
        let path = format!("/api/v1/connections/{}/saml", world.id);
        permissions = permissions.iter().filter(|one| *one != Permission::GuardsManage).collect();
        let admin = Actor { permissions, ..world.t.local() };
        let certificate = fixture("next.cert.pem");
        for (method, path, body) in [
            ("PUT", path.clone(), json!({"certificates": [certificate]})),
            ("PUT", path.clone(), json!({"metadata": metadata(&["next"])})),
            ("PUT", path.clone(), json!({"metadata_url": "https://acme.okta.com/metadata"})),
            ("PUT", path.clone(), json!({"okta_id_attribute": "groups"})),
            ("PUT", path.clone(), json!({"demand": "either"})),
            ("POST", format!("{path}/certificates"), json!({"certificate": certificate})),
        ] {
            let (status, problem) = world.t.send(Some(admin.clone()), method, &path, Some(body.clone())).await;
            assert_eq!((status, &problem["permissions"]), (403, &json!(["guards.manage"])), "{body} {problem}");
        }
        for body in [json!({"enabled": false}), json!({"clock_skew_seconds": 30})] {
            let (status, problem) = world.t.send(Some(admin.clone()), "PUT", &path, Some(body)).await;
            assert_eq!(status, 200, "{problem}");
        }
        let other = world.t.other_tenant().await;
        for (method, path) in [("GET", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/metadata")), ("POST", format!("{path}/rotate"))] {
            assert_eq!(world.t.send(Some(other.clone()), method, &path, None).await.0, 404, "{method} {path}");
        }
    }

    async fn a_change_that_somebody_else_overtook_is_refused_and_each_leaves_its_entry(t) {
        let world = World::new(t).await;
        let mut work = world.t.begin().await;
        let connection = world.id;
        let seen = crate::saml::settings(&work, connection).await.unwrap().unwrap().version;
        work.actor = world.t.local();
        drop(work);
        let change = |skew| crate::saml::Change { clock_skew_seconds: Some(skew), ..Default::default() };
        let actor = world.t.local();
        crate::saml::set(&world.t.app, &actor, connection, change(10), Some(seen)).await.unwrap();
        let late = crate::saml::set(&world.t.app, &actor, connection, change(20), Some(seen)).await;
        assert!(matches!(late, Err(crate::saml::Error::Db(crate::db::Error::Stale))));
        assert_eq!(world.api("POST", "/rotate", None).await.0, 200);
        assert_eq!(world.api("POST", "/rotate/finish", None).await.0, 200);
        assert_eq!(world.api("DELETE", "", None).await.0, 204);
        assert_eq!(world.api("DELETE", "", None).await.0, 404);
        let trail = world.t.call("GET", "/api/v1/audit", None).await.1.to_string();
        for action in ["saml.set", "saml.key-added", "saml.key-rotated", "saml.removed"] {
            assert!(trail.contains(&format!("\"{action}\"")), "{action}: {trail}");
        }
        assert!(!trail.contains("PRIVATE KEY"));
    }

    async fn p1_keys_of_ours_are_sealed(t) {
        let world = World::new(t).await;
        #[derive(sea_orm::FromQueryResult)]
        struct Row { private_key: crate::vault::Sealed }
        let work = world.t.read().await;
        let sql = "SELECT private_key FROM saml_keys WHERE tenant_id = $1";
        let rows: Vec<Row> = work.rows(sql, crate::db::values![work.tenant]).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert!(!rows[0].private_key.0.windows(7).any(|part| part == b"PRIVATE"));
    }

    async fn x6_a_certificate_near_its_end_is_told_of_and_what_is_left_is_swept(t) {
        let world = World::new(t).await;
        let end = world.api("GET", "", None).await.1["certificates"][0]["not_after"].as_str().unwrap().to_owned();
        let end: crate::db::Timestamp = serde_json::from_value(Value::from(end)).unwrap();
        #[derive(sea_orm::FromQueryResult)]
        struct Count { n: i64 }
        let told = async || {
            let work = world.t.read().await;
            let sql = "SELECT COUNT(*) AS n FROM notices WHERE tenant_id = $1 AND topic = 'credential.expiring'";
            work.row::<Count>(sql, crate::db::values![work.tenant]).await.unwrap().unwrap().n
        };
        let run = async || {
            let mut work = world.t.begin().await;
            let job = jobs::New { kind: crate::saml::EXPIRING_JOB, payload: Value::Null, run_at: work.now, unique: None };
            jobs::enqueue(&mut work, job).await.unwrap();
            work.commit().await.unwrap();
            let registry = crate::saml::handlers(jobs::Registry::new());
            assert_eq!(jobs::run_until_idle(&world.t.app, &registry).await.unwrap(), 1);
        };
        run().await;
        assert_eq!(told().await, 0);
        for (days, want) in [(29, 1), (28, 1), (6, 2), (0, 3)] {
            world.t.set_clock(end.plus_seconds(-days * 86_400 - 60));
            run().await;
            assert_eq!(told().await, want, "{days} days before");
        }
        world.t.advance(Duration::from_secs(120));
        let findings = crate::saml::near_end(&world.t.read().await).await.unwrap();
        assert_eq!(findings.len(), 1);
        // It goes on counting, as it is pinned.
        world.person("00uada", "ada@example.com").await;
        assert_eq!(world.sign_in(Answer::by_response).await.status, 303);
        // A connection that goes takes its settings and keys with it.
        let (status, problem) = world.t.call("DELETE", &format!("/api/v1/connections/{}", world.id), None).await;
        assert_eq!(status, 204, "{problem}");
        world.t.advance(Duration::from_secs(7 * 3_600));
        run().await;
        let work = world.t.read().await;
        assert!(super::super::store::settings(&work, world.id).await.unwrap().is_none());
        assert!(super::super::store::keys(&work, world.id).await.unwrap().is_empty());
    }
);
