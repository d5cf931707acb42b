//! `user list|show|why|create|grant|revoke|block|unblock|end-sessions`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::group::paged;
use crate::api::{Api, encode};
use crate::exit::Exit;
use crate::output::{Column, Printer, at, print_json, say, text};

/// People.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List people.
    #[command(after_help = "Example:\n  keywright user list --search ada")]
    List {
        /// A part of the name or login.
        #[arg(long, value_name = "TEXT", default_value = "")]
        search: String,
        /// Where the page before ended.
        #[arg(long, value_name = "CURSOR")]
        after: Option<String>,
    },
    /// Show one person with groups and roles.
    #[command(after_help = "Example:\n  keywright user show ada@acme.com")]
    Show(One),
    /// Show what each source says of a person: Okta's API, SCIM.
    #[command(after_help = "Example:\n  keywright user sources ada@acme.com")]
    Sources(One),
    /// Tell why a person has their roles, or had.
    #[command(after_help = "Example:\n  keywright user why ada@acme.com --role admin")]
    Why(Why),
    /// Make a local person, whom no sync touches.
    #[command(
        after_help = "Example:\n  keywright user create rescue --break-glass --role super_admin --reason \"to get in when Okta is away\""
    )]
    Create(Create),
    /// Give a role by hand.
    #[command(
        after_help = "Example:\n  keywright user grant ada@acme.com helpdesk --until 2026-12-31T00:00:00Z --reason \"holidays\""
    )]
    Grant {
        #[command(flatten)]
        one: One,
        /// The role.
        role: String,
        /// Until when; for good when left out.
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Take back a role that was given by hand.
    #[command(
        after_help = "Example:\n  keywright user revoke ada@acme.com helpdesk --reason \"holidays are over\""
    )]
    Revoke {
        #[command(flatten)]
        one: One,
        /// The role.
        role: String,
        /// Why, for the audit log.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Let a person not sign in any more.
    #[command(
        after_help = "Example:\n  keywright user block ada@acme.com --reason \"lost laptop\""
    )]
    Block(Reasoned),
    /// Let a person sign in again.
    #[command(after_help = "Example:\n  keywright user unblock ada@acme.com")]
    Unblock(Reasoned),
    /// End a person's sessions and API keys now.
    #[command(
        after_help = "Example:\n  keywright user end-sessions ada@acme.com --reason \"lost laptop\""
    )]
    EndSessions(Reasoned),
}

#[derive(Debug, Args)]
struct One {
    /// Login or id.
    #[arg(value_name = "USER")]
    user: String,
}

/// About whom and which role.
#[derive(Debug, Args)]
pub(crate) struct Why {
    #[command(flatten)]
    one: One,
    /// Only this role.
    #[arg(long)]
    role: Option<String>,
}

#[derive(Debug, Args)]
struct Reasoned {
    #[command(flatten)]
    one: One,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

#[derive(Debug, Args)]
struct Create {
    /// The name to sign in with.
    login: String,
    /// Mail address.
    #[arg(long, default_value = "")]
    email: String,
    /// Name to show.
    #[arg(long, default_value = "")]
    name: String,
    /// An admin to get in with when Okta or a sync fails; outside every sync.
    #[arg(long)]
    break_glass: bool,
    /// A role to give at once; can be given several times.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Why, for the audit log.
    #[arg(long, default_value = "")]
    reason: String,
}

/// The columns of a list of people.
pub(crate) const COLUMNS: &[Column] = &[
    ("LOGIN", "login"),
    ("NAME", "display_name"),
    ("KIND", "kind"),
    ("OKTA", "okta_status"),
    ("BLOCKED", "blocked"),
    ("ID", "id"),
];

const SOURCES: &[Column] = &[
    ("SOURCE", "source"),
    ("OKTA ID", "okta_id"),
    ("LOGIN", "login"),
    ("NAME", "display_name"),
    ("STATUS", "status"),
    ("LETS IN", "lets_in"),
    ("AS OF", "at"),
];

impl User {
    pub(crate) async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        match self.action {
            Action::List { search, after } => {
                let path = paged(&format!("/users?q={}", encode(&search)), after);
                printer.list(&api.get(&path).await?, COLUMNS);
            }
            Action::Show(one) => show(&api.get(&one.path()).await?, printer),
            Action::Sources(one) => {
                let sources = api.get(&format!("{}/sources", one.path())).await?;
                printer.list(&sources, SOURCES);
            }
            Action::Why(why) => return why.run(api, printer).await,
            Action::Create(create) => create.run(api, printer).await?,
            Action::Grant {
                one,
                role,
                until,
                reason,
            } => {
                let body = json!({"role": role, "expires_at": until, "reason": reason});
                let roles = api.post(&format!("{}/roles", one.path()), &body).await?;
                printer.done(&roles, &format!("{} has {role}", one.user));
            }
            Action::Revoke { one, role, reason } => {
                let path = format!(
                    "{}/roles/{}?reason={}",
                    one.path(),
                    encode(&role),
                    encode(&reason)
                );
                let roles = api.delete(&path).await?;
                printer.done(&roles, &format!("{} has {role} by hand no more", one.user));
            }
            Action::Block(who) => who.blocked(api, printer, true).await?,
            Action::Unblock(who) => who.blocked(api, printer, false).await?,
            Action::EndSessions(who) => {
                let path = format!(
                    "{}/end-sessions?reason={}",
                    who.one.path(),
                    encode(&who.reason)
                );
                api.post(&path, &json!({})).await?;
                printer.done(
                    &json!({ "ended": who.one.user }),
                    "their sessions and API keys have ended",
                );
            }
        }
        Ok(Exit::Done)
    }
}

