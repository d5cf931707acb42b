//! What surrounds every request: its id, a span, bounds on size and time, metrics, headers, and an answer even
//! after a panic.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, STRICT_TRANSPORT_SECURITY,
};
use http::{Extensions, HeaderName, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tracing::Instrument;
use uuid::Uuid;

use super::{Problem, Proxies, body, request_id};
use crate::app::App;
use crate::config::Config;
use crate::console;

/// Bounds on one request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Deepest nesting of JSON.
    pub json_depth: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            json_depth: 64,
        }
    }
}

impl Bounds {
    /// The bounds in force for a request.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }
}

/// What the surroundings of requests depend on.
#[derive(Debug, Clone)]
pub struct Options {
    /// The address we are reached at, without a slash at the end.
    pub public_url: String,
    /// Bounds on bodies.
    pub bounds: Bounds,
    /// Longest time until an answer begins.
    pub timeout: Duration,
    /// Proxies whose word about the client's address is believed.
    pub proxies: Proxies,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            public_url: "http://localhost:8080".to_owned(),
            bounds: Bounds::default(),
            timeout: Duration::from_mins(1),
            proxies: Proxies::default(),
        }
    }
}

impl Options {
    /// The options of an app, or those by default.
    #[must_use]
    pub fn of(app: &App) -> Self {
        app.part::<Self>().cloned().unwrap_or_default()
    }

    /// Whether people reach us by https.
    #[must_use]
    pub fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

impl From<&Config> for Options {
    fn from(config: &Config) -> Self {
        Self {
            public_url: config.public_url(),
            bounds: Bounds {
                body_bytes: config.limits.body_bytes,
                json_depth: config.limits.json_depth,
            },
            timeout: Duration::from_secs(config.limits.request_seconds),
            proxies: Proxies(config.trusted_proxies.clone()),
        }
    }
}

/// The router with everything around it. Other sites' pages may send forms to the routes of `cross_site` only.
pub fn around(router: Router, cross_site: Router, options: &Options) -> Router {
    router
        .layer(csrf(&options.public_url))
        .merge(cross_site)
        .fallback(|| async { Problem::not_found("address") })
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(DefaultBodyLimit::max(options.bounds.body_bytes))
        .layer(from_fn(problems))
        .layer(from_fn_with_state(options.clone(), bound))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn(console::as_pages))
        .layer(from_fn_with_state(
            options.public_url.starts_with("https://"),
            headers,
        ))
        .layer(from_fn(observe))
}

/// Refuses what another site's page makes a browser send (`Sec-Fetch-Site`, `Origin`); programs send neither.
fn csrf(public_url: &str) -> CsrfLayer {
    let origin = url::Url::parse(public_url)
        .map(|url| url.origin().ascii_serialization())
        .unwrap_or_default();
    CsrfLayer::new()
        .add_trusted_origin(origin)
        .unwrap_or_default()
}

/// Turns refusals that the framework words itself (a path that is no id, a query that cannot be read, another site's
/// form) into problems.
async fn problems(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let (status, media) = (response.status(), response.headers().get(CONTENT_TYPE));
    let worded = media.is_none_or(|media| media.as_bytes().starts_with(b"text/plain"));
    if !worded || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let text = to_bytes(response.into_body(), 4_096)
        .await
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    if status.is_server_error() {
        tracing::error!(status = status.as_u16(), %text, "a request failed");
        return Problem::fault().into_response();
    }
    let problem = Problem::new(
        status,
        "refused",
        status.canonical_reason().unwrap_or("Refused"),
    );
    if text.is_empty() {
        problem.into_response()
    } else {
        problem.detail(text).into_response()
    }
}

/// Bounds on size and time.
async fn bound(State(options): State<Options>, mut request: Request, next: Next) -> Response {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > options.bounds.body_bytes) {
        return body::too_large(options.bounds.body_bytes).into_response();
    }
    request.extensions_mut().insert(options.bounds);
    request.extensions_mut().insert(options.proxies);
    match tokio::time::timeout(options.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            Problem::unavailable("it took too long; nothing that was not acknowledged is kept")
                .into_response()
        }
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the form CatchPanicLayer asks for"
)]
fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("without text"), "a request panicked");
    Problem::fault().into_response()
}

