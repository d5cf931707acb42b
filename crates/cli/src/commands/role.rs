//! `role list|show|create|update|delete|permissions`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, text};

/// Roles and their permissions.
#[derive(Debug, Args)]
pub(crate) struct Role {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all roles.
    #[command(after_help = "Example:\n  keywright role list")]
    List,
    /// Show one role.
    #[command(after_help = "Example:\n  keywright role show helpdesk")]
    Show {
        /// Its name or id.
        role: String,
    },
    /// Make a custom role from the fixed list of permissions.
    #[command(
        after_help = "Example:\n  keywright role create reviewers --permission audit.read --permission runs.read"
    )]
    Create(Draft),
    /// Change a custom role.
    #[command(after_help = "Example:\n  keywright role update reviewers --permission audit.read")]
    Update(Draft),
    /// Delete a custom role.
    #[command(
        after_help = "Example:\n  keywright role delete reviewers --reason \"merged with auditor\""
    )]
    Delete {
        /// Its name or id.
        role: String,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// List every permission and what it allows.
    #[command(after_help = "Example:\n  keywright role permissions")]
    Permissions,
}

#[derive(Debug, Args)]
struct Draft {
    /// Its name (or id, to change it).
    role: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    /// What it is for.
    #[arg(long)]
    description: Option<String>,
    /// A permission; can be given several times.
    #[arg(long = "permission", value_name = "PERMISSION")]
    permissions: Vec<String>,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("BUILT IN", "built_in"),
    ("DESCRIPTION", "description"),
    ("PERMISSIONS", "permissions"),
];

impl Role {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List => printer.list(&api.get("/roles").await?, COLUMNS),
            Action::Show { role } => {
                let role = api.get(&format!("/roles/{}", encode(&role))).await?;
                printer.item(
                    &role,
                    &[
                        ("name", "name"),
                        ("id", "id"),
                        ("built in", "built_in"),
                        ("description", "description"),
                        ("permissions", "permissions"),
                    ],
                );
            }
            Action::Create(draft) => {
                let body = json!({"name": draft.role, "description": draft.description.unwrap_or_default(),
                    "permissions": draft.permissions, "reason": draft.reason});
                let made = api.post("/roles", &body).await?;
                printer.done(
                    &made,
                    &format!("the role {} is made", text(at(&made, "name"))),
                );
            }
            Action::Update(draft) => {
                let changed = update(api, draft).await?;
                printer.done(
                    &changed,
                    &format!("the role {} is changed", text(at(&changed, "name"))),
                );
            }
            Action::Delete { role, reason } => {
                api.delete(&format!(
                    "/roles/{}?reason={}",
                    encode(&role),
                    encode(&reason)
                ))
                .await?;
                printer.done(
                    &json!({ "deleted": role }),
                    &format!("the role {role} is deleted"),
                );
            }
            Action::Permissions => {
                printer.list(
                    &api.get("/permissions").await?,
                    &[("PERMISSION", "name"), ("ALLOWS", "meaning")],
                );
            }
        }
        Ok(Exit::Done)
    }
}

/// What is not said stays as it is.
async fn update(api: &Api, draft: Draft) -> anyhow::Result<Value> {
    let path = format!("/roles/{}", encode(&draft.role));
    let before = api.get(&path).await?;
    let permissions = if draft.permissions.is_empty() {
        at(&before, "permissions").clone()
    } else {
        json!(draft.permissions)
    };
    let body = json!({
        "name": draft.name.map_or_else(|| at(&before, "name").clone(), Value::from),
        "description": draft.description.map_or_else(|| at(&before, "description").clone(), Value::from),
        "permissions": permissions,
        "reason": draft.reason,
    });
    api.put(&path, &body).await
}
