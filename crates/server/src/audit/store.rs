//! The audit trail's SQL.

use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, Timestamp, values};

/// One entry as stored.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Row {
    /// UUID v7: sorts by time.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// `local`, `system`, `person` or `api_key`.
    pub actor_kind: String,
    /// The person's or key's id.
    pub actor_id: Option<String>,
    /// The actor's name then.
    pub actor_name: String,
    /// What was done.
    pub action: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which one.
    pub target_id: String,
    /// Why.
    pub reason: String,
    /// More, as JSON text (kept as text so that its bytes can be hashed again).
    pub detail: String,
    /// The seal that covers it, once it is sealed.
    pub seal: Option<i64>,
}

/// Which entries to list: newest first, those before `before`.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this action.
    pub action: Option<String>,
    /// Only this kind of target.
    pub target_kind: Option<String>,
    /// Only this target.
    pub target_id: Option<String>,
    /// Only entries older than this one.
    pub before: Option<Uuid>,
}

const COLUMNS: &str = "id, at, actor_kind, actor_id, actor_name, action, target_kind, target_id, reason, detail, seal";

/// Rows per statement: 12 values each, within `SQLite`'s 32,766 and PostgreSQL's 65,535 parameters.
const CHUNK: usize = 500;

pub(super) async fn insert(work: &Work, rows: &[Row]) -> db::Result<()> {
    for chunk in rows.chunks(CHUNK) {
        let mut bound = Vec::with_capacity(chunk.len() * 12);
        let mut tuples = Vec::with_capacity(chunk.len());
        for row in chunk {
            let first = bound.len() + 1;
            bound.extend(values![
                work.tenant,
                row.id,
                row.at,
                row.actor_kind.as_str(),
                row.actor_id.clone(),
                row.actor_name.as_str(),
                row.action.as_str(),
                row.target_kind.as_str(),
                row.target_id.as_str(),
                row.reason.as_str(),
                row.detail.as_str(),
                row.seal,
            ]);
            let marks: Vec<String> = (first..=bound.len()).map(|n| format!("${n}")).collect();
            tuples.push(format!("({})", marks.join(", ")));
        }
        let sql = format!(
            "INSERT INTO audit_entries (tenant_id, {COLUMNS}) VALUES {}",
            tuples.join(", ")
        );
        work.run(&sql, bound).await?;
    }
    Ok(())
}

/// Entries that match, newest first, at most `limit`.
pub async fn list(work: &Work, filter: &Filter, limit: u32) -> db::Result<Vec<Row>> {
    let mut sql = format!("SELECT {COLUMNS} FROM audit_entries WHERE tenant_id = $1");
    let mut bound = values![work.tenant];
    let wanted = [
        ("action", &filter.action),
        ("target_kind", &filter.target_kind),
        ("target_id", &filter.target_id),
    ];
    for (column, value) in wanted {
        if let Some(value) = value {
            bound.push(value.as_str().into());
            sql.push_str(&format!(" AND {column} = ${}", bound.len()));
        }
    }
    if let Some(before) = filter.before {
        bound.push(before.into());
        sql.push_str(&format!(" AND id < ${}", bound.len()));
    }
    sql.push_str(&format!(" ORDER BY id DESC LIMIT {limit}"));
    work.rows(&sql, bound).await
}

/// The oldest entries that no seal covers yet.
pub(super) async fn unsealed(work: &Work, limit: u32) -> db::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries WHERE tenant_id = $1 AND seal IS NULL ORDER BY id LIMIT {limit}"
    );
    work.rows(&sql, values![work.tenant]).await
}

/// The entries of one seal, in the order in which they were sealed.
pub(super) async fn sealed_by(work: &Work, number: i64) -> db::Result<Vec<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries WHERE tenant_id = $1 AND seal = $2 ORDER BY id"
    );
    work.rows(&sql, values![work.tenant, number]).await
}

/// One seal as stored.
#[derive(Clone, Debug, FromQueryResult)]
pub(super) struct SealRow {
    pub(super) number: i64,
    pub(super) at: Timestamp,
    pub(super) entries: i64,
    pub(super) key_id: i64,
    pub(super) chain: Vec<u8>,
}

pub(super) async fn last_seal(work: &Work) -> db::Result<Option<SealRow>> {
    let sql = "SELECT number, at, entries, key_id, chain FROM audit_seals WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1";
    work.row(sql, values![work.tenant]).await
}

pub(super) async fn seals_after(work: &Work, number: i64, limit: u32) -> db::Result<Vec<SealRow>> {
    let sql = format!(
        "SELECT number, at, entries, key_id, chain FROM audit_seals WHERE tenant_id = $1 AND number > $2 ORDER BY number LIMIT {limit}"
    );
    work.rows(&sql, values![work.tenant, number]).await
}

pub(super) async fn insert_seal(work: &Work, seal: &SealRow, last: Uuid) -> db::Result<()> {
    let sql =
        "UPDATE audit_entries SET seal = $3 WHERE tenant_id = $1 AND seal IS NULL AND id <= $2";
    let marked = work
        .run(sql, values![work.tenant, last, seal.number])
        .await?;
    if i64::try_from(marked) != Ok(seal.entries) {
        return Err(db::Error::Stale); // an entry with an older id was committed meanwhile; the next try takes it in
    }
    let sql = "INSERT INTO audit_seals (tenant_id, number, at, entries, key_id, chain) VALUES ($1, $2, $3, $4, $5, $6)";
    let bound = values![
        work.tenant,
        seal.number,
        seal.at,
        seal.entries,
        seal.key_id,
        seal.chain.clone()
    ];
    work.run(sql, bound).await.map(drop)
}

/// How many entries no seal covers.
pub(super) async fn count_unsealed(work: &Work) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        n: i64,
    }
    let sql = "SELECT COUNT(*) AS n FROM audit_entries WHERE tenant_id = $1 AND seal IS NULL";
    Ok(work
        .row::<Count>(sql, values![work.tenant])
        .await?
        .map_or(0, |c| c.n))
}
