//! Every operation, knocked at by strangers and by callers without permission; by each built-in role in `roles`, by the
//! administrator of another tenant in `neighbours`.

mod counts;
mod neighbours;
mod roles;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt;

use super::gate::operations;
use super::*;
use crate::actor::{Actor, ActorKind, Permissions};
use crate::db::UserId;
use crate::testing::db_test;
use crate::web::Need;

/// An address of the operation: each parameter becomes a UUID.
fn address(path: &str) -> String {
    let id = "0190a000-0000-7000-8000-000000000000";
    path.split('/')
        .map(|part| if part.starts_with('{') { id } else { part })
        .collect::<Vec<_>>()
        .join("/")
}

fn all() -> Vec<(Method, String, Option<Need>)> {
    let (_, document) = api();
    operations(&document)
        .map(|one| {
            (
                one.method,
                one.path.to_owned(),
                one.need.and_then(Need::parse),
            )
        })
        .collect()
}

fn knock(method: &Method, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(address(path))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .unwrap()
}

fn pages() -> Vec<(Method, &'static str, Need)> {
    let (_, declared) = console_pages().split();
    let mut all: Vec<_> = declared
        .iter()
        .map(|(method, path, need)| (method.clone(), path, need))
        .collect();
    all.sort_by_key(|(method, path, _)| (*path, method.to_string()));
    all
}

async fn body(response: Response) -> String {
    String::from_utf8(
        to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap()
            .to_vec(),
    )
    .unwrap()
}

#[test]
fn every_operation_declares_what_it_needs_and_describes_itself() {
    let (_, document) = api();
    assert!(operations(&document).count() > 10);
    for one in operations(&document) {
        assert!(
            one.need.and_then(Need::parse).is_some(),
            "{} {} declares no known x-permission",
            one.method,
            one.path
        );
        assert!(
            one.described.summary.is_some(),
            "{} {} says not what it does",
            one.method,
            one.path
        );
        assert!(one.path.starts_with(API), "{}", one.path);
        let printed = serde_json::to_value(&one.described.responses).unwrap();
        for (status, answer) in printed.as_object().unwrap() {
            let told = answer["description"].as_str().unwrap_or_default();
            assert!(!told.is_empty(), "{} {} {status}", one.method, one.path);
        }
    }
}

