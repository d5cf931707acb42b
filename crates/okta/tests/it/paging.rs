//! Lists: to their end, and never short by accident.

use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use keywright_okta::{Error, GroupQuery, Limits, LogQuery, UserQuery};
use serde_json::{Value, json};

use crate::peer::{Peer, reply, user, with};

fn users(ids: &[&str]) -> Response<Body> {
    reply(200, &Value::Array(ids.iter().map(|id| user(id)).collect()))
}

fn next(response: Response<Body>, target: &str) -> Response<Body> {
    with(
        with(response, "link", "<http://self>; rel=\"self\""),
        "link",
        &format!("<{target}>; rel=\"next\""),
    )
}

/// The peer's own address, as the request names it.
fn at(asked: &crate::peer::Asked, rest: &str) -> String {
    format!("http://{}{rest}", asked.header("host"))
}

fn after(asked: &crate::peer::Asked) -> &str {
    asked
        .line
        .split_once("after=")
        .map_or("", |(_, after)| after)
}

#[tokio::test]
async fn pages_are_followed_as_given() {
    let peer = Peer::start(|asked, _| match after(asked) {
        "" => next(
            users(&["00u1", "00u2"]),
            &at(asked, "/api/v1/users?limit=2&after=x%2C1"),
        ),
        "x%2C1" => next(
            users(&["00u2", "00u3"]),
            &at(asked, "/api/v1/users?limit=2&after=2"),
        ),
        _ => users(&["00u4"]),
    })
    .await;
    let mut pages = peer
        .with_token()
        .users(&UserQuery {
            filter: Some(r#"status eq "ACTIVE""#.into()),
            ..UserQuery::default()
        })
        .unwrap();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        assert!(page.date.is_some() && page.request_id.as_deref() == Some("req-1"));
        seen.push((
            page.number,
            page.repeated,
            page.items
                .iter()
                .map(|user| user.id.to_string())
                .collect::<Vec<_>>()
                .join(" "),
        ));
    }
    assert_eq!(
        seen,
        [
            (1, 0, "00u1 00u2".into()),
            (2, 1, "00u3".into()),
            (3, 0, "00u4".into())
        ]
    );
    let lines: Vec<_> = peer.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(
        lines,
        [
            "GET /api/v1/users?filter=status+eq+%22ACTIVE%22&limit=200",
            "GET /api/v1/users?limit=2&after=x%2C1",
            "GET /api/v1/users?limit=2&after=2"
        ]
    );
}

#[tokio::test]
async fn circles_are_found() {
    // The cursor comes back.
    let peer = Peer::start(|asked, _| match after(asked) {
        "1" => next(users(&["00u2"]), &at(asked, "/api/v1/users?after=2")),
        "2" => next(users(&["00u3"]), &at(asked, "/api/v1/users?after=1")),
        _ => next(users(&["00u1"]), &at(asked, "/api/v1/users?after=1")),
    })
    .await;
    let error = peer
        .with_token()
        .users(&UserQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::PagingLoop {
            call: "GET /api/v1/users".into(),
            page: 3
        }
    );

    // The cursor is new each time, the page is not.
    let peer = Peer::start(|asked, before| {
        next(
            users(&["00u1"]),
            &at(asked, &format!("/api/v1/users?after={before}")),
        )
    })
    .await;
    let error = peer
        .with_token()
        .users(&UserQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::PagingLoop {
            call: "GET /api/v1/users".into(),
            page: 2
        }
    );
}

#[tokio::test]
async fn another_host_is_never_called() {
    let stranger = Peer::start(|_, _| users(&["00u9"])).await;
    let link = format!("{}/users?after=1", stranger.org.api());
    let peer = Peer::start(move |_, _| next(users(&["00u1"]), &link)).await;
    let error = peer.with_token().groups(&GroupQuery::default()).unwrap();
    // Groups and users differ, but the link is looked at in either case.
    assert!(matches!(
        error.all().await.unwrap_err(),
        Error::Malformed { .. } | Error::ForeignHost { .. }
    ));
    let error = peer
        .with_token()
        .users(&UserQuery::default())
        .unwrap()
        .all()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ForeignHost { .. }), "{error:?}");
    assert!(stranger.asked().is_empty());
}

/// A failure on a page ends the list for good: what was read is not the whole.
#[tokio::test]
async fn a_failed_page_ends_the_list() {
    let peer = Peer::start(|asked, before| match before {
        0 => next(users(&["00u1"]), &at(asked, "/api/v1/users?after=1")),
        _ => reply(
            500,
            &json!({"errorCode": "E0000009", "errorSummary": "Internal Server Error"}),
        ),
    })
    .await;
    let limits = Limits {
        first_pause: Duration::from_millis(1),
        tries: 3,
        ..Limits::default()
    };
    let client = peer
        .client(keywright_okta::Credentials::ApiToken("t".into()))
        .limits(limits)
        .build()
        .unwrap();
    let mut pages = client.users(&UserQuery::default()).unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().items.len(), 1);
    assert!(matches!(
        pages.next().await.unwrap_err(),
        Error::ServerFault(_)
    ));
    assert_eq!(
        peer.asked().len(),
        4,
        "the failing page was tried three times"
    );
    assert!(pages.next().await.unwrap().is_none() && pages.cursor().is_none());
}

/// Polling the log: there is always a next link; the end is an empty page, and the cursor goes on later.
#[tokio::test]
async fn the_log_is_polled() {
    let event = |id: &str| json!({"uuid": id, "eventType": "user.session.start", "published": "2026-08-13T15:58:20.353Z"});
    let peer = Peer::start(move |asked, before| {
        let page = if before == 0 {
            json!([event("e1"), event("e2")])
        } else {
            json!([])
        };
        next(
            reply(200, &page),
            &at(asked, &format!("/api/v1/logs?after={}", before.min(1))),
        )
    })
    .await;
    let client = peer.with_token();
    let mut pages = client.logs(&LogQuery::default()).unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().items.len(), 2);
    assert!(pages.next().await.unwrap().is_none());
    let cursor = pages.cursor().unwrap().clone();
    assert!(cursor.as_str().ends_with("after=1"));
    assert!(
        keywright_okta::Pages::<keywright_okta::model::log::LogEvent>::resume(&client, &cursor)
            .is_ok()
    );
    let foreign = "https://evil.example/api/v1/logs".parse().unwrap();
    let refused =
        keywright_okta::Pages::<keywright_okta::model::log::LogEvent>::resume(&client, &foreign);
    assert!(matches!(refused.unwrap_err(), Error::ForeignHost { .. }));
}
