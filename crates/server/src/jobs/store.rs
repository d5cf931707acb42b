//! The job table's SQL.

use sea_orm::{FromQueryResult, Value as Sql};
use serde::Serialize;
use serde_json::Value;

use super::{Job, LEASE_MS, New};
use crate::app::Work;
use crate::db::{self, Engine, JobId, TenantId, Timestamp, values};

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Status {
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: i32,
    /// What the last failed try said.
    pub last_error: Option<String>,
}

/// Where a job of the work's tenant stands.
pub async fn status(work: &Work, id: JobId) -> db::Result<Option<Status>> {
    let sql = "SELECT state, attempts, last_error FROM jobs WHERE tenant_id = $1 AND id = $2";
    work.row(sql, values![work.tenant, id]).await
}

pub(super) async fn insert(work: &Work, id: JobId, job: &New) -> db::Result<bool> {
    let sql = "INSERT INTO jobs (tenant_id, id, kind, payload, state, unique_key, run_at, fence, attempts, created_at)
        VALUES ($1, $2, $3, $4, 'queued', $5, $6, 0, 0, $7)
        ON CONFLICT (tenant_id, kind, unique_key) WHERE state = 'queued' AND unique_key IS NOT NULL DO NOTHING";
    let bound = values![
        work.tenant,
        id,
        job.kind,
        job.payload.clone(),
        job.unique.clone(),
        job.run_at,
        work.now
    ];
    Ok(work.run(sql, bound).await? == 1)
}

/// When the waiting job of this kind and unique key begins at the earliest.
pub async fn waits_until(work: &Work, kind: &str, unique: &str) -> db::Result<Option<Timestamp>> {
    #[derive(FromQueryResult)]
    struct Waiting {
        run_at: Timestamp,
    }
    let sql = "SELECT run_at FROM jobs WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3 AND state = 'queued'";
    let waiting: Option<Waiting> = work.row(sql, values![work.tenant, kind, unique]).await?;
    Ok(waiting.map(|job| job.run_at))
}

#[derive(FromQueryResult)]
struct Claimed {
    tenant_id: TenantId,
    id: JobId,
    kind: String,
    payload: Value,
    attempts: i32,
    fence: i64,
}

/// Leases one due job of any tenant whose kind is in `kinds`: a waiting one, or a running one whose lease ran out.
pub(super) async fn claim(
    work: &Work,
    kinds: &[&'static str],
    owner: &str,
) -> db::Result<Option<Job>> {
    let mut bound: Vec<Sql> = values![work.now];
    let marks: Vec<String> = kinds
        .iter()
        .map(|kind| {
            bound.push((*kind).into());
            format!("${}", bound.len())
        })
        .collect();
    // Several workers on PostgreSQL pass over rows that others are claiming; SQLite has one writer at a time.
    let skip = if work.engine() == Engine::Postgres {
        "FOR UPDATE SKIP LOCKED"
    } else {
        ""
    };
    let pick = format!(
        "SELECT tenant_id, id FROM jobs j WHERE kind IN ({kinds}) AND ((state = 'running' AND lease_until < $1)
            OR (state = 'queued' AND run_at <= $1 AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.tenant_id = j.tenant_id
                AND r.kind = j.kind AND r.unique_key = j.unique_key AND r.state = 'running')))
         ORDER BY run_at, id LIMIT 1 {skip}",
        kinds = marks.join(", ")
    );
    #[derive(FromQueryResult)]
    struct Picked {
        tenant_id: TenantId,
        id: JobId,
    }
    let Some(picked) = work.row::<Picked>(&pick, bound).await? else {
        return Ok(None);
    };
    let sql = "UPDATE jobs SET state = 'running', owner = $3, lease_until = $4, fence = fence + 1, attempts = attempts + 1
        WHERE tenant_id = $1 AND id = $2 RETURNING tenant_id, id, kind, payload, attempts, fence";
    let bound = values![
        picked.tenant_id,
        picked.id,
        owner,
        work.now.plus_millis(LEASE_MS)
    ];
    let row = work.row::<Claimed>(sql, bound).await?;
    Ok(row.map(|c| Job {
        tenant: c.tenant_id,
        id: c.id,
        kind: c.kind,
        payload: c.payload,
        attempt: c.attempts,
        fence: c.fence,
    }))
}

