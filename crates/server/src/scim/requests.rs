//! What the requests of one process share, and the log of the last requests of each connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keywright_proto::scim::Filter;
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::refusals::{self, Refusal};
use super::settle;
use super::tokens::Client;
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, Timestamp, values};

/// Requests kept of each connection.
const KEPT: i64 = 1_000;
/// Longest body kept, in characters.
const BODY: usize = 4_000;
/// Marks of pages kept.
const MARKS: usize = 1_000;
/// How long a reader may take between two pages, in seconds.
const MARK_SECONDS: i64 = 900;
/// How long requests are gathered before they are written.
const GATHER: Duration = Duration::from_millis(250);

/// What the SCIM requests of one process share: where readers of lists are, refusals just noted, requests to be logged.
/// A part of the [`App`]; without it pages go by number, each refusal is noted and each request is written at once.
#[derive(Clone, Debug, Default)]
pub struct State(Arc<Mutex<Inner>>, Arc<tokio::sync::Mutex<()>>);

#[derive(Debug, Default)]
struct Inner {
    marks: HashMap<Mark, (Uuid, Timestamp)>,
    refusals: HashMap<(ConnectionId, &'static str), Timestamp>,
    /// When the job that settles a connection begins at the earliest.
    asked: HashMap<ConnectionId, Timestamp>,
    log: Vec<(Client, Entry)>,
    refused: Vec<Refusal>,
    /// Connections of which something was said that no job is known to see.
    unsettled: HashMap<ConnectionId, Client>,
    flushing: bool,
}

/// Where a reader of a list has come to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Mark(String);

impl Mark {
    pub(super) fn key(connection: ConnectionId, kind: &str, filter: Option<&Filter>) -> String {
        format!(
            "{connection} {kind} {}",
            filter.map(ToString::to_string).unwrap_or_default()
        )
    }

    fn at(key: &str, start: u64) -> Self {
        Self(format!("{start} {key}"))
    }
}

impl State {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a job waits that surely begins after `now`, so that it sees what was committed until now. Half a second
    /// is left for clocks that differ.
    pub(super) fn is_asked(&self, connection: ConnectionId, now: Timestamp) -> bool {
        let inner = self.inner();
        inner
            .asked
            .get(&connection)
            .is_some_and(|at| now.plus_millis(500) < *at)
    }

    /// Notes when the job that was asked for begins at the earliest.
    pub(super) fn asked(&self, connection: ConnectionId, at: Timestamp) {
        self.inner().asked.insert(connection, at);
    }

    /// The last resource of the page before `start`.
    pub(super) fn mark(&self, key: &str, start: u64, now: Timestamp) -> Option<Uuid> {
        let found = self.inner().marks.get(&Mark::at(key, start)).copied();
        found
            .filter(|(_, at)| now < at.plus_seconds(MARK_SECONDS))
            .map(|(id, _)| id)
    }

    pub(super) fn set_mark(&self, key: &str, start: u64, last: Uuid, now: Timestamp) {
        let mut inner = self.inner();
        if inner.marks.len() >= MARKS {
            inner
                .marks
                .retain(|_, (_, at)| now < at.plus_seconds(MARK_SECONDS));
            if inner.marks.len() >= MARKS {
                inner.marks.clear();
            }
        }
        inner.marks.insert(Mark::at(key, start), (last, now));
    }

