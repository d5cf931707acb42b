//! Pages, links, rate limits and errors of the edge.

use keywright_sandbox::{Sandbox, SandboxOptions};
use reqwest::Method;
use serde_json::Value;

use crate::client::{ask, call, http, link, org};

async fn walk(org: &Sandbox, first: &str) -> (usize, Vec<String>) {
    let (mut pages, mut ids) = (0, Vec::new());
    let mut next = Some(first.to_owned());
    while let Some(url) = next {
        let answer = call(org, Method::GET, &url).send().await.unwrap();
        next = link(&answer, "next");
        let body: Value = answer.json().await.unwrap();
        ids.extend(
            body.as_array()
                .unwrap()
                .iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
    }
    (pages, ids)
}

#[tokio::test]
async fn pages_hold_everything_once() {
    let org = org(450, 30).await;
    for (first, want_pages, want) in [
        ("/api/v1/users?limit=200", 3, 451),
        (
            "/api/v1/users?search=status eq \"ACTIVE\"&limit=100",
            5,
            451,
        ),
        (
            "/api/v1/users?search=status eq \"ACTIVE\"&limit=100&sortBy=profile.lastName",
            5,
            451,
        ),
        ("/api/v1/groups?limit=31", 1, 31),
        ("/api/v1/groups?limit=10", 4, 31),
    ] {
        let (pages, mut ids) = walk(&org, first).await;
        ids.sort();
        ids.dedup();
        assert_eq!((pages, ids.len()), (want_pages, want), "{first}");
    }
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups?q=Everyone", None).await;
    let path = format!("/api/v1/groups/{}/users", groups[0]["id"].as_str().unwrap());
    let (pages, ids) = walk(&org, &format!("{path}?limit=200")).await;
    assert_eq!((pages, ids.len()), (3, 451));
}

#[tokio::test]
async fn links_are_absolute_and_show_the_effective_limit() {
    let org = org(0, 3).await;
    for (path, want) in [
        ("/api/v1/users", "/api/v1/users?limit=200"),
        (
            "/api/v1/users?filter=status%20eq%20%22ACTIVE%22&x=1",
            "/api/v1/users?limit=200&filter=status+eq+%22ACTIVE%22",
        ),
        ("/api/v1/groups", "/api/v1/groups?limit=10000"),
        ("/api/v1/groups?limit=20000", "/api/v1/groups?limit=10000"),
    ] {
        let answer = call(&org, Method::GET, path).send().await.unwrap();
        assert_eq!(
            link(&answer, "self").unwrap(),
            format!("{}{want}", org.url())
        );
        assert_eq!(link(&answer, "next"), None);
    }
    let answer = call(&org, Method::GET, "/api/v1/groups?q=Sales")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers().get("link"), None);
    let port = org.address().port();
    let answer = call(
        &org,
        Method::GET,
        &format!("http://localhost:{port}/api/v1/users"),
    )
    .send()
    .await
    .unwrap();
    assert!(
        link(&answer, "self")
            .unwrap()
            .starts_with(&format!("http://localhost:{port}/"))
    );
}

#[tokio::test]
async fn errors_of_the_edge() {
    let org = org(0, 0).await;
    let get = |path: &str| http().get(format!("{}{path}", org.url()));
    let right = format!("SSWS {}", org.api_token());
    for (request, status, code) in [
        (get("/api/v1/users"), 403, "E0000005"),
        (
            get("/api/v1/users").header("authorization", "SSWS wrong"),
            401,
            "E0000011",
        ),
        (
            get("/api/v1/nothing").header("authorization", &right),
            404,
            "E0000008",
        ),
        (
            http()
                .patch(format!("{}/api/v1/users", org.url()))
                .header("authorization", &right),
            405,
            "E0000022",
        ),
        (
            get("/api/v1/users")
                .header("authorization", &right)
                .header("accept", "application/xml"),
            400,
            "E0000019",
        ),
        (
            http()
                .post(format!("{}/api/v1/groups", org.url()))
                .header("authorization", &right)
                .header("content-type", "text/plain")
                .body("x"),
            400,
            "E0000021",
        ),
        (
            http()
                .post(format!("{}/api/v1/groups", org.url()))
                .header("authorization", &right)
                .header("content-type", "application/json")
                .body("{"),
            400,
            "E0000003",
        ),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(answer.headers().contains_key("x-okta-request-id"));
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errorCode"], code);
        assert_eq!(body["errorLink"], code);
        assert!(
            body["errorId"].as_str().unwrap().starts_with("oae") && body["errorCauses"].is_array()
        );
    }
}

#[tokio::test]
async fn a_caller_may_use_half_of_a_bucket() {
    let mut options = SandboxOptions::default();
    options.rate_limits = true;
    let org = crate::judge::watched::Watched::start(options).await;
    org.freeze_clock(true);
    assert!(org.set_rate_limit("groups", 4));
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = call(&org, Method::GET, "/api/v1/groups")
            .send()
            .await
            .unwrap();
        let header = |name: &str| {
            answer.headers()[name]
                .to_str()
                .unwrap()
                .parse::<i64>()
                .unwrap()
        };
        seen.push((
            answer.status().as_u16(),
            header("x-rate-limit-limit"),
            header("x-rate-limit-remaining"),
        ));
        assert_eq!(header("x-rate-limit-reset"), org.clock_ms() / 1000 + 60);
        assert_eq!(answer.headers().get("retry-after"), None);
    }
    assert_eq!(seen, [(200, 2, 1), (200, 2, 0), (429, 2, 0)]);
    let (_, fail) = ask(&org, Method::GET, "/api/v1/groups", None).await;
    assert_eq!(fail["errorCode"], "E0000047");
    org.advance_clock_ms(60_000);
    assert_eq!(ask(&org, Method::GET, "/api/v1/groups", None).await.0, 200);
}

#[tokio::test]
async fn a_token_that_revoked_itself_is_dead() {
    let org = org(0, 0).await;
    assert_eq!(
        ask(&org, Method::DELETE, "/api/v1/api-tokens/current", None)
            .await
            .0,
        204
    );
    let (status, fail) = ask(&org, Method::GET, "/api/v1/users/me", None).await;
    assert_eq!(
        (status, fail["errorCode"].as_str()),
        (401, Some("E0000011"))
    );
    org.reset();
    assert_eq!(
        ask(&org, Method::GET, "/api/v1/users/me", None).await.0,
        200
    );
}

#[tokio::test]
async fn https_with_a_certificate_of_its_own() {
    let mut options = SandboxOptions::default();
    options.tls = true;
    let org = crate::judge::watched::Watched::start(options).await;
    let certificate =
        reqwest::Certificate::from_pem(org.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([certificate])
        .build()
        .unwrap();
    let port = org.address().port();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}/.well-known/okta-organization");
        let body: Value = client.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(
            body["_links"]["organization"]["href"],
            format!("https://{host}:{port}")
        );
    }
}
