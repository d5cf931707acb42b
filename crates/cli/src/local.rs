//! The service inside this process: the local database, the same router, and its job workers for long work.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body_util::BodyExt;
use keywright_server::actor::Actor;
use keywright_server::app::App;
use keywright_server::config::{Config, Source, Sources};
use keywright_server::jobs::{Trouble, Worker};
use keywright_server::{router, serve, telemetry, tenants};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::args::Global;
use crate::exit::bad_usage;

/// How long a command waits for its own workers when it ends.
const GRACE: Duration = Duration::from_secs(20);
/// How often a command looks whether the work that it waits for is done.
const LOOK: Duration = Duration::from_millis(100);

/// An open local installation and who acts in it.
pub(crate) struct Local {
    app: App,
    router: Router,
    actor: Actor,
    key: Option<SecretString>,
    worker: Mutex<Option<Working>>,
}

/// The workers of this process.
struct Working {
    stop: CancellationToken,
    running: JoinHandle<()>,
    trouble: Trouble,
}

impl Local {
    /// Opens the local database as the operator of this machine, or as the owner of `key` where one is given.
    pub(crate) async fn open(global: &Global, key: Option<SecretString>) -> anyhow::Result<Self> {
        let mut config = Config::load(&sources(global))?;
        log_quietly(&config);
        serve::find_server(&mut config);
        let app = serve::open(&config).await?;
        let slug = global.tenant.as_deref().unwrap_or(tenants::DEFAULT);
        let tenant = tenants::find(&app, slug)
            .await?
            .ok_or_else(|| bad_usage(format!("there is no tenant called {slug}")))?;
        Ok(Self::of(app, Actor::local(tenant.id), key))
    }

    /// Acts in an application that is open already.
    pub(crate) fn of(app: App, actor: Actor, key: Option<SecretString>) -> Self {
        Self {
            router: router::router(&app),
            app,
            actor,
            key,
            worker: Mutex::new(None),
        }
    }

    /// Sends one request through the router.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", router::API))
            .header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {}", key.expose_secret()));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body)?;
        if self.key.is_none() {
            request.extensions_mut().insert(self.actor.clone());
        }
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status().as_u16();
        let bytes = answer
            .into_body()
            .collect()
            .await
            .context("the answer broke off")?
            .to_bytes();
        Ok((status, bytes.to_vec()))
    }

    /// Lets this process do jobs from now on, beside any server on the same database, and waits a moment. Fails when no
    /// job can be done until a person mends something.
    pub(crate) async fn work(&self) -> anyhow::Result<()> {
        let trouble = {
            let mut worker = self
                .worker
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let working = worker.get_or_insert_with(|| {
                let stop = CancellationToken::new();
                let worker = Worker::new(self.app.clone(), serve::registry());
                let trouble = worker.trouble();
                let running = tokio::spawn(worker.run(2, stop.clone(), GRACE));
                Working {
                    stop,
                    running,
                    trouble,
                }
            });
            working.trouble.clone()
        };
        tokio::time::sleep(LOOK).await;
        match trouble.told() {
            Some(what) => Err(anyhow::Error::msg(what)),
            None => Ok(()),
        }
    }

    /// Ends the workers, giving back what they hold.
    pub(crate) async fn close(self) {
        let worker = self
            .worker
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(working) = worker {
            working.stop.cancel();
            let _panicked = working.running.await;
        }
    }
}

/// Logs what goes wrong to standard error, or as much as the configuration says.
pub(crate) fn log_quietly(config: &Config) {
    let chosen = config
        .effective()
        .iter()
        .any(|one| one.key == "log.level" && one.source != Source::Default);
    let mut log = config.log.clone();
    if !chosen {
        "error".clone_into(&mut log.level);
    }
    // Only the first of a process is heard, and a level that cannot be read is told by `config check`.
    let _unheard = telemetry::start(&log);
}

/// Where the configuration of a local installation is read from.
pub(crate) fn sources(global: &Global) -> Sources {
    let mut sources = Sources::of_process(global.config.clone());
    if let Some(data) = &global.data {
        sources = sources.flag("data_dir", "--data", data.to_string_lossy());
    }
    if let Some(database) = &global.database {
        sources = sources.flag("database.url", "--database", database);
    }
    sources
}
