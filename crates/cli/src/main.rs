//! The binary `keywright`: everything the console does, as commands.
//!
//! Each command is a client of the server's `/api/v1`: over HTTP when `KEYWRIGHT_SERVER` is set, else by the same
//! router inside this process, on the local database, as the operator of this machine.

mod api;
mod args;
mod commands;
mod exit;
mod local;
mod output;
mod secret;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;
use crate::exit::Exit;

fn main() -> ExitCode {
    // One cryptography provider for the whole process, before anything can open a connection.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        output::complain("another cryptography provider is already installed");
        return Exit::Failed.into();
    }
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("cannot start: {error}"));
            return Exit::Failed.into();
        }
    };
    let done = runtime.block_on(commands::run(cli));
    // A reader of standard input that still waits must not keep the process alive.
    runtime.shutdown_background();
    match done {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error).into(),
    }
}
