//! `config check`: the values in force and where each came from.

use clap::{Args, Subcommand};
use keywright_server::config::{Config as Loaded, reference};
use serde_json::json;

use crate::args::Global;
use crate::exit::Exit;
use crate::local::sources;
use crate::output::{Printer, print_json, say};

/// The configuration.
#[derive(Debug, Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the values in force, secrets masked, and where each came from.
    #[command(
        after_help = "Example:\n  keywright config check --config /etc/keywright/keywright.toml"
    )]
    Check,
    /// Print every key with what it does, its default and an example.
    #[command(after_help = "Example:\n  keywright config reference > configuration.md")]
    Reference,
}

impl Config {
    pub(crate) fn run(self, global: &Global) -> anyhow::Result<Exit> {
        match self.action {
            Action::Reference => say(&reference()),
            Action::Check => {
                let config = Loaded::load(&sources(global))?;
                let printer = Printer::new(global.output);
                if printer.is_json() {
                    let values: Vec<_> = config
                        .effective()
                        .iter()
                        .map(|one| json!({"key": one.key, "value": one.value, "source": one.source.to_string()}))
                        .collect();
                    print_json(&json!({ "items": values }));
                } else {
                    for one in config.effective() {
                        say(&one.to_string());
                    }
                }
            }
        }
        Ok(Exit::Done)
    }
}