impl One {
    fn path(&self) -> String {
        format!("/users/{}", encode(&self.user))
    }
}

impl Reasoned {
    async fn blocked(&self, api: &Api, printer: Printer, blocked: bool) -> anyhow::Result<()> {
        let body = json!({"blocked": blocked, "reason": self.reason});
        let changed = api
            .put(&format!("{}/blocked", self.one.path()), &body)
            .await?;
        let sentence = if blocked {
            "may not sign in any more"
        } else {
            "may sign in again"
        };
        printer.done(&changed, &format!("{} {sentence}", self.one.user));
        Ok(())
    }
}

impl Create {
    async fn run(self, api: &Api, printer: Printer) -> anyhow::Result<()> {
        let kind = if self.break_glass {
            "break_glass"
        } else {
            "local"
        };
        let body = json!({"login": self.login, "email": self.email, "display_name": self.name, "kind": kind, "reason": self.reason});
        let made = api.post("/users", &body).await?;
        for role in &self.roles {
            let body = json!({"role": role, "reason": self.reason});
            api.post(&format!("/users/{}/roles", encode(&self.login)), &body)
                .await?;
        }
        printer.done(
            &made,
            &format!(
                "{} is made ({kind}); a key for them: keywright api-key create {}",
                self.login, self.login
            ),
        );
        Ok(())
    }
}

fn show(user: &Value, printer: Printer) {
    printer.item(
        user,
        &[
            ("login", "login"),
            ("name", "display_name"),
            ("id", "id"),
            ("kind", "kind"),
            ("mail", "email"),
            ("Okta", "okta_status"),
            ("blocked", "blocked"),
            ("roles", "roles"),
            ("groups", "groups"),
            ("facts from", "facts_source"),
            ("as of", "facts_at"),
        ],
    );
}

impl Why {
    /// Prints each grant with its group, run and time, and what runs did to the person.
    pub(crate) async fn run(&self, api: &Api, printer: Printer) -> anyhow::Result<Exit> {
        let query = self
            .role
            .as_ref()
            .map(|role| format!("?role={}", encode(role)))
            .unwrap_or_default();
        let why = api.get(&format!("{}/why{query}", self.one.path())).await?;
        if printer.is_json() {
            print_json(&why);
            return Ok(Exit::Done);
        }
        let grants = at(&why, "grants").as_array().map_or(&[][..], Vec::as_slice);
        if grants.is_empty() {
            say("has no such role now");
        }
        for grant in grants {
            say(&sentence(grant));
        }
        for past in at(&why, "history").as_array().into_iter().flatten() {
            let steps: Vec<String> = at(past, "steps")
                .as_array()
                .into_iter()
                .flatten()
                .map(super::sync::step)
                .collect();
            say(&format!(
                "run {}: {}",
                text(at(past, "run")),
                steps.join(", ")
            ));
        }
        Ok(Exit::Done)
    }
}

fn sentence(grant: &Value) -> String {
    let role = text(at(grant, "role"));
    let when = text(at(grant, "at"));
    let by = text(at(grant, "by"));
    let until = at(grant, "expires_at")
        .as_str()
        .map(|until| format!(", until {until}"))
        .unwrap_or_default();
    if at(grant, "source") == "manual" {
        return format!(
            "{role}: given by {by} on {when}{until}: {}",
            text(at(grant, "reason"))
        );
    }
    let paused = if at(grant, "paused") == true {
        " (the mapping is paused)"
    } else {
        ""
    };
    format!(
        "{role}: as a member of {}{paused}, by run {} on {when}{until}",
        text(at(grant, "group")),
        text(at(grant, "run"))
    )
}
