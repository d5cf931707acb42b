//! The audit trail's SQL.

use sea_orm::{FromQueryResult, Value};
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
    /// Only actions that begin with one of these: `role.`; empty for all.
    pub prefixes: Vec<&'static str>,
    /// Only what was refused or failed.
    pub refused: bool,
    /// Only entries with this in actor, target, reason or detail, without regard to case; empty for all.
    pub text: String,
    /// Only entries since then.
    pub since: Option<Timestamp>,
    /// Only entries newer than this one.
    pub after: Option<Uuid>,
    /// Only entries older than this one.
    pub before: Option<Uuid>,
}

/// The least id of an entry made at `at` or later: ids begin with their milliseconds.
fn first_of(at: Timestamp) -> Uuid {
    Uuid::from_u128(u128::try_from(at.0 / 1_000).unwrap_or(0) << 80)
}

impl Filter {
    /// The conditions with their values, to be joined by AND.
    fn conditions(&self, bound: &mut Vec<Value>) -> String {
        let mut sql = String::new();
        let mut mark = |value: Value| {
            bound.push(value);
            format!("${}", bound.len())
        };
        let exact = [
            ("action", &self.action),
            ("target_kind", &self.target_kind),
            ("target_id", &self.target_id),
        ];
        for (column, value) in exact {
            if let Some(value) = value {
                sql.push_str(&format!(" AND {column} = {}", mark(value.as_str().into())));
            }
        }
        if !self.prefixes.is_empty() {
            let any: Vec<String> = self
                .prefixes
                .iter()
                .map(|prefix| format!("action LIKE {}", mark(format!("{prefix}%").into())))
                .collect();
            sql.push_str(&format!(" AND ({})", any.join(" OR ")));
        }
        if self.refused {
            sql.push_str(" AND (action LIKE '%refused' OR action LIKE '%failed')");
        }
        if !self.text.is_empty() {
            let text = mark(like(&self.text).into());
            let columns = ["actor_name", "target_id", "reason", "detail", "action"];
            let any = columns.map(|column| format!("LOWER({column}) LIKE {text} ESCAPE '!'"));
            sql.push_str(&format!(" AND ({})", any.join(" OR ")));
        }
        let after = self.since.map(first_of).max(self.after);
        if let Some(after) = after {
            let compared = if self.after == Some(after) { ">" } else { ">=" };
            sql.push_str(&format!(" AND id {compared} {}", mark(after.into())));
        }
        if let Some(before) = self.before {
            sql.push_str(&format!(" AND id < {}", mark(before.into())));
        }
        sql
    }
}

/// A pattern for LIKE that finds `text` anywhere.
fn like(text: &str) -> String {
    let escaped: String = text
        .to_lowercase()
        .chars()
        .flat_map(|c| {
            if matches!(c, '!' | '%' | '_') {
                vec!['!', c]
            } else {
                vec![c]
            }
        })
        .collect();
    format!("%{escaped}%")
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
    let mut bound = values![work.tenant];
    let conditions = filter.conditions(&mut bound);
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries WHERE tenant_id = $1{conditions} ORDER BY id DESC LIMIT {limit}"
    );
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
