//! Running an action: what is asked is checked, then read, or planned, or done once.

use keywright_okta::{Client, Error as OktaError};
use serde_json::{Value, json};

use super::action::{Action, Does, Input};
use super::{Answer, Asked, Error, check, list, look, plan, profile};
use crate::actor::{Actor, Permission};
use crate::app::App;
use crate::audit;
use crate::connections::{self, Connection, Job, Status};
use crate::db::ConnectionId;
use crate::directory;

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

impl Ready {
    pub(super) fn refused(&self, source: OktaError) -> Error {
        Error::of(self.action, &self.input, source)
    }

    /// What was read is recorded, too: it may be personal.
    pub(super) async fn note_read(&self) -> Result<(), Error> {
        let mut work = self.app.begin(&self.actor).await?;
        let entry = self.about("action.read", &Value::Null, json!({}));
        audit::record(&mut work, entry).await?;
        Ok(work.commit().await?)
    }

    /// An entry of the audit trail about this action.
    pub(super) fn about(
        &self,
        what: &'static str,
        output: &Value,
        mut detail: Value,
    ) -> audit::Entry {
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
