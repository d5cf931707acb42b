//! The SQL of runs: who asked for what under which key, and what became of it.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::vault::Sealed;

/// The run of a change, from its claim until it is forgotten.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) connection_id: ConnectionId,
    pub(super) action: String,
    pub(super) caller: String,
    pub(super) hash_key: i64,
    pub(super) body_hash: Vec<u8>,
    pub(super) state: String,
    pub(super) fence: i64,
    pub(super) lease_until: Timestamp,
    pub(super) input: Option<Sealed>,
    pub(super) seen_before: Option<serde_json::Value>,
    pub(super) outcome: Option<Sealed>,
    pub(super) claimed_at: Timestamp,
}

const COLUMNS: &str = "id, connection_id, action, caller, hash_key, body_hash, state, fence, lease_until, input, seen_before, outcome, claimed_at";

/// What tells one request from another.
pub(super) struct Key<'a> {
    pub(super) connection: ConnectionId,
    pub(super) caller: &'a str,
    pub(super) hash: &'a [u8],
}

pub(super) async fn find(work: &Work, key: &Key<'_>) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_runs WHERE tenant_id = $1 AND connection_id = $2 AND caller = $3 AND key_hash = $4"
    );
    let bound = values![work.tenant, key.connection, key.caller, key.hash.to_vec()];
    work.row(&sql, bound).await
}

/// Claims; false when somebody else just did.
pub(super) async fn insert(work: &Work, row: &Row, key_hash: &[u8]) -> db::Result<bool> {
    let sql = "INSERT INTO action_runs (tenant_id, id, connection_id, action, caller, key_hash, hash_key, body_hash, state, \
               fence, lease_until, input, claimed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
               ON CONFLICT DO NOTHING";
    let bound = values![
        work.tenant,
        row.id,
        row.connection_id,
        row.action.as_str(),
        row.caller.as_str(),
        key_hash.to_vec(),
        row.hash_key,
        row.body_hash.clone(),
        row.state.as_str(),
        row.fence,
        row.lease_until,
        row.input.clone().map(|sealed| sealed.0),
        row.claimed_at,
    ];
    Ok(work.run(sql, bound).await? == 1)
}

/// Takes a run over whose lease is at its end, or keeps the lease of one's own; false when another was quicker.
pub(super) async fn lease(
    work: &Work,
    id: Uuid,
    fence: i64,
    next: i64,
    until: Timestamp,
) -> db::Result<bool> {
    let sql = "UPDATE action_runs SET state = 'running', fence = $4, lease_until = $5 \
               WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state <> 'done'";
    Ok(work
        .run(sql, values![work.tenant, id, fence, next, until])
        .await?
        == 1)
}

pub(super) async fn set_before(
    work: &Work,
    id: Uuid,
    fence: i64,
    seen: serde_json::Value,
) -> db::Result<bool> {
    let sql =
        "UPDATE action_runs SET seen_before = $4 WHERE tenant_id = $1 AND id = $2 AND fence = $3";
    Ok(work.run(sql, values![work.tenant, id, fence, seen]).await? == 1)
}

/// Keeps how it ended; the input is forgotten once that is known for good. Until `until` nobody takes it over.
pub(super) async fn finish(
    work: &Work,
    id: Uuid,
    fence: i64,
    state: &str,
    outcome: Option<Sealed>,
    until: Timestamp,
) -> db::Result<bool> {
    let sql = "UPDATE action_runs SET state = $4, outcome = $5, finished_at = $6, lease_until = $7, \
               input = CASE WHEN $4 = 'done' THEN NULL ELSE input END \
               WHERE tenant_id = $1 AND id = $2 AND fence = $3";
    let bound = values![
        work.tenant,
        id,
        fence,
        state,
        outcome.map(|sealed| sealed.0),
        work.now,
        until
    ];
    Ok(work.run(sql, bound).await? == 1)
}

/// Forgets a run of which nothing was done.
pub(super) async fn forget(work: &Work, id: Uuid, fence: i64) -> db::Result<bool> {
    let sql = "DELETE FROM action_runs WHERE tenant_id = $1 AND id = $2 AND fence = $3";
    Ok(work.run(sql, values![work.tenant, id, fence]).await? == 1)
}

/// Forgets all that were claimed before, whatever became of them.
pub(super) async fn forget_before(work: &Work, before: Timestamp) -> db::Result<u64> {
    let sql = "DELETE FROM action_runs WHERE tenant_id = $1 AND claimed_at < $2 AND (state <> 'running' OR lease_until < $3)";
    work.run(sql, values![work.tenant, before, work.now]).await
}

/// Runs whose process is gone.
pub(super) async fn orphans(work: &Work, most: i64) -> db::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM action_runs WHERE tenant_id = $1 AND state = 'running' AND lease_until < $2 ORDER BY id LIMIT $3"
    );
    work.rows(&sql, values![work.tenant, work.now, most]).await
}