/// Renews the lease, if it is still this job's. Also locks the row until the transaction ends.
pub(super) async fn touch(work: &Work, job: &Job) -> db::Result<bool> {
    let sql = "UPDATE jobs SET lease_until = $4 WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'";
    let until = work.now.plus_millis(LEASE_MS);
    Ok(work
        .run(sql, values![job.tenant, job.id, job.fence, until])
        .await?
        == 1)
}

/// Ends a job as `done` or `failed`, if the lease is still its.
pub(super) async fn finish(
    work: &Work,
    job: &Job,
    state: &str,
    error: Option<&str>,
) -> db::Result<bool> {
    let sql = "UPDATE jobs SET state = $4, finished_at = $5, last_error = $6, lease_until = NULL
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'";
    Ok(work
        .run(
            sql,
            values![job.tenant, job.id, job.fence, state, work.now, error],
        )
        .await?
        == 1)
}

/// Puts a job back to be tried at `run_at`. When another of its key waits already, that one is enough: this one ends.
pub(super) async fn put_back(
    work: &Work,
    job: &Job,
    run_at: Timestamp,
    error: &str,
) -> db::Result<()> {
    let waits = "SELECT o.id FROM jobs o JOIN jobs j ON j.tenant_id = o.tenant_id AND j.kind = o.kind AND j.unique_key = o.unique_key
        WHERE j.tenant_id = $1 AND j.id = $2 AND o.state = 'queued'";
    #[derive(FromQueryResult)]
    struct Other {
        #[expect(dead_code, reason = "only whether there is one matters")]
        id: JobId,
    }
    if work
        .row::<Other>(waits, values![job.tenant, job.id])
        .await?
        .is_some()
    {
        return finish(work, job, "failed", Some(error)).await.map(drop);
    }
    let sql = "UPDATE jobs SET state = 'queued', run_at = $4, last_error = $5, lease_until = NULL, owner = NULL
        WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'";
    work.run(sql, values![job.tenant, job.id, job.fence, run_at, error])
        .await
        .map(drop)
}

/// Gives back, unharmed, what this process had leased: it is stopping.
pub(super) async fn give_back(work: &Work, job: &Job) -> db::Result<()> {
    let sql = "UPDATE jobs SET lease_until = $4 WHERE tenant_id = $1 AND id = $2 AND fence = $3 AND state = 'running'";
    work.run(
        sql,
        values![job.tenant, job.id, job.fence, work.now.plus_millis(-1)],
    )
    .await
    .map(drop)
}

/// Ends a job that waits or runs, whoever has its lease: the worker that has it can commit nothing more. Gives whether there
/// was something to end.
pub async fn cancel(work: &Work, id: JobId, why: &str) -> db::Result<bool> {
    let sql =
        "UPDATE jobs SET state = 'failed', finished_at = $3, last_error = $4, lease_until = NULL
        WHERE tenant_id = $1 AND id = $2 AND state IN ('queued', 'running')";
    Ok(work
        .run(sql, values![work.tenant, id, work.now, why])
        .await?
        == 1)
}

/// When the next waiting job of these kinds becomes due, whatever its tenant.
pub(super) async fn any_due(work: &Work, kinds: &[&'static str]) -> db::Result<bool> {
    #[derive(FromQueryResult)]
    struct Due {
        kind: String,
    }
    let sql = "SELECT DISTINCT kind FROM jobs WHERE (state = 'queued' AND run_at <= $1) OR (state = 'running' AND lease_until < $1)";
    let due = work.rows::<Due>(sql, values![work.now]).await?;
    Ok(due.iter().any(|d| kinds.contains(&d.kind.as_str())))
}
