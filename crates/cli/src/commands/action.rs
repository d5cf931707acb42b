//! `action list|describe|run`: what programs do at Okta through us, from the command line.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::connection::{self, confirm};
use crate::api::{Api, encode};
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, items, print_json, say, text};

/// Connector actions: typed, planned, within the rate budget, and once.
#[derive(Debug, Args)]
pub(crate) struct Action {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all actions.
    #[command(after_help = "Example:\n  keywright action list")]
    List,
    /// Show what goes in and out of an action, and what it needs.
    #[command(
        after_help = "Examples:\n  keywright action describe create-user\n  keywright action describe create-user --connection acme   # with the org's own profile attributes"
    )]
    Describe(Describe),
    /// Run an action, or plan it.
    #[command(
        after_help = "Examples:\n  keywright action run suspend-user userId=ada@acme.com\n  keywright action run delete-user userId=00u1abc2DEF3ghi4J5k6 --plan\n  keywright action run create-user profile.login=bo@acme.com profile.email=bo@acme.com activate=false --idempotency-key hire-4711\n  keywright action run create-user --input person.json           # secrets only this way\n  keywright action run search-users 'search=profile.department eq \"Sales\"' --all --output json\n\nNAME=VALUE gives a member of the input (a.b goes inside), NAME:=JSON one that is no text, such as null."
    )]
    Run(Box<Run>),
}

#[derive(Debug, Args)]
struct Describe {
    /// Its name.
    name: String,
    /// A connection, by name or id: with its org's own profile attributes.
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<String>,
}

#[derive(Debug, Args)]
struct Run {
    /// Its name.
    name: String,
    /// Members of the input: NAME=VALUE or NAME:=JSON.
    #[arg(value_name = "NAME=VALUE")]
    members: Vec<String>,
    /// The connection, by name or id; can be left out when there is only one.
    #[arg(long, value_name = "CONNECTION")]
    connection: Option<String>,
    /// A file with the input as JSON; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Only say what would be done.
    #[arg(long)]
    plan: bool,
    /// Under the same key it is never done twice within 24 hours.
    #[arg(long, value_name = "KEY", conflicts_with = "plan")]
    idempotency_key: Option<String>,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// Items of a page, for lists: 1 to 200.
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a page ended, for lists.
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    after: Option<String>,
    /// All pages to the end, for lists; with `--output json` a line for each item.
    #[arg(long, conflicts_with_all = ["after", "plan"])]
    all: bool,
}

const ACTIONS: &[Column] = &[
    ("NAME", "name"),
    ("KIND", "kind"),
    ("SCOPE", "scope"),
    ("ROLE", "role"),
    ("WHAT", "title"),
];

impl Action {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.what {
            What::List => {
                printer.list(&api.get("/actions").await?, ACTIONS);
                Ok(Exit::Done)
            }
            What::Describe(describe) => describe.run(api, printer).await,
            What::Run(run) => run.run(api, printer).await,
        }
    }
}

impl Describe {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let mut path = format!("/actions/{}", encode(&self.name));
        if let Some(name) = &self.connection {
            let found = connection::find(api, Some(name)).await?;
            path = format!("{path}?connection={}", connection::id(&found));
        }
        let action = api.get(&path).await?;
        if printer.is_json() {
            print_json(&action);
            return Ok(Exit::Done);
        }
        for field in ["name", "title", "about", "kind", "scope", "role", "note"] {
            let value = at(&action, field);
            if !value.is_null() {
                say(&format!("{field:<8} {}", text(value)));
            }
        }
        for (heading, schema) in [("in", "input"), ("out", "output")] {
            say(&format!("\n{heading}:"));
            members("", at(&action, schema));
        }
        Ok(Exit::Done)
    }
}

/// A line for each member of a schema.
fn members(place: &str, schema: &Value) {
    let required = schema["required"].as_array();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let place = if place.is_empty() {
            name.clone()
        } else {
            format!("{place}.{name}")
        };
        let needed = required.is_some_and(|all| all.iter().any(|one| one == name));
        let kind = match (&member["enum"], &member["type"]) {
            (Value::Array(words), _) => words.iter().map(text).collect::<Vec<_>>().join("|"),
            (_, Value::Array(kinds)) => kinds.iter().map(text).collect::<Vec<_>>().join("|"),
            (_, kind) => text(kind),
        };
        let about = [&member["title"], &member["description"]]
            .into_iter()
            .filter_map(Value::as_str)
            .filter(|words| !words.is_empty())
            .collect::<Vec<_>>()
            .join(": ");
        let star = if needed { "*" } else { " " };
        say(format!("  {star} {place:<32} {kind:<16} {about}").trim_end());
        members(&place, member);
    }
}

