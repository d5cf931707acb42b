//! `admin link`: a one-time link to sign in by browser.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::exit::Exit;
use crate::output::{Printer, at, complain_more, print_json, say, text};

/// Get into the console.
#[derive(Debug, Args)]
pub(crate) struct Admin {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a link that signs in once, for an hour
    #[command(
        after_help = "Without --user the link makes a new break-glass admin. Earlier links for the same end stop working.\n\nExamples:\n  keywright admin link\n  keywright admin link --user rescue      # who has lost their recovery codes"
    )]
    Link {
        /// Id or login of a person made here.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// Make a local person with a role, and a link for them to get in by
    #[command(
        after_help = "Example:\n  keywright admin invite ada --name 'Ada Lovelace' --role helpdesk"
    )]
    Invite {
        /// The name to sign in with.
        #[arg(value_name = "LOGIN")]
        login: String,
        /// Id or name of the role they get.
        #[arg(long, value_name = "ROLE")]
        role: String,
        /// Name to show.
        #[arg(long, value_name = "NAME", default_value = "")]
        name: String,
        /// Mail address.
        #[arg(long, value_name = "ADDRESS", default_value = "")]
        email: String,
        /// Why, for the audit trail.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}

impl Admin {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let made = match self.command {
            Command::Link { user } => {
                let mut body = Map::new();
                if let Some(user) = user {
                    body.insert("user".to_owned(), user.into());
                }
                api.post("/sign-in-links", &Value::Object(body)).await?
            }
            Command::Invite {
                login,
                role,
                name,
                email,
                reason,
            } => {
                let body = serde_json::json!({
                    "login": login, "role": role, "display_name": name, "email": email, "reason": reason,
                });
                api.post("/invitations", &body).await?
            }
        };
        if printer.is_json() {
            print_json(&made);
        } else {
            say(&text(at(&made, "url")));
            complain_more(&format!(
                "this is shown once and works once, until {}",
                text(at(&made, "expires_at"))
            ));
        }
        Ok(Exit::Done)
    }
}
