//! How a sandbox is started, and why it may fail to.

use std::net::SocketAddr;
use std::path::PathBuf;

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
    /// Where to write that certificate as PEM.
    pub tls_cert_out: Option<PathBuf>,
    /// Whether Okta's rate limits hold.
    pub rate_limits: bool,
    /// A YAML file with people, groups, apps and rules to start with.
    pub seed: Option<PathBuf>,
    /// A file in which the state outlives the process. Once it is there, seed and numbers of people matter no more.
    pub state: Option<PathBuf>,
    /// Further orgs in the same process, by name. Each has the next port (any free one after port 0) and is also found as
    /// `NAME.localhost` on every port.
    pub orgs: Vec<String>,
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
            tls_cert_out: None,
            rate_limits: true,
            seed: None,
            state: None,
            orgs: Vec::new(),
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
    /// A seed file holds something wrong.
    #[error("{path}: {source}")]
    Seed {
        /// Which file.
        path: PathBuf,
        /// What, on which line, and how to mend it.
        source: crate::seed::SeedError,
    },
    /// A state file cannot be read.
    #[error("{path} is no state of a sandbox: {why}; delete it to begin anew")]
    State {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Another sandbox writes the same state file.
    #[error("{path} is in use by another sandbox")]
    InUse {
        /// Which file.
        path: PathBuf,
    },
    /// The name of an org is not fit for a host name, or taken.
    #[error("`{name}` cannot be the name of an org: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why.
        why: &'static str,
    },
}