impl Run {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let action = api.get(&format!("/actions/{}", encode(&self.name))).await?;
        let input = self.input(at(&action, "input"))?;
        let found = connection::find(api, self.connection.as_deref()).await?;
        let path = format!(
            "/connections/{}/actions/{}",
            connection::id(&found),
            encode(&self.name)
        );
        if self.plan {
            let planned = api.post(&format!("{path}?plan=true"), &input).await?;
            show_plan(printer, &planned);
            return Ok(Exit::Done);
        }
        if at(&action, "destructive") == true && !self.yes {
            let planned = api.post(&format!("{path}?plan=true"), &input).await?;
            let would = text(at(&planned, "plan.would"));
            if !confirm(&format!("{would}: do it?"))? {
                return Ok(Exit::Failed);
            }
        }
        if at(&action, "kind") == "list" {
            return self.list(api, printer, &path, &input).await;
        }
        let headers: Vec<(&str, &str)> = self
            .idempotency_key
            .iter()
            .map(|key| ("idempotency-key", key.as_str()))
            .collect();
        let done = api.post_with(&path, &input, &headers).await?;
        show(printer, &done);
        Ok(Exit::Done)
    }

    /// Page by page; a broken list ends in an error, not in a short list.
    async fn list(
        &self,
        api: &Api,
        printer: Printer,
        path: &str,
        input: &Value,
    ) -> anyhow::Result<Exit> {
        let limit = self.limit.unwrap_or(if self.all { 200 } else { 50 });
        let mut after = self.after.clone();
        let mut shown = 0_usize;
        loop {
            let mut page = format!("{path}?limit={limit}");
            if let Some(after) = &after {
                page = format!("{page}&after={}", encode(after));
            }
            let answer = api.post(&page, input).await?;
            let all = items(&answer);
            if self.all && printer.is_json() {
                for item in all {
                    say(&item.to_string());
                }
            } else if !(self.all && all.is_empty() && shown > 0) {
                let answer = if self.all {
                    json!({ "items": all })
                } else {
                    answer.clone()
                };
                printer.list(&answer, columns(all));
            }
            shown += all.len();
            let next = at(&answer, "next").as_str().map(str::to_owned);
            if !self.all || next.is_none() || next == after {
                return Ok(Exit::Done);
            }
            after = next;
        }
    }

    /// The input: the file's, and over it the members of the command line.
    fn input(&self, schema: &Value) -> anyhow::Result<Value> {
        let mut input = match &self.input {
            Some(file) => {
                let given = crate::secret::from_file(file)?;
                serde_json::from_str(given.expose_secret())
                    .with_context(|| format!("{} is no JSON", file.display()))
                    .map_err(|error| bad_usage(format!("{error:#}")))?
            }
            None => json!({}),
        };
        for member in &self.members {
            let (name, value) = parse(member, schema)?;
            put(&mut input, name, value)
                .ok_or_else(|| bad_usage(format!("{name} does not go inside what is there")))?;
        }
        Ok(input)
    }
}

/// One member of the command line. Its kind is the schema's; what nobody may see does not stand in arguments.
fn parse<'m>(member: &'m str, schema: &Value) -> anyhow::Result<(&'m str, Value)> {
    let (name, value) = member
        .split_once('=')
        .ok_or_else(|| bad_usage(format!("`{member}` is not NAME=VALUE")))?;
    let (name, is_json) = match name.strip_suffix(':') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let mut place = schema;
    for part in name.split('.') {
        place = &place["properties"][part];
        if place["writeOnly"] == true {
            return Err(bad_usage(format!(
                "{name} is a secret: give it by --input FILE (`-` is standard input), never as an argument"
            )));
        }
    }
    let kind = &place["type"];
    let other = ["boolean", "integer", "number", "array", "object"]
        .iter()
        .any(|other| kind == other || kind[0] == *other);
    if !is_json && !other {
        return Ok((name, value.into()));
    }
    let value = serde_json::from_str(value)
        .map_err(|_| bad_usage(format!("{name}: `{value}` is no {}", text(kind))))?;
    Ok((name, value))
}

