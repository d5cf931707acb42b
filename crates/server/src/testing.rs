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
        let response = crate::router::router(&self.app)
            .oneshot(request)
            .await
            .unwrap();
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