/// Headers of every answer that does not set its own: nothing is cached, framed, sniffed or told to others.
async fn headers(State(https): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    set(CACHE_CONTROL, "no-store");
    set(
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    set(HeaderName::from_static("x-content-type-options"), "nosniff");
    set(HeaderName::from_static("x-frame-options"), "DENY");
    set(HeaderName::from_static("referrer-policy"), "no-referrer");
    set(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    set(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    if https {
        set(
            STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        );
    }
    response
}

/// Gives the request its id, a span and its place in the metrics. Addresses are logged without their query.
async fn observe(request: Request, next: Next) -> Response {
    let foreign = request
        .headers()
        .get(request_id::HEADER)
        .and_then(|value| value.to_str().ok());
    let id = foreign
        .filter(|id| request_id::acceptable(id))
        .map_or_else(fresh_id, str::to_owned);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    // A link that is a credential stays out of the log.
    let path = if route.contains("{token}") {
        route.clone()
    } else {
        request.uri().path().to_owned()
    };
    let span = tracing::info_span!("request", %id, %method, path);
    let begun = Instant::now();
    let mut response = request_id::scope(id.clone(), next.run(request))
        .instrument(span.clone())
        .await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    span.in_scope(|| tracing::debug!(status, ms = took.as_millis(), "answered"));
    let labels = [("method", method.to_string()), ("route", route)];
    metrics::histogram!("keywright_http_request_seconds", &labels).record(took.as_secs_f64());
    metrics::counter!("keywright_http_requests_total", "method" => labels[0].1.clone(), "route" => labels[1].1.clone(), "status" => status.to_string()).increment(1);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(request_id::HEADER, value);
    }
    response
}

#[expect(
    clippy::disallowed_methods,
    reason = "a request has an id before it has a unit of work"
)]
fn fresh_id() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Path;
    use axum::routing::{get, post};
    use http::header::ORIGIN;
    use tower::ServiceExt;

    use super::*;

    fn router(timeout: Duration) -> Router {
        let options = Options {
            public_url: "https://kw.example".to_owned(),
            timeout,
            ..Options::default()
        };
        let inner = Router::new()
            .route("/ok", get(|| async { "ok" }))
            .route(
                "/panic",
                get(|| async { assert!(std::hint::black_box(false), "planted") }),
            )
            .route(
                "/slow",
                get(|| async { std::future::pending::<()>().await }),
            )
            .route(
                "/things/{id}",
                get(|Path(id): Path<Uuid>| async move { id.to_string() }),
            )
            .route("/form", post(|| async { "done" }));
        let cross_site = Router::new().route("/acs", post(|| async { "taken" }));
        around(inner, cross_site, &options)
    }

    async fn send(request: Request) -> (http::Response<()>, String) {
        send_within(Duration::from_mins(1), request).await
    }

    async fn send_within(timeout: Duration, request: Request) -> (http::Response<()>, String) {
        let (parts, body) = router(timeout).oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        (
            Response::from_parts(parts, ()),
            String::from_utf8(bytes.to_vec()).unwrap(),
        )
    }

    fn get_request(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn answers_carry_the_headers_that_keep_them_private() {
        let (answer, _) = send(get_request("/ok")).await;
        for (name, want) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
        ] {
            assert_eq!(answer.headers()[name], want);
        }
        assert!(
            answer.headers()["content-security-policy"]
                .to_str()
                .unwrap()
                .contains("frame-ancestors 'none'")
        );
    }

    #[tokio::test]
    async fn a_panic_becomes_a_problem_with_a_request_id() {
        let mut request = get_request("/panic");
        request
            .headers_mut()
            .insert(request_id::HEADER, HeaderValue::from_static("caller-0001"));
        let (answer, body) = send(request).await;
        assert_eq!(answer.status(), 500);
        assert_eq!(answer.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.headers()[request_id::HEADER], "caller-0001");
        assert!(
            body.contains("caller-0001") && !body.contains("planted"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn foreign_ids_that_could_forge_log_lines_are_replaced() {
        let mut request = get_request("/ok");
        request.headers_mut().insert(
            request_id::HEADER,
            HeaderValue::from_static("a b\tlevel=error"),
        );
        let (answer, _) = send(request).await;
        assert_eq!(answer.headers()[request_id::HEADER].len(), 32);
    }

    #[tokio::test]
    async fn what_takes_too_long_is_answered() {
        let (answer, _) = send_within(Duration::ZERO, get_request("/slow")).await;
        assert_eq!(answer.status(), 503);
    }

    #[tokio::test]
    async fn unknown_addresses_and_methods_are_problems() {
        assert_eq!(send(get_request("/nowhere")).await.0.status(), 404);
        let (answer, _) = send(get_request("/form")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[CONTENT_TYPE]),
            (405, &HeaderValue::from_static("application/problem+json"))
        );
    }

    #[tokio::test]
    async fn refusals_of_the_framework_are_problems_too() {
        let (answer, body) = send(get_request("/things/5")).await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()[CONTENT_TYPE]),
            (400, &HeaderValue::from_static("application/problem+json"))
        );
        assert!(body.contains("urn:keywright:problem:refused"), "{body}");
    }

    #[tokio::test]
    async fn other_sites_cannot_send_forms() {
        let form = |origin: &'static str| {
            Request::post("/form")
                .header(ORIGIN, origin)
                .body(Body::empty())
                .unwrap()
        };
        let (refused, body) = send(form("https://evil.example")).await;
        assert_eq!(
            (refused.status().as_u16(), &refused.headers()[CONTENT_TYPE]),
            (403, &HeaderValue::from_static("application/problem+json")),
            "{body}"
        );
        assert_eq!(send(form("https://kw.example")).await.0.status(), 200);
        assert_eq!(
            send(Request::post("/form").body(Body::empty()).unwrap())
                .await
                .0
                .status(),
            200
        );
    }
    #[tokio::test]
    async fn only_what_is_made_for_other_sites_takes_their_forms() {
        let acs = Request::post("/acs")
            .header(ORIGIN, "https://idp.example")
            .body(Body::empty())
            .unwrap();
        let (answer, body) = send(acs).await;
        assert_eq!((answer.status().as_u16(), body.as_str()), (200, "taken"));
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(send(get_request("/acs")).await.0.status(), 405);
    }
}
