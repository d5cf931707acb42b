//! One file for each group of commands.

pub(crate) mod action;
pub(crate) mod admin;
pub(crate) mod api_key;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod collision;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod connection;
pub(crate) mod consent;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod group;
pub(crate) mod mapping;
pub(crate) mod role;
pub(crate) mod saml;
pub(crate) mod sandbox;
pub(crate) mod scim;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod sync;
pub(crate) mod tenant;
pub(crate) mod user;

use crate::api::Api;
use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::output::Printer;

/// Does what the command line says.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<Exit> {
    let Cli { global, command } = cli;
    match command {
        Command::Demo(demo) => Box::pin(demo.run(&global)).await,
        Command::Serve(serve) => serve.run(&global).await,
        Command::Sandbox(sandbox) => sandbox.run().await,
        Command::Config(config) => config.run(&global),
        Command::Backup(backup) => backup.run(&global).await,
        Command::Restore(restore) => restore.run(&global).await,
        other => {
            let api = Api::open(&global).await?;
            let done = over_api(other, &api, Printer::new(global.output)).await;
            api.close().await;
            done
        }
    }
}

/// The commands that are calls of the API.
async fn over_api(command: Command, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
    match command {
        Command::Connect(connect) => connect.run(api, printer).await,
        Command::Connection(connection) => connection.run(api, printer).await,
        Command::Action(action) => action.run(api, printer).await,
        Command::Event(event) => event.run(api, printer).await,
        Command::Doctor(doctor) => doctor.run(api, printer).await,
        Command::Sync(sync) => sync.run(api, printer).await,
        Command::Role(role) => role.run(api, printer).await,
        Command::Mapping(mapping) => mapping.run(api, printer).await,
        Command::User(user) => user.run(api, printer).await,
        Command::Group(group) => group.run(api, printer).await,
        Command::ApiKey(key) => key.run(api, printer).await,
        Command::Admin(admin) => admin.run(api, printer).await,
        Command::Tenant(tenant) => tenant.run(api, printer).await,
        Command::Audit(audit) => audit.run(api, printer).await,
        Command::Saml(saml) => saml.run(api, printer).await,
        Command::Scim(scim) => scim.run(api, printer).await,
        Command::Secret(secret) => secret.run(api, printer).await,
        Command::Demo(_)
        | Command::Serve(_)
        | Command::Sandbox(_)
        | Command::Config(_)
        | Command::Backup(_)
        | Command::Restore(_) => Ok(Exit::Usage),
    }
}
