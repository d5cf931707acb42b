//! The org authorization server, and access tokens at the API.

use keywright_sandbox::Sandbox;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::client::{Signer, ath, claims, http, org, token};

async fn error(answer: Response) -> (u16, String, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    (status, text("error"), text("error_description"))
}

async fn bearer(org: &Sandbox, scope: &str) -> String {
    let signer = Signer::of(org.oauth());
    let id = format!("{scope}{}", org.requests().total);
    let assertion = signer.sign(
        &json!({ "alg": "RS256", "kid": signer.kid }),
        &claims(org, org.oauth(), &id),
    );
    let body: Value = token(org, &assertion, scope, None)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(3600), &json!(scope))
    );
    body["access_token"].as_str().unwrap().to_owned()
}

fn get(org: &Sandbox, path: &str, token: &str) -> reqwest::RequestBuilder {
    http()
        .get(format!("{}{path}", org.url()))
        .bearer_auth(token)
}

#[tokio::test]
async fn an_assertion_gives_a_token_that_reaches_what_its_scopes_allow() {
    let org = org(5, 2).await;
    let token = bearer(&org, "okta.users.read").await;
    let users: Value = get(&org, "/api/v1/users", &token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(users.as_array().unwrap().len(), 6);
    let refused = get(&org, "/api/v1/groups", &token).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    let host = org.url();
    assert_eq!(
        challenge,
        format!(
            "Bearer authorization_uri=\"{host}/oauth2/v1/authorize\", realm=\"{host}\", scope=\"okta.groups.read\", \
             error=\"insufficient_scope\", error_description=\"The access token provided does not contain the required \
             scopes.\", resource=\"/api/v1/groups\""
        )
    );
    assert_eq!(refused.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn manage_also_reads() {
    let org = org(1, 0).await;
    let token = bearer(&org, "okta.users.manage").await;
    assert_eq!(
        get(&org, "/api/v1/users", &token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn without_a_role_lists_are_empty_and_the_rest_is_refused() {
    let org = org(5, 2).await;
    let token = bearer(&org, "okta.users.read okta.groups.read").await;
    org.set_client_admin(&org.oauth().client_id, false);
    for path in ["/api/v1/users?limit=1", "/api/v1/groups"] {
        let answer = get(&org, path, &token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!([]));
    }
    let answer = get(&org, "/api/v1/users/ada.admin@acme.example", &token)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["errorCode"],
        "E0000006"
    );
    org.set_client_admin(&org.oauth().client_id, true);
    assert_eq!(
        get(&org, "/api/v1/users/ada.admin@acme.example", &token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_token_dies_after_an_hour() {
    let org = org(1, 0).await;
    let token = bearer(&org, "okta.users.read").await;
    org.advance_clock_ms(3_600_000);
    let answer = get(&org, "/api/v1/users", &token).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("The token has expired.")
    );
}

#[tokio::test]
async fn each_fault_of_an_assertion_has_its_text() {
    let org = org(0, 0).await;
    let (signer, stranger) = (Signer::of(org.oauth()), Signer::new());
    let good = claims(&org, org.oauth(), "good");
    let now = org.clock_ms() / 1000;
    let header = json!({ "alg": "RS256", "kid": signer.kid });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signer.sign(&header, &claims)
    };
    for (assertion, want) in [
        (
            "x".to_owned(),
            "The parsing of the client_assertion failed.",
        ),
        (
            signer.sign(&json!({ "alg": "HS256", "kid": signer.kid }), &good),
            "The client_assertion JWT signature algorithm is invalid.",
        ),
        (
            with("iss", "0oaunknown".into()),
            "The issuer claim for client_assertion is not a valid client_id.",
        ),
        (
            with("sub", "0oaunknown".into()),
            "The subject claim for client_assertion is not a valid client_id.",
        ),
        (
            signer.sign(&json!({ "alg": "RS256", "kid": "other" }), &good),
            "The client_assertion JWT kid is invalid.",
        ),
        (
            stranger.sign(&header, &good),
            "The client_assertion signature is invalid.",
        ),
        (
            with("aud", org.url().into()),
            "The audience claim for client_assertion must be the endpoint invoked for the request.",
        ),
        (
            with("exp", Value::Null),
            "The client_assertion must contain the 'exp' claim as seconds since epoch.",
        ),
        (
            with("exp", (now - 1).into()),
            "The client_assertion token is expired.",
        ),
        (
            with("exp", (now + 4000).into()),
            "The client_assertion token has an expiration too far into the future.",
        ),
        (
            with("iat", (now + 600).into()),
            "The client_assertion token must be issued before the current time.",
        ),
    ] {
        let answer = token(&org, &assertion, "okta.users.read", None).await;
        assert_eq!(
            error(answer).await,
            (401, "invalid_client".to_owned(), want.to_owned())
        );
    }
    let right = signer.sign(&header, &good);
    assert_eq!(
        token(&org, &right, "okta.users.read", None).await.status(),
        200
    );
    let again = error(token(&org, &right, "okta.users.read", None).await).await;
    assert_eq!(again.2, "The client_assertion token has already been used.");
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove("jti");
    let without = signer.sign(&header, &without);
    for _ in 0..2 {
        assert_eq!(
            token(&org, &without, "okta.users.read", None)
                .await
                .status(),
            200,
            "a missing jti is no replay"
        );
    }
}

#[tokio::test]
async fn scopes_must_be_known_and_granted() {
    let org = org(0, 0).await;
    let signer = Signer::of(org.oauth());
    org.set_client_scopes(&org.oauth().client_id, &["okta.users.read"]);
    for (id, (scope, status, code)) in [
        ("", 400, "invalid_scope"),
        ("openid", 400, "invalid_scope"),
        ("my.scope", 400, "invalid_scope"),
        ("okta.nothing.read", 400, "invalid_scope"),
        ("okta.groups.read", 400, "consent_required"),
        (
            "okta.users.read.self",
            400,
            "client_credentials_self_scope_requested",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let claims = claims(&org, org.oauth(), &format!("{id}"));
        let assertion = signer.sign(&json!({ "alg": "RS256", "kid": signer.kid }), &claims);
        let found = error(token(&org, &assertion, scope, None).await).await;
        assert_eq!(
            (found.0, found.1.as_str()),
            (status, code),
            "{scope}: {}",
            found.2
        );
    }
}

#[tokio::test]
async fn dpop_from_the_first_try_to_the_call() {
    let org = org(5, 2).await;
    let (signer, key) = (Signer::of(org.dpop()), Signer::new());
    let url = format!("{}/oauth2/v1/token", org.url());
    let assertion = |id: &str| {
        signer.sign(
            &json!({ "alg": "RS256", "kid": signer.kid }),
            &claims(&org, org.dpop(), id),
        )
    };
    let found = error(token(&org, &assertion("1"), "okta.users.read", None).await).await;
    assert_eq!(found.2, "The DPoP proof JWT header is missing.");
    let proof = key.proof(&org, "POST", &url, "1", &json!({}));
    let first = token(&org, &assertion("2"), "okta.users.read", Some(&proof)).await;
    let nonce = first.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(
        error(first).await,
        (
            400,
            "use_dpop_nonce".to_owned(),
            "Authorization server requires nonce in DPoP proof.".to_owned()
        )
    );
    let proof = key.proof(&org, "POST", &url, "2", &json!({ "nonce": nonce }));
    let second = token(&org, &assertion("3"), "okta.users.read", Some(&proof)).await;
    assert_eq!(second.headers()["dpop-nonce"].to_str().unwrap(), nonce);
    let body: Value = second.json().await.unwrap();
    assert_eq!(body["token_type"], "DPoP");
    let access = body["access_token"].as_str().unwrap().to_owned();

    let target = format!("{}/api/v1/users", org.url());
    let shown = async |scheme: &str, proof: Option<String>, path: &str| {
        let mut request = http()
            .get(format!("{}{path}", org.url()))
            .header("authorization", format!("{scheme} {access}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let answer = request.send().await.unwrap();
        let challenge = answer
            .headers()
            .get("www-authenticate")
            .map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default())
    };
    let bound = json!({ "ath": ath(&access) });
    let right = key.proof(&org, "GET", &target, "3", &bound);
    assert_eq!(
        shown("DPoP", Some(right), "/api/v1/users?limit=1").await,
        (200, String::new())
    );
    let plain = shown("Bearer", None, "/api/v1/users").await;
    assert_eq!(plain.0, 400);
    assert!(
        plain.1.contains("must use the DPoP authentication scheme"),
        "{}",
        plain.1
    );
    let nothing = shown("DPoP", None, "/api/v1/users").await;
    assert!(
        nothing
            .1
            .contains("The resource request requires a DPoP proof.")
    );
    let stranger = Signer::new().proof(&org, "GET", &target, "4", &bound);
    let other = shown("DPoP", Some(stranger), "/api/v1/users").await;
    assert!(
        other
            .1
            .contains("The access_token is not bound to the provided DPoP proof.")
    );
    let elsewhere = key.proof(
        &org,
        "GET",
        &format!("{}/api/v1/groups", org.url()),
        "5",
        &bound,
    );
    let wrong = shown("DPoP", Some(elsewhere), "/api/v1/users").await;
    assert_eq!(wrong.0, 400);
    assert!(
        wrong
            .1
            .starts_with("DPoP algs=\"RS256 RS384 RS512 ES256 ES384 ES512\", authorization_uri=")
    );
    assert!(wrong.1.contains("error=\"invalid_dpop_proof\", error_description=\"'htu' claim in the DPoP proof JWT is invalid.\""));
    let scope = key.proof(
        &org,
        "GET",
        &format!("{}/api/v1/groups", org.url()),
        "6",
        &bound,
    );
    let lacking = shown("DPoP", Some(scope), "/api/v1/groups").await;
    assert_eq!(lacking.0, 403);
    assert!(lacking.1.starts_with("DPoP algs=") && lacking.1.contains("insufficient_scope"));

    org.renew_nonce();
    let stale = key.proof(&org, "POST", &url, "7", &json!({ "nonce": nonce }));
    let found = error(token(&org, &assertion("8"), "okta.users.read", Some(&stale)).await).await;
    assert_eq!(found.1, "use_dpop_nonce");
}

#[tokio::test]
async fn a_dpop_header_to_an_app_without_dpop_is_ignored() {
    let org = org(0, 0).await;
    let signer = Signer::of(org.oauth());
    let assertion = signer.sign(
        &json!({ "alg": "RS256", "kid": signer.kid }),
        &claims(&org, org.oauth(), "1"),
    );
    let answer = token(&org, &assertion, "okta.users.read", Some("nonsense")).await;
    assert_eq!(answer.status(), 200);
    org.set_client_dpop(&org.oauth().client_id, true);
    let assertion = signer.sign(
        &json!({ "alg": "RS256", "kid": signer.kid }),
        &claims(&org, org.oauth(), "2"),
    );
    assert_eq!(
        error(token(&org, &assertion, "okta.users.read", None).await)
            .await
            .1,
        "invalid_dpop_proof"
    );
}

#[tokio::test]
async fn keys_and_metadata_are_public() {
    let org = org(0, 0).await;
    let get = async |path: &str| {
        http()
            .request(Method::GET, format!("{}{path}", org.url()))
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
    };
    let keys = get("/oauth2/v1/keys").await;
    assert_eq!(keys["keys"][0]["kty"], "RSA");
    let metadata = get("/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata["issuer"], org.url());
    assert_eq!(
        metadata["token_endpoint"],
        format!("{}/oauth2/v1/token", org.url())
    );
}
