//! A running sandbox.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::{Clock, Time};
use crate::control::{Edit, EditError, Fault, Requests};
use crate::credentials::{Credentials, ServiceApp};
use crate::observer::Exchange;
use crate::provisioning::{self, PushError, PushOrder};
use crate::shared::{Running, Shared};
use crate::start;

/// How a sandbox is started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// People of a generated company; 0 is an org as new as Okta's own.
    pub people: u32,
    /// Groups of the company.
    pub groups: u32,
    /// How many groups each person is in.
    pub groups_per_person: u32,
    /// The same seed makes the same company with the same ids.
    pub random_seed: u64,
    /// HTTPS with a certificate made at start for `127.0.0.1`, `::1` and `localhost`.
    pub tls: bool,
    /// Whether Okta's rate limits hold.
    pub rate_limits: bool,
    /// A file with people, groups and apps to start with.
    pub seed: Option<PathBuf>,
    /// A file in which the state outlives the process.
    pub state: Option<PathBuf>,
    /// Where to write the credentials as JSON.
    pub credentials_out: Option<PathBuf>,
    /// Log each call.
    pub verbose: bool,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            people: 0,
            groups: 0,
            groups_per_person: 3,
            random_seed: 1,
            tls: false,
            rate_limits: true,
            seed: None,
            state: None,
            credentials_out: None,
            verbose: false,
        }
    }
}

/// Why a sandbox could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address that was wanted.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key or certificate could not be made.
    #[error("cannot make a key: {0}")]
    Key(String),
    /// An option that is not there yet.
    #[error("{0} is not supported yet")]
    Unsupported(&'static str),
}

/// A running sandbox. It stops when it is dropped or told to.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    certificate: Option<String>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Starts an org and listens.
    pub async fn start(options: SandboxOptions) -> Result<Self, StartError> {
        let ready = start::org(&options).await?;
        let running = Running {
            tls: options.tls,
            verbose: options.verbose,
            limited: options.rate_limits,
            seed: options.random_seed,
        };
        let shared = Arc::new(Shared::new(
            ready.org,
            Clock::default(),
            ready.credentials,
            &running,
        ));
        let app = Router::new()
            .fallback(crate::http::answer)
            .with_state(Arc::clone(&shared));
        let failed = |source| StartError::Listen {
            address: options.listen,
            source,
        };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(provisioning::run(Arc::clone(&shared), stopped.clone()));
        let (task, certificate) = if options.tls {
            let secured = start::Secured::new()?;
            (
                start::serve_tls(listener, app, stopped, &secured)?,
                Some(secured.certificate),
            )
        } else {
            (start::serve(listener, app, stopped), None)
        };
        let sandbox = Self {
            shared,
            address,
            certificate,
            stop,
            task,
        };
        if let Some(path) = &options.credentials_out {
            start::write_credentials(path, &sandbox.url(), sandbox.credentials())?;
        }
        Ok(sandbox)
    }

    /// The address of the org, such as `http://127.0.0.1:41234`.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.shared.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The certificate in PEM, with TLS.
    #[must_use]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// With what clients come in.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    /// An API token of the super administrator.
    #[must_use]
    pub fn api_token(&self) -> &str {
        &self.shared.credentials.api_token
    }

    /// A service app with plain bearer tokens.
    #[must_use]
    pub fn oauth(&self) -> &ServiceApp {
        &self.shared.credentials.oauth
    }

    /// A service app whose tokens are bound by DPoP.
    #[must_use]
    pub fn dpop(&self) -> &ServiceApp {
        &self.shared.credentials.dpop
    }

    /// Shows each answer that no fault spoiled to an observer, before it leaves. There can be one; gives whether it was
    /// taken.
    pub fn observe(&self, observer: impl Fn(&Exchange) + Send + Sync + 'static) -> bool {
        self.shared.observed.set(observer)
    }

    /// Brings the state at start back; tokens and service apps keep working.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Adds a rule by which answers go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().add(fault);
    }

    /// Takes all rules away.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// What was asked since the start or the last [`Self::clear_requests`].
    #[must_use]
    pub fn requests(&self) -> Requests {
        self.shared.requests().numbers()
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.shared.requests().clear();
    }

    /// Moves the clock of the org by milliseconds.
    pub fn advance_clock_ms(&self, by: i64) {
        self.shared.clock.advance_ms(by);
    }

    /// Sets the clock of the org, in milliseconds since 1970.
    pub fn set_clock_ms(&self, to: i64) {
        self.shared.clock.set(Time(to));
    }

    /// The clock of the org, in milliseconds since 1970.
    #[must_use]
    pub fn clock_ms(&self) -> i64 {
        self.shared.clock.now().0
    }

    /// Stops the clock, or lets it go on.
    pub fn freeze_clock(&self, still: bool) {
        self.shared.clock.freeze(still);
    }

    /// Changes people and groups at once; gives the ids of what was made.
    pub fn edit(&self, edits: &[Edit]) -> Result<Vec<String>, EditError> {
        self.shared.edit(edits)
    }

    /// Does something with the provisioning of an app; gives what the control says of it.
    pub async fn push(&self, order: &PushOrder) -> Result<serde_json::Value, PushError> {
        provisioning::carry_out(&self.shared, order).await
    }

    /// Switches rate limits on or off.
    pub fn rate_limits(&self, on: bool) {
        self.shared.limits().switch(on);
    }

    /// Sets the org's quota per minute of a bucket; a caller gets half. Gives whether there is such a bucket.
    #[must_use]
    pub fn set_rate_limit(&self, bucket: &str, per_minute: u32) -> bool {
        self.shared.limits().set(bucket, per_minute)
    }

    /// Renews the DPoP nonce and refuses the old ones.
    pub fn renew_nonce(&self) {
        let now = self.shared.clock.now();
        self.shared.memory().renew(now, true);
    }

    /// Takes all administrator roles of a service app, or makes it super administrator again.
    pub fn set_client_admin(&self, client_id: &str, admin: bool) {
        start::set_client_admin(
            &mut self.shared.write(),
            client_id,
            admin,
            self.shared.clock.now(),
        );
    }

    /// Replaces the scopes that are granted to a service app.
    pub fn set_client_scopes(&self, client_id: &str, scopes: &[&str]) {
        start::set_client_scopes(
            &mut self.shared.write(),
            client_id,
            scopes,
            self.shared.clock.now(),
        );
    }

    /// Sets whether a service app must use DPoP.
    pub fn set_client_dpop(&self, client_id: &str, required: bool) {
        start::set_client_dpop(&mut self.shared.write(), client_id, required);
    }

    /// Stops listening and waits until it has.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        // The task ends by itself; that it was cancelled elsewhere is no matter.
        let _ = self.task.await;
    }

    /// Waits until the sandbox ends.
    pub async fn wait(self) {
        let _stop = self.stop;
        let _ = self.task.await;
    }
}
