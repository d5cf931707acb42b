//! `connection list|show|set|test|rotate|consent|remove`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use owo_colors::{OwoColorize, Stream};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::api::Api;
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, items, print_json, say, spinner, text};

/// Connections to Okta orgs.
#[derive(Debug, Args)]
pub(crate) struct Connection {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List all connections.
    #[command(after_help = "Example:\n  keywright connection list")]
    List,
    /// Show one connection with its addresses, scopes and public keys.
    #[command(
        after_help = "Example:\n  keywright connection show acme\n  keywright connection show acme --jwk"
    )]
    Show(Show),
    /// Change a connection.
    #[command(
        after_help = "Example:\n  keywright connection set acme --auth oauth_dpop --client-id 0oa1bcde2FGHIJ3kl4m5"
    )]
    Set(Set),
    /// Test each capability; for what fails, the exact mend in Okta.
    #[command(
        after_help = "Example:\n  keywright connection test acme\n\nExit code 1 when something failed."
    )]
    Test(One),
    /// Put a new key or API token in the place of the old one, without a gap.
    #[command(
        after_help = "Example:\n  keywright connection rotate acme            # makes a new key and shows it\n  keywright connection rotate acme --finish   # once Okta knows it\n  keywright connection rotate acme --token-file - < token.txt"
    )]
    Rotate(Rotate),
    /// Consent at Okta in a browser, for a connection by authorization code; again when the consent has ended.
    #[command(
        after_help = "Examples:\n  keywright connection consent acme            # prints an address to open, and waits\n  keywright connection consent acme --show     # how the consent stands, and the redirect URIs for the app\n  keywright connection consent acme --scopes   # what can be asked for, and what needs it"
    )]
    Consent(super::consent::Consent),
    /// Remove a connection; what people had through it ends.
    #[command(
        after_help = "Examples:\n  keywright connection remove acme --yes\n  KEYWRIGHT_API_KEY=$(cat key.txt) keywright connection remove acme --force --reason \"the org was deleted\""
    )]
    Remove(Remove),
}

/// One connection by name or id.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its name or id; can be left out when there is only one.
    #[arg(value_name = "CONNECTION")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    one: One,
    /// Print only the public client key as JWK, to paste into Okta.
    #[arg(long, conflicts_with = "pem")]
    jwk: bool,
    /// Print only the public client key as PEM.
    #[arg(long)]
    pem: bool,
}

#[derive(Debug, Args)]
struct Set {
    #[command(flatten)]
    one: One,
    /// Another name.
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// How it proves itself.
    #[arg(long, value_name = "KIND", value_parser = super::connect::KINDS)]
    auth: Option<String>,
    /// The service app's client id.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// What it is switched on for, separated by commas.
    #[arg(long, value_delimiter = ',', value_parser = super::connect::JOBS)]
    jobs: Option<Vec<String>>,
    /// Its share of the org's rate limits, percent.
    #[arg(long, value_name = "PERCENT")]
    rate_share: Option<u32>,
    /// Switch it off.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// Switch it on again.
    #[arg(long)]
    enable: bool,
    /// A file with an API token, when it changes to `api_token`; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the web app's client secret; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The scopes to ask consent for, separated by commas; in force with the next consent.
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    scopes: Option<Vec<String>>,
}

#[derive(Debug, Args)]
struct Rotate {
    #[command(flatten)]
    one: One,
    /// Which key.
    #[arg(long, default_value = "client", value_parser = ["client", "dpop"])]
    key: String,
    /// The kind of the new key.
    #[arg(long, default_value = "RS256", value_parser = ["RS256", "ES256"])]
    algorithm: String,
    /// Take the new private key from a PEM file; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The public key that must belong to it.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    public_key_file: Option<PathBuf>,
    /// Try the new key at Okta; if Okta takes it, drop the old one.
    #[arg(long, conflicts_with_all = ["key_file", "token_file"])]
    finish: bool,
    /// A file with the new API token; `-` is standard input, else `KEYWRIGHT_OKTA_API_TOKEN`.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Remove {
    #[command(flatten)]
    one: One,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
    /// The org is gone for good: end all that people have through it, without a run. Needs `KEYWRIGHT_API_KEY`.
    #[arg(long)]
    force: bool,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

const COLUMNS: &[Column] = &[
    ("NAME", "name"),
    ("ORG", "domain"),
    ("AUTH", "authentication"),
    ("JOBS", "jobs"),
    ("STATUS", "status"),
    ("SINCE", "status_since"),
    ("WHY", "status_why"),
];

const FIELDS: &[Column] = &[
    ("name", "name"),
    ("id", "id"),
    ("org", "org_url"),
    ("API", "api_url"),
    ("authorization", "authorization_url"),
    ("token", "token_url"),
    ("admin console", "admin_url"),
    ("authentication", "authentication"),
    ("client id", "client_id"),
    ("public keys", "jwks_url"),
    ("jobs", "jobs"),
    ("scopes", "scopes"),
    ("rate share, %", "rate_share"),
    ("status", "status"),
    ("since", "status_since"),
    ("why", "status_why"),
    ("tested", "tested_at"),
];

impl Connection {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List => {
                printer.list(&api.get("/connections").await?, COLUMNS);
                Ok(Exit::Done)
            }
            Action::Show(show) => show.run(api, printer).await,
            Action::Set(set) => set.run(api, printer).await,
            Action::Test(one) => {
                let connection = find(api, one.name.as_deref()).await?;
                test(api, printer, &connection).await
            }
            Action::Rotate(rotate) => rotate.run(api, printer).await,
            Action::Consent(consent) => consent.run(api, printer).await,
            Action::Remove(remove) => remove.run(api, printer).await,
        }
    }
}

