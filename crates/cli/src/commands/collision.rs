//! `scim collision list|link|rename|adopt`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::connection::One;
use super::scim::path;
use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer};

/// Names that two pushed people or groups want.
#[derive(Debug, Subcommand)]
pub(crate) enum Collision {
    /// List the collisions of a connection.
    #[command(after_help = "Example:\n  keywright scim collision list acme")]
    List(One),
    /// Say that both are the same: the next push is answered with the one that is there.
    #[command(after_help = "Example:\n  keywright scim collision link acme --id 0190a000-…")]
    Link(Which),
    /// Give the one that is there another name, so that the next push makes its own.
    #[command(
        after_help = "Example:\n  keywright scim collision rename acme --id 0190a000-… --to \"Sales (old)\""
    )]
    Rename {
        #[command(flatten)]
        which: Which,
        /// The new name of the one that is there.
        #[arg(long, value_name = "NAME")]
        to: String,
    },
    /// Let the pushed one take the place and the memberships of the one that is there, which is removed.
    #[command(after_help = "Example:\n  keywright scim collision adopt acme --id 0190a000-…")]
    Adopt(Which),
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    #[command(flatten)]
    one: One,
    /// The collision, as `scim collision list` shows it.
    #[arg(long)]
    id: String,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

const COLUMNS: &[Column] = &[
    ("ID", "id"),
    ("KIND", "kind"),
    ("WANTED", "name"),
    ("IS THERE AS", "holder_name"),
    ("WITH OKTA ID", "holder_external_id"),
    ("WANTED BY OKTA ID", "wanted_external_id"),
    ("TIMES", "times"),
    ("LAST", "last_at"),
    ("DECIDED", "decision"),
];

impl Collision {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let retry = "decided; now retry the failed task in Okta (Dashboard, Tasks)";
        match self {
            Self::List(one) => {
                printer.list(
                    &api.get(&path(api, &one, "collisions").await?).await?,
                    COLUMNS,
                );
            }
            Self::Link(which) => {
                printer.done(
                    &which.decide(api, json!({"decision": "link"})).await?,
                    retry,
                );
            }
            Self::Rename { which, to } => {
                let body = json!({"decision": "rename", "name": to});
                let renamed = "renamed; now retry the failed task in Okta (Dashboard, Tasks)";
                printer.done(&which.decide(api, body).await?, renamed);
            }
            Self::Adopt(which) => {
                printer.done(
                    &which.decide(api, json!({"decision": "adopt"})).await?,
                    retry,
                );
            }
        }
        Ok(Exit::Done)
    }
}

impl Which {
    async fn decide(&self, api: &Api, mut body: Value) -> anyhow::Result<Value> {
        if let Some(body) = body.as_object_mut() {
            body.insert("reason".to_owned(), json!(self.reason));
        }
        let path = path(api, &self.one, "collisions").await?;
        api.post(&format!("{path}/{}", encode(&self.id)), &body)
            .await
    }
}
