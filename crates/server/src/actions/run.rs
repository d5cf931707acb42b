//! Running an action: what is asked is checked, then read, or planned, or done once.

use std::time::Duration;

use keywright_okta::{Client, Error as OktaError};
use serde_json::{Value, json};

use super::action::{Action, Back, Change, Does, Input};
use super::claim::{self, Claim, Claimed};
use super::look::{self, Seen, look};
use super::{Answer, Asked, Error, check, list, output, plan, profile};
use crate::actor::{Actor, Permission};
use crate::app::App;
use crate::audit;
use crate::connections::{self, Connection, Job, Status};
use crate::db::ConnectionId;
use crate::directory;

/// How often whoever runs a change says that it is still at it.
const BEAT: Duration = Duration::from_secs(10);

/// An action that may be run: known, switched on, its input checked.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) app: App,
    pub(super) actor: Actor,
    pub(super) action: &'static Action,
    pub(super) connection: Connection,
    pub(super) client: Client,
    pub(super) input: Input,
}

/// Runs an action over a connection.
///
/// A change goes on to its end although the caller goes away. [`Error::OutcomeUnknown`] when nobody can tell whether it
/// was done; then the same key settles it later.
pub async fn run(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    name: &str,
    asked: Asked,
) -> Result<Answer, Error> {
    let ready = ready(app, actor, connection, name, asked.input).await?;
    if asked.plan {
        return Ok(Answer::Plan(plan::plan(&ready).await?));
    }
    match &ready.action.does {
        Does::Get(call) => {
            let call = call(&ready.input);
            let output = look::send(&ready.client, &call).await;
            let output = output.map_err(|error| ready.refused(error))?;
            ready.note_read().await?;
            Ok(Answer::Output {
                output,
                notes: Vec::new(),
                replayed: false,
            })
        }
        Does::List(..) => {
            let page = list::page(&ready, asked.limit, asked.after.as_deref()).await?;
            ready.note_read().await?;
            Ok(page)
        }
        Does::Change(change) => {
            // By itself: a change that was begun is not broken off when the caller hangs up.
            let task =
                tokio::spawn(async move { ready.change(change, asked.key.as_deref()).await });
            match task.await {
                Ok(answer) => answer,
                Err(_) => Err(Error::Running),
            }
        }
    }
}

/// Makes an action ready: who asks may, the connection is there and switched on, the input fits.
pub(super) async fn ready(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    name: &str,
    input: Value,
) -> Result<Ready, Error> {
    actor
        .need(Permission::ActionsRun)
        .map_err(|forbidden| connections::Error::from(directory::Error::from(forbidden)))?;
    let action = super::find(name)?;
    let (connection, client) = usable(app, actor, connection).await?;
    if !may(&client, action.scope) {
        return Err(Error::ScopeMissing {
            action,
            connection: connection.name,
        });
    }
    let schema = schema(app, &connection, &client, action, actor).await.0;
    let input = check::check(&schema, input).map_err(Error::Input)?;
    Ok(Ready {
        app: app.clone(),
        actor: actor.clone(),
        action,
        connection,
        client,
        input,
    })
}

/// A connection that actions may be run over, with its client.
pub(super) async fn usable(
    app: &App,
    actor: &Actor,
    id: ConnectionId,
) -> Result<(Connection, Client), Error> {
    let work = app.read(actor).await?;
    let connection = connections::find(&work, id).await?;
    drop(work);
    if connection.status == Status::Inactive {
        return Err(Error::NotTested(connection.name));
    }
    if !connection.does(Job::Actions) {
        return Err(Error::NotSwitchedOn(connection.name));
    }
    let client = connections::client(app, actor.tenant, id).await?;
    Ok((connection, client))
}

/// The input schema of an action over a connection, and why the org's own attributes are not in it if they are not.
pub(super) async fn schema(
    app: &App,
    connection: &Connection,
    client: &Client,
    action: &Action,
    actor: &Actor,
) -> (Value, Option<String>) {
    let schema = (action.input)();
    if !schema["properties"]["profile"].is_object() || !action.name.ends_with("-user") {
        return (schema, None);
    }
    if !may(client, "okta.schemas.read") {
        return (
            schema,
            Some("the scope okta.schemas.read is not granted".to_owned()),
        );
    }
    match profile::read(app, actor.tenant, connection.id, client).await {
        Ok(profile) => {
            let update = action.name == "update-user";
            (profile::within(schema, &profile, update), None)
        }
        // Okta checks the attributes itself, too.
        Err(error) => (schema, Some(error.to_string())),
    }
}

