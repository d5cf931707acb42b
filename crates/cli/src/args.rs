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
    Demo(commands::demo::Demo),
    Serve(commands::serve::Serve),
    Sandbox(commands::sandbox::Sandbox),
    Connect(commands::connect::Connect),
    Connection(commands::connection::Connection),
    Action(commands::action::Action),
    Event(commands::event::Event),
    Doctor(commands::doctor::Doctor),
    Sync(commands::sync::Sync),
    Role(commands::role::Role),
    Mapping(commands::mapping::Mapping),
    User(commands::user::User),
    Group(commands::group::Group),
    #[command(name = "api-key")]
    ApiKey(commands::api_key::ApiKey),
    Admin(commands::admin::Admin),
    Tenant(commands::tenant::Tenant),
    Audit(commands::audit::Audit),
    Backup(commands::backup::Backup),
    Restore(commands::backup::Restore),
    Saml(commands::saml::Saml),
    Scim(commands::scim::Scim),
    Secret(commands::secret::Secret),
    Config(commands::config::Config),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        let mut todo = vec![Cli::command()];
        while let Some(command) = todo.pop() {
            if command.get_name() == "help" {
                continue;
            }
            if command.has_subcommands() {
                todo.extend(command.get_subcommands().cloned());
                continue;
            }
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("Example"), "{}", command.get_name());
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
    }

    #[test]
    fn no_secret_is_an_argument() {
        let mut todo = vec![Cli::command()];
        while let Some(command) = todo.pop() {
            for argument in command.get_arguments() {
                let name = argument.get_id().as_str();
                let secret = ["token", "secret", "password", "pem"]
                    .iter()
                    .any(|word| name.contains(word));
                let by_file = name.ends_with("file") || !argument.get_action().takes_values();
                assert!(!secret || by_file, "{} takes {name}", command.get_name());
            }
            todo.extend(command.get_subcommands().cloned());
        }
    }
}