db_test!(
    async fn p3_every_operation_refuses_a_stranger(t) {
        let router = t.router();
        for (method, path, need) in all() {
            if need == Some(Need::Nothing) {
                continue;
            }
            for credential in [None, Some("Bearer kw_unknown"), Some("Basic a2V5OndyaWdodA=="), Some("Bearer ")] {
                let mut request = knock(&method, &path);
                if let Some(credential) = credential {
                    request.headers_mut().insert("authorization", credential.parse().unwrap());
                }
                let response = router.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status(), 401, "{method} {path} {credential:?}");
                assert_eq!(response.headers()[CONTENT_TYPE], web::PROBLEM_MEDIA_TYPE, "{method} {path}");
                assert!(response.headers().contains_key(WWW_AUTHENTICATE));
            }
        }
    }

    async fn p3_every_operation_refuses_a_caller_without_its_permission(t) {
        let router = t.router();
        let kind = ActorKind::Person(t.app.id::<UserId>());
        let actor = Actor { kind, name: "nobody".into(), tenant: t.tenant, permissions: Permissions::default() };
        for (method, path, need) in all() {
            let Some(Need::Permission(permission)) = need else { continue };
            let mut request = knock(&method, &path);
            request.extensions_mut().insert(actor.clone());
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), 403, "{method} {path}");
            let problem: Value = serde_json::from_str(&body(response).await).unwrap();
            assert_eq!(problem["permission"], permission.wire());
        }
    }

    // P3: pages and forms, the list taken from the router.
    async fn p3_every_page_sends_a_stranger_to_sign_in(t) {
        for (method, path, need) in pages() {
            let mut browser = t.browser();
            let at = address(path);
            let answer = if method == Method::GET { browser.get(&at).await } else { browser.post(&at, &[]).await };
            if need == Need::Nothing {
                assert_ne!(answer.status, 500, "{method} {path}");
                continue;
            }
            assert_eq!((answer.status, answer.body.as_str()), (303, ""), "{method} {path}");
            assert!(answer.to.starts_with("/sign-in"), "{method} {path}: {}", answer.to);
        }
    }

    async fn p3_every_page_tells_who_lacks_its_permission_how_to_get_it(t) {
        let mut browser = t.signed_in("user").await;
        for (method, path, need) in pages() {
            let Need::Permission(permission) = need else { continue };
            let at = address(path);
            let answer = if method == Method::GET { browser.get(&at).await } else { browser.post(&at, &[]).await };
            assert_eq!(answer.status, 403, "{method} {path}");
            for part in ["Why can I not do this?", permission.wire(), "super_admin", "Who can give you one"] {
                assert!(answer.body.contains(part), "{method} {path} says nothing of {part}");
            }
        }
    }

    // Found in Chromium: the problem was compressed, the page in its place was not.
    async fn a_refusal_is_readable_for_browsers_that_take_gzip(t) {
        let mut browser = t.signed_in("user").await;
        let request = Request::get("/people").header("accept-encoding", "gzip, deflate, br, zstd");
        let answer = browser.send(request, Body::empty()).await;
        assert_eq!((answer.status, answer.headers.get("content-encoding")), (403, None));
        assert!(answer.body.contains("Why can I not do this?"));
    }

    async fn every_form_refuses_what_other_sites_send(t) {
        let mut browser = t.signed_in("super_admin").await;
        for (method, path, _) in pages().into_iter().filter(|(method, ..)| *method == Method::POST) {
            for headers in [vec![("sec-fetch-site", "cross-site")], vec![("origin", "https://evil.example")], vec![]] {
                let request = Request::builder().method(&method).uri(address(path));
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                let answer = browser.send(request, Body::empty()).await;
                assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
            }
        }
    }

    async fn pages_have_no_inline_script_or_style_and_a_policy_that_forbids_them(t) {
        let mut browser = t.signed_in("super_admin").await;
        let mut seen = 0;
        for (_, path, _) in pages().into_iter().filter(|(method, path, _)| *method == Method::GET && !path.contains('{')) {
            let answer = browser.get(path).await;
            if !answer.headers.get(CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"text/html")) {
                continue;
            }
            let policy = answer.headers["content-security-policy"].to_str().unwrap().to_owned();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
            for inline in [" style=", "<style", "<script>", " onclick=", "javascript:", "http-equiv"] {
                assert!(!answer.body.contains(inline), "{path} holds {inline}");
            }
            let marks = ["<h1", "lang=\"en\"", "name=\"viewport\"", "id=\"main\""];
            assert!(answer.status != 200 || marks.iter().all(|mark| answer.body.contains(mark)), "{path}");
            seen += 1;
        }
        assert!(seen > 0);
    }

    async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(t) {
        let mut browser = t.signed_in("super_admin").await;
        let answer = browser.get("/no/such/page").await;
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains("There is no such page"));
        let response = t.router().oneshot(knock(&Method::GET, "/no/such/page")).await.unwrap();
        assert_eq!(response.headers()[CONTENT_TYPE], web::PROBLEM_MEDIA_TYPE);
    }

    async fn what_declares_nothing_stays_shut(t) {
        let document = r#"{"openapi":"3.1.0","info":{"title":"t","version":"1"},
            "paths":{"/undeclared":{"get":{"responses":{}}},"/wrong":{"get":{"x-permission":"all.of.it","responses":{}}},
                "/open":{"get":{"x-permission":"none","responses":{}}}}}"#;
        let gate = Gate::of(&serde_json::from_str(document).unwrap());
        let router = Router::new()
            .route("/undeclared", get(async || "in"))
            .route("/wrong", get(async || "in"))
            .route("/undocumented", get(async || "in"))
            .route("/open", get(async || "in").post(async || "in"))
            .layer(from_fn_with_state((t.app.clone(), gate), guard));
        for (method, path, stranger, operator) in [
            (Method::GET, "/undeclared", 401, 403),
            (Method::GET, "/wrong", 401, 403),
            (Method::GET, "/undocumented", 401, 405),
            (Method::POST, "/open", 401, 405),
            (Method::GET, "/open", 200, 200),
        ] {
            let response = router.clone().oneshot(knock(&method, path)).await.unwrap();
            assert_eq!(response.status(), stranger, "{method} {path}");
            let mut request = knock(&method, path);
            request.extensions_mut().insert(t.local());
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.status(), operator, "{method} {path}");
        }
    }

    async fn health_document_and_page_are_open(t) {
        let router = t.router();
        for (path, media) in [
            ("/healthz", "application/json"),
            ("/readyz", "application/json"),
            ("/api/v1/openapi.json", "application/json"),
            ("/api/docs", "text/html; charset=utf-8"),
            ("/api/docs.css", "text/css"),
        ] {
            let response = router.clone().oneshot(knock(&Method::GET, path)).await.unwrap();
            assert_eq!((response.status().as_u16(), response.headers()[CONTENT_TYPE].to_str().unwrap()), (200, media), "{path}");
        }
        let page = router.clone().oneshot(knock(&Method::GET, "/api/docs")).await.unwrap();
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"));
        let page = body(page).await;
        assert!(!page.contains("<script") && !page.contains("http"), "the page fetches nothing from elsewhere");
        let document: Value = serde_json::from_str(&body(router.oneshot(knock(&Method::GET, "/api/v1/openapi.json")).await.unwrap()).await).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(page.contains(path), "{path}");
        }
    }
);
