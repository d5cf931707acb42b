//! `sync plan|run|show|approve|reject|undo|history|settings|set|why`.

use clap::{Args, Subcommand};
use owo_colors::{OwoColorize, Stream};
use serde_json::{Value, json};

use super::connection;
use super::group::paged;
use crate::api::Api;
use crate::exit::{Exit, bad_usage};
use crate::output::{Column, Printer, at, print_json, say, spinner, text};

/// How many people of a diff are printed; all with `--output json`.
const SHOWN: usize = 50;

/// Roles from Okta's groups.
#[derive(Debug, Args)]
pub(crate) struct Sync {
    #[command(subcommand)]
    action: Action,
    /// The connection; can be left out when there is only one.
    #[arg(long, value_name = "CONNECTION", global = true)]
    connection: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show what a run would do, by name. Nothing is changed.
    #[command(after_help = "Example:\n  keywright sync plan")]
    Plan(Start),
    /// Read Okta and apply. What the guard holds waits for approval (exit code 3).
    #[command(after_help = "Example:\n  keywright sync run --connection acme")]
    Run(Start),
    /// Show a run with its diff.
    #[command(
        after_help = "Example:\n  keywright sync show            # the latest\n  keywright sync show RUN"
    )]
    Show {
        /// The run's id; the latest when left out.
        run: Option<String>,
    },
    /// Approve what a run holds, as a person: needs `KEYWRIGHT_API_KEY`.
    #[command(
        after_help = "Example:\n  KEYWRIGHT_API_KEY=$(cat key.txt) keywright sync approve --reason \"the team moved\""
    )]
    Approve(Decide),
    /// Reject what a run holds; the same is not raised again for 24 hours.
    #[command(after_help = "Example:\n  keywright sync reject --reason \"a mistake in Okta\"")]
    Reject(Decide),
    /// Stop a run that waits or reads Okta: nothing of it is changed.
    #[command(after_help = "Example:\n  keywright sync stop RUN --reason \"the wrong hour\"")]
    Stop(Decide),
    /// Reverse a run, and pause its mappings until they are resumed.
    #[command(
        after_help = "Example:\n  KEYWRIGHT_API_KEY=$(cat key.txt) keywright sync undo RUN --reason \"wrong group\""
    )]
    Undo(Decide),
    /// List runs, newest first.
    #[command(after_help = "Example:\n  keywright sync history")]
    History {
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Show interval, guard and how it stands.
    #[command(after_help = "Example:\n  keywright sync settings")]
    Settings,
    /// Change interval or guard. Lowering the guard needs `KEYWRIGHT_API_KEY`.
    #[command(
        after_help = "Examples:\n  keywright sync set --interval 30m\n  KEYWRIGHT_API_KEY=$(cat key.txt) keywright sync set --removals-percent 30 --reason \"the team moves\""
    )]
    Set(Set),
    /// Tell why a person has their roles.
    #[command(after_help = "Example:\n  keywright sync why ada@acme.com --role admin")]
    Why(super::user::Why),
}

#[derive(Debug, Args)]
struct Start {
    /// Read everything, also what seems unchanged.
    #[arg(long)]
    whole: bool,
    /// Why, for the history.
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, Args)]
struct Decide {
    /// The run's id; the held one (to undo: the latest) when left out.
    run: Option<String>,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, Args)]
