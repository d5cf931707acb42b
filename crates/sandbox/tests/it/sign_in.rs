//! People who sign in to clients, at `/oauth2/default` and at the org server: codes, refresh, sessions, userinfo.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::browser::{
    ADA, App, BACK, Browser, PASSWORD, app, authorize_path, claims_of, exchange, post, tokens,
};
use crate::client::{ask, http, org};

const ALL: &str = "openid profile email offline_access";

async fn refresh(
    org: &keywright_sandbox::Sandbox,
    server: &str,
    app: &App,
    token: &Value,
) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str().unwrap()),
    ];
    post(org, &format!("/oauth2{server}/v1/token"), app, &form).await
}

/// Checks a token by the keys that the server publishes, with a library that is not ours.
async fn checked(
    org: &keywright_sandbox::Sandbox,
    server: &str,
    token: &Value,
    aud: &str,
) -> Value {
    let issuer = if server.is_empty() {
        org.url()
    } else {
        format!("{}/oauth2{server}", org.url())
    };
    let token = token.as_str().unwrap();
    let (_, keys) = ask(org, Method::GET, &format!("/oauth2{server}/v1/keys"), None).await;
    let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
    let key = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["kid"] == json!(kid))
        .unwrap();
    let key =
        DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap())
            .unwrap();
    let mut wanted = Validation::new(Algorithm::RS256);
    wanted.set_audience(&[aud]);
    wanted.set_issuer(&[issuer]);
    decode::<Value>(token, &key, &wanted).unwrap().claims
}

#[tokio::test]
async fn a_code_gives_tokens_of_the_default_server() {
    let org = org(3, 1).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    let body = tokens(&org, "/default", &app, ALL).await;
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(3600), &json!(ALL))
    );
    let access = checked(&org, "/default", &body["access_token"], "api://default").await;
    assert_eq!(
        (&access["sub"], &access["cid"]),
        (&json!(ADA), &json!(app.client_id))
    );
    assert_eq!(
        access["scp"],
        json!(["openid", "profile", "email", "offline_access"])
    );
    let id = checked(&org, "/default", &body["id_token"], &app.client_id).await;
    assert_eq!(
        (&id["nonce"], &id["preferred_username"], &id["amr"]),
        (&json!("n-1"), &json!(ADA), &json!(["pwd"]))
    );
    assert_eq!(id["sub"], access["uid"]);

    let info = http().get(format!("{}/oauth2/default/v1/userinfo", org.url()));
    let info: Value = info
        .bearer_auth(body["access_token"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&info["sub"], &info["email"], &info["given_name"]),
        (&id["sub"], &json!(ADA), &json!("Ada"))
    );

    let code = "used";
    let (status, refused) = exchange(&org, "/default", &app, code).await;
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
}