/// Whether the client's token reaches what needs this scope.
pub(super) fn may(client: &Client, scope: &str) -> bool {
    let asked = client.scopes();
    let wider = scope
        .strip_suffix(".read")
        .map(|front| format!("{front}.manage"));
    client.credentials_kind() == "api_token"
        || asked
            .iter()
            .any(|one| one == scope || Some(one) == wider.as_ref())
}

/// What reading back says of a change.
enum Settled {
    Reached(Seen),
    NotReached,
    Unclear,
}

impl Ready {
    pub(super) fn refused(&self, source: OktaError) -> Error {
        Error::of(self.action, &self.input, source)
    }

    async fn change(&self, change: &'static Change, key: Option<&str>) -> Result<Answer, Error> {
        let claimed = claim::claim(
            &self.app,
            &self.actor,
            self.connection.id,
            self.action,
            &self.input,
            key,
        );
        match claimed.await? {
            Claimed::Done(kept) => Ok(answer(&kept, true)),
            Claimed::New(claim) => {
                let kept = self
                    .leased(&claim, self.perform(claim.clone(), change))
                    .await?;
                Ok(answer(&kept, false))
            }
            Claimed::Begun(claim) => {
                let kept = self
                    .leased(&claim, self.go_on(claim.clone(), change))
                    .await?;
                Ok(answer(&kept, false))
            }
        }
    }

    /// Does something while the lease is kept.
    async fn leased<T>(
        &self,
        claim: &Claim,
        what: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        tokio::pin!(what);
        loop {
            match tokio::time::timeout(BEAT, &mut what).await {
                Ok(done) => return done,
                Err(_) => claim.keep(&self.app, &self.actor).await?,
            }
        }
    }

    /// What was begun and not ended: read back, and done only if it was not.
    async fn go_on(&self, claim: Claim, change: &'static Change) -> Result<Value, Error> {
        match self.settle(&claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(&claim, change, now).await,
            Ok(Settled::NotReached) => self.perform(claim, change).await,
            Ok(Settled::Unclear) => {
                self.unclear(&claim, "it cannot be seen at Okta whether it was done")
                    .await
            }
            Err(error) => {
                self.unclear(&claim, &format!("Okta could not be asked: {error}"))
                    .await
            }
        }
    }

    async fn perform(&self, mut claim: Claim, change: &'static Change) -> Result<Value, Error> {
        if change.looks_first {
            match look(&self.client, &self.input, change.things).await {
                Ok(seen) => {
                    if let Some(what) = seen.lacks(change.things) {
                        let error = not_there(what);
                        self.give_back(&claim, &error).await?;
                        return Err(error);
                    }
                    claim.saw(&self.app, &self.actor, &seen).await?;
                }
                Err(error) => {
                    let error = self.refused(error);
                    self.give_back(&claim, &error).await?;
                    return Err(error);
                }
            }
        }
        // From here on the call may be done: whoever finds the claim without an end reads back.
        claim.keep(&self.app, &self.actor).await?;
        match look::send(&self.client, &(change.call)(&self.input)).await {
            Ok(said) => self.answered(&claim, change, said).await,
            Err(error) if look::may_be_done(&error) => self.unanswered(&claim, change, error).await,
            Err(error) => {
                let error = self.refused(error);
                self.give_back(&claim, &error).await?;
                Err(error)
            }
        }
    }

    /// Okta said that it was done.
    async fn answered(
        &self,
        claim: &Claim,
        change: &'static Change,
        said: Value,
    ) -> Result<Value, Error> {
        let now = match change.back {
            Back::User(_) | Back::Deleted => look(&self.client, &self.input, change.things)
                .await
                .map(Some),
            Back::Rule if said.is_null() => look(&self.client, &self.input, change.things)
                .await
                .map(Some),
            _ => Ok(None),
        };
        let (now, notes) = match now {
            Ok(now) => (now, Vec::new()),
            Err(error) => (
                None,
                vec![format!("it was done, but could not be read back: {error}")],
            ),
        };
        let before = claim.before.as_ref();
        let vague = matches!(change.back, Back::User(_) | Back::Deleted);
        if let Some(now) = now.as_ref().filter(|_| vague)
            && (change.reached)(&self.input, before, now) == Some(false)
        {
            let why = "Okta answered that it was done, but what is read back shows otherwise";
            return self.unclear(claim, why).await;
        }
        self.keep(claim, change, Some(&said), now.as_ref(), notes)
            .await
    }

    /// Nobody said whether it was done.
    async fn unanswered(
        &self,
        claim: &Claim,
        change: &'static Change,
        error: OktaError,
    ) -> Result<Value, Error> {
        match self.settle(claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(claim, change, now).await,
            // It may still be on its way: not seen now is not the same as never.
            _ => self.unclear(claim, &error.to_string()).await,
        }
    }

