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
    delaying: Arc<Mutex<Option<&'static str>>>,
    held_back: Arc<Mutex<Option<reqwest::RequestBuilder>>>,
}

pub(super) struct Wire {
    url: String,
    way: Way,
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
            delaying: Arc::default(),
            held_back: Arc::default(),
        };
        let router = Router::new().fallback(carry).with_state(way.clone());
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            way,
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
        *self.way.losing.lock().unwrap() = Some(method);
    }

    /// The next call of this method gets no answer, and is on its way until [`Self::arrive`].
    pub(super) fn delay(&self, method: &'static str) {
        *self.way.delaying.lock().unwrap() = Some(method);
    }

    /// The call that is on its way arrives.
    pub(super) async fn arrive(&self) {
        let late = self.way.held_back.lock().unwrap().take().unwrap();
        late.send().await.unwrap().error_for_status().unwrap();
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
    let is_it = |of: &Mutex<Option<&'static str>>| {
        let taken = of.lock().unwrap().take_if(|method| parts.method == *method);
        taken.is_some()
    };
    let (lost, late) = (is_it(&way.losing), is_it(&way.delaying));
    let mut onward = way
        .http
        .request(parts.method, format!("{}{}", way.to, parts.uri))
        .headers(parts.headers);
    if !body.is_empty() {
        onward = onward.body(body);
    }
    if late {
        *way.held_back.lock().unwrap() = Some(onward);
    } else {
        let answer = onward.send().await.unwrap();
        if !lost {
            return whole(answer);
        }
    }
    broken_off()
}

fn broken_off() -> Response {
    let broken = Err::<Bytes, _>(std::io::Error::other("lost"));
    Response::new(Body::from_stream(futures_util::stream::iter([broken])))
}

fn whole(answer: reqwest::Response) -> Response {
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    response
        .body(Body::from_stream(answer.bytes_stream()))
        .unwrap()
}
