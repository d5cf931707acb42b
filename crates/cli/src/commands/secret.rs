//! `secret rotate`.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::api::Api;
use crate::exit::Exit;
use crate::output::{Printer, at, text};

/// Secrets of this installation.
#[derive(Debug, Args)]
pub(crate) struct Secret {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a master key and seal every secret again with it. Old keys stay on the ring, for backups.
    #[command(after_help = "Example:\n  keywright secret rotate")]
    Rotate,
}

impl Secret {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let Action::Rotate = self.action;
        let done = api.post("/secrets/rotate", &json!({})).await?;
        let refused = at(&done, "refused").as_array().map_or(0, Vec::len);
        printer.done(
            &done,
            &format!(
                "key {} seals from now on; {} secrets sealed again, {refused} refused. Copy the master key file to its safe place \
                 again, and to every machine that serves",
                text(at(&done, "key")),
                text(at(&done, "resealed")),
            ),
        );
        Ok(if refused == 0 {
            Exit::Done
        } else {
            Exit::Failed
        })
    }
}
