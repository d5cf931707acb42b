//! Answers that are too large, too slow, cut, led elsewhere, or no answers.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Response;
use futures_util::stream;
use keywright_okta::{Credentials, Error, Limits, OrgUrl};
use serde_json::{Value, json};

use crate::peer::{Peer, reply, user, with};

fn quick() -> Limits {
    Limits {
        first_pause: Duration::from_millis(1),
        tries: 2,
        ..Limits::default()
    }
}

async fn failing(
    behaviour: impl Fn() -> Response<Body> + Send + Sync + 'static,
    limits: Limits,
) -> (Error, usize) {
    let peer = Peer::start(move |_, _| behaviour()).await;
    let client = peer
        .client(Credentials::ApiToken("t".into()))
        .limits(limits)
        .build()
        .unwrap();
    let error = client.me().await.unwrap_err();
    (error, peer.asked().len())
}

#[tokio::test]
async fn too_large() {
    let endless = || {
        let chunk = Bytes::from_static(&[b' '; 1024]);
        Response::new(Body::from_stream(stream::repeat_with(move || {
            Ok::<_, std::io::Error>(chunk.clone())
        })))
    };
    let limits = Limits {
        answer_bytes: 10_000,
        ..quick()
    };
    let (error, asked) = failing(endless, limits).await;
    assert_eq!(
        (error, asked),
        (
            Error::TooLarge {
                call: "GET /api/v1/users/me".into(),
                limit: 10_000
            },
            1
        )
    );
}

#[tokio::test]
async fn too_slow() {
    let silent = || {
        Response::new(Body::from_stream(stream::pending::<
            Result<Bytes, std::io::Error>,
        >()))
    };
    let limits = Limits {
        answer: Duration::from_millis(50),
        ..quick()
    };
    let (error, asked) = failing(silent, limits).await;
    assert_eq!(
        (error, asked),
        (
            Error::Timeout {
                call: "GET /api/v1/users/me".into()
            },
            2
        )
    );
}

#[tokio::test]
async fn cut_in_the_middle() {
    let cut = || {
        let parts = [
            Ok(Bytes::from_static(b"{\"id\":")),
            Err(std::io::Error::other("cut")),
        ];
        Response::new(Body::from_stream(stream::iter(parts)))
    };
    let (error, asked) = failing(cut, quick()).await;
    assert!(matches!(error, Error::Truncated { .. }), "{error:?}");
    assert_eq!(asked, 2, "a read may be tried again");

    // Cut by someone who also mended the length.
    let (error, _) = failing(
        || {
            with(
                Response::new(Body::from("[{\"id\":\"00u1\"")),
                "x-okta-request-id",
                "r",
            )
        },
        quick(),
    )
    .await;
    assert!(
        matches!(error, Error::Truncated { .. } | Error::Malformed { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn not_what_it_should_be() {
    for body in ["<html>proxy</html>", "[]", "{\"id\": 5}", "\u{1}"] {
        let (error, asked) = failing(move || Response::new(Body::from(body)), quick()).await;
        assert!(
            matches!(error, Error::Malformed { .. }),
            "{body}: {error:?}"
        );
        assert_eq!(asked, 1);
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let stranger = Peer::start(|_, _| reply(200, &user("00u9"))).await;
    let target = format!("{}/users/me?token=x", stranger.org.api());
    let peer = Peer::start(move |_, _| {
        with(
            Response::builder().status(302).body(Body::empty()).unwrap(),
            "location",
            &target,
        )
    })
    .await;
    let error = peer.with_token().me().await.unwrap_err();
    let location = format!("{}/users/me", stranger.org.api());
    assert_eq!(
        error,
        Error::Redirected {
            call: "GET /api/v1/users/me".into(),
            location
        }
    );
    assert!(stranger.asked().is_empty());
}

#[tokio::test]
async fn nobody_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let org = OrgUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let client = keywright_okta::Client::builder(org.clone(), Credentials::ApiToken("t".into()))
        .limits(quick());
    let error = client.build().unwrap().me().await.unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { host, .. } if *host == org.host()),
        "{error:?}"
    );
}

#[tokio::test]
async fn paths_stay_in_the_org() {
    let peer = Peer::start(|_, _| reply(200, &json!({}))).await;
    let client = peer.with_token();
    for path in [
        "//evil.example/x",
        "https://evil.example/",
        "/\\evil.example",
    ] {
        let _: Result<Value, _> = client.get(path, &[]).await;
    }
    assert!(
        peer.asked()
            .iter()
            .all(|asked| asked.header("host") == peer.org.host())
    );
}

#[tokio::test]
async fn writes_are_not_repeated() {
    let peer = Peer::start(|_, _| reply(500, &json!({"errorCode": "E0000009"}))).await;
    let client = peer
        .client(Credentials::ApiToken("t".into()))
        .limits(quick())
        .build()
        .unwrap();
    let posted: Result<Value, _> = client
        .post("/api/v1/groups", &[], &json!({"profile": {"name": "x"}}))
        .await;
    assert!(matches!(posted.unwrap_err(), Error::ServerFault(_)));
    assert!(
        client.delete("/api/v1/users/00u1").await.is_err()
            && client.post_empty("/api/v1/x", &[]).await.is_err()
    );
    assert_eq!(peer.asked().len(), 3);
    assert_eq!(peer.asked()[0].body, r#"{"profile":{"name":"x"}}"#);
    assert_eq!(peer.asked()[2].header("content-length"), "0");
    assert!(
        client
            .put_empty("/api/v1/groups/00g1/users/00u1")
            .await
            .is_err()
    );
    assert_eq!(peer.asked().len(), 5, "PUT may be repeated");
}

/// Three megabytes of blanks in three kilobytes: the bound is on what comes out.
#[tokio::test]
async fn a_compressed_bomb_is_bounded() {
    let bomb = || {
        let packed = Bytes::from_static(include_bytes!("blanks.gz"));
        with(
            Response::new(Body::from(packed)),
            "content-encoding",
            "gzip",
        )
    };
    let limits = Limits {
        answer_bytes: 100_000,
        ..quick()
    };
    let (error, _) = failing(bomb, limits).await;
    assert!(
        matches!(error, Error::TooLarge { limit: 100_000, .. }),
        "{error:?}"
    );
    let (error, _) = failing(bomb, quick()).await;
    assert!(
        matches!(error, Error::Truncated { .. }),
        "it is read where it may be: {error:?}"
    );
}
