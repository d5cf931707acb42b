//! A person before a browser: follows the authorize endpoint, signs in, and comes back to the client.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_sandbox::Sandbox;
use reqwest::redirect::Policy;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::ask;

/// Where clients of these tests want their answers.
pub(crate) const BACK: &str = "https://app.example/back";
/// The password of all generated people.
pub(crate) const PASSWORD: &str = "Keywright-Sandbox-1";
/// The first administrator.
pub(crate) const ADA: &str = "ada.admin@acme.example";
/// A code verifier.
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-0123";

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// A client, as the org made it.
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

/// Makes an app that is assigned to everyone; `settings` and `credentials` go over those of a web app with refresh.
pub(crate) async fn app(org: &Sandbox, label: &str, settings: Value, credentials: Value) -> App {
    let mut oauth = json!({
        "application_type": "web", "redirect_uris": [BACK], "post_logout_redirect_uris": ["https://app.example/bye"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "refresh_token": { "rotation_type": "ROTATE", "leeway": 30 },
    });
    let mut client = json!({ "token_endpoint_auth_method": "client_secret_basic" });
    for (target, more) in [(&mut oauth, settings), (&mut client, credentials)] {
        target
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
    }
    let body = json!({
        "name": "oidc_client", "label": label, "signOnMode": "OPENID_CONNECT",
        "credentials": { "oauthClient": client }, "settings": { "oauthClient": oauth },
    });
    let (status, made) = ask(org, Method::POST, "/api/v1/apps", Some(body)).await;
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap().to_owned();
    let (_, groups) = ask(org, Method::GET, "/api/v1/groups?q=Everyone", None).await;
    let everyone = groups[0]["id"].as_str().unwrap();
    let (status, _) = ask(
        org,
        Method::PUT,
        &format!("/api/v1/apps/{id}/groups/{everyone}"),
        Some(json!({})),
    )
    .await;
    assert_eq!(status, 200);
    let client = &made["credentials"]["oauthClient"];
    App {
        id,
        client_id: client["client_id"].as_str().unwrap().to_owned(),
        secret: client["client_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// A browser with its cookie.
pub(crate) struct Browser {
    http: reqwest::Client,
    base: String,
    cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(org: &Sandbox) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            base: org.url(),
            cookie: None,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = self.http.get(url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        request.send().await.unwrap()
    }

    /// Signs in; gives the answer.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str, from: &str) -> Response {
        let form = [
            ("username", name),
            ("password", password),
            ("fromURI", from),
        ];
        let answer = self
            .http
            .post(format!("{}/login/login.htm", self.base))
            .form(&form)
            .send()
            .await
            .unwrap();
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = Some(
                cookie
                    .to_str()
                    .unwrap()
                    .split(';')
                    .next()
                    .unwrap()
                    .to_owned(),
            );
        }
        answer
    }

    /// Goes to the authorize endpoint, through the sign-in page if it comes, and gives what the client is sent.
    pub(crate) async fn authorize(
        &mut self,
        server: &str,
        parameters: &[(&str, &str)],
    ) -> HashMap<String, String> {
        let path = authorize_path(server, parameters);
        let mut answer = self.get(&path).await;
        if answer.status() == 200 {
            answer = self.sign_in(ADA, PASSWORD, &path).await;
            assert_eq!(answer.status(), 302);
            let next = answer.headers()["location"].to_str().unwrap().to_owned();
            answer = self.get(&next).await;
        }
        assert_eq!(answer.status(), 302, "{}", answer.text().await.unwrap());
        sent(&answer)
    }
}

pub(crate) fn authorize_path(server: &str, parameters: &[(&str, &str)]) -> String {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("/oauth2{server}/v1/authorize?{query}")
}

/// The members in the address that a client is sent to.
pub(crate) fn sent(answer: &Response) -> HashMap<String, String> {
    let location = answer.headers()["location"].to_str().unwrap();
    assert!(location.starts_with(BACK), "{location}");
    let text = location.split(['?', '#']).nth(1).unwrap_or_default();
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// A call of an endpoint as a client with a secret; gives status and body.
pub(crate) async fn post(
    org: &Sandbox,
    path: &str,
    app: &App,
    form: &[(&str, &str)],
) -> (u16, Value) {
    let request = crate::client::http()
        .post(format!("{}{path}", org.url()))
        .form(form);
    let request = if app.secret.is_empty() {
        request
    } else {
        request.basic_auth(&app.client_id, Some(&app.secret))
    };
    let answer = request.send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or_default(),
    )
}

/// The tokens of a whole sign-in with PKCE.
pub(crate) async fn tokens(org: &Sandbox, server: &str, app: &App, scope: &str) -> Value {
    let challenge = challenge();
    let parameters = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("state", "s t"),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let members = Browser::new(org).authorize(server, &parameters).await;
    assert_eq!(
        members.get("state").map(String::as_str),
        Some("s t"),
        "{members:?}"
    );
    let (status, body) = exchange(org, server, app, &members["code"]).await;
    assert_eq!(status, 200, "{body}");
    body
}

pub(crate) async fn exchange(org: &Sandbox, server: &str, app: &App, code: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", BACK),
        ("code_verifier", VERIFIER),
    ];
    post(org, &format!("/oauth2{server}/v1/token"), app, &form).await
}

/// The claims of a JWT.
pub(crate) fn claims_of(token: &Value) -> Value {
    let text = token.as_str().unwrap();
    serde_json::from_slice(
        &URL_SAFE_NO_PAD
            .decode(text.split('.').nth(1).unwrap())
            .unwrap(),
    )
    .unwrap()
}
