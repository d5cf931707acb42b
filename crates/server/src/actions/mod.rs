//! Connector actions: what programs do at Okta through us, typed, planned, within the rate budget, and once.
//!
//! ```text
//! POST …/connections/{connection}/actions/{name}?plan=…   Idempotency-Key
//!   ─► Action (one row of the table) ─► input against its JSON Schema and the org's profile attributes
//!   ─► plan: look, say what would be, change nothing
//!   ─► read, list: page by page
//!   ─► change: claim (committed) ─► call ─► read back where Okta is vague ─► kept 24 hours, audit entry
//! ```
//!
//! Everything about an action stands in the table: its schema, scope, role, call, and how to tell whether it was done.
//! Okta: Users, Groups, System Log; draft-ietf-httpapi-idempotency-key-header.

mod action;
mod change;
mod check;
mod claim;
mod document;
mod error;
mod list;
mod look;
mod output;
mod plan;
mod problem;
mod profile;
mod routes;
mod run;
mod schema;
mod settling;
mod store;
mod table;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use action::Action;
pub use check::Wrong;
pub use claim::KEPT_SECONDS;
pub use error::Error;
pub use list::Pieces;
pub use plan::{Plan, PlannedCall};
pub use profile::Profiles;
pub use routes::routes;
pub use run::run;
pub use settling::{SETTLE_JOB, handlers, schedule};

use crate::actor::Actor;
use crate::app::App;
use crate::db::ConnectionId;

/// What is asked of an action.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What goes in.
    pub input: Value,
    /// Only say what would be done.
    pub plan: bool,
    /// The request's `Idempotency-Key`, for a change.
    pub key: Option<String>,
    /// The size of a page, for a list.
    pub limit: Option<u32>,
    /// Where the page before ended, for a list.
    pub after: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Answer {
    /// What came back.
    Output {
        /// By the action's output schema.
        output: Value,
        /// What is to be known beside it.
        notes: Vec<String>,
        /// Whether it was done earlier, under the same key.
        replayed: bool,
    },
    /// One page of a list.
    Page {
        /// What is on it.
        items: Vec<Value>,
        /// What to give as `after` for the next; none on the last.
        next: Option<String>,
    },
    /// What would be done.
    Plan(Plan),
}

/// All actions.
pub fn all() -> impl Iterator<Item = &'static Action> {
    table::all()
}

/// An action by name. [`Error::Unknown`] with the nearest name when there is none.
pub fn find(name: &str) -> Result<&'static Action, Error> {
    all().find(|action| action.name == name).ok_or_else(|| {
        let names: Vec<String> = all().map(|action| action.name.to_owned()).collect();
        let near = check::nearest(name, &names);
        Error::Unknown {
            name: name.to_owned(),
            near: all()
                .map(|action| action.name)
                .find(|one| Some(*one) == near),
        }
    })
}

/// The input schema of an action over a connection, with the org's own profile attributes, and why they are not in it
/// if they are not.
pub async fn input_schema(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    action: &Action,
) -> Result<(Value, Option<String>), Error> {
    let (connection, client) = run::usable(app, actor, connection).await?;
    Ok(run::schema(app, &connection, &client, action, actor).await)
}

/// All pages of a list to its end.
pub async fn stream(
    app: &App,
    actor: &Actor,
    connection: ConnectionId,
    name: &str,
    input: Value,
) -> Result<Pieces, Error> {
    let ready = run::ready(app, actor, connection, name, input).await?;
    ready.note_read().await?;
    list::all(ready)
}

/// The status of the person that was seen: the one a transition leads to.
fn status_of(seen: &look::Seen) -> Option<&str> {
    let user = seen.0.get("user")?;
    let leads_to = user.get("transitioningToStatus").and_then(Value::as_str);
    leads_to.or_else(|| user.get("status")?.as_str())
}
