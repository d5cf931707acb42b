//! The running process: opens the database, answers requests, runs jobs, and stops without losing any.
//!
//! ```text
//! Config -> bind -> open (database, migrations, master key, tenant `default`) -> web + metrics + worker
//!        -> Ready (told once) -> stop -> no new requests or jobs, those at work end, leases go back -> return
//! ```

mod certificate;
mod listen;
mod signals;
#[cfg(test)]
mod tests;
mod whereabouts;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::actor::Actor;
use crate::app::App;
use crate::config::Config;
use crate::db::{Database, TenantId};
use crate::jobs::{self, Registry, Schedule, Worker};
use crate::notify::{self, Mailer, MailerError};
use crate::outgoing::Outgoing;
use crate::vault::{RingError, Vault};
use crate::{
    actions, apikeys, audit, connections, db, events, router, saml, scim, signin, sync, telemetry,
    tenants, web,
};

pub use signals::stop_on_signals;
pub use whereabouts::find_server;

use certificate::Certificate;
use listen::{answer, bind, bind_metrics};

/// How often the audit trail is sealed, milliseconds.
const SEAL_EVERY_MS: i64 = 60_000;

/// How often new tenants are looked for.
const SCHEDULE_AGAIN: Duration = Duration::from_mins(10);

/// Why the process could not start or go on. Messages say what to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {0}: is another process there already? Choose another address with --listen"
    )]
    Listen(SocketAddr, #[source] io::Error),
    /// The data folder cannot be made.
    #[error("the data folder {0} cannot be made")]
    DataDir(PathBuf, #[source] io::Error),
    /// The master key cannot be used.
    #[error("the master key cannot be used")]
    MasterKey(#[from] RingError),
    /// Certificate or key cannot be used.
    #[error("the TLS certificate {cert} and its key {key} cannot be used")]
    Tls {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What is wrong.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("the database cannot be used")]
    Db(#[from] db::Error),
    /// The first tenant cannot be made.
    #[error("the first tenant cannot be made")]
    Tenant(#[from] tenants::Error),
    /// The link for the first admin cannot be made.
    #[error("the link for the first admin cannot be made")]
    AdminLink(#[from] signin::Error),
    /// Metrics cannot be started.
    #[error(transparent)]
    Telemetry(#[from] telemetry::Error),
    /// Mail cannot be set up.
    #[error("mail cannot be set up")]
    Mail(#[from] MailerError),
    /// A listener failed.
    #[error("a listener failed")]
    Serve(#[source] io::Error),
}

/// What is told once everything is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The address people reach us at.
    pub public_url: String,
    /// Where requests are answered; `None` for a mere worker.
    pub web: Option<SocketAddr>,
    /// Where `/metrics` is; `None` when it is off.
    pub metrics: Option<SocketAddr>,
    /// A one-time link to make the first admin, while nobody could sign in as one.
    pub admin_link: Option<AdminLink>,
}

/// A link that is a credential: compared and printed by nobody but who asks for it.
#[derive(Debug, Clone)]
pub struct AdminLink(pub SecretString);

impl PartialEq for AdminLink {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for AdminLink {}

/// Opens the local installation of `config` without listening: makes what is missing (data folder, master key,
/// schema, tenant `default`). Commands without a server work on what this gives.
pub async fn open(config: &Config) -> Result<App, Error> {
    let url = config.database_url();
    if url.expose_secret().starts_with("sqlite:") || config.master_key_file().1 {
        make_private_folder(&config.data_dir)?;
    }
    let vault = match config.master_key_file() {
        (path, true) => Vault::open_file(&path, fresh_key())?,
        (path, false) => Vault::at(&path)?,
    };
    let db = Database::open(url.expose_secret()).await?;
    db.migrate().await?;
    let mut builder = App::builder(db, vault)
        .with(web::Options::from(config))
        .with(config.effective().to_vec())
        .with(connections::Clients::default())
        .with(Outgoing::from(&config.outgoing))
        .with(actions::Profiles::default())
        .with(events::Intake::default())
        .with(scim::State::default());
    if let Some(mailer) = Mailer::new(&config.mail)? {
        builder = builder.with(mailer);
    }
    let app = builder.build();
    tenants::ensure_default(&app).await?;
    Ok(app)
}

/// Serves until `stop`; `ready` is told once, when requests are answered. Returns when all work has ended.
pub async fn serve(
    mut config: Config,
    stop: CancellationToken,
    ready: impl FnOnce(&Ready),
) -> Result<(), Error> {
    // Only the first call of a process can install it; a second finds the same one there.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let listener = config
        .role
        .is_web()
        .then(|| bind(config.listen))
        .transpose()?;
    if let Some((_, address)) = &listener {
        config.listen = *address;
    }
    let metrics = bind_metrics(&config)?;
    let app = open(&config).await?;
    let tls = Certificate::read(&config).await?;
    let _noted = listener.as_ref().and_then(|_| whereabouts::note(&config));
    let told = Ready {
        public_url: config.public_url(),
        web: listener.as_ref().map(|(_, address)| *address),
        metrics: metrics.as_ref().map(|(_, address)| *address),
        admin_link: admin_link(&app, config.role.is_web()).await?,
    };
    let grace = Duration::from_secs(config.limits.stop_seconds);
    let mut running = JoinSet::new();
    if let Some((listener, _)) = listener {
        running.spawn(answer(
            listener,
            tls,
            router::router(&app),
            stop.clone(),
            grace,
        ));
    }
    if let Some((listener, _)) = metrics {
        running.spawn(answer(listener, None, measured(&app)?, stop.clone(), grace));
    }
    if config.role.is_worker() {
        schedule(&app).await?;
        running.spawn(keep_scheduled(app.clone(), stop.clone()));
        let worker = Worker::new(app.clone(), registry());
        let (loops, stop) = (config.limits.jobs, stop.clone());
        running.spawn(async move {
            worker.run(loops, stop, grace).await;
            Ok(())
        });
    }
    tracing::info!(public_url = told.public_url, role = ?config.role, "ready");
    ready(&told);
    let outcome = until_all_end(running, &stop).await;
    tracing::info!("stopped");
    outcome
}

/// A link to make the first admin of the tenant `default`, as long as there is none.
async fn admin_link(app: &App, web: bool) -> Result<Option<AdminLink>, Error> {
    if !web {
        return Ok(None);
    }
    let tenant = tenants::ensure_default(app).await?;
    let made = signin::first_admin_link(app, tenant.id).await?;
    Ok(made.map(|made| AdminLink(made.url)))
}

/// All kinds of job this program knows how to do.
#[must_use]
pub fn registry() -> Registry {
    let registry = events::handlers(actions::handlers(notify::handlers(Registry::new())));
    sync::register(saml::handlers(scim::handlers(apikeys::handlers(registry))))
        .on(audit::SEAL_JOB, seal)
}

async fn seal(app: App, job: jobs::Job) -> Result<(), jobs::Error> {
    let mut work = app.begin(&job.actor("audit")).await?;
    job.check_lease(&work).await?;
    audit::seal(&mut work).await?;
    Ok(work.commit().await?)
}

/// Tenants made meanwhile get their schedules too.
async fn keep_scheduled(app: App, stop: CancellationToken) -> Result<(), Error> {
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(SCHEDULE_AGAIN) => {}
        }
        if let Err(error) = schedule(&app).await {
            tracing::warn!(error = %web::chain(&error), "schedules could not be set");
        }
    }
}

/// What happens every so often in each tenant.
async fn schedule(app: &App) -> Result<(), Error> {
    for tenant in tenants::list(app).await? {
        let mut work = app.begin(&Actor::system(tenant.id, "start")).await?;
        let sealing = Schedule {
            kind: audit::SEAL_JOB,
            name: "all".to_owned(),
            payload: serde_json::Value::Null,
            every_ms: SEAL_EVERY_MS,
        };
        jobs::set_schedule(&mut work, &sealing, false).await?;
        actions::schedule(&mut work).await?;
        events::schedule(&mut work).await?;
        apikeys::schedule(&mut work).await?;
        saml::schedule(&mut work).await?;
        scim::schedule(&mut work).await?;
        work.commit().await?;
        if let Err(error) = tend_sync(app, tenant.id).await {
            tracing::error!(
                error = web::chain(&error),
                "the schedules of sync could not be looked after"
            );
        }
    }
    Ok(())
}

async fn tend_sync(app: &App, tenant: TenantId) -> sync::Result<()> {
    let mut work = app.begin(&Actor::system(tenant, "start")).await?;
    sync::tend(&mut work).await?;
    Ok(work.commit().await?)
}

/// When one part fails, all stop.
async fn until_all_end(
    mut running: JoinSet<Result<(), Error>>,
    stop: &CancellationToken,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    while let Some(ended) = running.join_next().await {
        let ended = ended.unwrap_or_else(|defect| Err(Error::Serve(io::Error::other(defect))));
        if !stop.is_cancelled() || ended.is_err() {
            stop.cancel();
            outcome = outcome.and(ended);
        }
    }
    outcome
}

/// `/metrics`, and health for processes that only work.
fn measured(app: &App) -> Result<Router, Error> {
    let metrics = telemetry::metrics()?;
    let router = Router::new()
        .route("/metrics", get(async || metrics.render()))
        .route("/healthz", get(web::health::healthz))
        .route("/readyz", get(web::health::readyz));
    Ok(router.with_state(app.clone()))
}

fn make_private_folder(path: &PathBuf) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| Error::DataDir(path.clone(), error))
}

fn fresh_key() -> [u8; 32] {
    let mut key = [0; 32];
    StdRng::from_os_rng().fill_bytes(&mut key);
    key
}
