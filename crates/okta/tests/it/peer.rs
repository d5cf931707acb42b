//! An HTTP server on loopback that answers as a test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keywright_okta::{Builder, Client, Credentials, OrgUrl, SigningAlgorithm, SigningKey};
use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `GET /api/v1/users?limit=200`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn is(&self, start: &str) -> bool {
        self.line.starts_with(start)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The claims of the `DPoP` proof, unverified; `Null` without one.
    pub(crate) fn proof(&self) -> Value {
        claims(self.header("dpop"))
    }

    /// The claims of the client assertion, unverified.
    pub(crate) fn assertion(&self) -> Value {
        let form: Vec<(String, String)> = serde_urlencoded::from_str(&self.body).unwrap();
        form.iter()
            .find(|(name, _)| name == "client_assertion")
            .map_or(Value::Null, |(_, jwt)| claims(jwt))
    }
}

pub(crate) fn claims(jwt: &str) -> Value {
    let Some(part) = jwt.split('.').nth(1) else {
        return Value::Null;
    };
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

type Behaviour = dyn Fn(&Asked, usize) -> Response<Body> + Send + Sync;

/// The running peer.
pub(crate) struct Peer {
    pub(crate) org: OrgUrl,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone)]
struct Shared {
    asked: Arc<Mutex<Vec<Asked>>>,
    behaviour: Arc<Behaviour>,
}

impl Peer {
    /// Starts a peer. `behaviour` gets each request and how many came before it.
    pub(crate) async fn start(
        behaviour: impl Fn(&Asked, usize) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let org = OrgUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = Shared {
            asked: Arc::clone(&asked),
            behaviour: Arc::new(behaviour),
        };
        let app = axum::Router::new().fallback(answer).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { org, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn client(&self, credentials: Credentials) -> Builder {
        Client::builder(self.org.clone(), credentials)
            .scopes(["okta.users.read"])
            .seed(7)
    }

    pub(crate) fn with_token(&self) -> Client {
        self.client(Credentials::ApiToken("00secret".into()))
            .build()
            .unwrap()
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = Asked {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let before = {
        let mut all = shared.asked.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    (shared.behaviour)(&asked, before)
}

pub(crate) fn reply(status: u16, body: &Value) -> Response<Body> {
    let builder = Response::builder()
        .status(status)
        .header("content-type", "application/json");
    builder
        .header("x-okta-request-id", "req-1")
        .body(Body::from(body.to_string()))
        .unwrap()
}

pub(crate) fn with(
    mut response: Response<Body>,
    name: &'static str,
    value: &str,
) -> Response<Body> {
    response.headers_mut().append(name, value.parse().unwrap());
    response
}

/// An OAuth error.
pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Response<Body> {
    reply(
        status,
        &json!({ "error": error, "error_description": description }),
    )
}

/// An access token.
pub(crate) fn token(kind: &str, token: &str, scope: &str) -> Response<Body> {
    reply(
        200,
        &json!({ "token_type": kind, "expires_in": 3600, "access_token": token, "scope": scope }),
    )
}

pub(crate) fn user(id: &str) -> Value {
    json!({ "id": id, "status": "ACTIVE", "profile": { "login": format!("{id}@example.com") } })
}

pub(crate) fn dpop_credentials() -> Credentials {
    let key = || SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    Credentials::OauthDpop {
        client_id: "0oa1".into(),
        key: key(),
        dpop_key: key(),
    }
}

pub(crate) fn oauth_credentials() -> Credentials {
    let key = SigningKey::generate(SigningAlgorithm::Es256).unwrap();
    Credentials::Oauth {
        client_id: "0oa1".into(),
        key,
    }
}
