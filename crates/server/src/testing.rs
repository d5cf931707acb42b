//! Tests on both engines: a fresh database each, a fixed clock, repeatable randomness.
//!
//! On PostgreSQL every test is a test of tenancy too: there are rows of another tenant beside all rows, and whatever
//! query touches one fails (`keywright_testkit::postgres::Schema::forbid_other_tenants`).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use tower::ServiceExt;

use crate::actor::Actor;
use crate::app::{App, AppBuilder, Clock, Work};
use crate::db::{Database, TenantId, Timestamp};
use crate::tenants;
use crate::vault::{KeyRing, Vault};

/// 2026-01-05 08:00:00 UTC, a Monday.
const START: i64 = 1_767_600_000_000_000;

/// An app for one test.
pub(crate) struct TestApp {
    pub(crate) app: App,
    /// The tenant `default`.
    pub(crate) tenant: TenantId,
    at: Arc<AtomicI64>,
    /// Made when it is first asked, as making it takes longer than most answers.
    router: std::sync::OnceLock<axum::Router>,
    _place: Place,
}

fn in_extensions(actor: Actor) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    extensions.insert(actor);
    extensions
}

/// What is taken away when the test ends.
enum Place {
    Folder(#[expect(dead_code, reason = "dropped with the test")] tempfile::TempDir),
    Schema(
        #[expect(dead_code, reason = "dropped with the test")] keywright_testkit::postgres::Schema,
    ),
}

impl TestApp {
    pub(crate) async fn sqlite(parts: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Database::open_sqlite(&folder.path().join("test.db"))
            .await
            .unwrap();
        Self::on(db, Place::Folder(folder), parts).await
    }

    pub(crate) async fn postgres(parts: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        let schema = keywright_testkit::postgres::Schema::new().unwrap();
        let db = Database::open_postgres(&schema.url().unwrap(), Some(schema.name()))
            .await
            .unwrap();
        db.migrate().await.unwrap();
        schema.forbid_other_tenants().unwrap();
        Self::on(db, Place::Schema(schema), parts).await
    }

    async fn on(db: Database, place: Place, parts: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        db.migrate().await.unwrap();
        let at = Arc::new(AtomicI64::new(START));
        let vault = Vault::new(KeyRing::generate([42; 32]));
        let app = parts(
            App::builder(db, vault)
                .clock(Clock::Fixed(at.clone()))
                .seed(7)
                .with(crate::connections::Clients::default()),
        )
        .build();
        let tenant = tenants::ensure_default(&app).await.unwrap().id;
        Self {
            app,
            tenant,
            at,
            router: std::sync::OnceLock::new(),
            _place: place,
        }
    }

    /// The same installation as another process would open it, with other parts.
    pub(crate) fn again(&self, parts: impl FnOnce(AppBuilder) -> AppBuilder) -> App {
        let vault = Vault::new(KeyRing::generate([42; 32]));
        let builder =
            App::builder(self.app.db().clone(), vault).clock(Clock::Fixed(self.at.clone()));
        parts(builder).build()
    }

    /// The whole server.
    pub(crate) fn router(&self) -> axum::Router {
        let router = || crate::router::router(&self.app);
        self.router.get_or_init(router).clone()
    }

    /// The machine's operator in the default tenant.
    pub(crate) fn local(&self) -> Actor {
        Actor::local(self.tenant)
    }

    /// The operator of a second tenant, made now.
    pub(crate) async fn other_tenant(&self) -> Actor {
        let slug = format!("other-{}", self.app.id::<uuid::Uuid>().simple());
        Actor::local(tenants::create(&self.app, &slug, "Other").await.unwrap().id)
    }

    pub(crate) async fn begin(&self) -> Work {
        self.app.begin(&self.local()).await.unwrap()
    }

    pub(crate) async fn read(&self) -> Work {
        self.app.read(&self.local()).await.unwrap()
    }

    /// Sends a request through the whole router as `actor`, or as a stranger; gives the status and the body, as JSON when
    /// it is JSON, else as text.
    pub(crate) async fn send(
        &self,
        actor: Option<Actor>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let builder = Request::builder()
            .method(method)
            .uri(path)
            .header(CONTENT_TYPE, "application/json");
        let mut request = builder
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        request
            .extensions_mut()
            .extend(actor.map(in_extensions).unwrap_or_default());
        let response = self.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// The same as the machine's operator.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.send(Some(self.local()), method, path, body).await
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.app.clock().advance(by);
    }

