//! `demo`: the whole product on one machine, with an offline Okta org, each step really done.
//!
//! ```text
//! sandbox org <- real API calls -> server (SQLite or --database) <- HTTP, as a person -> this command
//! ```

mod folder;
mod joining;
mod okta_side;
mod pushing;
mod runs;
mod sign_in;
mod stage;
mod steps;
mod teller;

use std::net::SocketAddr;

use clap::Args;

use crate::args::Global;
use crate::exit::Exit;
use stage::Stage;
use teller::Teller;

/// See the whole product on this machine, with an offline Okta org.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  keywright demo                  # and goes on serving, to look around\n  keywright demo --once           # ends after the report\n  keywright demo --once --database postgres://keywright@localhost/demo"
)]
pub(crate) struct Demo {
    /// End after the report.
    #[arg(long)]
    once: bool,
    /// People of the company.
    #[arg(long, default_value_t = 200, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=100_000))]
    people: u32,
    /// Groups of the company.
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(7..=20))]
    groups: u32,
    /// Address and port of the server; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
}

impl Demo {
    pub(crate) async fn run(self, global: &Global) -> anyhow::Result<Exit> {
        let mut teller = Teller::new(global.output);
        let stage = Box::pin(Stage::set(&self, global, &mut teller)).await?;
        let told = Box::pin(steps::all(&stage, &mut teller)).await;
        teller.end(told.is_ok());
        if told.is_ok() && !self.once {
            stage.stay(&teller).await?;
        }
        stage.strike().await;
        told.map(|()| Exit::Done)
    }
}
