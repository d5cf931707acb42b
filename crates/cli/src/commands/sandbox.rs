//! `sandbox`: the offline Okta org alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use keywright_sandbox::{Sandbox as Org, SandboxOptions};
use keywright_server::serve::stop_on_signals;
use tracing::level_filters::LevelFilter;

use crate::exit::Exit;
use crate::output::say;

/// Run the offline Okta org alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Its controls are under /_sandbox/: reset, requests, faults, clock, people, limits, orgs, health; \
                  open that address in a browser to look at the org.\n\n\
                  Example:\n  keywright sandbox --people 200 --groups 20 --credentials-out sandbox.json\n  \
                  keywright sandbox --seed company.yaml --state company.json --tls --tls-cert-out sandbox.pem"
)]
pub(crate) struct Sandbox {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A YAML file with people, groups, apps and rules to start with.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// People of a generated company; 0 is an org as new as Okta's own. [default: 200, with --seed 0]
    #[arg(long, value_name = "N")]
    people: Option<u32>,
    /// Groups of the company. [default: 20, with --seed 0]
    #[arg(long, value_name = "N")]
    groups: Option<u32>,
    /// How many groups each person is in.
    #[arg(long, default_value_t = 3, value_name = "N")]
    groups_per_person: u32,
    /// The same seed makes the same company with the same ids.
    #[arg(long, default_value_t = 1, value_name = "N")]
    random_seed: u64,
    /// HTTPS with a certificate made at start for the loopback addresses and localhost.
    #[arg(long)]
    tls: bool,
    /// Where to write that certificate as PEM, for clients to trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_cert_out: Option<PathBuf>,
    /// One more org, on the next port and as NAME.localhost; may be given several times.
    #[arg(long = "org", value_name = "NAME")]
    orgs: Vec<String>,
    /// Do without Okta's rate limits.
    #[arg(long)]
    no_rate_limits: bool,
    /// A file in which the state outlives the process. Once it is there, --seed, --people and --groups matter no more.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Where to write address, API token and service apps as JSON.
    #[arg(long, value_name = "FILE")]
    credentials_out: Option<PathBuf>,
    /// Log each call to standard error.
    #[arg(long, short)]
    verbose: bool,
}

impl Sandbox {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let level = if self.verbose {
            LevelFilter::INFO
        } else {
            LevelFilter::ERROR
        };
        tracing_subscriber::fmt()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_max_level(level)
            .init();
        let stop = stop_on_signals()?;
        let secured = self.tls && self.tls_cert_out.is_none();
        let org = Org::start(self.options()).await?;
        for place in org.orgs().iter().skip(1) {
            say(&format!(
                "org {} on {} and {}",
                place.name, place.url, place.host_url
            ));
        }
        if secured {
            say(&format!(
                "its certificate: curl -k {}/_sandbox/certificate",
                org.url()
            ));
        }
        say(&format!("ready on {}", org.url()));
        stop.cancelled().await;
        org.stop().await;
        Ok(Exit::Done)
    }

    fn options(self) -> SandboxOptions {
        let mut options = SandboxOptions::default();
        options.listen = self.listen;
        let (people, groups) = if self.seed.is_some() {
            (0, 0)
        } else {
            (200, 20)
        };
        options.people = self.people.unwrap_or(people);
        options.groups = self.groups.unwrap_or(groups);
        options.seed = self.seed;
        options.tls_cert_out = self.tls_cert_out;
        options.orgs = self.orgs;
        options.groups_per_person = self.groups_per_person;
        options.random_seed = self.random_seed;
        options.tls = self.tls;
        options.rate_limits = !self.no_rate_limits;
        options.state = self.state;
        options.credentials_out = self.credentials_out;
        options.verbose = self.verbose;
        options
    }
}
