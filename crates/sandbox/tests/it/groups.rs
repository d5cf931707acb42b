//! Groups and their members.

use keywright_sandbox::Edit;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ask, org};

#[tokio::test]
async fn stamps_move_as_okta_moves_them() {
    let org = org(1, 0).await;
    org.freeze_clock(true);
    let body = json!({ "profile": { "name": "Navy", "description": null } });
    let (_, group) = ask(&org, Method::POST, "/api/v1/groups", Some(body)).await;
    let path = format!("/api/v1/groups/{}", group["id"].as_str().unwrap());
    let (_, users) = ask(&org, Method::GET, "/api/v1/users", None).await;
    let user = users[1]["id"].as_str().unwrap().to_owned();
    let stamps = async || {
        let group = ask(&org, Method::GET, &path, None).await.1;
        [
            group["lastUpdated"].clone(),
            group["lastMembershipUpdated"].clone(),
        ]
    };
    let first = stamps().await;
    assert!(first[0].as_str().unwrap().contains(".000Z"));
    org.advance_clock_ms(2000);
    assert_eq!(
        ask(&org, Method::PUT, &format!("{path}/users/{user}"), None).await,
        (204, Value::Null)
    );
    let joined = stamps().await;
    assert_eq!(joined[0], first[0]);
    assert!(joined[1].as_str() > first[1].as_str());
    org.advance_clock_ms(2000);
    ask(&org, Method::PUT, &format!("{path}/users/{user}"), None).await;
    assert_eq!(stamps().await, joined, "already a member");
    ask(
        &org,
        Method::PUT,
        &path,
        Some(json!({ "profile": { "name": "Fleet" } })),
    )
    .await;
    let renamed = stamps().await;
    assert!(renamed[0].as_str() > joined[0].as_str());
    assert_eq!(renamed[1], joined[1]);
    org.advance_clock_ms(2000);
    assert_eq!(
        ask(&org, Method::DELETE, &format!("{path}/users/{user}"), None)
            .await
            .0,
        204
    );
    assert!(stamps().await[1].as_str() > renamed[1].as_str());
}

#[tokio::test]
async fn everyone_is_built_in() {
    let org = org(3, 0).await;
    let (_, groups) = ask(&org, Method::GET, "/api/v1/groups", None).await;
    let everyone = &groups[0];
    assert_eq!(
        (&everyone["type"], &everyone["profile"]["name"]),
        (&json!("BUILT_IN"), &json!("Everyone"))
    );
    let path = format!("/api/v1/groups/{}", everyone["id"].as_str().unwrap());
    let (_, members) = ask(&org, Method::GET, &format!("{path}/users"), None).await;
    assert_eq!(members.as_array().unwrap().len(), 4);
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 403);
    let (_, mine) = ask(&org, Method::GET, "/api/v1/users/me/groups", None).await;
    assert_eq!(mine.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn lists_are_found_and_counted() {
    let org = org(40, 25).await;
    for (query, want) in [
        ("q=Eng", 2),
        ("q=Eng&limit=1", 1),
        ("filter=type eq \"BUILT_IN\"", 1),
        ("filter=lastUpdated gt \"2020-01-01T00:00:00.000Z\"", 26),
        ("search=profile.name eq \"engineering\"", 1),
        (
            "search=profile.name co \"Amsterdam\"&sortBy=profile.name",
            5,
        ),
    ] {
        let (_, found) = ask(&org, Method::GET, &format!("/api/v1/groups?{query}"), None).await;
        assert_eq!(
            found.as_array().map(Vec::len),
            Some(want),
            "{query} {found}"
        );
    }
    let (_, counted) = ask(
        &org,
        Method::GET,
        "/api/v1/groups?expand=stats&q=Everyone",
        None,
    )
    .await;
    assert_eq!(counted[0]["_embedded"]["stats"]["usersCount"], 41);
    let (status, refused) = ask(
        &org,
        Method::POST,
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "Sales" } })),
    )
    .await;
    assert_eq!(
        (status, refused["errorCode"].as_str()),
        (400, Some("E0000001"))
    );
}

#[tokio::test]
async fn a_deleted_group_leaves_nothing_behind() {
    let org = org(10, 1).await;
    org.edit(&[Edit::Join {
        group: "Engineering".to_owned(),
        users: vec!["ada.admin@acme.example".to_owned()],
    }])
    .unwrap();
    let (_, mine) = ask(&org, Method::GET, "/api/v1/users/me/groups", None).await;
    assert_eq!(mine.as_array().unwrap().len(), 2);
    let path = format!("/api/v1/groups/{}", mine[1]["id"].as_str().unwrap());
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    let (_, mine) = ask(&org, Method::GET, "/api/v1/users/me/groups", None).await;
    assert_eq!(mine.as_array().unwrap().len(), 1);
    let (status, refused) = ask(&org, Method::GET, &path, None).await;
    assert_eq!(status, 404);
    assert!(
        refused["errorSummary"]
            .as_str()
            .unwrap()
            .ends_with("(UserGroup)")
    );
}
