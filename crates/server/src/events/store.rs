//! The SQL of events.

use std::collections::HashSet;
use std::fmt::Write as _;

use sea_orm::{FromQueryResult, Value};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::incoming::{CameBy, Incoming};
use crate::app::Work;
use crate::db::{self, ConnectionId, Engine, Timestamp, values};

/// Events written by one statement.
const CHUNK: usize = 50;
/// Columns of a row.
const WIDTH: usize = 11;

/// An event as it is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stored {
    /// Its place among the events of the connection: the next has the next number.
    pub seq: i64,
    /// Its id in Okta.
    pub uuid: String,
    /// Its type.
    pub event_type: String,
    /// When Okta published it.
    #[schema(value_type = String, format = DateTime)]
    pub published: Timestamp,
    /// Who did it, by Okta's id.
    pub actor_id: Option<String>,
    /// How it ended.
    pub outcome: Option<String>,
    /// How it came first: `hook` or `poll`.
    pub came_by: String,
    /// When it was kept here.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The event as Okta sent it.
    #[schema(value_type = serde_json::Value)]
    pub event: Box<RawValue>,
}

#[derive(FromQueryResult)]
struct Row {
    seq: i64,
    uuid: String,
    event_type: String,
    published: Timestamp,
    actor_id: Option<String>,
    outcome: Option<String>,
    came_by: String,
    received_at: Timestamp,
    body: String,
}

impl From<Row> for Stored {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            uuid: row.uuid,
            event_type: row.event_type,
            published: row.published,
            actor_id: row.actor_id,
            outcome: row.outcome,
            came_by: row.came_by,
            received_at: row.received_at,
            event: RawValue::from_string(row.body).unwrap_or_default(),
        }
    }
}

const COLUMNS: &str =
    "seq, uuid, event_type, published, actor_id, outcome, came_by, received_at, body";

/// Which events of a connection.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those after this number.
    pub after: i64,
    /// Only of this type; with `.*` at its end of every type that begins so.
    pub event_type: Option<String>,
    /// Only those of this actor.
    pub actor_id: Option<String>,
    /// Only those that ended so.
    pub outcome: Option<String>,
    /// Only those that came first so.
    pub came_by: Option<String>,
    /// Only those that Okta published from then on.
    pub since: Option<Timestamp>,
}

/// The events that match, in the order in which they were kept, at most `limit`.
pub async fn after(
    work: &Work,
    connection: ConnectionId,
    wanted: &Wanted,
    limit: u32,
) -> db::Result<Vec<Stored>> {
    let mut bound = values![work.tenant, connection, wanted.after];
    let mut sql = format!(
        "SELECT {COLUMNS} FROM events WHERE tenant_id = $1 AND connection_id = $2 AND seq > $3"
    );
    let mut only = |column: &str, how: &str, value: Value| {
        bound.push(value);
        let _ = write!(sql, " AND {column} {how} ${}", bound.len());
    };
    match wanted
        .event_type
        .as_deref()
        .map(|kind| (kind, kind.strip_suffix(".*")))
    {
        // No type has a sign after the point that sorts behind a `/`.
        Some((_, Some(start))) => {
            only("event_type", ">=", format!("{start}.").into());
            only("event_type", "<", format!("{start}/").into());
        }
        Some((kind, None)) => only("event_type", "=", kind.into()),
        None => {}
    }
    if let Some(actor) = &wanted.actor_id {
        only("actor_id", "=", actor.as_str().into());
    }
    if let Some(outcome) = &wanted.outcome {
        only("outcome", "=", outcome.as_str().into());
    }
    if let Some(came_by) = &wanted.came_by {
        only("came_by", "=", came_by.as_str().into());
    }
    if let Some(since) = wanted.since {
        only("published", ">=", since.into());
    }
    let _ = write!(sql, " ORDER BY seq LIMIT {limit}");
    let rows: Vec<Row> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(Stored::from).collect())
}

/// One event by its id in Okta.
pub async fn one(work: &Work, connection: ConnectionId, uuid: &str) -> db::Result<Option<Stored>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events WHERE tenant_id = $1 AND connection_id = $2 AND uuid = $3"
    );
    let row: Option<Row> = work
        .row(&sql, values![work.tenant, connection, uuid])
        .await?;
    Ok(row.map(Stored::from))
}

