//! Users: creation, lifecycle, lists.

use reqwest::Method;
use serde_json::json;

use crate::client::{ask, call, org};

fn profile(login: &str) -> serde_json::Value {
    json!({ "profile": { "firstName": "Grace", "lastName": "Hopper", "email": login, "login": login } })
}

#[tokio::test]
async fn creation_decides_the_status_by_password_and_activation() {
    let org = org(0, 0).await;
    for (at, (query, password, want)) in [
        ("activate=false", false, "STAGED"),
        ("", false, "PROVISIONED"),
        ("activate=true", true, "ACTIVE"),
        ("activate=false", true, "STAGED"),
        (
            "activate=true&nextLogin=changePassword",
            true,
            "PASSWORD_EXPIRED",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut body = profile(&format!("grace{at}@example.com"));
        if password {
            body["credentials"] = json!({ "password": { "value": "Correct-Horse-1" } });
        }
        let (status, user) = ask(
            &org,
            Method::POST,
            &format!("/api/v1/users?{query}"),
            Some(body),
        )
        .await;
        assert_eq!(
            (status, user["status"].as_str()),
            (200, Some(want)),
            "{query} {password}"
        );
        assert_eq!(user["credentials"].get("password").is_some(), password);
        assert_eq!(user["profile"]["mobilePhone"], json!(null));
    }
}

#[tokio::test]
async fn a_user_is_deactivated_and_then_deleted() {
    let org = org(0, 0).await;
    let (_, user) = ask(
        &org,
        Method::POST,
        "/api/v1/users",
        Some(profile("grace@example.com")),
    )
    .await;
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    assert_eq!(
        ask(&org, Method::GET, &path, None).await.1["status"],
        "DEPROVISIONED"
    );
    let (_, listed) = ask(
        &org,
        Method::GET,
        "/api/v1/users?filter=status%20eq%20%22DEPROVISIONED%22",
        None,
    )
    .await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let (_, plain) = ask(&org, Method::GET, "/api/v1/users", None).await;
    assert_eq!(plain.as_array().unwrap().len(), 1, "only the administrator");
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    let (status, gone) = ask(&org, Method::GET, &path, None).await;
    assert_eq!(
        (status, gone["errorCode"].as_str()),
        (404, Some("E0000007"))
    );
    assert_eq!(
        gone["errorSummary"],
        format!(
            "Not found: Resource not found: {} (User)",
            user["id"].as_str().unwrap()
        )
    );
}

#[tokio::test]
async fn what_a_profile_may_hold() {
    let org = org(0, 0).await;
    let mut unknown = profile("grace@example.com");
    unknown["profile"]["rank"] = "admiral".into();
    let (status, fail) = ask(&org, Method::POST, "/api/v1/users", Some(unknown)).await;
    assert_eq!(
        (status, fail["errorCode"].as_str()),
        (400, Some("E0000001"))
    );
    assert_eq!(
        fail["errorCauses"],
        json!([{ "errorSummary": "Property name 'rank' is not defined in profile" }])
    );
    assert_eq!(
        ask(
            &org,
            Method::POST,
            "/api/v1/users",
            Some(profile("grace@example.com"))
        )
        .await
        .0,
        200
    );
    let (status, fail) = ask(
        &org,
        Method::POST,
        "/api/v1/users",
        Some(profile("GRACE@example.com")),
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(
        fail["errorCauses"][0]["errorSummary"],
        "login: An object with this field already exists in the current organization"
    );
    let (status, fail) = ask(
        &org,
        Method::POST,
        "/api/v1/users",
        Some(json!({ "profile": { "login": "x@example.com" } })),
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(fail["errorCauses"].as_array().unwrap().len(), 3, "{fail}");
}

#[tokio::test]
async fn post_changes_some_members_and_put_all() {
    let org = org(0, 0).await;
    let mut body = profile("grace@example.com");
    body["profile"]["nickName"] = "Amazing".into();
    let (_, user) = ask(&org, Method::POST, "/api/v1/users", Some(body)).await;
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let (_, user) = ask(
        &org,
        Method::POST,
        &path,
        Some(json!({ "profile": { "title": "Admiral" } })),
    )
    .await;
    assert_eq!(
        (&user["profile"]["nickName"], &user["profile"]["title"]),
        (&json!("Amazing"), &json!("Admiral"))
    );
    let (_, user) = ask(
        &org,
        Method::PUT,
        &path,
        Some(profile("hopper@example.com")),
    )
    .await;
    assert_eq!(
        (
            user["profile"].get("nickName"),
            user["profile"].get("title")
        ),
        (None, None)
    );
    assert_eq!(
        ask(&org, Method::GET, "/api/v1/users/hopper@example.com", None)
            .await
            .0,
        200
    );
    assert_eq!(
        ask(&org, Method::GET, "/api/v1/users/grace@example.com", None)
            .await
            .0,
        404
    );
    assert_eq!(
        ask(&org, Method::GET, "/api/v1/users/hopper", None).await.0,
        200,
        "by the short name"
    );
}

#[tokio::test]
async fn an_old_etag_is_refused() {
    let org = org(0, 0).await;
    let (_, user) = ask(
        &org,
        Method::POST,
        "/api/v1/users",
        Some(profile("grace@example.com")),
    )
    .await;
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let answer = call(&org, Method::GET, &path).send().await.unwrap();
    let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
    assert!(tag.starts_with("W/\"") && tag.len() == 68, "{tag}");
    let change = |tag: &str| {
        call(&org, Method::POST, &path)
            .header("if-match", tag)
            .json(&json!({ "profile": { "title": "A" } }))
    };
    assert_eq!(change(&tag).send().await.unwrap().status(), 200);
    assert_eq!(change(&tag).send().await.unwrap().status(), 412);
}

#[tokio::test]
async fn lists_are_found_by_q_filter_and_search() {
    let org = org(50, 3).await;
    let (_, all) = ask(&org, Method::GET, "/api/v1/users", None).await;
    assert_eq!(all.as_array().unwrap().len(), 51);
    let one = &all[7]["profile"];
    let login = one["login"].as_str().unwrap();
    for query in [
        format!("filter=profile.login eq \"{login}\""),
        format!("search=profile.login eq \"{}\"", login.to_uppercase()),
        format!("q={login}"),
        format!(
            "search=profile.lastName eq \"{}\" and profile.email sw \"{login}\"",
            one["lastName"].as_str().unwrap()
        ),
    ] {
        let (_, found) = ask(&org, Method::GET, &format!("/api/v1/users?{query}"), None).await;
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{query}: {found}");
        assert_eq!(found[0]["profile"]["login"], login);
        let links: Vec<_> = found[0]["_links"].as_object().unwrap().keys().collect();
        assert_eq!(links, ["self"]);
    }
    let (_, sorted) = ask(
        &org,
        Method::GET,
        "/api/v1/users?search=status pr&sortBy=profile.lastName&sortOrder=desc",
        None,
    )
    .await;
    let names: Vec<_> = sorted
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["profile"]["lastName"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted_by(|a, b| a.to_lowercase() >= b.to_lowercase()));
    for (query, code) in [
        ("filter=status eqq \"x\"", "E0000053"),
        ("filter=profile.title eq \"x\"", "E0000053"),
        ("search=(status eq", "E0000031"),
        ("search=status pr&filter=status eq \"ACTIVE\"", "E0000033"),
        ("limit=0", "E0000001"),
    ] {
        let (status, fail) = ask(&org, Method::GET, &format!("/api/v1/users?{query}"), None).await;
        assert_eq!(
            (status, fail["errorCode"].as_str()),
            (400, Some(code)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn me_is_who_made_the_token() {
    let org = org(0, 0).await;
    let (_, me) = ask(&org, Method::GET, "/api/v1/users/me", None).await;
    assert_eq!(me["profile"]["firstName"], "Ada");
}

#[tokio::test]
async fn who_is_put_into_a_realm_shows_it_instead_of_mail_addresses() {
    let org = org(0, 0).await;
    let mut body = profile("realm@example.com");
    body["credentials"] = json!({ "password": { "value": "Correct-Horse-1" } });
    let (_, user) = ask(&org, Method::POST, "/api/v1/users", Some(body.clone())).await;
    assert_eq!(user.get("realmId"), None);
    assert_eq!(
        user["credentials"]["emails"][0]["value"],
        "realm@example.com"
    );
    body["realmId"] = json!("guo1111111111111111a");
    let here = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    ask(&org, Method::PUT, &here, Some(body)).await;
    let (_, user) = ask(&org, Method::GET, &here, None).await;
    assert_eq!(user["realmId"], "guo1111111111111111a");
    assert_eq!(user["credentials"].get("emails"), None);
}

#[tokio::test]
async fn a_classification_is_kept_and_what_nobody_has_is_empty() {
    let org = org(0, 0).await;
    let here = "/api/v1/users/me";
    let kind = format!("{here}/classification");
    assert_eq!(
        ask(&org, Method::GET, &kind, None).await.1["type"],
        "STANDARD"
    );
    let lite = ask(&org, Method::PUT, &kind, Some(json!({ "type": "LITE" })))
        .await
        .1;
    assert_eq!(lite["type"], "LITE");
    assert_eq!(ask(&org, Method::GET, &kind, None).await.1, lite);
    let wrong = ask(&org, Method::PUT, &kind, Some(json!({ "type": "HEAVY" }))).await;
    assert_eq!(wrong.0, 400);
    let client = org.oauth().client_id.clone();
    for empty in [
        format!("{here}/devices"),
        format!("{here}/clients/{client}/grants"),
    ] {
        assert_eq!(
            ask(&org, Method::GET, &empty, None).await,
            (200, json!([])),
            "{empty}"
        );
    }
    let none = ask(
        &org,
        Method::GET,
        &format!("{here}/grants/oag0000000000000000"),
        None,
    )
    .await;
    assert_eq!((none.0, &none.1["errorCode"]), (404, &json!("E0000007")));
}
