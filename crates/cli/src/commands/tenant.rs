//! `tenant list|create`.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::api::Api;
use crate::exit::Exit;
use crate::output::{Column, Printer, at, text};

/// Tenants of this deployment.
#[derive(Debug, Args)]
pub(crate) struct Tenant {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all tenants.
    #[command(after_help = "Example:\n  keywright tenant list")]
    List,
    /// Add a tenant.
    #[command(after_help = "Example:\n  keywright tenant create acme --title \"Acme Corporation\"")]
    Create {
        /// Its short name: small letters, digits, hyphens.
        #[arg(value_name = "NAME")]
        slug: String,
        /// Its name for people; by default the short name.
        #[arg(long)]
        title: Option<String>,
    },
}

const COLUMNS: &[Column] = &[
    ("NAME", "slug"),
    ("TITLE", "name"),
    ("ID", "id"),
    ("MADE", "created_at"),
];

impl Tenant {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List => printer.list(&api.get("/tenants").await?, COLUMNS),
            Action::Create { slug, title } => {
                let body = json!({"slug": slug, "name": title.unwrap_or_else(|| slug.clone())});
                let made = api.post("/tenants", &body).await?;
                printer.done(
                    &made,
                    &format!("{} is added; use it by --tenant", text(at(&made, "slug"))),
                );
            }
        }
        Ok(Exit::Done)
    }
}
