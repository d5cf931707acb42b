//! The pages under `/_sandbox/`: what they show, and what they refuse.

use reqwest::{Method, redirect};
use serde_json::{Value, json};

use crate::client::{ask, call, http, org};

async fn page(url: String) -> (u16, String) {
    let answer = http().get(url).send().await.unwrap();
    let status = answer.status().as_u16();
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'"),
        "{policy}"
    );
    let text = answer.text().await.unwrap();
    for never in ["<script", " style=", "onclick", "http-equiv", "//cdn"] {
        assert!(!text.contains(never), "{never}");
    }
    assert_eq!(text.matches("<h1>").count(), 1);
    (status, text)
}

#[tokio::test]
async fn every_page_shows_what_it_is_for() {
    let org = org(120, 8).await;
    let url = |path: &str| format!("{}/_sandbox/{path}", org.url());
    let (_, people) = ask(&org, Method::GET, "/api/v1/users?limit=2", None).await;
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups", None).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (person, group) = (&people[1], &groups[1]);
    let suspend = format!("/api/v1/users/{}/lifecycle/suspend", text(&person["id"]));
    assert_eq!(ask(&org, Method::POST, &suspend, None).await.0, 200);
    ask(&org, Method::GET, "/api/v1/nothing", None).await;
    for (path, wanted) in [
        (
            "",
            vec![
                "121",
                "How clients come in",
                org.api_token(),
                "Back to the start",
            ],
        ),
        (
            "view/people",
            vec!["1 to 50 of 121", "page 1 of 3", "Next page", "Suspended"],
        ),
        ("view/people?page=3", vec!["101 to 121 of 121"]),
        ("view/people?status=SUSPENDED", vec!["1 to 1 of 1"]),
        ("view/people?q=nobody+at+all", vec!["Nobody fits"]),
        ("view/groups", vec!["Everyone", "1 to 9 of 9", "BUILT_IN"]),
        (
            "view/apps",
            vec!["Keywright OAuth", "Keywright DPoP", "OPENID_CONNECT"],
        ),
        (
            "view/log",
            vec!["Suspend Okta user", "user.lifecycle.suspend"],
        ),
        ("view/log?q=lifecycle.suspend", vec!["1 to 1 of 1"]),
        (
            "view/requests",
            vec!["/api/v1/nothing", "404", "Calls by path"],
        ),
        ("view/requests?q=404", vec!["1 to 1 of 1"]),
        ("view/faults", vec!["No rule", "Add a rule"]),
        (
            &format!("view/people/{}", text(&person["id"])),
            vec![&text(&person["profile"]["login"]), "As the API gives it"],
        ),
        (
            &format!("view/groups/{}", text(&group["id"])),
            vec![&text(&group["profile"]["name"]), "Members"],
        ),
        (
            &format!("view/apps/{}", org.dpop().client_id),
            vec!["Granted scopes", "okta.users.read", "Super Administrator"],
        ),
    ] {
        let (status, shown) = page(url(path)).await;
        assert_eq!(status, 200, "{path}");
        for part in wanted {
            assert!(shown.contains(part), "{path} lacks {part}: {shown}");
        }
    }
    for path in [
        "view/nothing",
        "view/people/00unobody",
        "view/groups/x",
        "view/apps/x",
    ] {
        assert_eq!(page(url(path)).await.0, 404, "{path}");
    }
    for asset in ["keywright.css", "icons.svg", "logo.svg"] {
        let answer = http()
            .get(url(&format!("assets/{asset}")))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{asset}");
    }
    // What pages ask for is no call of a client.
    assert!(
        !org.requests()
            .counts
            .keys()
            .any(|name| name.contains("_sandbox"))
    );
}

#[tokio::test]
async fn what_people_wrote_is_text() {
    let org = org(0, 0).await;
    let profile = json!({ "firstName": "<script>alert(1)</script>", "lastName": "\"><b>", "login": "evil@acme.example", "email": "evil@acme.example" });
    let (status, made) = ask(
        &org,
        Method::POST,
        "/api/v1/users",
        Some(json!({ "profile": profile })),
    )
    .await;
    assert_eq!(status, 200);
    for path in [
        "view/people".to_owned(),
        "view/log".to_owned(),
        format!("view/people/{}", made["id"].as_str().unwrap()),
        "view/people?q=%22%3E%3Cscript%3E".to_owned(),
    ] {
        let (_, shown) = page(format!("{}/_sandbox/{path}", org.url())).await;
        assert!(!shown.contains("<b>"), "{path}");
    }
}

#[tokio::test]
async fn forms_act_and_strangers_forms_do_not() {
    let org = org(3, 1).await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let post = |path: &str, site: &str, form: &[(&str, &str)]| {
        let url = format!("{}/_sandbox/view/{path}", org.url());
        let call = client.post(url).header("sec-fetch-site", site).form(form);
        async move { call.send().await.unwrap() }
    };
    let rule = [
        ("method", "GET"),
        ("path", "/api/v1/users*"),
        ("effect", "503"),
        ("nth", "1"),
        ("times", "1"),
    ];
    assert_eq!(post("faults/add", "cross-site", &rule).await.status(), 403);
    assert_eq!(post("faults/add", "same-site", &rule).await.status(), 403);
    assert_eq!(post("reset", "cross-site", &[]).await.status(), 403);
    let done = post("faults/add", "same-origin", &rule).await;
    assert_eq!(
        (done.status().as_u16(), &done.headers()["location"]),
        (303, &"/_sandbox/view/faults".parse().unwrap())
    );
    let (_, shown) = page(format!("{}/_sandbox/view/faults", org.url())).await;
    assert!(shown.contains("GET /api/v1/users*") && shown.contains("number 1"));
    assert_eq!(
        call(&org, Method::GET, "/api/v1/users")
            .send()
            .await
            .unwrap()
            .status(),
        503
    );
    assert_eq!(
        call(&org, Method::GET, "/api/v1/users")
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(post("faults/clear", "same-origin", &[]).await.status(), 303);
    let wrong = [
        ("path", "users"),
        ("effect", "503"),
        ("nth", "1"),
        ("times", "1"),
    ];
    let refused = post("faults/add", "same-origin", &wrong).await;
    assert_eq!(refused.status(), 400);
    assert!(
        refused
            .text()
            .await
            .unwrap()
            .contains("A path begins with / or *.")
    );
    ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "New" } })),
    )
    .await;
    assert_eq!(post("reset", "same-origin", &[]).await.status(), 303);
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups", None).await;
    assert_eq!(groups.as_array().unwrap().len(), 2);
}