fn put(into: &mut Value, name: &str, value: Value) -> Option<()> {
    let mut place = into;
    for part in name.split('.') {
        let all = place.as_object_mut()?;
        place = all.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    *place = value;
    Some(())
}

fn show_plan(printer: Printer, answer: &Value) {
    const FIELDS: &[Column] = &[
        ("would", "plan.would"),
        ("changes", "plan.changes"),
        ("possible", "plan.possible"),
        ("why", "plan.why"),
        ("call", "plan.call.path"),
        ("method", "plan.call.method"),
    ];
    printer.item(answer, FIELDS);
}

fn show(printer: Printer, answer: &Value) {
    if printer.is_json() {
        return print_json(answer);
    }
    for note in at(answer, "notes").as_array().into_iter().flatten() {
        say(&format!("note: {}", text(note)));
    }
    let output = at(answer, "output");
    let user = if output["profile"].is_object() {
        output
    } else {
        at(output, "user")
    };
    if user.is_object() {
        say(&format!(
            "{} {} {}",
            text(at(user, "id")),
            text(at(user, "profile.login")),
            text(at(user, "status"))
        ));
    }
    for (name, value) in output.as_object().into_iter().flatten() {
        if !value.is_object() && output["profile"].is_null() {
            say(&format!("{name}: {}", text(value)));
        } else if name == "group" || name == "rule" {
            say(&format!("{name}: {}", text(at(value, "id"))));
        }
    }
    if output["profile"]["name"].is_string() {
        say(&format!(
            "{} {}",
            text(at(output, "id")),
            text(at(output, "profile.name"))
        ));
    }
}

/// The columns that fit what a list shows.
fn columns(items: &[Value]) -> &'static [Column] {
    const USERS: &[Column] = &[
        ("ID", "id"),
        ("LOGIN", "profile.login"),
        ("STATUS", "status"),
        ("FIRST NAME", "profile.firstName"),
        ("LAST NAME", "profile.lastName"),
    ];
    const GROUPS: &[Column] = &[
        ("ID", "id"),
        ("NAME", "profile.name"),
        ("TYPE", "type"),
        ("DESCRIPTION", "profile.description"),
    ];
    const EVENTS: &[Column] = &[
        ("WHEN", "published"),
        ("WHO", "actor.alternateId"),
        ("OUTCOME", "outcome.result"),
        ("WHY", "outcome.reason"),
        ("FROM", "client.ipAddress"),
    ];
    const APPS: &[Column] = &[
        ("ID", "id"),
        ("LABEL", "label"),
        ("APP", "appName"),
        ("LINK", "linkUrl"),
    ];
    const FACTORS: &[Column] = &[
        ("ID", "id"),
        ("TYPE", "factorType"),
        ("PROVIDER", "provider"),
        ("STATUS", "status"),
    ];
    const OTHERS: &[Column] = &[("ID", "id"), ("NAME", "name"), ("STATUS", "status")];
    let Some(first) = items.first() else {
        return OTHERS;
    };
    let has = |path: &str| !at(first, path).is_null();
    match () {
        () if has("profile.login") => USERS,
        () if has("profile.name") => GROUPS,
        () if has("uuid") => EVENTS,
        () if has("linkUrl") => APPS,
        () if has("factorType") => FACTORS,
        () => OTHERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_take_the_kind_that_the_schema_says() {
        let schema = json!({"properties": {
            "profile": {"properties": {"login": {"type": "string"}, "badge": {"type": ["integer", "null"]}}},
            "activate": {"type": "boolean"},
            "credentials": {"properties": {"password": {"properties": {"value": {"type": "string", "writeOnly": true}}}}},
        }});
        let mut input = json!({});
        for member in [
            "profile.login=007",
            "profile.badge=7",
            "activate=false",
            "profile.title:=null",
        ] {
            let (name, value) = parse(member, &schema).unwrap();
            put(&mut input, name, value).unwrap();
        }
        assert_eq!(
            input,
            json!({"profile": {"login": "007", "badge": 7, "title": null}, "activate": false})
        );
        for wrong in [
            "activate",
            "activate=perhaps",
            "credentials.password.value=x",
        ] {
            assert!(parse(wrong, &schema).is_err(), "{wrong}");
        }
    }
}
