//! The command line: what every command shares, and the list of commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands;
use crate::output::Format;

/// Keywright: the other half of an Okta integration.
#[derive(Debug, Parser)]
#[command(
    name = "keywright",
    version,
    about = "Keywright: roles, accounts and keys for an Okta org",
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 bad usage, 3 held for approval.\n\nExample:\n  keywright demo --once"
)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
    /// The command.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The form of the output.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "table",
        env = "KEYWRIGHT_OUTPUT"
    )]
    pub(crate) output: Format,
    /// A server to talk to, as `https://keywright.acme.com`; its API key is read from `KEYWRIGHT_API_KEY`.
    #[arg(
        long,
        global = true,
        env = "KEYWRIGHT_SERVER",
        value_name = "URL",
        help_heading = "Where"
    )]
    pub(crate) server: Option<String>,
    /// The folder of a local installation.
    #[arg(
        long,
        global = true,
        env = "KEYWRIGHT_DATA",
        value_name = "DIR",
        help_heading = "Where"
    )]
    pub(crate) data: Option<PathBuf>,
    /// A SQLite or PostgreSQL database, as `sqlite://…` or `postgres://…`.
    #[arg(
        long,
        global = true,
        env = "KEYWRIGHT_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Where"
    )]
    pub(crate) database: Option<String>,
    /// The configuration file.
    #[arg(
        long,
        global = true,
        env = "KEYWRIGHT_CONFIG",
        value_name = "FILE",
        help_heading = "Where"
    )]
    pub(crate) config: Option<PathBuf>,
    /// The tenant, by name; whoever has only one needs none.
    #[arg(
        long,
        global = true,
        env = "KEYWRIGHT_TENANT",
        value_name = "NAME",
        help_heading = "Where"
    )]
    pub(crate) tenant: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(commands::serve::Serve),
    Connect(commands::connect::Connect),
    Connection(commands::connection::Connection),
    Doctor(commands::doctor::Doctor),
    Tenant(commands::tenant::Tenant),
    Audit(commands::audit::Audit),
    Backup(commands::backup::Backup),
    Restore(commands::backup::Restore),
    Secret(commands::secret::Secret),
    Config(commands::config::Config),
}
