//! What a run notes about itself, from its first moment to its last.

use sea_orm::FromQueryResult;
use serde_json::json;

use super::{Counts, RunId, RunKind, RunState};
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};
use crate::sync::finding::Finding;
use crate::sync::guard::Reason;

/// A run to be noted.
pub(in crate::sync) struct New<'a> {
    pub(in crate::sync) id: RunId,
    pub(in crate::sync) connection: ConnectionId,
    pub(in crate::sync) kind: RunKind,
    pub(in crate::sync) of_run: Option<RunId>,
    pub(in crate::sync) by: &'a str,
    pub(in crate::sync) by_user: Option<UserId>,
    pub(in crate::sync) reason: &'a str,
}

/// Notes a run that waits for a worker. One that is noted already stays as it is.
pub(in crate::sync) async fn insert(work: &Work, new: &New<'_>) -> db::Result<()> {
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
pub(in crate::sync) async fn begin(work: &Work, id: RunId) -> db::Result<bool> {
    let sql =
        "UPDATE sync_runs SET state = 'running', started_at = $3 WHERE tenant_id = $1 AND id = $2
        AND state IN ('queued', 'running')";
    Ok(work.run(sql, values![work.tenant, id, work.now]).await? == 1)
}

/// How a run ended.
#[derive(Clone, Debug)]
pub(in crate::sync) struct End {
    pub(in crate::sync) state: RunState,
    pub(in crate::sync) expires_at: Option<Timestamp>,
    pub(in crate::sync) whole: bool,
    pub(in crate::sync) calls: u64,
    pub(in crate::sync) counts: Counts,
    pub(in crate::sync) reasons: Vec<Reason>,
    pub(in crate::sync) findings: Vec<Finding>,
    pub(in crate::sync) touches_admins: bool,
    /// What counts towards the guard's 24 hours.
    pub(in crate::sync) removed_people: u32,
    pub(in crate::sync) granted: u32,
    pub(in crate::sync) admins_lost: u32,
    pub(in crate::sync) deactivated: u32,
}

impl End {
    /// A run that ended in `state` and did nothing.
    pub(in crate::sync) fn nothing(state: RunState, findings: Vec<Finding>) -> Self {
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
pub(in crate::sync) async fn end(
    work: &Work,
    id: RunId,
    end: &End,
    tail: Option<i64>,
) -> db::Result<()> {
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
pub(in crate::sync) async fn move_all(
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
pub(in crate::sync) async fn decide(
    work: &Work,
    id: RunId,
    from: RunState,
    to: RunState,
) -> db::Result<()> {
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
pub(in crate::sync) async fn tail(work: &Work, id: RunId) -> db::Result<Option<i64>> {
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
pub(in crate::sync) async fn set_tail(work: &Work, id: RunId, tail: Option<i64>) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET tail = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, tail])
        .await
        .map(drop)
}

/// Ends the wait of runs that were not decided in time.
pub(in crate::sync) async fn expire(work: &Work, connection: ConnectionId) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET state = 'expired' WHERE tenant_id = $1 AND connection_id = $2 AND state = 'held' AND expires_at <= $3";
    work.run(sql, values![work.tenant, connection, work.now])
        .await
        .map(drop)
}

/// Notes that earlier runs of this kind, which no worker has any more, came to nothing.
pub(in crate::sync) async fn abandon(
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

/// Notes the first of two approvers.
pub(in crate::sync) async fn set_first_approver(
    work: &Work,
    id: RunId,
    person: UserId,
) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET first_approver = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, person])
        .await
        .map(drop)
}

/// Notes that a run was undone.
pub(in crate::sync) async fn set_undone(work: &Work, id: RunId, by: RunId) -> db::Result<()> {
    let sql = "UPDATE sync_runs SET undone_by = $3 WHERE tenant_id = $1 AND id = $2 AND undone_by IS NULL";
    work.run_versioned(sql, values![work.tenant, id, by]).await
}