    async fn settle(&self, claim: &Claim, change: &Change) -> Result<Settled, OktaError> {
        let now = look(&self.client, &self.input, change.things).await?;
        let reached = (change.reached)(&self.input, claim.before.as_ref(), &now);
        Ok(match reached {
            Some(true) => Settled::Reached(now),
            Some(false) => Settled::NotReached,
            None if change.repeatable => Settled::NotReached,
            None => Settled::Unclear,
        })
    }

    async fn settled(&self, claim: &Claim, change: &Change, now: Seen) -> Result<Value, Error> {
        let notes = vec!["there was no answer; reading back shows that it was done".to_owned()];
        self.keep(claim, change, None, Some(&now), notes).await
    }

    async fn keep(
        &self,
        claim: &Claim,
        change: &Change,
        said: Option<&Value>,
        now: Option<&Seen>,
        mut notes: Vec<String>,
    ) -> Result<Value, Error> {
        let output = output::output(change, &self.input, said, now, &mut notes);
        let kept = json!({"output": output, "notes": notes});
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.entry("action.done", claim, &output, json!({"notes": notes}));
        claim.done(&mut work, &kept, entry).await?;
        work.commit().await?;
        Ok(kept)
    }

    async fn unclear(&self, claim: &Claim, why: &str) -> Result<Value, Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.entry("action.unknown", claim, &Value::Null, json!({"why": why}));
        claim.unknown(&mut work, entry).await?;
        work.commit().await?;
        Err(Error::OutcomeUnknown {
            action: self.action,
            why: why.to_owned(),
        })
    }

    async fn give_back(&self, claim: &Claim, error: &Error) -> Result<(), Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let why = json!({"why": error.to_string()});
        let entry = self.entry("action.refused", claim, &Value::Null, why);
        claim.give_back(&mut work, entry).await?;
        Ok(work.commit().await?)
    }

    fn entry(
        &self,
        what: &'static str,
        claim: &Claim,
        output: &Value,
        mut detail: Value,
    ) -> audit::Entry {
        detail["run"] = json!(claim.id);
        self.about(what, output, detail)
    }

    /// What was read is recorded, too: it may be personal.
    pub(super) async fn note_read(&self) -> Result<(), Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.about("action.read", &Value::Null, json!({}));
        audit::record(&mut work, entry).await?;
        Ok(work.commit().await?)
    }

    fn about(&self, what: &'static str, output: &Value, mut detail: Value) -> audit::Entry {
        let of = |name: &str| {
            let text = self.input.text(name);
            (!text.is_empty()).then(|| text.to_owned())
        };
        let made = output["user"]["id"].as_str().map(str::to_owned);
        let target = of("userId")
            .or(made)
            .map(|id| ("okta_user", id))
            .or_else(|| of("groupId").map(|id| ("okta_group", id)))
            .or_else(|| of("ruleId").map(|id| ("okta_group_rule", id)))
            .unwrap_or_else(|| ("connection", self.connection.id.to_string()));
        for name in ["groupId", "appId", "ipAddress"] {
            if let Some(value) = of(name) {
                detail[name] = value.into();
            }
        }
        detail["action"] = self.action.name.into();
        detail["connection"] = json!({"id": self.connection.id, "name": self.connection.name});
        let reason = format!("{} over {}", self.action.name, self.connection.name);
        audit::Entry::new(what, target, reason).detail(detail)
    }

    /// Settles a run whose process is gone: done, or given back, or unknown. `false` when Okta could not be asked.
    pub(super) async fn settle_orphan(
        &self,
        claim: &Claim,
        change: &'static Change,
    ) -> Result<bool, Error> {
        let ended = match self.settle(claim, change).await {
            Ok(Settled::Reached(now)) => self.settled(claim, change, now).await.map(drop),
            Ok(Settled::NotReached) => {
                let error = Error::OutcomeUnknown {
                    action: self.action,
                    why: "its process ended; reading back shows that it was not done".to_owned(),
                };
                self.give_back(claim, &error).await
            }
            Ok(Settled::Unclear) => {
                let why = "its process ended, and it cannot be seen at Okta whether it was done";
                self.unclear(claim, why).await.map(drop)
            }
            Err(_) => return Ok(false),
        };
        match ended {
            Err(Error::OutcomeUnknown { .. }) | Ok(()) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

pub(super) fn not_there(what: &'static str) -> Error {
    Error::NotThere {
        what,
        field: match what {
            "group" => "groupId",
            "rule" => "ruleId",
            _ => "userId",
        },
    }
}

fn answer(kept: &Value, replayed: bool) -> Answer {
    let notes = kept["notes"].as_array().into_iter().flatten();
    Answer::Output {
        output: kept["output"].clone(),
        notes: notes.filter_map(Value::as_str).map(str::to_owned).collect(),
        replayed,
    }
}
