//! State file, several orgs, certificates: what a sandbox is beside an org.

use keywright_sandbox::{Sandbox, SandboxOptions, StartError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, http};

fn options() -> SandboxOptions {
    let mut options = SandboxOptions::default();
    (options.people, options.groups, options.rate_limits) = (30, 4, false);
    options
}

/// Everything that clients can see of an org.
async fn whole(org: &Sandbox) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/api/v1/users",
        "/api/v1/groups",
        "/api/v1/apps",
        "/api/v1/groups/rules",
        "/api/v1/policies?type=OKTA_SIGN_ON",
        "/api/v1/meta/schemas/user/default",
        "/api/v1/logs",
        "/api/v1/authenticators",
        "/api/v1/users/me/roles",
    ] {
        let (status, body) = ask(org, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        let text = body.to_string().replace(&org.url(), "URL");
        seen.push(serde_json::from_str(&text).unwrap());
    }
    let (_, groups) = ask(org, Method::GET, "/api/v1/groups", None).await;
    for group in groups.as_array().unwrap() {
        let path = format!("/api/v1/groups/{}/users", group["id"].as_str().unwrap());
        let (_, members) = ask(org, Method::GET, &path, None).await;
        let ids: Vec<_> = members
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["id"].clone())
            .collect();
        seen.push(ids.into());
    }
    seen
}

#[tokio::test]
async fn the_state_outlives_the_process() {
    let place = tempfile::tempdir().unwrap();
    let mut options = options();
    options.state = Some(place.path().join("org.json"));
    options.orgs = vec!["acme".to_owned()];
    let org = Sandbox::start(options.clone()).await.unwrap();
    let group = json!({ "profile": { "name": "Kept" } });
    let (_, group) = ask(&org, Method::POST, "/api/v1/groups", Some(group)).await;
    let (_, people) = ask(&org, Method::GET, "/api/v1/users?limit=3", None).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let put = format!("/api/v1/groups/{}/users/{}", id(&group), id(&people[1]));
    assert_eq!(ask(&org, Method::PUT, &put, None).await.0, 204);
    let gone = format!("/api/v1/users/{}", id(&people[2]));
    for _ in 0..2 {
        assert_eq!(ask(&org, Method::DELETE, &gone, None).await.0, 204);
    }
    let keys = |url: String| async move {
        let answer = http()
            .get(format!("{url}/oauth2/v1/keys"))
            .send()
            .await
            .unwrap();
        answer.json::<Value>().await.unwrap()
    };
    let signing = keys(org.url()).await;
    org.freeze_clock(true);
    org.advance_clock_ms(86_400_000);
    let (before, at, places) = (whole(&org).await, org.clock_ms(), org.orgs());
    org.stop().await;

    options.people = 0;
    let org = Sandbox::start(options).await.unwrap();
    assert_eq!(whole(&org).await, before);
    assert_eq!(org.clock_ms(), at);
    assert_eq!(org.orgs().len(), 2);
    for (now, then) in org.orgs().iter().zip(&places) {
        assert_eq!(
            (&now.name, &now.credentials),
            (&then.name, &then.credentials)
        );
    }
    assert_eq!(keys(org.url()).await, signing);
    let (_, made) = ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "Next" } })),
    )
    .await;
    assert!(id(&made) > id(&group), "serials go on");
    assert_eq!(ask(&org, Method::GET, &gone, None).await.0, 404);
}

#[tokio::test]
async fn reset_goes_back_to_the_state_at_start() {
    let place = tempfile::tempdir().unwrap();
    let mut options = options();
    options.state = Some(place.path().join("org.json"));
    let org = Sandbox::start(options.clone()).await.unwrap();
    ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "Kept" } })),
    )
    .await;
    org.stop().await;
    let org = Sandbox::start(options).await.unwrap();
    let before = whole(&org).await;
    ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "Gone" } })),
    )
    .await;
    org.reset();
    assert_eq!(whole(&org).await, before);
}

