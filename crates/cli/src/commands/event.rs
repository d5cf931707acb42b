//! `event tail|search|hook|secret`: what happened in an Okta org, and the event hook that tells of it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::connection::{One, find};
use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, complain_more, items, print_json, say, text};

/// Events of Okta's System Log, each once, and the event hook that brings them.
#[derive(Debug, Args)]
pub(crate) struct Event {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print events as they come.
    #[command(
        after_help = "Examples:\n  keywright event tail acme\n  keywright event tail acme --type 'user.lifecycle.*' --output json"
    )]
    Tail {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        which: Which,
        /// Begin with those after this number instead of with what comes now.
        #[arg(long, value_name = "NUMBER")]
        after: Option<i64>,
    },
    /// Print events that are kept.
    #[command(
        after_help = "Example:\n  keywright event search acme --type user.session.start --since 2026-01-05T00:00:00Z"
    )]
    Search {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        which: Which,
        /// Only those published from then on.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// How the event hook of a connection stands, and what the System Log found.
    #[command(after_help = "Example:\n  keywright event hook acme")]
    Hook(One),
    /// Secrets that Okta shows with each delivery.
    #[command(subcommand)]
    Secret(Secret),
}

#[derive(Debug, Args)]
struct Which {
    /// Only of this type; `user.lifecycle.*` stands for all that begin so.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only those of this actor, by Okta's id.
    #[arg(long, value_name = "ID")]
    actor: Option<String>,
    /// Only those that ended so, such as SUCCESS.
    #[arg(long, value_name = "RESULT")]
    outcome: Option<String>,
    /// Only those that came first so: `hook`, or `poll` for what the System Log found.
    #[arg(long, value_name = "WAY")]
    came_by: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Secret {
    /// Make one; it is shown once, with the address to enter in Okta.
    #[command(after_help = "Example:\n  keywright event secret create acme")]
    Create(One),
    /// Revoke one now.
    #[command(after_help = "Example:\n  keywright event secret revoke acme --id 0190a000-…")]
    Revoke {
        #[command(flatten)]
        one: One,
        /// The secret, as `event hook` shows it.
        #[arg(long)]
        id: String,
    },
}

const HOOK: &[Column] = &[
    ("address for Okta's event hook", "url"),
    ("events kept", "events"),
    ("of them first from the System Log", "found_by_log"),
    ("System Log read", "log_read_at"),
    ("trouble", "log_trouble"),
];

const SECRETS: &[Column] = &[
    ("ID", "id"),
    ("BEGINS", "prefix"),
    ("MADE", "created_at"),
    ("LAST USED", "last_used_at"),
];

const MADE: &[Column] = &[
    ("address for Okta's event hook", "url"),
    ("secret", "secret"),
];

/// How long one question waits for events, seconds.
const WAIT: u32 = 25;

impl Event {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::Tail { one, which, after } => tail(api, printer, &one, &which, after).await,
            Action::Search {
                one,
                which,
                since,
                limit,
            } => {
                let since = since.map(|since| ("since", since));
                search(api, printer, &one, which.members().chain(since), limit).await
            }
            Action::Hook(one) => {
                let hook = api.get(&path(api, &one, "event-hook").await?).await?;
                printer.item(&hook, HOOK);
                if !printer.is_json() {
                    printer.list(at(&hook, "secrets"), SECRETS);
                }
                Ok(Exit::Done)
            }
            Action::Secret(secret) => secret.run(api, printer).await,
        }
    }
}

impl Secret {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self {
            Self::Create(one) => {
                let path = path(api, &one, "event-hook/secrets").await?;
                printer.item(&api.post(&path, &json!({})).await?, MADE);
                complain_more(
                    "The secret is shown this once. In Okta: Workflow, Event Hooks, Create; the authentication field is Authorization.",
                );
            }
            Self::Revoke { one, id } => {
                let path = path(api, &one, "event-hook/secrets").await?;
                let gone = api.delete(&format!("{path}/{}", encode(&id))).await?;
                printer.done(&gone, "the secret has ended");
            }
        }
        Ok(Exit::Done)
    }
}

impl Which {
    fn members(&self) -> impl Iterator<Item = (&'static str, String)> {
        let members = [
            ("type", self.kind.clone()),
            ("actor", self.actor.clone()),
            ("outcome", self.outcome.clone()),
            ("came_by", self.came_by.clone()),
        ];
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

async fn path(api: &Api, one: &One, what: &str) -> anyhow::Result<String> {
    let connection = find(api, one.name.as_deref()).await?;
    Ok(format!(
        "/connections/{}/{what}",
        text(at(&connection, "id"))
    ))
}

/// The members as a query.
fn query(members: impl Iterator<Item = (&'static str, String)>) -> String {
    let mut query = String::new();
    for (name, value) in members {
        query.push('&');
        query.push_str(name);
        query.push('=');
        query.push_str(&encode(&value));
    }
    query
}

async fn search(
    api: &Api,
    printer: Printer,
    one: &One,
    members: impl Iterator<Item = (&'static str, String)>,
    limit: u32,
) -> anyhow::Result<Exit> {
    let path = path(api, one, "events").await?;
    let found = api
        .get(&format!("{path}?limit={limit}{}", query(members)))
        .await?;
    for event in items(&found) {
        show(printer, event);
    }
    Ok(Exit::Done)
}

async fn tail(
    api: &Api,
    printer: Printer,
    one: &One,
    which: &Which,
    after: Option<i64>,
) -> anyhow::Result<Exit> {
    let path = path(api, one, "events").await?;
    let query = query(which.members());
    let mut after = if let Some(after) = after {
        after
    } else {
        let hook = api.get(&path.replace("/events", "/event-hook")).await?;
        at(&hook, "events").as_i64().unwrap_or_default()
    };
    loop {
        let found = api
            .get(&format!("{path}?after={after}&wait={WAIT}{query}"))
            .await?;
        for event in items(&found) {
            show(printer, event);
        }
        after = at(&found, "next").as_i64().unwrap_or(after);
    }
}

/// One line for people, the whole for programs.
fn show(printer: Printer, event: &Value) {
    if printer.is_json() {
        return print_json(event);
    }
    let part = |name| text(at(event, name));
    let log = at(event, "event");
    let words = at(log, "displayMessage").as_str().unwrap_or_default();
    let who = log
        .pointer("/actor/alternateId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    say(&format!(
        "{} {} {} {} {who} {words}",
        part("seq"),
        part("published"),
        part("event_type"),
        part("outcome")
    ));
}