struct Set {
    /// How often to run.
    #[arg(long, value_parser = ["5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h"])]
    interval: Option<String>,
    /// Take manual grants of people in no mapped group, too.
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    okta_only: Option<String>,
    #[command(flatten)]
    guard: Guard,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

/// What a run may do unasked within 24 hours; what is more waits for approval. Lower figures guard more.
#[derive(Debug, Args)]
#[command(next_help_heading = "Guard")]
struct Guard {
    /// So many people may always lose roles.
    #[arg(long, value_name = "N")]
    removals_count: Option<u32>,
    /// So many percent of the people with mapped roles may lose roles.
    #[arg(long, value_name = "PERCENT")]
    removals_percent: Option<u32>,
    /// So many new grants are always fine.
    #[arg(long, value_name = "N")]
    grants_count: Option<u32>,
    /// So many percent of the mapped grants may be new.
    #[arg(long, value_name = "PERCENT")]
    grants_percent: Option<u32>,
    /// So many admins may lose administration; never the last.
    #[arg(long, value_name = "N")]
    admins: Option<u32>,
    /// Whether a grant of `super_admin` always waits.
    #[arg(long, value_name = "yes|no", value_parser = ["yes", "no"])]
    hold_super_admin: Option<String>,
}

impl Guard {
    /// The limits `now` with what is asked for; none when nothing is.
    fn over(&self, now: &Value) -> Option<Value> {
        let numbers = [
            ("removals_count", self.removals_count),
            ("removals_percent", self.removals_percent),
            ("grants_count", self.grants_count),
            ("grants_percent", self.grants_percent),
            ("admins", self.admins),
        ];
        let mut limits = now.clone();
        for (name, number) in numbers {
            if let Some(number) = number {
                limits[name] = json!(number);
            }
        }
        if let Some(hold) = &self.hold_super_admin {
            limits["hold_super_admin"] = json!(hold == "yes");
        }
        let asked = numbers.iter().any(|(_, number)| number.is_some());
        (asked || self.hold_super_admin.is_some()).then_some(limits)
    }
}

const RUNS: &[Column] = &[
    ("RUN", "id"),
    ("KIND", "kind"),
    ("STATE", "state"),
    ("WHEN", "created_at"),
    ("BY", "by"),
    ("GIVEN", "counts.granted"),
    ("TAKEN", "counts.removed"),
    ("CALLS", "calls"),
];

impl Sync {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        if let Action::Why(why) = &self.action {
            return why.run(api, printer).await;
        }
        let connection = connection::find(api, self.connection.as_deref()).await?;
        let path = format!("/connections/{}/sync", connection::id(&connection));
        match self.action {
            Action::Plan(start) => {
                let run = finish(
                    api,
                    &path,
                    api.post(&format!("{path}/plan"), &start.body()).await?,
                )
                .await?;
                show(api, printer, &path, &run).await
            }
            Action::Run(start) => {
                let run = finish(
                    api,
                    &path,
                    api.post(&format!("{path}/run"), &start.body()).await?,
                )
                .await?;
                show(api, printer, &path, &run).await
            }
            Action::Show { run } => {
                let run = find(api, &path, run.as_deref(), "last").await?;
                show(api, printer, &path, &run).await
            }
            Action::Approve(decide) => decide.approve(api, printer, &path).await,
            Action::Reject(decide) => {
                let run = find(api, &path, decide.run.as_deref(), "held").await?;
                let rejected = api
                    .post(&decision(&path, &run, "reject"), &decide.body())
                    .await?;
                printer.done(
                    &rejected,
                    "rejected; the same is not raised again for 24 hours",
                );
                Ok(Exit::Done)
            }
            Action::Stop(decide) => {
                let run = find(api, &path, decide.run.as_deref(), "last").await?;
                let stopped = api
                    .post(&decision(&path, &run, "stop"), &decide.body())
                    .await?;
                printer.done(&stopped, "stopped; nothing of it was changed");
                Ok(Exit::Done)
            }
            Action::Undo(decide) => {
                let run = find(api, &path, decide.run.as_deref(), "last").await?;
                let undoing = api
                    .post(&decision(&path, &run, "undo"), &decide.body())
                    .await?;
                let undone = finish(api, &path, undoing).await?;
                show(api, printer, &path, &undone).await
            }
            Action::History { after } => {
                printer.list(
                    &api.get(&paged(&format!("{path}/runs?limit=50"), after))
                        .await?,
                    RUNS,
                );
                Ok(Exit::Done)
            }
            Action::Settings => {
                settings(&api.get(&path).await?, printer);
                Ok(Exit::Done)
            }
            Action::Set(set) => {
                let now = api.get(&path).await?;
                settings(&api.patch(&path, &set.body(&now)?).await?, printer);
                Ok(Exit::Done)
            }
            Action::Why(_) => Ok(Exit::Usage),
        }
    }
}

impl Start {
    fn body(&self) -> Value {
        json!({"whole": self.whole, "reason": self.reason})
    }
}

impl Decide {
    fn body(&self) -> Value {
        json!({ "reason": self.reason })
    }

    async fn approve(&self, api: &Api, printer: Printer, path: &str) -> anyhow::Result<Exit> {
        let held = find(api, path, self.run.as_deref(), "held").await?;
        let answer = api
            .post(&decision(path, &held, "approve"), &self.body())
            .await?;
        if answer["state"] == "held" {
            printer.done(
                &answer,
                "noted; as it touches admins, a second person must approve it, too",
            );
            return Ok(Exit::Held);
        }
        let run = finish(api, path, answer).await?;
        show(api, printer, path, &run).await
    }
}

impl Set {
    fn body(&self, now: &Value) -> anyhow::Result<Value> {
        let mut body = json!({ "reason": self.reason });
        if let Some(interval) = &self.interval {
            let number: String = interval.chars().filter(char::is_ascii_digit).collect();
            let number: i64 = number.parse()?;
            body["interval_minutes"] = json!(if interval.ends_with('h') {
                number * 60
            } else {
                number
            });
        }
        if let Some(okta_only) = &self.okta_only {
            body["okta_only"] = json!(okta_only == "yes");
        }
        let limits = self.guard.over(at(now, "limits"));
        if self.interval.is_none() && self.okta_only.is_none() && limits.is_none() {
            return Err(bad_usage(
                "nothing to change: see keywright sync set --help",
            ));
        }
        if let Some(limits) = limits {
            body["limits"] = limits;
        }
        Ok(body)
    }
}

fn decision(path: &str, run: &Value, what: &str) -> String {
    format!("{path}/runs/{}/{what}", connection::id(run))
}