#[tokio::test]
async fn a_state_file_belongs_to_one_sandbox_and_has_a_form() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("org.json");
    let mut options = options();
    options.state = Some(path.clone());
    let org = Sandbox::start(options.clone()).await.unwrap();
    let second = Sandbox::start(options.clone()).await;
    assert!(
        matches!(second, Err(StartError::InUse { .. })),
        "{second:?}"
    );
    org.stop().await;

    for (text, why) in [
        (
            r#"{"keywright_sandbox":99,"orgs":{}}"#,
            "it has form 99, this program writes form 1",
        ),
        (
            r#"{"keywright_sandbox":99,"other":{}}"#,
            "it has form 99, this program writes form 1",
        ),
        ("{", "EOF while parsing an object at line 1 column 1"),
    ] {
        std::fs::write(&path, text).unwrap();
        match Sandbox::start(options.clone()).await {
            Err(StartError::State { why: said, .. }) => assert_eq!(said, why),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn several_orgs_know_nothing_of_each_other() {
    let mut options = options();
    options.orgs = vec!["acme".to_owned(), "globex".to_owned()];
    let org = Sandbox::start(options).await.unwrap();
    let places = org.orgs();
    let names: Vec<_> = places.iter().map(|place| &*place.name).collect();
    assert_eq!(names, ["org", "acme", "globex"]);
    let acme = &places[1];
    let ask_at = |url: String, host: Option<&str>, token: &str| {
        let mut call = http()
            .get(format!("{url}/api/v1/users?limit=1"))
            .header("authorization", format!("SSWS {token}"));
        if let Some(host) = host {
            call = call.header("host", host);
        }
        async move {
            let answer = call.send().await.unwrap();
            let next = crate::client::link(&answer, "next").unwrap_or_default();
            (
                answer.status().as_u16(),
                next,
                answer.json::<Value>().await.unwrap(),
            )
        }
    };
    let own = ask_at(acme.url.clone(), None, &acme.credentials.api_token).await;
    assert_eq!(own.0, 200);
    assert!(own.1.starts_with(&acme.url));
    // The same org by its host name, on the port of the first one.
    let host = acme.host_url.strip_prefix("http://").unwrap();
    let by_name = ask_at(org.url(), Some(host), &acme.credentials.api_token).await;
    assert_eq!((by_name.0, &by_name.2[0]["id"]), (200, &own.2[0]["id"]));
    assert!(by_name.1.starts_with(&acme.host_url), "{}", by_name.1);
    // Another org's token is nothing there, nor is its people's id.
    assert_eq!(ask_at(acme.url.clone(), None, org.api_token()).await.0, 401);
    let path = format!("/api/v1/users/{}", own.2[0]["id"].as_str().unwrap());
    assert_eq!(ask(&org, Method::GET, &path, None).await.0, 404);
    let unknown = ask_at(org.url(), Some("nobody.localhost"), org.api_token()).await;
    assert_eq!(
        (unknown.0, unknown.2),
        (
            404,
            json!({ "error": "there is no org `nobody` here; POST /_sandbox/orgs makes one" })
        )
    );
}

#[tokio::test]
async fn orgs_come_and_go_while_it_runs() {
    let org = Sandbox::start(options()).await.unwrap();
    let control = |method: Method, path: &str, body: Value| {
        let call = http()
            .request(method, format!("{}/_sandbox/{path}", org.url()))
            .json(&body);
        async move {
            let answer = call.send().await.unwrap();
            (
                answer.status().as_u16(),
                answer.json::<Value>().await.unwrap(),
            )
        }
    };
    let (status, made) = control(Method::POST, "orgs", json!({ "people": 3, "groups": 1 })).await;
    assert_eq!((status, &made["name"]), (200, &json!("org-2")));
    let (url, token) = (
        made["url"].as_str().unwrap(),
        made["api_token"].as_str().unwrap(),
    );
    let people = || {
        http()
            .get(format!("{url}/api/v1/users"))
            .header("authorization", format!("SSWS {token}"))
            .send()
    };
    assert_eq!(
        people()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        4
    );
    for (name, why) in [
        ("org-2", "there is one already"),
        ("org", "the first org has this name"),
        (
            "Big",
            "a name has 1 to 40 small letters, digits and hyphens",
        ),
        ("-a", "a name begins and ends with a letter or digit"),
    ] {
        let (status, said) = control(Method::POST, "orgs", json!({ "name": name })).await;
        assert_eq!(
            (status, said),
            (
                400,
                json!({ "error": format!("`{name}` cannot be the name of an org: {why}") })
            )
        );
    }
    let (_, list) = control(Method::GET, "orgs", json!({})).await;
    assert_eq!(list["orgs"].as_array().unwrap().len(), 2);
    assert_eq!(
        control(Method::GET, "health", json!({})).await.1,
        json!({ "status": "ok", "orgs": 2, "state": null })
    );
    assert_eq!(
        control(Method::DELETE, "orgs/org-2", json!({})).await.0,
        200
    );
    assert_eq!(
        control(Method::DELETE, "orgs/org-2", json!({})).await.0,
        404
    );
    assert_eq!(
        control(Method::GET, "orgs", json!({})).await.1["orgs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_gets_in() {
    let place = tempfile::tempdir().unwrap();
    let mut options = options();
    (options.tls, options.tls_cert_out) = (true, Some(place.path().join("org.pem")));
    options.orgs = vec!["acme".to_owned()];
    let org = Sandbox::start(options).await.unwrap();
    let pem = std::fs::read(place.path().join("org.pem")).unwrap();
    let trusting = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .resolve("acme.localhost", org.address())
        .build()
        .unwrap();
    let port = org.address().port();
    for base in [
        org.url(),
        format!("https://localhost:{port}"),
        format!("https://acme.localhost:{port}"),
    ] {
        let answer = trusting
            .get(format!("{base}/_sandbox/certificate"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.bytes().await.unwrap(), pem, "{base}");
    }
    assert!(
        http().get(org.url()).send().await.is_err(),
        "who does not trust it stays out"
    );
}
