//! The work in the background: takes tasks in order, some at once, and notes what came of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::fault::PushFaults;
use super::job::{Job, Outcome};
use super::plan::plan;
use super::settle::settle;
use super::side::Subject;
use crate::http::{Call, Caller, Query};
use crate::org::Org;
use crate::roles::Power;
use crate::shared::Shared;

/// How Okta waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How often a paused queue looks at the clock.
const LOOK: Duration = Duration::from_millis(50);

/// What tests set.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) faults: Option<PushFaults>,
    pub(super) shuffle: Option<u64>,
    pub(super) hold: bool,
    pub(super) workers: usize,
    pub(super) timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            faults: None,
            shuffle: None,
            hold: false,
            workers: 4,
            timeout: TIMEOUT,
        }
    }
}

/// How calls and the work in the background speak with each other.
pub(crate) struct Pushing {
    settings: Mutex<Settings>,
    changed: Notify,
    asked: AtomicU64,
    idle: watch::Sender<u64>,
    http: OnceLock<Option<reqwest::Client>>,
}

impl Default for Pushing {
    fn default() -> Self {
        Self {
            settings: Mutex::default(),
            changed: Notify::new(),
            asked: AtomicU64::new(0),
            idle: watch::Sender::new(0),
            http: OnceLock::new(),
        }
    }
}

impl Pushing {
    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at start.
    pub(crate) fn reset(&self) {
        *self.settings() = Settings::default();
        self.kick();
    }

    /// The org may have changed.
    pub(crate) fn kick(&self) {
        self.changed.notify_one();
    }

    pub(super) async fn idle(&self) {
        let mut seen = self.idle.subscribe();
        let mine = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.kick();
        // The sender lives as long as this.
        let _idle = seen.wait_for(|settled| *settled >= mine).await;
    }

    /// A client without address or token.
    pub(super) fn client(&self) -> Option<Client> {
        let made = self
            .http
            .get_or_init(|| reqwest::Client::builder().no_proxy().build().ok());
        let settings = self.settings();
        Some(Client {
            http: made.clone()?,
            base_url: String::new(),
            token: String::new(),
            faults: settings.faults,
            salt: 0,
            requests: 0,
            struck: 0,
            timeout: settings.timeout,
        })
    }
}

/// Works until told to stop.
pub(crate) async fn run(shared: Arc<Shared>, stop: CancellationToken) {
    let mut running: JoinSet<(Job, Outcome)> = JoinSet::new();
    let pushing = &shared.pushing;
    loop {
        let asked = pushing.asked.load(Ordering::SeqCst);
        // An org that pushes nothing is not kept from its calls.
        let nothing = shared.read().provisioning.is_empty();
        let waits = !nothing && begin(&shared, &mut running);
        if running.is_empty() && !waits {
            pushing.idle.send_replace(asked);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            Some(done) = running.join_next() => {
                if let Ok((job, outcome)) = done {
                    let call = call(&shared);
                    settle(&mut shared.write(), &call, &job, outcome);
                }
            }
            () = pushing.changed.notified() => {}
            () = tokio::time::sleep(LOOK), if waits && running.is_empty() => {}
        }
    }
}

/// Fills the free places with tasks. Gives whether tasks wait for the clock.
fn begin(shared: &Shared, running: &mut JoinSet<(Job, Outcome)>) -> bool {
    let settings = shared.pushing.settings().clone();
    let now = shared.clock.now();
    let mut org = shared.write();
    let apps = org.provisioning.apps();
    for app in &apps {
        let drained = org
            .provisioning
            .of(*app)
            .is_some_and(super::side::Side::is_idle);
        if drained || settings.hold {
            plan(&mut org, *app, settings.shuffle);
        }
    }
    if settings.hold {
        return false;
    }
    let Some(client) = shared.pushing.client() else {
        return false;
    };
    let mut waits = false;
    for app in apps {
        while running.len() < settings.workers {
            let Some(side) = org.provisioning.of_mut(app) else {
                break;
            };
            if side.pause.is_some_and(|pause| pause.until > now) {
                waits |= !side.queue.is_empty();
                break;
            }
            let Some(subject) = side.queue.pop_front() else {
                break;
            };
            if let Some(mut job) = Job::of(&org, app, subject, &client) {
                if let Some(side) = org.provisioning.of_mut(app) {
                    side.running += 1;
                }
                running.spawn(async move {
                    let outcome = job.run().await;
                    (job, outcome)
                });
            } else {
                free(&mut org, app, subject);
            }
        }
    }
    waits
}

/// Nothing is to be done any more.
fn free(org: &mut Org, app: u32, subject: Subject) {
    let Some(side) = org.provisioning.of_mut(app) else {
        return;
    };
    match subject {
        Subject::Person(user) => {
            if let Some(account) = side.accounts.get_mut(&user) {
                account.busy = false;
            }
        }
        Subject::Group(mapping) => {
            if let Some(link) = side.links.get_mut(&mapping) {
                link.busy = false;
            }
        }
    }
}

/// A call by Okta itself, for the system log.
fn call(shared: &Shared) -> Call {
    let salt = shared.next_call();
    Call {
        method: Method::POST,
        path: "/provisioning".to_owned(),
        params: Vec::new(),
        query: Query::default(),
        raw_query: String::new(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
        base: String::new(),
        now: shared.clock.now(),
        caller: Caller::Anonymous,
        power: Power::default(),
        request_id: format!("a{salt:016x}"),
        salt,
        saml_faults: Vec::new(),
    }
}