    /// Whether this is the first refusal of its kind in a minute.
    pub(super) fn first_refusal(
        &self,
        connection: ConnectionId,
        why: &'static str,
        now: Timestamp,
    ) -> bool {
        let mut inner = self.inner();
        if inner.refusals.len() >= MARKS {
            inner.refusals.retain(|_, at| now < at.plus_seconds(60));
        }
        let last = inner.refusals.get(&(connection, why)).copied();
        if last.is_some_and(|at| now < at.plus_seconds(60)) {
            return false;
        }
        inner.refusals.insert((connection, why), now);
        true
    }
}

/// One request as the log has it: no header, no password.
#[derive(Clone, Debug, FromQueryResult, Serialize, utoipa::ToSchema)]
pub(crate) struct Entry {
    /// Its place in the log.
    pub id: Uuid,
    /// When it came.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// The name of its token.
    pub token: String,
    /// What the client calls itself.
    pub client: String,
    /// GET, POST, ...
    pub method: String,
    /// Path and query below the base.
    pub path: String,
    /// The status of the answer.
    pub status: i32,
    /// The body, redacted and cut.
    pub body: Option<String>,
    /// What a refusal said.
    pub detail: Option<String>,
}

/// A body as the log may keep it: of a large one only the beginning is copied.
pub(super) fn redacted(body: &Value) -> String {
    fn hidden(value: &Value, room: &mut usize) -> Value {
        *room = room.saturating_sub(2);
        match value {
            Value::Object(members) => {
                let secret = |name: &str| {
                    let name = name.to_ascii_lowercase();
                    name.ends_with("password")
                        || name.ends_with("secret")
                        || name.ends_with("token")
                };
                // `{"path": "password", "value": …}`
                let by_path = members
                    .get("path")
                    .and_then(Value::as_str)
                    .is_some_and(secret);
                let mut copy = Map::new();
                for (name, inner) in members {
                    if *room == 0 {
                        break;
                    }
                    *room = room.saturating_sub(name.len());
                    let inner = if secret(name) || (by_path && name == "value") {
                        Value::from("***")
                    } else {
                        hidden(inner, room)
                    };
                    copy.insert(name.clone(), inner);
                }
                Value::Object(copy)
            }
            Value::Array(items) => {
                let mut copy = Vec::new();
                for item in items {
                    if *room == 0 {
                        break;
                    }
                    copy.push(hidden(item, room));
                }
                Value::Array(copy)
            }
            Value::String(text) => {
                let cut: String = text.chars().take(BODY).collect();
                *room = room.saturating_sub(cut.len());
                Value::String(cut)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
    // Twice as much as is kept, so that what is cut off is never what the copy left out.
    let copy = hidden(body, &mut (2 * BODY));
    copy.to_string().chars().take(BODY).collect()
}

/// Keeps a request: at once, or with others within a moment.
pub(super) async fn keep(app: &App, client: Client, entry: Entry) {
    let Some(state) = app.part::<State>() else {
        write(app, vec![(client, entry)]).await;
        return;
    };
    flush_soon(app, state, |inner| inner.log.push((client, entry)));
}

/// Has the job asked for that settles the connection of `client`, with the next writing.
pub(super) fn ask_soon(app: &App, state: &State, client: &Client) {
    if !state.inner().unsettled.contains_key(&client.connection) {
        let client = client.clone();
        flush_soon(app, state, |inner| {
            inner.unsettled.insert(client.connection, client);
        });
    }
}

/// Keeps a refusal until the next writing.
pub(super) fn keep_refusal(app: &App, state: &State, refusal: Refusal) {
    flush_soon(app, state, |inner| inner.refused.push(refusal));
}

fn flush_soon(app: &App, state: &State, add: impl FnOnce(&mut Inner)) {
    let begin = {
        let mut inner = state.inner();
        add(&mut inner);
        !std::mem::replace(&mut inner.flushing, true)
    };
    if begin {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(GATHER).await;
            flush(&app).await;
        });
    }
}

/// Writes what has been gathered.
pub(crate) async fn flush(app: &App) {
    if let Some(state) = app.part::<State>() {
        // Whoever comes while others are written waits until they are there.
        let _turn = state.1.lock().await;
        let (gathered, refused, unsettled) = {
            let mut inner = state.inner();
            inner.flushing = false;
            let refused = std::mem::take(&mut inner.refused);
            let unsettled = std::mem::take(&mut inner.unsettled);
            (std::mem::take(&mut inner.log), refused, unsettled)
        };
        for client in unsettled.into_values() {
            settle::ask_now(app, &client).await;
        }
        write(app, gathered).await;
        refusals::write(app, refused).await;
    }
}

/// A log that cannot be written does not fail the requests it tells of.
async fn write(app: &App, gathered: Vec<(Client, Entry)>) {
    let mut groups: HashMap<ConnectionId, (Client, Vec<Entry>)> = HashMap::new();
    for (client, entry) in gathered {
        groups
            .entry(client.connection)
            .or_insert_with(|| (client, Vec::new()))
            .1
            .push(entry);
    }
    for (client, mut entries) in groups.into_values() {
        // The rest would be deleted at once.
        let most = usize::try_from(KEPT).unwrap_or(usize::MAX);
        entries.drain(..entries.len().saturating_sub(most));
        if let Err(error) = insert(app, &client, entries).await {
            tracing::warn!(error = %crate::web::chain(&error), "SCIM requests could not be logged");
        }
    }
}

async fn insert(app: &App, client: &Client, entries: Vec<Entry>) -> db::Result<()> {
    let work = app.begin(&client.actor).await?;
    for chunk in entries.chunks(200) {
        let mut bound = values![work.tenant, client.connection];
        let mut rows = Vec::with_capacity(chunk.len());
        for entry in chunk {
            let first = bound.len() + 1;
            let Entry {
                id,
                at,
                token,
                client,
                method,
                path,
                status,
                body,
                detail,
            } = entry.clone();
            bound.extend(values![
                id, at, token, client, method, path, status, body, detail
            ]);
            let places: Vec<String> = (first..=bound.len()).map(|at| format!("${at}")).collect();
            rows.push(format!("($1, $2, {})", places.join(", ")));
        }
        let sql = format!(
            "INSERT INTO scim_requests (tenant_id, connection_id, id, at, token, client, method, path, status, body, detail) VALUES {}",
            rows.join(", ")
        );
        work.run(&sql, bound).await?;
    }
    super::state::note(&work, client.connection, &entries).await?;
    let sql = "DELETE FROM scim_requests WHERE tenant_id = $1 AND connection_id = $2 AND id <= \
               (SELECT id FROM scim_requests WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)";
    work.run(sql, values![work.tenant, client.connection, KEPT])
        .await?;
    work.commit().await
}

/// The last requests of a connection, newest first.
pub(super) async fn last(
    work: &Work,
    connection: ConnectionId,
    limit: usize,
) -> db::Result<Vec<Entry>> {
    before(work, connection, None, limit).await
}

/// The requests of a connection before `before`, newest first.
pub(super) async fn before(
    work: &Work,
    connection: ConnectionId,
    before: Option<Uuid>,
    limit: usize,
) -> db::Result<Vec<Entry>> {
    let sql = format!(
        "SELECT id, at, token, client, method, path, status, body, detail FROM scim_requests
         WHERE tenant_id = $1 AND connection_id = $2 AND id < $3 ORDER BY id DESC LIMIT {limit}"
    );
    let before = before.unwrap_or(Uuid::max());
    work.rows(&sql, values![work.tenant, connection, before])
        .await
}

/// The requests of a connection after `after`, oldest first, or the newest ones when there is no `after`.
pub(super) async fn list(
    work: &Work,
    connection: ConnectionId,
    after: Option<Uuid>,
    limit: u64,
) -> db::Result<Vec<Entry>> {
    let columns = "id, at, token, client, method, path, status, body, detail";
    let base =
        format!("SELECT {columns} FROM scim_requests WHERE tenant_id = $1 AND connection_id = $2");
    if let Some(after) = after {
        let sql = format!("{base} AND id > $3 ORDER BY id LIMIT {limit}");
        return work
            .rows(&sql, values![work.tenant, connection, after])
            .await;
    }
    let sql = format!("{base} ORDER BY id DESC LIMIT {limit}");
    let mut newest: Vec<Entry> = work.rows(&sql, values![work.tenant, connection]).await?;
    newest.reverse();
    Ok(newest)
}
