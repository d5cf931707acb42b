//! `serve`: runs the server until it is told to stop.

use clap::Args;
use keywright_server::config::Config;
use keywright_server::{serve, telemetry};
use secrecy::ExposeSecret;

use crate::args::Global;
use crate::exit::Exit;
use crate::local::sources;
use crate::output::say;

/// Run the server.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  keywright serve                                # SQLite in ./keywright-data, http://localhost:8080\n  keywright serve --listen 127.0.0.1:0           # picks a port and prints it\n  keywright serve --role worker --database postgres://keywright@db/keywright"
)]
pub(crate) struct Serve {
    /// Address and port to listen on; port 0 picks one.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// What this process does.
    #[arg(long, value_parser = ["all", "web", "worker"])]
    role: Option<String>,
    /// The address people and Okta reach us at.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
}

impl Serve {
    pub(crate) async fn run(self, global: &Global) -> anyhow::Result<Exit> {
        let mut sources = sources(global);
        for (key, flag, value) in [
            ("listen", "--listen", self.listen),
            ("role", "--role", self.role),
            ("public_url", "--public-url", self.public_url),
        ] {
            if let Some(value) = value {
                sources = sources.flag(key, flag, value);
            }
        }
        let config = Config::load(&sources)?;
        telemetry::start(&config.log)?;
        let stop = serve::stop_on_signals()?;
        serve::serve(config, stop, |ready| {
            say(&match ready.web {
                Some(_) => format!("ready on {}", ready.public_url),
                None => "ready to work".to_owned(),
            });
            if let Some(link) = &ready.admin_link {
                say(&format!(
                    "make the first admin (works once, for an hour): {}",
                    link.0.expose_secret()
                ));
            }
        })
        .await?;
        Ok(Exit::Done)
    }
}