/// The connection of this name or id; the only one when nothing is said.
pub(crate) async fn find(api: &Api, name: Option<&str>) -> anyhow::Result<Value> {
    let all = api.get("/connections").await?;
    let all = items(&all);
    let found = match (name, all) {
        (None, [only]) => Some(only),
        (None, []) => {
            return Err(bad_usage(
                "there is no connection yet: keywright connect ORG",
            ));
        }
        (None, _) => return Err(bad_usage(format!("which connection? {}", names(all)))),
        (Some(name), all) => all.iter().find(|one| {
            let is = |path| {
                at(one, path)
                    .as_str()
                    .is_some_and(|value| value.eq_ignore_ascii_case(name))
            };
            is("name") || is("id") || is("domain")
        }),
    };
    found.cloned().ok_or_else(|| {
        bad_usage(format!(
            "no connection is called {}; there are: {}",
            name.unwrap_or_default(),
            names(all)
        ))
    })
}

fn names(all: &[Value]) -> String {
    all.iter()
        .map(|one| text(at(one, "name")))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The id of a connection's answer.
pub(crate) fn id(connection: &Value) -> &str {
    at(connection, "id").as_str().unwrap_or_default()
}

impl Show {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let connection = find(api, self.one.name.as_deref()).await?;
        if self.jwk || self.pem {
            let key = newest_client_key(&connection)
                .ok_or_else(|| bad_usage("this connection has no key"))?;
            if self.pem {
                say(at(key, "pem").as_str().unwrap_or_default().trim_end());
            } else {
                print_json(at(key, "jwk"));
            }
            return Ok(Exit::Done);
        }
        printer.item(&connection, FIELDS);
        if !printer.is_json() {
            for key in at(&connection, "keys").as_array().into_iter().flatten() {
                say(&format!(
                    "key {} ({}, {}): {}",
                    text(at(key, "purpose")),
                    text(at(key, "state")),
                    text(at(key, "algorithm")),
                    text(at(key, "kid"))
                ));
            }
        }
        Ok(Exit::Done)
    }
}

/// The client key that Okta has to know: the next one while it waits, else the current one.
pub(crate) fn newest_client_key(connection: &Value) -> Option<&Value> {
    let keys = at(connection, "keys").as_array()?;
    let of = |state: &str| {
        keys.iter()
            .find(|key| key["purpose"] == "client" && key["state"] == state)
    };
    of("next").or_else(|| of("current"))
}

impl Set {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let connection = find(api, self.one.name.as_deref()).await?;
        let mut change = serde_json::Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                change.insert(name.to_owned(), value);
            }
        };
        put("name", self.rename.map(Value::from));
        put("authentication", self.auth.map(Value::from));
        put("client_id", self.client_id.map(Value::from));
        put("jobs", self.jobs.map(Value::from));
        put("rate_share", self.rate_share.map(Value::from));
        put(
            "enabled",
            (self.enable || self.disable).then_some(Value::Bool(self.enable)),
        );
        if let Some(path) = &self.token_file {
            put(
                "api_token",
                Some(crate::secret::from_file(path)?.expose_secret().into()),
            );
        }
        if let Some(path) = &self.secret_file {
            let secret = crate::secret::from_file(path)?;
            change.insert("client_secret".to_owned(), secret.expose_secret().into());
        }
        if let Some(scopes) = self.scopes {
            change.insert("scopes".to_owned(), scopes.into());
        }
        if change.is_empty() {
            return Err(bad_usage(
                "nothing to change: see keywright connection set --help",
            ));
        }
        let path = format!("/connections/{}", id(&connection));
        let changed = api.patch(&path, &Value::Object(change)).await?;
        let sentence = match at(&changed, "status").as_str() {
            Some("inactive") => format!(
                "changed; now: keywright connection test {}",
                text(at(&changed, "name"))
            ),
            _ => "changed".to_owned(),
        };
        printer.done(&changed, &sentence);
        Ok(Exit::Done)
    }
}

