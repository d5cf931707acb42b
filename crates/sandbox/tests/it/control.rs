//! Controls: reset, requests, faults, clock, people.

use std::collections::HashMap;

use keywright_sandbox::{Edit, EditError, Effect, Fault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, call, http, link, org};

#[tokio::test]
async fn reset_brings_the_start_back() {
    let org = org(20, 2).await;
    let before = ask(&org, Method::GET, "/api/v1/users", None).await;
    ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "New" } })),
    )
    .await;
    let user = before.1[3]["id"].as_str().unwrap();
    ask(
        &org,
        Method::POST,
        &format!("/api/v1/users/{user}/lifecycle/suspend"),
        None,
    )
    .await;
    org.advance_clock_ms(86_400_000);
    assert_eq!(
        http()
            .post(format!("{}/_sandbox/reset", org.url()))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(ask(&org, Method::GET, "/api/v1/users", None).await, before);
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups", None).await;
    assert_eq!(groups.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn calls_are_counted_by_template() {
    let org = org(1, 1).await;
    ask(&org, Method::GET, "/api/v1/users/me", None).await;
    ask(&org, Method::GET, "/api/v1/users/unknown", None).await;
    ask(&org, Method::GET, "/api/v1/groups?limit=1", None).await;
    let requests = org.requests();
    assert_eq!(
        (
            requests.total,
            requests.of("GET", "/api/v1/users/{id}"),
            requests.of("GET", "/api/v1/groups")
        ),
        (3, 2, 1)
    );
    let body: Value = http()
        .get(format!("{}/_sandbox/requests", org.url()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["counts"]["GET /api/v1/users/{id}"], 2);
    assert_eq!(body["requests"][1]["status"], 404);
    org.clear_requests();
    assert_eq!(org.requests().total, 0);
}

#[tokio::test]
async fn faults_spoil_answers() {
    let org = org(30, 0).await;
    let list = "/api/v1/users?limit=10";
    let answer = |status, body| Effect::Answer {
        status,
        body,
        headers: HashMap::new(),
    };
    org.fault(
        Fault::new(
            "GET",
            "/api/v1/users",
            answer(502, Some(json!("<html>bad gateway</html>"))),
        )
        .nth(2),
    );
    assert_eq!(ask(&org, Method::GET, list, None).await.0, 200);
    assert_eq!(ask(&org, Method::GET, list, None).await.0, 502);
    assert_eq!(ask(&org, Method::GET, list, None).await.0, 200);
    org.clear_faults();

    let once = |effect| org.fault(Fault::new("GET", "/api/v1/users", effect));
    once(Effect::EmptyList);
    let empty = call(&org, Method::GET, list).send().await.unwrap();
    assert_eq!(link(&empty, "next"), None);
    assert_eq!(empty.text().await.unwrap(), "[]");
    once(Effect::Cut(0.5));
    assert!(
        call(&org, Method::GET, list)
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .is_err()
    );
    once(Effect::MalformedJson);
    assert!(
        call(&org, Method::GET, list)
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .is_err()
    );
    once(Effect::NextOrigin("https://evil.example".to_owned()));
    let elsewhere = call(&org, Method::GET, list).send().await.unwrap();
    assert!(
        link(&elsewhere, "next")
            .unwrap()
            .starts_with("https://evil.example/api/v1/users?after=")
    );
    once(Effect::Hangup);
    let gone = call(&org, Method::GET, list).send().await;
    assert!(gone.is_err() || gone.unwrap().bytes().await.is_err());
    once(Effect::NoNext);
    assert_eq!(
        link(&call(&org, Method::GET, list).send().await.unwrap(), "next"),
        None
    );
    assert_eq!(
        ask(&org, Method::GET, list, None).await.0,
        200,
        "each struck once"
    );
}

#[tokio::test]
async fn a_page_can_come_again() {
    let org = org(30, 0).await;
    let first = call(&org, Method::GET, "/api/v1/users?limit=10")
        .send()
        .await
        .unwrap();
    let next = link(&first, "next").unwrap();
    let first = first.text().await.unwrap();
    org.fault(Fault::new("GET", "/api/v1/users", Effect::RepeatPage).query("after="));
    let second = call(&org, Method::GET, &next).send().await.unwrap();
    assert_ne!(link(&second, "next").unwrap(), next);
    assert_eq!(second.text().await.unwrap(), first);
    org.fault(Fault::new("GET", "/api/v1/users", Effect::LoopNext).query("after="));
    assert_eq!(
        link(
            &call(&org, Method::GET, &next).send().await.unwrap(),
            "next"
        )
        .unwrap(),
        next
    );
}

#[tokio::test]
async fn a_dropped_write_changes_nothing() {
    let org = org(0, 0).await;
    let body = json!({ "method": "POST", "path": "/api/v1/groups", "effect": "drop_write" });
    let added = http()
        .post(format!("{}/_sandbox/faults", org.url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(added.status(), 200);
    let group = json!({ "profile": { "name": "Ghosts" } });
    let (status, made) = ask(&org, Method::POST, "/api/v1/groups", Some(group.clone())).await;
    assert_eq!((status, &made["profile"]["name"]), (200, &json!("Ghosts")));
    assert_eq!(
        ask(
            &org,
            Method::GET,
            &format!("/api/v1/groups/{}", made["id"].as_str().unwrap()),
            None
        )
        .await
        .0,
        404
    );
    assert_eq!(
        ask(&org, Method::POST, "/api/v1/groups", Some(group))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_rate_limit_can_last() {
    let org = org(0, 0).await;
    org.freeze_clock(true);
    org.fault(Fault::new(
        "GET",
        "/api/v1/groups",
        Effect::RateLimit { seconds: 60 },
    ));
    for _ in 0..2 {
        let answer = call(&org, Method::GET, "/api/v1/groups")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 429);
        let reset: i64 = answer.headers()["x-rate-limit-reset"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(reset, org.clock_ms() / 1000 + 60);
    }
    org.advance_clock_ms(60_000);
    assert_eq!(ask(&org, Method::GET, "/api/v1/groups", None).await.0, 200);
}

#[tokio::test]
async fn people_are_edited_quickly() {
    let org = org(2, 2).await;
    let text = |text: &str| text.to_owned();
    let (_, users) = ask(&org, Method::GET, "/api/v1/users", None).await;
    let login = |at: usize| text(users[at]["profile"]["login"].as_str().unwrap());
    let id = |at: usize| text(users[at]["id"].as_str().unwrap());
    org.edit(&[
        Edit::AddGroup {
            name: text("Navy"),
            description: None,
        },
        Edit::AddUser {
            login: text("grace@example.com"),
            first_name: text("Grace"),
            last_name: text("Hopper"),
            groups: vec![text("Navy")],
        },
        Edit::Join {
            group: text("Navy"),
            users: vec![login(1)],
        },
        Edit::SetStatus {
            user: text("grace@example.com"),
            status: text("SUSPENDED"),
        },
        Edit::SwapLogins {
            one: id(1),
            other: id(2),
        },
        Edit::RenameGroup {
            group: text("Navy"),
            name: text("Fleet"),
        },
    ])
    .unwrap();
    for (user, want) in [(1, 2), (2, 1)] {
        let (_, found) = ask(
            &org,
            Method::GET,
            &format!("/api/v1/users/{}", id(user)),
            None,
        )
        .await;
        assert_eq!(found["profile"]["login"], login(want).as_str());
        let (_, found) = ask(
            &org,
            Method::GET,
            &format!("/api/v1/users/{}", login(want)),
            None,
        )
        .await;
        assert_eq!(found["id"], id(user).as_str());
    }
    let (_, fleet) = ask(
        &org,
        Method::GET,
        "/api/v1/groups?q=Fleet&expand=stats",
        None,
    )
    .await;
    assert_eq!(fleet[0]["_embedded"]["stats"]["usersCount"], 2);
    let (_, grace) = ask(&org, Method::GET, "/api/v1/users/grace@example.com", None).await;
    assert_eq!(grace["status"], "SUSPENDED");
    let failed = org.edit(&[Edit::Leave {
        group: text("Nowhere"),
        users: vec![],
    }]);
    assert_eq!(failed, Err(EditError::NoGroup(text("Nowhere"))));
}

#[tokio::test]
async fn the_log_tells_of_each_change() {
    let org = org(1, 1).await;
    let (_, group) = ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "Navy" } })),
    )
    .await;
    let (_, me) = ask(&org, Method::GET, "/api/v1/users/me", None).await;
    let path = format!(
        "/api/v1/groups/{}/users/{}",
        group["id"].as_str().unwrap(),
        me["id"].as_str().unwrap()
    );
    ask(&org, Method::PUT, &path, None).await;
    let first = call(&org, Method::GET, "/api/v1/logs")
        .send()
        .await
        .unwrap();
    let next = link(&first, "next").expect("polling always leads on");
    let events: Value = first.json().await.unwrap();
    let types: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["eventType"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        ["group.lifecycle.create", "group.user_membership.add"]
    );
    let (_, nothing) = ask(&org, Method::GET, &next, None).await;
    assert_eq!(nothing, json!([]));
    ask(&org, Method::DELETE, &path, None).await;
    let (_, more) = ask(&org, Method::GET, &next, None).await;
    assert_eq!(more[0]["eventType"], "group.user_membership.remove");
    let query = format!(
        "/api/v1/logs?filter=target.id eq \"{}\"&sortOrder=DESCENDING",
        me["id"].as_str().unwrap()
    );
    let (_, found) = ask(&org, Method::GET, &query, None).await;
    assert_eq!(found.as_array().unwrap().len(), 2);
    let (status, fail) = ask(
        &org,
        Method::GET,
        "/api/v1/logs?filter=eventType eqq \"x\"",
        None,
    )
    .await;
    assert_eq!(
        (status, fail["errorCode"].as_str(), fail.get("errorLink")),
        (400, Some("E0000053"), None)
    );
}
