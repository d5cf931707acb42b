//! `group list|show|members|search`.

use clap::{Args, Subcommand};

use super::connection;
use crate::api::{Api, encode};
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, items};

/// Groups.
#[derive(Debug, Args)]
pub(crate) struct Group {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the groups we know: the mapped ones and those that came by SCIM.
    #[command(after_help = "Example:\n  keywright group list --search eng")]
    List {
        /// A part of the name.
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Show one group.
    #[command(after_help = "Example:\n  keywright group show Engineering")]
    Show {
        /// Its name, id, or id in Okta.
        group: String,
    },
    /// List a group's members.
    #[command(after_help = "Example:\n  keywright group members Engineering")]
    Members {
        /// Its name, id, or id in Okta.
        group: String,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Look for groups in the org itself, to map them.
    #[command(after_help = "Example:\n  keywright group search Eng --connection acme")]
    Search {
        /// Start of the name.
        #[arg(default_value = "")]
        name: String,
        /// The connection; can be left out when there is only one.
        #[arg(long, value_name = "CONNECTION")]
        connection: Option<String>,
    },
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("OKTA ID", "okta_id"),
    ("KIND", "kind"),
    ("MEMBERS", "members"),
    ("READ", "read_at"),
];

impl Group {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List { search, after } => {
                let path = paged(&format!("/groups?q={}", encode(&search)), after);
                printer.list(&api.get(&path).await?, COLUMNS);
            }
            Action::Show { group } => {
                let group = find(api, &group).await?;
                printer.item(
                    &group,
                    &[
                        ("name", "name"),
                        ("id", "id"),
                        ("Okta id", "okta_id"),
                        ("kind", "kind"),
                        ("description", "description"),
                        ("members", "members"),
                        ("members moved", "last_membership_updated"),
                        ("read", "read_at"),
                        ("suspect", "suspect"),
                    ],
                );
            }
            Action::Members { group, after } => {
                let group = find(api, &group).await?;
                let path = paged(
                    &format!("/groups/{}/members?limit=200", connection::id(&group)),
                    after,
                );
                printer.list(&api.get(&path).await?, super::user::COLUMNS);
            }
            Action::Search {
                name,
                connection: which,
            } => {
                let connection = connection::find(api, which.as_deref()).await?;
                let path = format!(
                    "/connections/{}/okta-groups?q={}",
                    connection::id(&connection),
                    encode(&name)
                );
                printer.list(
                    &api.get(&path).await?,
                    &[
                        ("NAME", "name"),
                        ("OKTA ID", "id"),
                        ("KIND", "kind"),
                        ("DESCRIPTION", "description"),
                    ],
                );
            }
        }
        Ok(Exit::Done)
    }
}

/// The group of this name, id, or id in Okta.
async fn find(api: &Api, name: &str) -> anyhow::Result<serde_json::Value> {
    let is = |group: &serde_json::Value, path: &str| {
        at(group, path)
            .as_str()
            .is_some_and(|value| value.eq_ignore_ascii_case(name))
    };
    let all = api.all("/groups?limit=200").await?;
    all.into_iter()
        .find(|group| is(group, "name") || is(group, "id") || is(group, "okta_id"))
        .ok_or_else(|| bad_usage(format!("no group is called {name}: keywright group list")))
}

/// The group of the org itself of this name or id; its id and name.
pub(crate) async fn in_okta(
    api: &Api,
    connection: &str,
    name: &str,
) -> anyhow::Result<(String, String)> {
    if name.starts_with("scim-") {
        return Ok((name.to_owned(), name.to_owned()));
    }
    let asked = api
        .get(&format!(
            "/connections/{connection}/okta-groups?q={}",
            encode(name)
        ))
        .await;
    // Whom SCIM alone serves, Okta's API need not be open.
    let found = match asked {
        Ok(found) => found,
        Err(error) => {
            return match pushed(api, connection, name).await? {
                Some(group) => Ok(group),
                None => Err(error),
            };
        }
    };
    let is = |group: &serde_json::Value, path: &str| {
        at(group, path)
            .as_str()
            .is_some_and(|value| value.eq_ignore_ascii_case(name))
    };
    let text = |group: &serde_json::Value, path: &str| {
        at(group, path).as_str().unwrap_or_default().to_owned()
    };
    match items(&found)
        .iter()
        .find(|group| is(group, "name") || is(group, "id"))
    {
        Some(group) => Ok((text(group, "id"), text(group, "name"))),
        // An id is not found by the start of a name.
        None if name.starts_with("00g") => Ok((name.to_owned(), name.to_owned())),
        None => match pushed(api, connection, name).await? {
            Some(group) => Ok(group),
            None => Err(bad_usage(format!(
                "the org has no group called {name}, and none was pushed: keywright group search"
            ))),
        },
    }
}

/// A group that SCIM pushed, by its name: id and name.
async fn pushed(
    api: &Api,
    connection: &str,
    name: &str,
) -> anyhow::Result<Option<(String, String)>> {
    let path = format!("/groups?connection={connection}&q={}", encode(name));
    let found = api.all(&path).await?;
    let text = |group: &serde_json::Value, path: &str| {
        at(group, path).as_str().unwrap_or_default().to_owned()
    };
    let is = |group: &&serde_json::Value| {
        text(group, "kind") == "SCIM_GROUP"
            && at(group, "gone_at").is_null()
            && text(group, "name").eq_ignore_ascii_case(name)
    };
    Ok(found
        .iter()
        .find(is)
        .map(|group| (text(group, "okta_id"), text(group, "name"))))
}

/// A path with the place where the page before ended.
pub(crate) fn paged(path: &str, after: Option<String>) -> String {
    match after {
        Some(cursor) => format!("{path}&after={}", encode(&cursor)),
        None => path.to_owned(),
    }
}
