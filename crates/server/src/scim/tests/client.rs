//! A SCIM client in a test: a connection, a token, requests through the whole router.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Request};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::super::tokens;
use crate::db::ConnectionId;
use crate::testing::TestApp;

pub(crate) struct Client {
    pub(crate) router: Router,
    pub(crate) connection: ConnectionId,
    pub(crate) token: String,
}

pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) async fn new(t: &TestApp) -> Self {
        let label = t.app.id::<uuid::Uuid>().simple().to_string();
        let new = json!({"name": label, "domain": format!("{label}.okta.com"), "authentication": "api_token",
            "api_token": "00abcdefghijklmnopqrstuvwxyz0123456789ABCD"});
        let (status, made) = t.call("POST", "/api/v1/connections", Some(new)).await;
        assert!((200..300).contains(&status), "{made}");
        Self::on(t, made["id"].as_str().unwrap().parse().unwrap()).await
    }

    /// Of a connection that there is.
    pub(crate) async fn on(t: &TestApp, connection: ConnectionId) -> Self {
        let mut work = t.begin().await;
        let made = tokens::create(&mut work, connection, "okta", 365)
            .await
            .unwrap();
        work.commit().await.unwrap();
        Self::at(t, connection, made.secret.expose_secret())
    }

    /// With a token of one's own choice.
    pub(crate) fn at(t: &TestApp, connection: ConnectionId, token: &str) -> Self {
        Self {
            router: t.router(),
            connection,
            token: token.to_owned(),
        }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Got {
        self.with(method, path, body, &[]).await
    }

    pub(crate) async fn with(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Got {
        let uri = format!(
            "/connections/{}/scim/v2{}",
            self.connection,
            path.replace(' ', "%20").replace('"', "%22")
        );
        let mut builder = Request::builder()
            .method(method)
            .uri(uri)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header("User-Agent", "Okta SCIM Client 1.0.0");
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            builder = builder.header(CONTENT_TYPE, "application/scim+json; charset=utf-8");
        }
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let request = builder
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 26).await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// A call that must succeed; gives the body.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let got = self.call(method, path, body).await;
        assert!(
            (200..300).contains(&got.status),
            "{method} {path}: {} {}",
            got.status,
            got.body
        );
        got.body
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, Value::Null).await
    }

    /// A call that must be refused so.
    pub(crate) async fn refused(
        &self,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
        scim_type: Option<&str>,
    ) -> Value {
        let body = (!body.is_null()).then_some(body);
        let got = self.call(method, path, body).await;
        assert_eq!(
            (got.status, got.body["scimType"].as_str()),
            (status, scim_type),
            "{method} {path}: {}",
            got.body
        );
        assert_eq!(
            got.body["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:Error"
        );
        assert_eq!(got.body["status"], status.to_string());
        assert_eq!(got.headers[CONTENT_TYPE], "application/scim+json");
        got.body
    }
}

pub(crate) fn id(body: &Value) -> String {
    body["id"].as_str().unwrap().to_owned()
}

pub(crate) fn patch(operations: &Value) -> Value {
    serde_json::json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}
