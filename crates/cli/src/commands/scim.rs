//! `scim show`, `scim token list|create|revoke`, `scim log`; collisions are beside.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::collision::Collision;
use super::connection::{One, find};
use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, complain_more, items, print_json, say, text};

/// The SCIM server that Okta pushes people and groups to.
#[derive(Debug, Args)]
pub(crate) struct Scim {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How SCIM of a connection stands: address, dialect, people, groups.
    #[command(after_help = "Example:\n  keywright scim show acme")]
    Show(One),
    /// Names that two pushed people or groups want.
    #[command(subcommand)]
    Collision(Collision),
    /// The bearer tokens of a connection.
    #[command(subcommand)]
    Token(Token),
    /// The last SCIM requests of a connection.
    #[command(
        after_help = "Example:\n  keywright scim log acme\n  keywright scim log acme --follow"
    )]
    Log {
        #[command(flatten)]
        one: One,
        /// Go on and print each request as it comes.
        #[arg(long)]
        follow: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Token {
    /// List the tokens of a connection.
    #[command(after_help = "Example:\n  keywright scim token list acme")]
    List(One),
    /// Make a token; it is shown once, with the address to enter in Okta.
    #[command(
        after_help = "Example:\n  keywright scim token create acme --name \"Okta app\" --days 365"
    )]
    Create {
        #[command(flatten)]
        one: One,
        /// Its name for people.
        #[arg(long = "name", value_name = "NAME", default_value = "Okta")]
        called: String,
        /// After how many days it ends.
        #[arg(long, default_value_t = 365)]
        days: i64,
    },
    /// Revoke a token now.
    #[command(after_help = "Example:\n  keywright scim token revoke acme --id 0190a000-…")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// The token, as `scim token list` shows it.
        #[arg(long)]
        id: String,
    },
}

const TOKENS: &[Column] = &[
    ("ID", "id"),
    ("NAME", "name"),
    ("BEGINS", "prefix"),
    ("MADE", "created_at"),
    ("ENDS", "expires_at"),
    ("LAST USED", "last_used_at"),
    ("REVOKED", "revoked_at"),
];

const STANDING: &[Column] = &[
    ("SCIM connector base URL", "base_url"),
    ("dialect", "dialect"),
    ("last PUT", "put_at"),
    ("last PATCH", "patch_at"),
    ("people", "people"),
    ("active", "active"),
    ("groups", "groups"),
    ("collisions", "collisions"),
];

const MADE: &[Column] = &[
    ("SCIM connector base URL", "base_url"),
    ("bearer token", "secret"),
    ("ends", "expires_at"),
];

/// How often `--follow` asks.
const EVERY: Duration = Duration::from_secs(1);

impl Scim {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::Show(one) => {
                let connection = find(api, one.name.as_deref()).await?;
                let path = format!("/connections/{}/scim", text(at(&connection, "id")));
                printer.item(&api.get(&path).await?, STANDING);
                Ok(Exit::Done)
            }
            Action::Collision(collision) => collision.run(api, printer).await,
            Action::Token(token) => token.run(api, printer).await,
            Action::Log { one, follow } => log(api, printer, &one, follow).await,
        }
    }
}

impl Token {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self {
            Self::List(one) => {
                printer.list(&api.get(&path(api, &one, "tokens").await?).await?, TOKENS);
            }
            Self::Create { one, called, days } => {
                let body = json!({"name": called, "days": days});
                let made = api.post(&path(api, &one, "tokens").await?, &body).await?;
                printer.item(&made, MADE);
                complain_more(
                    "The token is shown this once; enter both in Okta: the app, Provisioning, Integration.",
                );
            }
            Self::Revoke { one, id } => {
                let path = format!("{}/{}", path(api, &one, "tokens").await?, encode(&id));
                printer.done(&api.delete(&path).await?, "the token has ended");
            }
        }
        Ok(Exit::Done)
    }
}

pub(super) async fn path(api: &Api, one: &One, what: &str) -> anyhow::Result<String> {
    let connection = find(api, one.name.as_deref()).await?;
    Ok(format!(
        "/connections/{}/scim/{what}",
        text(at(&connection, "id"))
    ))
}

async fn log(api: &Api, printer: Printer, one: &One, follow: bool) -> anyhow::Result<Exit> {
    let path = path(api, one, "requests").await?;
    let mut next = path.clone();
    loop {
        let answer = api.get(&next).await?;
        for request in items(&answer) {
            show(printer, request);
        }
        if !follow {
            return Ok(Exit::Done);
        }
        if let Some(last) = items(&answer).last() {
            next = format!("{path}?after={}", encode(&text(at(last, "id"))));
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// One line for people, the whole for programs.
fn show(printer: Printer, request: &Value) {
    if printer.is_json() {
        return print_json(request);
    }
    let part = |name| text(at(request, name));
    let why = at(request, "detail").as_str().unwrap_or_default();
    say(&format!(
        "{} {} {} {} {why}",
        part("at"),
        part("status"),
        part("method"),
        part("path")
    ));
}