#[tokio::test]
async fn refresh_rotates_with_leeway_and_reuse_ends_everything() {
    let org = org(1, 0).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    for server in ["/default", ""] {
        let first = tokens(&org, server, &app, ALL).await;
        let (status, second) = refresh(&org, server, &app, &first["refresh_token"]).await;
        // The default policy does not name refresh_token: it goes with authorization_code.
        assert_eq!(status, 200, "{second}");
        assert_ne!(first["refresh_token"], second["refresh_token"]);
        let (status, within) = refresh(&org, server, &app, &first["refresh_token"]).await;
        assert_eq!(status, 200, "within the leeway: {within}");
        org.advance_clock_ms(31_000);
        let (status, reuse) = refresh(&org, server, &app, &first["refresh_token"]).await;
        assert_eq!((status, &reuse["error"]), (400, &json!("invalid_grant")));
        let (status, dead) = refresh(&org, server, &app, &second["refresh_token"]).await;
        assert_eq!(
            (status, &dead["error_description"]),
            (400, &json!("The refresh token is invalid or expired."))
        );
        let (_, seen) = post(
            &org,
            &format!("/oauth2{server}/v1/introspect"),
            &app,
            &[("token", second["access_token"].as_str().unwrap())],
        )
        .await;
        assert_eq!(seen, json!({ "active": false }));
        let (_, log) = ask(
            &org,
            Method::GET,
            "/api/v1/logs?filter=eventType+eq+%22app.oauth2.token.detect_reuse%22",
            None,
        )
        .await;
        assert!(!log.as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn refresh_tokens_die_unused_and_are_seen_and_revoked_by_admins() {
    let org = org(1, 0).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    let body = tokens(&org, "/default", &app, ALL).await;
    let path = format!(
        "/api/v1/authorizationServers/default/clients/{}/tokens",
        app.client_id
    );
    let (status, list) = ask(&org, Method::GET, &path, None).await;
    assert_eq!(
        (status, &list[0]["clientId"], list.as_array().unwrap().len()),
        (200, &json!(app.client_id), 1)
    );
    let one = format!(
        "/api/v1/apps/{}/tokens/{}",
        app.id,
        list[0]["id"].as_str().unwrap()
    );
    assert_eq!(ask(&org, Method::DELETE, &one, None).await.0, 204);
    assert_eq!(
        refresh(&org, "/default", &app, &body["refresh_token"])
            .await
            .0,
        400
    );
    let body = tokens(&org, "/default", &app, ALL).await;
    org.advance_clock_ms(7 * 86_400_000 + 1000);
    assert_eq!(
        refresh(&org, "/default", &app, &body["refresh_token"])
            .await
            .0,
        400
    );
}

#[tokio::test]
async fn tokens_end_with_the_user_and_with_revocation() {
    let org = org(3, 0).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    let body = tokens(&org, "", &app, ALL).await;
    let token = body["access_token"].as_str().unwrap();
    let active = async || {
        let (status, body) = post(&org, "/oauth2/v1/introspect", &app, &[("token", token)]).await;
        assert_eq!(status, 200);
        body["active"].as_bool().unwrap()
    };
    assert!(active().await);
    let (status, _) = post(&org, "/oauth2/v1/revoke", &app, &[("token", token)]).await;
    assert_eq!((status, active().await), (200, false));
    let (status, _) = post(
        &org,
        "/oauth2/v1/revoke",
        &app,
        &[("token", body["refresh_token"].as_str().unwrap())],
    )
    .await;
    assert_eq!(
        (
            status,
            refresh(&org, "", &app, &body["refresh_token"]).await.0
        ),
        (200, 400)
    );

    let body = tokens(&org, "", &app, ALL).await;
    let (_, me) = ask(&org, Method::GET, &format!("/api/v1/users/{ADA}"), None).await;
    let path = format!(
        "/api/v1/users/{}/sessions?oauthTokens=true",
        me["id"].as_str().unwrap()
    );
    assert_eq!(ask(&org, Method::DELETE, &path, None).await.0, 204);
    assert_eq!(refresh(&org, "", &app, &body["refresh_token"]).await.0, 400);
}

#[tokio::test]
async fn okta_scopes_of_a_user_are_silently_cut_to_what_the_app_was_granted() {
    let org = org(3, 2).await;
    let app = app(&org, "Admin tool", json!({}), json!({})).await;
    let grant = json!({ "scopeId": "okta.users.read", "issuer": org.url() });
    assert!(
        ask(
            &org,
            Method::POST,
            &format!("/api/v1/apps/{}/grants", app.id),
            Some(grant)
        )
        .await
        .0 < 300
    );
    let body = tokens(
        &org,
        "",
        &app,
        "okta.users.read okta.groups.read offline_access",
    )
    .await;
    assert_eq!(body["scope"], "okta.users.read offline_access");
    let call = |path: &str| {
        http()
            .get(format!("{}{path}", org.url()))
            .bearer_auth(body["access_token"].as_str().unwrap())
            .send()
    };
    let users: Value = call("/api/v1/users").await.unwrap().json().await.unwrap();
    assert_eq!(users.as_array().unwrap().len(), 4);
    let me: Value = call("/api/v1/users/me")
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(me["profile"]["login"], ADA);
    assert_eq!(call("/api/v1/groups").await.unwrap().status(), 403);
    // A token of a custom server is for nobody but its audience.
    let custom = tokens(&org, "/default", &app, "openid").await;
    let refused = http()
        .get(format!("{}/api/v1/users", org.url()))
        .bearer_auth(custom["access_token"].as_str().unwrap());
    let refused = refused.send().await.unwrap();
    let why = refused.headers()["www-authenticate"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(refused.status(), 401);
    assert!(
        why.contains("The access token provided is not intended for Okta."),
        "{why}"
    );
}

#[tokio::test]
async fn the_sign_in_page_keeps_sessions_and_locks_out() {
    let org = org(2, 0).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    let query = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
    ];
    let mut browser = Browser::new(&org);
    let none: Vec<_> = query.iter().copied().chain([("prompt", "none")]).collect();
    let members = browser.authorize("/default", &none).await;
    assert_eq!(members["error"], "login_required");
    let members = browser.authorize("/default", &query).await;
    assert!(members.contains_key("code"));
    let members = browser.authorize("/default", &none).await;
    assert!(
        members.contains_key("code"),
        "the session is still there: {members:?}"
    );
    let login = [query.as_slice(), &[("prompt", "login")]].concat();
    org.advance_clock_ms(60_000);
    let page = browser.get(&authorize_path("/default", &login)).await;
    assert_eq!(page.status(), 200);
    org.advance_clock_ms(7_200_000);
    assert_eq!(
        browser
            .get(&authorize_path("/default", &query))
            .await
            .status(),
        200,
        "the session has ended"
    );

    let (_, people) = ask(&org, Method::GET, "/api/v1/users?limit=3", None).await;
    let login = people[1]["profile"]["login"].as_str().unwrap();
    for _ in 0..10 {
        assert_eq!(browser.sign_in(login, "wrong", "").await.status(), 401);
    }
    let page = browser.sign_in(login, PASSWORD, "").await;
    assert_eq!(page.status(), 401);
    assert!(page.text().await.unwrap().contains("locked"));
    let (_, person) = ask(&org, Method::GET, &format!("/api/v1/users/{login}"), None).await;
    assert_eq!(person["status"], "LOCKED_OUT");
    assert_eq!(
        ask(
            &org,
            Method::POST,
            &format!("/api/v1/users/{login}/lifecycle/unlock"),
            None
        )
        .await
        .0,
        200
    );
    // Nobody is led away from the org.
    for from in ["", "https://evil.example/", "//evil.example/app/"] {
        let entered = browser.sign_in(login, PASSWORD, from).await;
        assert_eq!(entered.status(), 302);
        let home = format!("{}/app/UserHome", org.url());
        assert_eq!(entered.headers()["location"], home.as_str());
    }
}

#[tokio::test]
async fn logout_ends_the_session() {
    let org = org(1, 0).await;
    let app = app(&org, "Web", json!({}), json!({})).await;
    let mut browser = Browser::new(&org);
    let query = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
    ];
    let code = browser.authorize("/default", &query).await["code"].clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
    ];
    let (_, body) = post(&org, "/oauth2/default/v1/token", &app, &form).await;
    let hint = body["id_token"].as_str().unwrap();
    let answer = browser
        .get(&format!("/oauth2/default/v1/logout?id_token_hint={hint}&post_logout_redirect_uri=https://app.example/bye&state=x"))
        .await;
    assert_eq!(
        answer.headers()["location"],
        "https://app.example/bye?state=x"
    );
    let none: Vec<_> = query.iter().copied().chain([("prompt", "none")]).collect();
    assert_eq!(
        browser.authorize("/default", &none).await["error"],
        "login_required"
    );
    assert_eq!(
        browser
            .get("/oauth2/default/v1/logout?id_token_hint=x")
            .await
            .status(),
        401
    );
}

#[tokio::test]
async fn implicit_form_post_password_and_pushed_requests() {
    let org = org(1, 0).await;
    let settings = json!({
        "application_type": "native", "grant_types": ["authorization_code", "implicit", "password", "refresh_token"],
        "response_types": ["code", "token", "id_token"],
    });
    let app = app(
        &org,
        "Native",
        settings,
        json!({ "token_endpoint_auth_method": "client_secret_post" }),
    )
    .await;
    let mut browser = Browser::new(&org);
    let query = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "id_token token"),
        ("redirect_uri", BACK),
        ("scope", "openid email"),
        ("nonce", "n"),
    ];
    let members = browser.authorize("/default", &query).await;
    let id = claims_of(&json!(members["id_token"]));
    assert!(id["at_hash"].is_string() && members["token_type"] == "Bearer");
    let form = [query.as_slice(), &[("response_mode", "form_post")]].concat();
    let page = browser
        .get(&authorize_path("/default", &form))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains(&format!("action=\"{BACK}\"")) && page.contains("name=\"access_token\""));

    let plain = App {
        id: String::new(),
        client_id: String::new(),
        secret: String::new(),
    };
    let secret = [
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.secret.as_str()),
    ];
    let form = [
        secret.as_slice(),
        &[
            ("grant_type", "password"),
            ("username", ADA),
            ("password", PASSWORD),
            ("scope", "openid offline_access"),
        ],
    ]
    .concat();
    let (status, body) = post(&org, "/oauth2/default/v1/token", &plain, &form).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["refresh_token"].is_string());

    let form = [
        secret.as_slice(),
        &[
            ("response_type", "code"),
            ("redirect_uri", BACK),
            ("scope", "openid"),
        ],
    ]
    .concat();
    let (status, pushed) = post(&org, "/oauth2/default/v1/par", &plain, &form).await;
    assert_eq!((status, &pushed["expires_in"]), (200, &json!(300)));
    let query = [
        ("client_id", app.client_id.as_str()),
        ("request_uri", pushed["request_uri"].as_str().unwrap()),
    ];
    assert!(
        browser
            .authorize("/default", &query)
            .await
            .contains_key("code")
    );
}
