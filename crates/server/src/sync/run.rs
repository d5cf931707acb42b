//! Runs: what was asked, what came of it.

use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;

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

/// Which runs a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    /// Those that changed something, or would.
    #[default]
    Changes,
    /// Those that wait for a decision.
    Held,
    /// Those that failed.
    Failed,
    /// Those that were reversed.
    Undone,
    /// All.
    All,
}

impl Show {
    /// All, in the order in which a page offers them.
    pub(super) const ALL: [Self; 5] = [
        Self::Changes,
        Self::Held,
        Self::Failed,
        Self::Undone,
        Self::All,
    ];

    /// Its word in addresses.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Changes => "",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::All => "all",
        }
    }

    /// Its words for people.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Changes => "With changes",
            Self::Held => "Held",
            Self::Failed => "Failed",
            Self::Undone => "Undone",
            Self::All => "All",
        }
    }

    /// Reads the word.
    pub(super) fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == word)
            .unwrap_or_default()
    }

    fn condition(self) -> &'static str {
        match self {
            Self::Changes => {
                "AND (state <> 'done' OR kind IN ('plan', 'approval', 'undo') OR granted > 0 OR removed_people > 0
                    OR blocked_people > 0)"
            }
            Self::Held => "AND state = 'held'",
            Self::Failed => "AND state = 'failed'",
            Self::Undone => "AND undone_by IS NOT NULL",
            Self::All => "",
        }
    }
}

/// Runs of a connection that match, newest first; `before` is the last id seen.
pub(super) async fn browse(
    work: &Work,
    connection: ConnectionId,
    show: Show,
    before: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND id < $3 {} ORDER BY id DESC LIMIT $4",
        show.condition()
    );
    let before = before.unwrap_or(RunId(uuid::Uuid::max()));
    let rows: Vec<Row> = work
        .rows(&sql, values![work.tenant, connection, before, limit])
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// Runs of a connection, newest first; `before` is the last id seen.
pub async fn list(
    work: &Work,
    connection: ConnectionId,
    before: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let before = before.unwrap_or(RunId(uuid::Uuid::max()));
    let rows: Vec<Row> = work
        .rows(&sql, values![work.tenant, connection, before, limit])
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
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

/// A run to be noted.
pub(super) struct New<'a> {
    pub(super) id: RunId,
    pub(super) connection: ConnectionId,
    pub(super) kind: RunKind,
    pub(super) of_run: Option<RunId>,
    pub(super) by: &'a str,
    pub(super) by_user: Option<UserId>,
    pub(super) reason: &'a str,
}

/// Notes a run that waits for a worker. One that is noted already stays as it is.
pub(super) async fn insert(work: &Work, new: &New<'_>) -> db::Result<()> {
    let sql = "INSERT INTO sync_runs (tenant_id, id, connection_id, kind, state, of_run, by_name, by_user, reason, created_at,
            whole, calls, counts, reasons, findings, touches_admins, removed_people, granted, admins_lost)
        VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, $10, 0, '{}', '[]', '[]', $10, 0, 0, 0)
        ON CONFLICT (tenant_id, id) DO NOTHING";
    let mut bound = values![
        work.tenant,
        new.id,
        new.connection,
        new.kind.word(),
        new.of_run.map(|id| id.0),
        new.by
    ];
    bound.extend(values![
        new.by_user.map(|id| id.0),
        new.reason,
        work.now,
        false
    ]);
    work.run(sql, bound).await.map(drop)
}

/// Notes that a worker began; false when the run has ended already.
pub(super) async fn begin(work: &Work, id: RunId) -> db::Result<bool> {
    let sql =
        "UPDATE sync_runs SET state = 'running', started_at = $3 WHERE tenant_id = $1 AND id = $2
        AND state IN ('queued', 'running')";
    Ok(work.run(sql, values![work.tenant, id, work.now]).await? == 1)
}

/// How a run ended.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) state: RunState,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) whole: bool,
    pub(super) calls: u64,
    pub(super) counts: Counts,
    pub(super) reasons: Vec<Reason>,
    pub(super) findings: Vec<Finding>,
    pub(super) touches_admins: bool,
    /// What counts towards the guard's 24 hours.
    pub(super) removed_people: u32,
    pub(super) granted: u32,
    pub(super) admins_lost: u32,
    pub(super) deactivated: u32,
}

