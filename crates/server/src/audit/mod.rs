//! The audit trail: who changed what, why, written in the change's own transaction.
//!
//! Entries are then sealed in batches, per tenant, by a keyed hash chain ([`seal`], [`verify`]): a changed, added or
//! missing entry breaks the chain, and an exported anchor shows whether the end was cut off.
//!
//! ```text
//! chain(n) = HMAC(key, tenant | n | at | entries | SHA-256 of each entry in order | chain(n - 1))
//! ```

mod chain;
mod routes;
mod store;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::Work;
use crate::db;

pub use chain::{Anchor, Break, Report, SEAL_JOB, seal, verify};
pub(crate) use routes::shown;
pub use routes::{routes, seal_all};
pub use store::{Filter, Row, list};

/// What is to be recorded of one change.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `noun.verb` in the past tense: `role.granted`.
    pub action: &'static str,
    /// Kind and id of what was changed.
    pub target: (&'static str, String),
    /// Why, for people.
    pub reason: String,
    /// What else there is to say. Never a secret.
    pub detail: Value,
}

impl Entry {
    /// An entry without further detail.
    #[must_use]
    pub fn new(
        action: &'static str,
        target: (&'static str, String),
        reason: impl Into<String>,
    ) -> Self {
        Self {
            action,
            target,
            reason: reason.into(),
            detail: json!({}),
        }
    }

    /// The same with detail.
    #[must_use]
    pub fn detail(mut self, detail: impl Serialize) -> Self {
        self.detail = serde_json::to_value(detail).unwrap_or(Value::Null);
        self
    }
}

/// Records `entry` as done by the work's actor, in the work's transaction.
pub async fn record(work: &mut Work, entry: Entry) -> db::Result<()> {
    record_all(work, vec![entry]).await
}

/// Records many entries with few statements.
pub async fn record_all(work: &mut Work, entries: Vec<Entry>) -> db::Result<()> {
    let rows: Vec<Row> = entries.into_iter().map(|entry| row(work, entry)).collect();
    store::insert(work, &rows).await
}

fn row(work: &Work, entry: Entry) -> Row {
    Row {
        id: work.id::<Uuid>(),
        at: work.now,
        actor_kind: work.actor.kind.word().to_owned(),
        actor_id: work.actor.id_text(),
        actor_name: work.actor.name.clone(),
        action: entry.action.to_owned(),
        target_kind: entry.target.0.to_owned(),
        target_id: entry.target.1,
        reason: entry.reason,
        detail: entry.detail.to_string(),
        seal: None,
    }
}
