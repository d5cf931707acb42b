//! Runs: what was asked, what came of it.

use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};

mod browse;
mod noted;

pub use browse::list;
pub(super) use browse::{Show, browse};
pub(super) use noted::{
    End, New, abandon, begin, decide, end, expire, insert, move_all, set_first_approver, set_tail,
    set_undone, tail,
};

use super::error::{Error, Result};
use super::finding::Finding;
use super::guard::Reason;
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

db::id! {
    /// One run. The same as the id of the job that does it.
    RunId
}

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Reads Okta, plans, applies.
    Run,
    /// Reads Okta and plans only.
    Plan,
    /// Plans by what SCIM said, applies.
    Scim,
    /// Applies what was held.
    Approval,
    /// Reverses a run.
    Undo,
}

impl RunKind {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Plan => "plan",
            Self::Scim => "scim",
            Self::Approval => "approval",
            Self::Undo => "undo",
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// Is being done.
    Running,
    /// Everything it found was applied (or, for a plan, is shown).
    Done,
    /// Part of it waits for approval.
    Held,
    /// What waited was approved.
    Approved,
    /// What waited was rejected.
    Rejected,
    /// What waited was not decided in time.
    Expired,
    /// What waited was replaced by a newer run.
    Replaced,
    /// Nothing was applied.
    Failed,
}

impl RunState {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Failed => "failed",
        }
    }
}

/// How much a run found and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Counts {
    /// Mapped groups.
    pub groups: u64,
    /// Of them, read with their members.
    pub groups_read: u64,
    /// People known of this org after the run.
    pub people: u64,
    /// People who became users.
    pub created: u64,
    /// Users with new facts.
    pub updated: u64,
    /// Grants given.
    pub granted: u64,
    /// Grants taken.
    pub removed: u64,
    /// Users barred from signing in.
    pub blocked: u64,
    /// Users let in again.
    pub unblocked: u64,
    /// Users whose sessions ended.
    pub sessions_ended: u64,
    /// Grants that wait.
    pub held_granted: u64,
    /// Takings that wait.
    pub held_removed: u64,
    /// Blocks that wait.
    pub held_blocked: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// What it is: `run`, `plan`, `scim`, `approval`, `undo`.
    pub kind: String,
    /// Where it stands, see [`RunState`].
    pub state: String,
    /// The run that this one approves or undoes.
    pub of_run: Option<RunId>,
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Until when it can be approved.
    pub expires_at: Option<Timestamp>,
    /// Whether every group was read.
    pub whole: bool,
    /// Calls to Okta.
    pub calls: i64,
    /// How much.
    pub counts: Counts,
    /// Why part of it waits, in words.
    pub reasons: Vec<String>,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// Whether what waits gives or takes administration.
    pub touches_admins: bool,
    /// The first of two approvers.
    pub first_approver: Option<UserId>,
    /// Who approved or rejected it.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// The run that undid it.
    pub undone_by: Option<RunId>,
}

#[derive(FromQueryResult)]
struct Row {
    id: RunId,
    connection_id: ConnectionId,
    kind: String,
    state: String,
    of_run: Option<RunId>,
    by_name: String,
    reason: String,
    created_at: Timestamp,
    started_at: Option<Timestamp>,
    finished_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    whole: bool,
    calls: i64,
    counts: String,
    reasons: String,
    findings: String,
    touches_admins: bool,
    first_approver: Option<UserId>,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
    undone_by: Option<RunId>,
}

impl From<Row> for Run {
    fn from(row: Row) -> Self {
        let reasons: Vec<Reason> = serde_json::from_str(&row.reasons).unwrap_or_default();
        Self {
            id: row.id,
            connection_id: row.connection_id,
            kind: row.kind,
            state: row.state,
            of_run: row.of_run,
            by: row.by_name,
            reason: row.reason,
            created_at: row.created_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            expires_at: row.expires_at,
            whole: row.whole,
            calls: row.calls,
            counts: serde_json::from_str(&row.counts).unwrap_or_default(),
            reasons: reasons.iter().map(ToString::to_string).collect(),
            findings: serde_json::from_str(&row.findings).unwrap_or_default(),
            touches_admins: row.touches_admins,
            first_approver: row.first_approver,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            undone_by: row.undone_by,
        }
    }
}

const COLUMNS: &str = "id, connection_id, kind, state, of_run, by_name, reason, created_at, started_at, finished_at,
    expires_at, whole, calls, counts, reasons, findings, touches_admins, first_approver, decided_by, decided_at, undone_by";

/// One run of a connection.
pub async fn find(work: &Work, connection: ConnectionId, id: RunId) -> Result<Run> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND id = $2 AND connection_id = $3"
    );
    let row: Option<Row> = work.row(&sql, values![work.tenant, id, connection]).await?;
    row.map(Run::from).ok_or(Error::NotFound("run"))
}

/// One run of the tenant, of whatever connection.
pub(super) async fn find_any(work: &Work, id: RunId) -> Result<Run> {
    let sql = format!("SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND id = $2");
    let row: Option<Row> = work.row(&sql, values![work.tenant, id]).await?;
    row.map(Run::from).ok_or(Error::NotFound("run"))
}

/// How many runs of the tenant wait for a decision.
pub async fn count_held(work: &Work) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        n: i64,
    }
    let sql = "SELECT COUNT(*) AS n FROM sync_runs WHERE tenant_id = $1 AND state = 'held' AND expires_at > $2";
    let count: Option<Count> = work.row(sql, values![work.tenant, work.now]).await?;
    Ok(count.map_or(0, |count| count.n))
}

/// The run of a connection that waits for approval.
pub async fn held(work: &Work, connection: ConnectionId) -> Result<Option<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND state = 'held'"
    );
    Ok(work
        .row::<Row>(&sql, values![work.tenant, connection])
        .await?
        .map(Run::from))
}

/// The runs rejected within the last 24 hours.
pub(super) async fn rejected_lately(work: &Work, connection: ConnectionId) -> Result<Vec<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND state = 'rejected' AND decided_at > $3
         ORDER BY id DESC"
    );
    let rows: Vec<Row> = work
        .rows(
            &sql,
            values![work.tenant, connection, work.now.plus_seconds(-86_400)],
        )
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}
