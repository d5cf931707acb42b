//! A wire between us and the org that keeps what was sent over it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use serde_json::Value;
use tokio::task::JoinHandle;

/// One request as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// Nothing when there was no body.
    pub(super) body: Option<Value>,
}

#[derive(Clone)]
struct Way {
    to: String,
    http: reqwest::Client,
    sent: Arc<Mutex<Vec<Sent>>>,
    losing: Arc<Mutex<Option<&'static str>>>,
}

pub(super) struct Wire {
    url: String,
    losing: Arc<Mutex<Option<&'static str>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
    serving: JoinHandle<()>,
}

impl Wire {
    pub(super) async fn to(org: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let way = Way {
            to: org.to_owned(),
            http,
            sent: Arc::clone(&sent),
            losing: Arc::default(),
        };
        let losing = Arc::clone(&way.losing);
        let router = Router::new().fallback(carry).with_state(way);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            losing,
            sent,
            serving,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// The next answer to a call of this method is lost on its way; the call is done.
    pub(super) fn lose(&self, method: &'static str) {
        *self.losing.lock().unwrap() = Some(method);
    }

    pub(super) fn forget(&self) {
        self.sent.lock().unwrap().clear();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn carry(State(way): State<Way>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 24).await.unwrap();
    let query = parts.uri.query().unwrap_or_default();
    way.sent.lock().unwrap().push(Sent {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        body: serde_json::from_slice(&body).ok(),
    });
    let lost = way
        .losing
        .lock()
        .unwrap()
        .take_if(|method| parts.method == *method)
        .is_some();
    let mut onward = way
        .http
        .request(parts.method, format!("{}{}", way.to, parts.uri))
        .headers(parts.headers);
    if !body.is_empty() {
        onward = onward.body(body);
    }
    let answer = onward.send().await.unwrap();
    if lost {
        let broken = Err::<Bytes, _>(std::io::Error::other("lost"));
        return Response::new(Body::from_stream(futures_util::stream::iter([broken])));
    }
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .unwrap()
}
