//! `mapping list|add|set|pause|resume|remove`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{connection, group};
use crate::api::{Api, encode};
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, items, text};

/// Which Okta group gives which role.
#[derive(Debug, Args)]
pub(crate) struct Mapping {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all mappings.
    #[command(after_help = "Example:\n  keywright mapping list")]
    List,
    /// Map a group of the org to roles. Its members get them with the next run.
    #[command(
        after_help = "Example:\n  keywright mapping add Engineering user\n  keywright mapping add 00g1abcde2FGHIJ3kl4m5 helpdesk user --connection acme"
    )]
    Add {
        /// The group's name or id in Okta.
        group: String,
        /// The roles.
        #[arg(required = true)]
        roles: Vec<String>,
        /// The connection; can be left out when there is only one.
        #[arg(long, value_name = "CONNECTION")]
        connection: Option<String>,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Give a mapping other roles.
    #[command(after_help = "Example:\n  keywright mapping set Engineering helpdesk")]
    Set {
        /// The group's name, its id in Okta, or the mapping's id.
        mapping: String,
        /// The roles.
        #[arg(required = true)]
        roles: Vec<String>,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Let a mapping rest: runs neither give nor take by it.
    #[command(after_help = "Example:\n  keywright mapping pause Engineering")]
    Pause(One),
    /// Let a paused mapping work again.
    #[command(after_help = "Example:\n  keywright mapping resume Engineering")]
    Resume(One),
    /// Remove a mapping; what it gave goes with the next run.
    #[command(
        after_help = "Example:\n  keywright mapping remove Engineering --reason \"team dissolved\""
    )]
    Remove(One),
}

#[derive(Debug, Args)]
struct One {
    /// The group's name, its id in Okta, or the mapping's id.
    mapping: String,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

const COLUMNS: &[Column] = &[
    ("GROUP", "group_name"),
    ("OKTA ID", "okta_group_id"),
    ("ROLES", "roles"),
    ("PAUSED", "paused_at"),
    ("ID", "id"),
];

impl Mapping {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List => printer.list(&api.get("/mappings").await?, COLUMNS),
            Action::Add {
                group: name,
                roles,
                connection: which,
                reason,
            } => {
                let connection = connection::find(api, which.as_deref()).await?;
                let (okta_id, group_name) =
                    group::in_okta(api, connection::id(&connection), &name).await?;
                let body = json!({"connection": connection::id(&connection), "okta_group_id": okta_id,
                    "group_name": group_name, "roles": roles, "reason": reason});
                let made = api.post("/mappings", &body).await?;
                printer.done(
                    &made,
                    &format!(
                        "members of {} get {}; now: keywright sync plan",
                        text(at(&made, "group_name")),
                        text(at(&made, "roles"))
                    ),
                );
            }
            Action::Set {
                mapping,
                roles,
                reason,
            } => {
                change(
                    api,
                    printer,
                    &mapping,
                    &json!({"roles": roles, "reason": reason}),
                    "changed; now: keywright sync plan",
                )
                .await?;
            }
            Action::Pause(one) => {
                change(
                    api,
                    printer,
                    &one.mapping,
                    &json!({"paused": true, "reason": one.reason}),
                    "paused",
                )
                .await?;
            }
            Action::Resume(one) => {
                change(
                    api,
                    printer,
                    &one.mapping,
                    &json!({"paused": false, "reason": one.reason}),
                    "works again",
                )
                .await?;
            }
            Action::Remove(one) => {
                let mapping = find(api, &one.mapping).await?;
                api.delete(&format!(
                    "/mappings/{}?reason={}",
                    connection::id(&mapping),
                    encode(&one.reason)
                ))
                .await?;
                printer.done(
                    &json!({ "removed": connection::id(&mapping) }),
                    "removed; now: keywright sync plan",
                );
            }
        }
        Ok(Exit::Done)
    }
}

async fn change(
    api: &Api,
    printer: Printer,
    name: &str,
    body: &Value,
    sentence: &str,
) -> anyhow::Result<()> {
    let mapping = find(api, name).await?;
    let changed = api
        .patch(&format!("/mappings/{}", connection::id(&mapping)), body)
        .await?;
    printer.done(&changed, sentence);
    Ok(())
}

async fn find(api: &Api, name: &str) -> anyhow::Result<Value> {
    let all = api.get("/mappings").await?;
    let is = |mapping: &&Value| {
        ["id", "okta_group_id", "group_name"].iter().any(|path| {
            at(mapping, path)
                .as_str()
                .is_some_and(|value| value.eq_ignore_ascii_case(name))
        })
    };
    match items(&all).iter().filter(is).collect::<Vec<_>>().as_slice() {
        [only] => Ok((*only).clone()),
        [] => Err(bad_usage(format!(
            "no mapping of {name}: keywright mapping list"
        ))),
        _ => Err(bad_usage(format!(
            "{name} is mapped more than once: name the mapping by its id"
        ))),
    }
}
