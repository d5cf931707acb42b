//! All that the calls of one org share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{
    Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::control::{Edit, EditError, Faults, RequestLog, apply};
use crate::credentials::Credentials;
use crate::http::{Limits, Outside, Router, Routes};
use crate::oauth::Memory;
use crate::observer::Observed;
use crate::org::Org;
use crate::provisioning::Pushing;
use crate::state::Kept;
use crate::store::mix;

/// The state of a running org.
pub(crate) struct Shared {
    org: RwLock<Org>,
    /// The org as it was at start, for `reset`.
    initial: Org,
    pub(crate) clock: Clock,
    memory: Mutex<Memory>,
    limits: Mutex<Limits>,
    faults: Mutex<Faults>,
    requests: Mutex<RequestLog>,
    pub(crate) pushing: Pushing,
    pub(crate) router: &'static Router,
    pub(crate) outside: Outside,
    pub(crate) observed: Observed,
    changed: Arc<Notify>,
    pub(crate) tls: bool,
    pub(crate) verbose: bool,
    pub(crate) credentials: Credentials,
    limited: bool,
    calls: AtomicU64,
    seed: u64,
}

/// How an org is run.
pub(crate) struct Running {
    pub(crate) tls: bool,
    pub(crate) verbose: bool,
    pub(crate) limited: bool,
    pub(crate) seed: u64,
    /// Told of each change.
    pub(crate) changed: Arc<Notify>,
}

/// The routes of every org.
pub(crate) static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::of(all_routes()));

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A call that panicked left nothing half done that the next could not live with.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The state around an org.
    pub(crate) fn new(org: Org, clock: Clock, credentials: Credentials, running: &Running) -> Self {
        Self {
            initial: org.clone(),
            org: RwLock::new(org),
            clock,
            memory: Mutex::default(),
            limits: Mutex::new(Limits::new(running.limited)),
            faults: Mutex::default(),
            requests: Mutex::default(),
            pushing: Pushing::default(),
            router: &ROUTER,
            outside: Outside::default(),
            observed: Observed::default(),
            changed: Arc::clone(&running.changed),
            tls: running.tls,
            verbose: running.verbose,
            credentials,
            limited: running.limited,
            calls: AtomicU64::new(0),
            seed: running.seed,
        }
    }

    /// The org, to look at.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Org> {
        self.org.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The org, to change.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Org> {
        self.touched();
        self.org.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that something changed, so that it is written.
    pub(crate) fn touched(&self) {
        self.changed.notify_one();
    }

    /// What outlives the process.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            credentials: self.credentials.clone(),
            clock: self.clock.moved(),
            org: self.read().clone(),
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        lock(&self.memory)
    }

    pub(crate) fn limits(&self) -> MutexGuard<'_, Limits> {
        lock(&self.limits)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.requests)
    }

    /// A number that no other call got, and that looks random.
    pub(crate) fn next_call(&self) -> u64 {
        mix(self.calls.fetch_add(1, Ordering::Relaxed) ^ mix(self.seed))
    }

    /// Brings the state at start back; tokens and service apps of the start work as before.
    pub(crate) fn reset(&self) {
        *self.write() = self.initial.clone();
        self.clock.right();
        self.faults().clear();
        self.requests().clear();
        self.pushing.reset();
        let mut limits = self.limits();
        limits.clear();
        limits.switch(self.limited);
    }

    /// Makes quick changes.
    pub(crate) fn edit(&self, edits: &[Edit]) -> Result<Vec<String>, EditError> {
        let now = self.clock.now();
        let made = apply(&mut self.write(), edits, now);
        self.pushing.kick();
        made
    }

    /// The credentials as JSON, without the address.
    pub(crate) fn credentials_json(&self) -> Value {
        json!(self.credentials)
    }
}

fn all_routes() -> Routes {
    let mut routes = Routes::default();
    crate::org::routes(&mut routes);
    crate::oauth::routes(&mut routes);
    crate::servers::routes(&mut routes);
    crate::users::routes(&mut routes);
    crate::groups::routes(&mut routes);
    crate::apps::routes(&mut routes);
    crate::saml::routes(&mut routes);
    crate::home::routes(&mut routes);
    crate::roles::routes(&mut routes);
    crate::tokens::routes(&mut routes);
    crate::log::routes(&mut routes);
    crate::policies::routes(&mut routes);
    crate::network::routes(&mut routes);
    crate::idps::routes(&mut routes);
    crate::iam::routes(&mut routes);
    crate::mappings::routes(&mut routes);
    crate::quotas::routes(&mut routes);
    crate::features::routes(&mut routes);
    crate::hooks::routes(&mut routes);
    crate::factors::routes(&mut routes);
    crate::authn::routes(&mut routes);
    crate::integrations::routes(&mut routes);
    crate::sessions::routes(&mut routes);
    crate::authenticators::routes(&mut routes);
    crate::schemas::routes(&mut routes);
    routes
}
