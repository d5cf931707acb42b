//! Several orgs in one process.
//!
//! Each org has a port of its own. Where a client can only reach one port, the host name tells: `acme.localhost` on any
//! port of the process is the org `acme`. Orgs are named at start or made by `POST /_sandbox/orgs` while it runs.

mod control;
mod door;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use door::Door;

use crate::credentials::Credentials;
use crate::options::{SandboxOptions, StartError};
use crate::shared::Shared;
use crate::state::Kept;
use crate::tls::{self, Secured};

/// The name of the org that is always there.
pub(crate) const MAIN: &str = "org";

/// Where an org is found, and with what clients come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OrgPlace {
    /// Its name; the first org is `org`.
    pub name: String,
    /// Its own address, such as `http://127.0.0.1:41234`.
    pub url: String,
    /// The same org by host name, on the port of the first one.
    pub host_url: String,
    /// With what clients come in.
    #[serde(flatten)]
    pub credentials: Credentials,
}

/// An org beside the first one.
struct Place {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: CancellationToken,
}

/// All orgs of the process.
pub(crate) struct Orgs {
    main: Arc<Shared>,
    address: SocketAddr,
    more: RwLock<BTreeMap<String, Place>>,
    options: SandboxOptions,
    secured: Option<Secured>,
    stop: CancellationToken,
    changed: Arc<Notify>,
    file: Mutex<Written>,
}

/// How writing the state file goes.
#[derive(Clone, Default)]
struct Written {
    writes: u64,
    /// Why it failed the last time.
    error: Option<String>,
}

/// What is wrong with the name of an org.
pub(crate) fn name_fault(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(fits) {
        return Some("a name has 1 to 40 small letters, digits and hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        return Some("a name begins and ends with a letter or digit");
    }
    (name == MAIN).then_some("the first org has this name")
}

impl Orgs {
    pub(crate) fn new(
        main: Arc<Shared>,
        address: SocketAddr,
        options: SandboxOptions,
        secured: Option<Secured>,
        stop: CancellationToken,
        changed: Arc<Notify>,
    ) -> Self {
        Self {
            main,
            address,
            more: RwLock::default(),
            options,
            secured,
            stop,
            changed,
            file: Mutex::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Place>> {
        self.more.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Place>> {
        self.more.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first org.
    pub(crate) fn main(&self) -> Arc<Shared> {
        Arc::clone(&self.main)
    }

    /// The address of a port of this process.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        let scheme = if self.options.tls { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// The certificate that clients are to trust, with TLS.
    pub(crate) fn certificate_pem(&self) -> Option<&str> {
        self.secured.as_ref().map(|secured| &*secured.certificate)
    }

    fn place(&self, name: &str, shared: &Shared, address: SocketAddr) -> OrgPlace {
        let scheme = if self.options.tls { "https" } else { "http" };
        OrgPlace {
            name: name.to_owned(),
            url: self.url(address),
            host_url: format!("{scheme}://{name}.localhost:{}", self.address.port()),
            credentials: shared.credentials.clone(),
        }
    }

    /// Every org, the first one first.
    pub(crate) fn list(&self) -> Vec<OrgPlace> {
        let mut all = vec![self.place(MAIN, &self.main, self.address)];
        let more = self.read();
        let rest = more
            .iter()
            .map(|(name, place)| self.place(name, &place.shared, place.address));
        all.extend(rest);
        all
    }

    /// What answers for an org at a port until it is told to stop.
    pub(crate) fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        here: Arc<Shared>,
        stop: CancellationToken,
    ) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, StartError> {
        let door = Door {
            orgs: Arc::clone(self),
            here,
        };
        let app = axum::Router::new().fallback(door::answer).with_state(door);
        Ok(match &self.secured {
            Some(secured) => Box::pin(tls::serve(listener, app, stop, secured)?),
            None => Box::pin(async move {
                tokio::select! {
                    _ = axum::serve(listener, app) => {}
                    () = stop.cancelled() => {}
                }
            }),
        })
    }

    /// Adds an org that listens at an address.
    pub(crate) fn add(
        &self,
        name: &str,
        shared: Arc<Shared>,
        address: SocketAddr,
    ) -> CancellationToken {
        let stop = self.stop.child_token();
        let place = Place {
            shared,
            address,
            stop: stop.clone(),
        };
        self.write().insert(name.to_owned(), place);
        self.changed.notify_one();
        stop
    }

    /// Ends an org. Gives whether there was one.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let found = self.write().remove(name);
        if let Some(place) = &found {
            place.stop.cancel();
            self.changed.notify_one();
        }
        found.is_some()
    }

    /// Whether there is an org of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.read().contains_key(name)
    }

    /// What is told of each change.
    pub(crate) fn notify(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// Waits for the next change of any org.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What all orgs know now.
    pub(crate) fn snapshot(&self) -> BTreeMap<String, Kept> {
        let mut all = BTreeMap::from([(MAIN.to_owned(), self.main.kept())]);
        let more = self.read();
        all.extend(
            more.iter()
                .map(|(name, place)| (name.clone(), place.shared.kept())),
        );
        all
    }

    /// Notes how writing the state went.
    pub(crate) fn state_written(&self, error: Option<String>) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.writes += u64::from(error.is_none());
        file.error = error;
    }
}