/// The run of this id; else the one that the settings name as `held` or `last`.
async fn find(api: &Api, path: &str, run: Option<&str>, which: &str) -> anyhow::Result<Value> {
    if let Some(run) = run {
        return api
            .get(&format!("{path}/runs/{}", crate::api::encode(run)))
            .await;
    }
    let settings = api.get(path).await?;
    match at(&settings, which) {
        Value::Null if which == "held" => Err(bad_usage("nothing waits for approval")),
        Value::Null => Err(bad_usage("there was no run yet")),
        run => Ok(run.clone()),
    }
}

/// Waits until a run has ended, doing its work here when there is no server.
pub(crate) async fn finish(api: &Api, path: &str, mut run: Value) -> anyhow::Result<Value> {
    let waiting = spinner("reading Okta");
    let of = format!("{path}/runs/{}", connection::id(&run));
    while matches!(at(&run, "state").as_str(), Some("queued" | "running")) {
        api.step().await?;
        run = api.get(&of).await?;
    }
    waiting.finish_and_clear();
    Ok(run)
}

/// Prints a run with its diff; exit code 3 when part of it waits, 1 when it failed.
pub(crate) async fn show(
    api: &Api,
    printer: Printer,
    path: &str,
    run: &Value,
) -> anyhow::Result<Exit> {
    let of = format!("{path}/runs/{}/changes?limit=200", connection::id(run));
    if printer.is_json() {
        let mut whole = run.clone();
        whole["changes"] = Value::Array(api.all(&of).await?);
        print_json(&whole);
    } else {
        summary(run);
        diff(&api.get(&of).await?);
    }
    Ok(match at(run, "state").as_str() {
        Some("held") => Exit::Held,
        Some("failed") => Exit::Failed,
        _ => Exit::Done,
    })
}

fn summary(run: &Value) {
    let count = |name: &str| text(at(run, &format!("counts.{name}")));
    let state = text(at(run, "state"));
    let word = match state.as_str() {
        "done" | "approved" => state
            .if_supports_color(Stream::Stdout, |word| word.green())
            .to_string(),
        "held" => state
            .if_supports_color(Stream::Stdout, |word| word.yellow())
            .to_string(),
        "failed" => state
            .if_supports_color(Stream::Stdout, |word| word.red())
            .to_string(),
        _ => state,
    };
    say(&format!(
        "{} {}: {word}; {} of {} groups read, {} calls; {} new people, {} roles given, {} taken",
        text(at(run, "kind")),
        text(at(run, "id")),
        count("groups_read"),
        count("groups"),
        text(at(run, "calls")),
        count("created"),
        count("granted"),
        count("removed"),
    ));
    for reason in at(run, "reasons").as_array().into_iter().flatten() {
        say(&format!("  because {}", text(reason)));
    }
    for finding in at(run, "findings").as_array().into_iter().flatten() {
        say(&format!("  found: {}", text(at(finding, "words"))));
        if let Some(mend) = at(finding, "mend").as_str().filter(|mend| !mend.is_empty()) {
            say(&format!("   mend: {mend}"));
        }
    }
    if run["state"] == "held" {
        say(&format!(
            "  waiting: {} roles to give, {} to take, until {}; keywright sync approve, or reject",
            count("held_granted"),
            count("held_removed"),
            text(at(run, "expires_at"))
        ));
    }
}

fn diff(changes: &Value) {
    let all = crate::output::items(changes);
    for change in all.iter().take(SHOWN) {
        let steps: Vec<String> = at(change, "steps")
            .as_array()
            .into_iter()
            .flatten()
            .map(step)
            .collect();
        let held = if change["held"] == true {
            " (waits)"
        } else {
            ""
        };
        say(&format!(
            "  {}{held}: {}",
            text(at(change, "login")),
            steps.join(", ")
        ));
    }
    let more = all.len().saturating_sub(SHOWN);
    if more > 0 || changes.get("next").is_some() {
        say(&format!(
            "  … and {more}{} more: --output json shows all",
            if changes.get("next").is_some() {
                "+"
            } else {
                ""
            }
        ));
    }
}

/// One step of a diff in words: `+user (Engineering)`.
pub(crate) fn step(step: &Value) -> String {
    let role = text(at(step, "role"));
    let group = at(step, "group")
        .as_str()
        .map_or_else(String::new, |group| format!(" ({group})"));
    match at(step, "op").as_str().unwrap_or_default() {
        "grant" => format!("+{role}{group}"),
        "revoke" => format!("-{role}{group}"),
        "create" => "new person".to_owned(),
        "update" => "new facts".to_owned(),
        "block" => "blocked".to_owned(),
        "unblock" => "let in again".to_owned(),
        other => other.to_owned(),
    }
}

fn settings(settings: &Value, printer: Printer) {
    printer.item(
        settings,
        &[
            ("interval, minutes", "interval_minutes"),
            ("Okta only", "okta_only"),
            ("guard: people losing roles", "limits.removals_count"),
            ("or percent of them", "limits.removals_percent"),
            ("new grants", "limits.grants_count"),
            ("or percent of those there are", "limits.grants_percent"),
            ("admins lost", "limits.admins"),
            ("super_admin waits", "limits.hold_super_admin"),
            ("failing since", "failing_since"),
            ("held run", "held.id"),
            ("last run", "last.id"),
            ("its state", "last.state"),
        ],
    );
}