/// The number of the newest event; 0 when there was none yet.
pub async fn head(work: &Work, connection: ConnectionId) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Head {
        seq: i64,
    }
    let sql = "SELECT seq FROM event_heads WHERE tenant_id = $1 AND connection_id = $2";
    let head: Option<Head> = work.row(sql, values![work.tenant, connection]).await?;
    Ok(head.map_or(0, |head| head.seq))
}

/// Keeps those that are not there yet, in the order given; gives their number. Other writers of the connection wait.
pub(super) async fn keep(
    work: &Work,
    connection: ConnectionId,
    events: &[&(CameBy, Incoming)],
) -> db::Result<usize> {
    work.lock(&format!("events/{connection}")).await?;
    if work.engine() == Engine::Postgres {
        // A plan that was made and kept while the table was small would read all of it for each batch.
        work.run("SET LOCAL plan_cache_mode = force_custom_plan", values![])
            .await?;
    }
    let mut known = HashSet::new();
    for chunk in events.chunks(CHUNK) {
        known.extend(there(work, connection, chunk).await?);
    }
    let new: Vec<&(CameBy, Incoming)> = events
        .iter()
        .copied()
        .filter(|(_, event)| known.insert(event.uuid.clone()))
        .collect();
    if new.is_empty() {
        return Ok(0);
    }
    let mut seq = head(work, connection).await?;
    for chunk in new.chunks(CHUNK) {
        insert(work, connection, seq, chunk).await?;
        seq = seq.saturating_add(i64::try_from(chunk.len()).unwrap_or(i64::MAX));
    }
    let sql = "INSERT INTO event_heads (tenant_id, connection_id, seq) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, connection_id) DO UPDATE SET seq = excluded.seq";
    work.run(sql, values![work.tenant, connection, seq]).await?;
    Ok(new.len())
}

/// The ids among these that are kept already.
async fn there(
    work: &Work,
    connection: ConnectionId,
    events: &[&(CameBy, Incoming)],
) -> db::Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Known {
        uuid: String,
    }
    let mut bound = values![work.tenant, connection];
    let marks: Vec<String> = events
        .iter()
        .map(|(_, event)| {
            bound.push(event.uuid.as_str().into());
            format!("${}", bound.len())
        })
        .collect();
    let sql = format!(
        "SELECT uuid FROM events WHERE tenant_id = $1 AND connection_id = $2 AND uuid IN ({})",
        marks.join(", ")
    );
    let known: Vec<Known> = work.rows(&sql, bound).await?;
    Ok(known.into_iter().map(|known| known.uuid).collect())
}

async fn insert(
    work: &Work,
    connection: ConnectionId,
    before: i64,
    events: &[&(CameBy, Incoming)],
) -> db::Result<()> {
    let mut bound = Vec::with_capacity(events.len() * WIDTH);
    let mut tuples = Vec::with_capacity(events.len());
    for (seq, (came_by, event)) in (before.saturating_add(1)..).zip(events.iter().copied()) {
        bound.extend(values![
            work.tenant,
            connection,
            seq,
            event.uuid.as_str(),
            event.event_type.as_str(),
            event.published,
            event.actor_id.clone(),
            event.outcome.clone(),
            came_by.word(),
            work.now,
            event.body.as_str()
        ]);
        let first = bound.len() - WIDTH + 1;
        let marks: Vec<String> = (first..first + WIDTH)
            .map(|mark| format!("${mark}"))
            .collect();
        tuples.push(format!("({})", marks.join(", ")));
    }
    let sql = format!(
        "INSERT INTO events (tenant_id, connection_id, {COLUMNS}) VALUES {}",
        tuples.join(", ")
    );
    work.run(&sql, bound).await.map(drop)
}

/// Forgets what was kept before `end`, so many at most; gives their number.
pub(super) async fn forget(work: &Work, end: Timestamp, most: i64) -> db::Result<u64> {
    let sql = "DELETE FROM events WHERE tenant_id = $1 AND (connection_id, seq) IN
        (SELECT connection_id, seq FROM events WHERE tenant_id = $1 AND received_at < $2 ORDER BY received_at LIMIT $3)";
    work.run(sql, values![work.tenant, end, most]).await
}

/// Forgets what belongs to connections that were removed; their events go by their age.
pub(super) async fn forget_removed(work: &Work) -> db::Result<()> {
    for table in ["event_heads", "event_secrets", "event_polls"] {
        let sql = format!(
            "DELETE FROM {table} WHERE tenant_id = $1 AND connection_id NOT IN (SELECT id FROM connections WHERE tenant_id = $1)"
        );
        work.run(&sql, values![work.tenant]).await?;
    }
    Ok(())
}