/// Tests a connection and prints what came out; exit code 1 when something failed.
pub(crate) async fn test(api: &Api, printer: Printer, connection: &Value) -> anyhow::Result<Exit> {
    let waiting = spinner("asking Okta");
    let report = api
        .post(&format!("/connections/{}/test", id(connection)), &json!({}))
        .await;
    waiting.finish_and_clear();
    let report = report?;
    if printer.is_json() {
        print_json(&report);
    } else {
        for check in at(&report, "checks").as_array().into_iter().flatten() {
            print_check(check);
        }
    }
    Ok(if report["passed"] == true {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn print_check(check: &Value) {
    let outcome = at(check, "outcome").as_str().unwrap_or_default();
    let word = format!("{outcome:<8}");
    let word = match outcome {
        "ok" => word
            .if_supports_color(Stream::Stdout, |word| word.green())
            .to_string(),
        "failed" => word
            .if_supports_color(Stream::Stdout, |word| word.red())
            .to_string(),
        "warning" => word
            .if_supports_color(Stream::Stdout, |word| word.yellow())
            .to_string(),
        _ => word,
    };
    say(&format!(
        "{word} {:<13} {}",
        text(at(check, "capability")),
        text(at(check, "finding"))
    ));
    if let Some(mend) = at(check, "mend").as_str() {
        say(&format!("{:>22} mend: {mend}", ""));
    }
}

impl Rotate {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let connection = find(api, self.one.name.as_deref()).await?;
        let path = format!("/connections/{}", id(&connection));
        let name = text(at(&connection, "name"));
        if at(&connection, "authentication") == "api_token" {
            let token = crate::secret::find(
                "New API token",
                "--token-file",
                self.token_file.as_ref(),
                super::connect::TOKEN,
            )?;
            let body = json!({ "api_token": token.expose_secret() });
            let changed = api.put(&format!("{path}/token"), &body).await?;
            printer.done(
                &changed,
                &format!("the new token is in force; now: keywright connection test {name}"),
            );
            return Ok(Exit::Done);
        }
        if self.finish {
            let done = api
                .post(&format!("{path}/rotate/finish"), &json!({}))
                .await?;
            printer.done(
                &done,
                &format!(
                    "the new key {} is in force, the old one is dropped",
                    text(at(&done, "key.kid"))
                ),
            );
            return Ok(Exit::Done);
        }
        let mut body = json!({ "purpose": self.key, "algorithm": self.algorithm });
        if let Some(file) = &self.key_file {
            body["key"] = super::connect::given_key(file, self.public_key_file.as_ref())?;
        }
        let rotated = api.post(&format!("{path}/rotate"), &body).await?;
        if printer.is_json() || rotated["done"] == true {
            printer.done(
                &rotated,
                &format!("the new key {} is in force", text(at(&rotated, "key.kid"))),
            );
            return Ok(Exit::Done);
        }
        say(
            "a new key is served beside the old one. If Okta reads our keys by URL, finish now; else add this one to the app\n\
             (General > Public Keys > Edit > Add key), and then finish:\n",
        );
        print_json(at(&rotated, "key.jwk"));
        say(&format!("\nkeywright connection rotate {name} --finish"));
        Ok(Exit::Done)
    }
}

impl Remove {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let connection = find(api, self.one.name.as_deref()).await?;
        let name = text(at(&connection, "name"));
        let question = format!(
            "Remove the connection {name} to {}? What people have through it ends",
            text(at(&connection, "domain"))
        );
        if !self.yes && !confirm(&question)? {
            return Ok(Exit::Failed);
        }
        let path = format!("/connections/{}", id(&connection));
        if self.force {
            let reason = crate::api::encode(&self.reason);
            let forced = api
                .delete(&format!("{path}?force=true&reason={reason}"))
                .await?;
            printer.done(&forced, &removed_by_force(&name, &forced));
            return Ok(Exit::Done);
        }
        api.delete(&path).await?;
        printer.done(
            &json!({ "removed": id(&connection) }),
            &format!("{name} is removed"),
        );
        Ok(Exit::Done)
    }
}

fn removed_by_force(name: &str, forced: &Value) -> String {
    let count = |what: &str| text(at(forced, what));
    let mut words = format!(
        "{name} is removed; {} mappings and {} roles of {} people ended with it. Left in Okta:",
        count("mappings"),
        count("grants"),
        count("people")
    );
    for left in at(forced, "left_in_okta").as_array().into_iter().flatten() {
        words.push_str(&format!("\n  {}", text(left)));
    }
    words
}

/// Asks before something that cannot be taken back; without a person there, `--yes` must say so.
pub(crate) fn confirm(question: &str) -> anyhow::Result<bool> {
    if !crate::output::is_interactive() {
        return Err(bad_usage(format!("{question}: say --yes")));
    }
    Ok(dialoguer::Confirm::new()
        .with_prompt(question)
        .default(false)
        .interact()?)
}
