//! `sandbox`: the offline Okta org alone.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use keywright_sandbox::{Sandbox as Org, SandboxOptions};
use keywright_server::serve::stop_on_signals;

use crate::exit::Exit;
use crate::output::say;

/// Run the offline Okta org alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Its controls are under /_sandbox/: reset, requests, faults, clock, people, limits.\n\nExample:\n  keywright sandbox --people 200 --groups 20 --credentials-out sandbox.json"
)]
pub(crate) struct Sandbox {
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// A file with people, groups and apps to start with.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// People of a generated company; 0 is an org as new as Okta's own.
    #[arg(long, default_value_t = 200, value_name = "N")]
    people: u32,
    /// Groups of the company.
    #[arg(long, default_value_t = 20, value_name = "N")]
    groups: u32,
    /// How many groups each person is in.
    #[arg(long, default_value_t = 3, value_name = "N")]
    groups_per_person: u32,
    /// The same seed makes the same company with the same ids.
    #[arg(long, default_value_t = 1, value_name = "N")]
    random_seed: u64,
    /// HTTPS with a certificate made at start.
    #[arg(long)]
    tls: bool,
    /// Do without Okta's rate limits.
    #[arg(long)]
    no_rate_limits: bool,
    /// A file in which the state outlives the process.
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
        if self.verbose {
            tracing_subscriber::fmt()
                .with_writer(std::io::stderr)
                .with_ansi(false)
                .init();
        }
        let stop = stop_on_signals()?;
        let org = Org::start(self.options()).await?;
        say(&format!("ready on {}", org.url()));
        stop.cancelled().await;
        org.stop().await;
        Ok(Exit::Done)
    }

    fn options(self) -> SandboxOptions {
        let mut options = SandboxOptions::default();
        options.listen = self.listen;
        options.seed = self.seed;
        options.people = self.people;
        options.groups = self.groups;
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