impl End {
    /// A run that ended in `state` and did nothing.
    pub(super) fn nothing(state: RunState, findings: Vec<Finding>) -> Self {
        Self {
            state,
            expires_at: None,
            whole: false,
            calls: 0,
            counts: Counts::default(),
            reasons: Vec::new(),
            findings,
            touches_admins: false,
            removed_people: 0,
            granted: 0,
            admins_lost: 0,
            deactivated: 0,
        }
    }
}

/// Notes how a run ended. `tail` is where its remaining work (ended sessions) goes on.
pub(super) async fn end(work: &Work, id: RunId, end: &End, tail: Option<i64>) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = $3, finished_at = $4, expires_at = $5, whole = $6, calls = $7, counts = $8,
            reasons = $9, findings = $10, touches_admins = $11, removed_people = $12, granted = $13, admins_lost = $14, tail = $15,
            blocked_people = $16
        WHERE tenant_id = $1 AND id = $2";
    let mut bound = values![
        work.tenant,
        id,
        end.state.word(),
        work.now,
        end.expires_at.map(|at| at.0),
        end.whole
    ];
    bound.extend(values![
        i64::try_from(end.calls).unwrap_or(i64::MAX),
        json!(end.counts).to_string()
    ]);
    bound.extend(values![
        json!(end.reasons).to_string(),
        json!(end.findings).to_string(),
        end.touches_admins
    ]);
    bound.extend(values![
        i64::from(end.removed_people),
        i64::from(end.granted),
        i64::from(end.admins_lost),
        tail,
        i64::from(end.deactivated)
    ]);
    work.run(sql, bound).await.map(drop)
}

/// Moves runs of a connection from one state to another.
pub(super) async fn move_all(
    work: &Work,
    connection: ConnectionId,
    from: RunState,
    to: RunState,
) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = $4 WHERE tenant_id = $1 AND connection_id = $2 AND state = $3";
    work.run(
        sql,
        values![work.tenant, connection, from.word(), to.word()],
    )
    .await
    .map(drop)
}

/// Moves one run on; [`db::Error::Stale`] when it was not in `from`.
pub(super) async fn decide(work: &Work, id: RunId, from: RunState, to: RunState) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = $4, decided_by = $5, decided_at = $6 WHERE tenant_id = $1 AND id = $2 AND state = $3";
    let bound = values![
        work.tenant,
        id,
        from.word(),
        to.word(),
        work.actor.name.as_str(),
        work.now
    ];
    work.run_versioned(sql, bound).await
}

/// Where ending sessions goes on; nothing when there is none to end.
pub(super) async fn tail(work: &Work, id: RunId) -> db::Result<Option<i64>> {
    #[derive(FromQueryResult)]
    struct Tail {
        tail: Option<i64>,
    }
    let sql = "SELECT tail FROM sync_runs WHERE tenant_id = $1 AND id = $2";
    Ok(work
        .row::<Tail>(sql, values![work.tenant, id])
        .await?
        .and_then(|row| row.tail))
}

/// Notes how far ending sessions got; nothing when it is done.
pub(super) async fn set_tail(work: &Work, id: RunId, tail: Option<i64>) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET tail = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, tail])
        .await
        .map(drop)
}

/// Ends the wait of runs that were not decided in time.
pub(super) async fn expire(work: &Work, connection: ConnectionId) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = 'expired' WHERE tenant_id = $1 AND connection_id = $2 AND state = 'held' AND expires_at <= $3";
    work.run(sql, values![work.tenant, connection, work.now])
        .await
        .map(drop)
}

/// Notes that earlier runs of this kind, which no worker has any more, came to nothing.
pub(super) async fn abandon(
    work: &Work,
    connection: ConnectionId,
    kind: RunKind,
    but: RunId,
) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = 'failed', finished_at = $5 WHERE tenant_id = $1 AND connection_id = $2
        AND kind = $3 AND state = 'running' AND id <> $4";
    work.run(
        sql,
        values![work.tenant, connection, kind.word(), but, work.now],
    )
    .await
    .map(drop)
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

/// Notes the first of two approvers.
pub(super) async fn set_first_approver(work: &Work, id: RunId, person: UserId) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET first_approver = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, person])
        .await
        .map(drop)
}

/// Notes that a run was undone.
pub(super) async fn set_undone(work: &Work, id: RunId, by: RunId) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET undone_by = $3 WHERE tenant_id = $1 AND id = $2 AND undone_by IS NULL";
    work.run_versioned(sql, values![work.tenant, id, by]).await
}
