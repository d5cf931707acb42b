//! `DPoP`: nonces, fresh assertions and proofs, `ath`, `htu`.

use std::collections::HashSet;

use axum::body::Body;
use axum::http::Response;
use keywright_okta::{Error, TokenScheme};
use serde_json::Value;

use crate::peer::{
    Asked, Peer, dpop_credentials, oauth, oauth_credentials, reply, token, user, with,
};

const NONCE_TEXT: &str = "Authorization server requires nonce in DPoP proof.";

/// A token endpoint that insists on one nonce.
fn insisting(nonce: &str, asked: &Asked) -> Response<Body> {
    let answer = if asked.proof()["nonce"] == nonce {
        token("DPoP", "at-1", "okta.users.read")
    } else {
        oauth(400, "use_dpop_nonce", NONCE_TEXT)
    };
    with(answer, "dpop-nonce", nonce)
}

#[tokio::test]
async fn a_nonce_is_asked_for_and_everything_is_fresh() {
    let peer = Peer::start(|asked, _| {
        if asked.is("POST /oauth2/v1/token") {
            insisting("n1", asked)
        } else {
            reply(200, &user("00u1"))
        }
    })
    .await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    assert_eq!(client.sign_in().await.unwrap().scheme, TokenScheme::Dpop);
    client.user("a b").await.unwrap();
    client.me().await.unwrap();

    let asked = peer.asked();
    assert_eq!(
        asked.len(),
        4,
        "one refused and one good token request, then two calls with the same token"
    );
    let (first, second, call) = (&asked[0], &asked[1], &asked[2]);
    assert!(first.proof().get("nonce").is_none());
    assert_eq!(second.proof()["nonce"], "n1");
    assert_ne!(first.assertion()["jti"], second.assertion()["jti"]);
    assert_eq!(first.assertion()["aud"], peer.org.token_endpoint());
    assert_eq!(
        (&first.assertion()["iss"], &first.assertion()["sub"]),
        (&"0oa1".into(), &"0oa1".into())
    );
    assert_eq!(second.proof()["htm"], "POST");
    assert_eq!(call.header("authorization"), "DPoP at-1");
    assert_eq!(
        call.proof()["htu"],
        format!("{}/users/a%20b", peer.org.api())
    );
    assert!(call.proof()["ath"].is_string() && call.proof().get("nonce").is_none());
    let jtis: HashSet<String> = asked
        .iter()
        .map(|asked| asked.proof()["jti"].to_string())
        .collect();
    assert_eq!(jtis.len(), 4);
}

#[tokio::test]
async fn the_nonce_is_kept_and_a_new_one_taken_at_any_time() {
    // The resource refuses each token once (so a new one is acquired), and the nonce changes after the first token.
    let peer = Peer::start(|asked, before| {
        if asked.is("POST /oauth2/v1/token") {
            insisting(if before < 3 { "n1" } else { "n2" }, asked)
        } else if before == 2 {
            reply(401, &serde_json::json!({"errorCode": "E0000011"}))
        } else {
            reply(200, &user("00u1"))
        }
    })
    .await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    client.me().await.unwrap();
    let nonces: Vec<Value> = peer
        .asked()
        .iter()
        .map(|asked| asked.proof()["nonce"].clone())
        .collect();
    assert_eq!(
        nonces,
        [
            Value::Null,
            "n1".into(),
            Value::Null,
            "n1".into(),
            "n2".into(),
            Value::Null
        ]
    );
}

#[tokio::test]
async fn a_resource_may_ask_for_a_nonce_too() {
    let peer = Peer::start(|asked, _| {
        if asked.is("POST /oauth2/v1/token") {
            return token("DPoP", "at-1", "okta.users.read");
        }
        if asked.proof()["nonce"] == "r1" {
            return reply(200, &user("00u1"));
        }
        let challenge = r#"DPoP algs="ES256", error="use_dpop_nonce", error_description="nonce""#;
        let refusal = Response::builder().status(401).body(Body::empty()).unwrap();
        with(
            with(refusal, "www-authenticate", challenge),
            "dpop-nonce",
            "r1",
        )
    })
    .await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    client.me().await.unwrap();
    client.me().await.unwrap();
    assert_eq!(
        peer.asked().len(),
        4,
        "token, refused, good, and good at once"
    );
}

#[tokio::test]
async fn a_server_that_is_never_content_ends_in_an_error() {
    let peer = Peer::start(|_, before| {
        with(
            oauth(400, "use_dpop_nonce", NONCE_TEXT),
            "dpop-nonce",
            &format!("n{before}"),
        )
    })
    .await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    assert!(matches!(
        client.me().await.unwrap_err(),
        Error::InvalidDpopProof(_)
    ));
    assert_eq!(peer.asked().len(), 4);

    let peer = Peer::start(|_, _| oauth(400, "use_dpop_nonce", NONCE_TEXT)).await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    assert!(matches!(
        client.me().await.unwrap_err(),
        Error::InvalidDpopProof(_)
    ));
    assert_eq!(
        peer.asked().len(),
        1,
        "a demand for a nonce that brings none cannot be met"
    );
}

#[tokio::test]
async fn dpop_required_is_told() {
    let peer = Peer::start(|_, _| {
        oauth(
            400,
            "invalid_dpop_proof",
            "The DPoP proof JWT header is missing.",
        )
    })
    .await;
    let error = peer
        .client(oauth_credentials())
        .build()
        .unwrap()
        .me()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::DpopRequired(_)), "{error:?}");
    assert!(error.mend().contains("oauth_dpop"));
}

#[tokio::test]
async fn dpop_off_at_the_app_still_works() {
    let peer = Peer::start(|asked, _| {
        if asked.is("POST /oauth2/v1/token") {
            token("Bearer", "at-1", "okta.users.read")
        } else {
            reply(200, &user("00u1"))
        }
    })
    .await;
    let client = peer.client(dpop_credentials()).build().unwrap();
    client.me().await.unwrap();
    assert_eq!(client.sign_in().await.unwrap().scheme, TokenScheme::Bearer);
    assert_eq!(peer.asked()[1].header("authorization"), "Bearer at-1");
    assert_eq!(peer.asked()[1].header("dpop"), "");
}
