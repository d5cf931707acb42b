//! `api-key list|create|revoke`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, complain_more, print_json, say, text};

/// API keys.
#[derive(Debug, Args)]
pub(crate) struct ApiKey {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List API keys: one's own; the operator of this machine sees all.
    #[command(after_help = "Example:\n  keywright api-key list --all")]
    List {
        /// Everybody's.
        #[arg(long)]
        all: bool,
    },
    /// Make an API key. Its token is printed once, to standard output.
    #[command(
        after_help = "Example:\n  keywright api-key create rescue --name laptop > key.txt\n  KEYWRIGHT_API_KEY=$(cat key.txt) keywright sync approve"
    )]
    Create {
        /// Whose key: login or id; one's own when left out.
        #[arg(value_name = "USER")]
        owner: Option<String>,
        /// A name for it: where it is used.
        #[arg(long, default_value = "command line")]
        name: String,
        /// A permission; can be given several times. All that the owner has when left out.
        #[arg(long = "permission", value_name = "PERMISSION")]
        permissions: Vec<String>,
        /// Days until it expires.
        #[arg(long, default_value_t = 90)]
        days: u32,
    },
    /// Revoke an API key at once.
    #[command(
        after_help = "Example:\n  keywright api-key revoke 0190a000-0000-7000-8000-000000000000"
    )]
    Revoke {
        /// Its id.
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("ID", "id"),
    ("OWNER", "owner_id"),
    ("STATE", "state"),
    ("EXPIRES", "expires_at"),
    ("LAST USED", "last_used_at"),
    ("PERMISSIONS", "permissions"),
];

impl ApiKey {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List { all } => {
                printer.list(&api.get(&format!("/api-keys?all={all}")).await?, COLUMNS);
            }
            Action::Create {
                owner,
                name,
                permissions,
                days,
            } => {
                let mut body = json!({"name": name, "days": days});
                if !permissions.is_empty() {
                    body["permissions"] = json!(permissions);
                }
                if let Some(owner) = owner {
                    body["owner"] = owner_id(api, &owner).await?;
                }
                let made = api.post("/api-keys", &body).await?;
                if printer.is_json() {
                    print_json(&made);
                } else {
                    say(&text(at(&made, "token")));
                    complain_more("this is shown once; use it as KEYWRIGHT_API_KEY");
                }
            }
            Action::Revoke { id } => {
                api.delete(&format!("/api-keys/{}", encode(&id))).await?;
                printer.done(&json!({ "revoked": id }), "revoked");
            }
        }
        Ok(Exit::Done)
    }
}

async fn owner_id(api: &Api, owner: &str) -> anyhow::Result<Value> {
    let user = api.get(&format!("/users/{}", encode(owner))).await?;
    Ok(at(&user, "id").clone())
}