    pub(crate) fn set_clock(&self, to: Timestamp) {
        self.at.store(to.0, Ordering::SeqCst);
    }
}

/// Counts the statements of an app, as one of its parts.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<std::sync::atomic::AtomicU64>);

impl Statements {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// How many since the last time this was asked.
    pub(crate) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// A browser in a test: goes through the whole router, keeps cookies, sends forms as our pages do.
pub(crate) struct TestBrowser<'t> {
    t: &'t TestApp,
    cookies: std::collections::BTreeMap<String, String>,
    /// Where it stands.
    pub(crate) address: std::net::IpAddr,
}

/// What a browser was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where it is sent on to; empty when it is not.
    pub(crate) to: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl TestApp {
    /// A browser without cookies.
    pub(crate) fn browser(&self) -> TestBrowser<'_> {
        TestBrowser {
            t: self,
            cookies: std::collections::BTreeMap::new(),
            address: std::net::IpAddr::from([192, 0, 2, 7]),
        }
    }

    /// A browser in which a new local person with this role is signed in.
    pub(crate) async fn signed_in(&self, role: &str) -> TestBrowser<'_> {
        self.signed_in_as(&self.local(), role).await
    }

    /// The same in the tenant of `by`.
    pub(crate) async fn signed_in_as(&self, by: &Actor, role: &str) -> TestBrowser<'_> {
        let mut work = self.app.begin(by).await.unwrap();
        let draft = crate::directory::UserDraft {
            kind: crate::directory::Kind::Local,
            login: format!("{role}-{}", work.id::<uuid::Uuid>().simple()),
            email: String::new(),
            display_name: format!("Test {role}"),
        };
        let user = crate::directory::create_user(&mut work, &draft, "a test")
            .await
            .unwrap();
        let role = crate::directory::find_role_by(&work, role).await.unwrap();
        crate::directory::give(&mut work, user.id, role.id, None, "a test")
            .await
            .unwrap();
        let cookies =
            crate::signin::admit(&mut work, user.id, "link", &crate::web::Browser::default())
                .await
                .unwrap();
        work.commit().await.unwrap();
        let mut browser = self.browser();
        for cookie in &cookies {
            browser.keep(cookie);
        }
        browser
    }
}

impl TestBrowser<'_> {
    fn keep(&mut self, set: &http::HeaderValue) {
        let set = set.to_str().unwrap();
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        if set.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// Forgets a cookie.
    pub(crate) fn forget(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Looks at a page.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Sends a form from one of our own pages.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        self.send(request, Body::from(body)).await
    }

    /// Sends any request with the cookies of this browser.
    pub(crate) async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = request
            .header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
            .header("cookie", pairs.join("; "))
            .body(body)
            .unwrap();
        let peer = std::net::SocketAddr::new(self.address, 40_000);
        request
            .extensions_mut()
            .insert(axum::extract::ConnectInfo(peer));
        let response = self.t.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            self.keep(cookie);
        }
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            to: parts
                .headers
                .get("location")
                .map_or_else(String::new, |to| to.to_str().unwrap().to_owned()),
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}

/// Runs each test on `SQLite` and on PostgreSQL: `db_test!(async fn name(t) { ... })`, where `t` is a [`TestApp`].
/// A module calls it once; parts are added with `db_test!(with |builder| ...; async fn ...)`.
macro_rules! db_test {
    (with $parts:expr; $(async fn $name:ident($t:ident) $body:block)+) => {
        $(async fn $name($t: $crate::testing::TestApp) $body)+
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
                super::$name($crate::testing::TestApp::sqlite($parts).await).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $name() {
                super::$name($crate::testing::TestApp::postgres($parts).await).await;
            })+
        }
    };
    ($(async fn $name:ident($t:ident) $body:block)+) => {
        $crate::testing::db_test!(with |builder| builder; $(async fn $name($t) $body)+);
    };
}
pub(crate) use db_test;
