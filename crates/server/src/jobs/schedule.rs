//! Schedules: what is to happen every so often. Any number of processes may tick; each time a job is inserted once.

use sea_orm::FromQueryResult;
use serde_json::Value;

use super::New;
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::{self, TenantId, Timestamp, values};

/// Something that happens every so often.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The kind of job.
    pub kind: &'static str,
    /// Tells schedules of one kind apart; also the jobs' unique key.
    pub name: String,
    /// The jobs' payload.
    pub payload: Value,
    /// Milliseconds from one to the next.
    pub every_ms: i64,
}

/// Adds a schedule or changes it; its first job is due after one interval, or at once with `at_once`. A schedule that
/// is there already with the same interval keeps its time.
pub async fn set_schedule(work: &mut Work, schedule: &Schedule, at_once: bool) -> db::Result<()> {
    let sql = "INSERT INTO schedules (tenant_id, kind, name, payload, every_ms, next_run) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, kind, name) DO UPDATE SET payload = excluded.payload,
            next_run = CASE WHEN schedules.every_ms = excluded.every_ms THEN schedules.next_run ELSE excluded.next_run END,
            every_ms = excluded.every_ms";
    let first = if at_once {
        work.now
    } else {
        work.now.plus_millis(schedule.every_ms)
    };
    let bound = values![
        work.tenant,
        schedule.kind,
        schedule.name.as_str(),
        schedule.payload.clone(),
        schedule.every_ms,
        first
    ];
    work.run(sql, bound).await?;
    work.wake_jobs();
    Ok(())
}

/// Removes a schedule.
pub async fn clear_schedule(work: &mut Work, kind: &str, name: &str) -> db::Result<()> {
    let sql = "DELETE FROM schedules WHERE tenant_id = $1 AND kind = $2 AND name = $3";
    work.run(sql, values![work.tenant, kind, name])
        .await
        .map(drop)
}

#[derive(FromQueryResult)]
struct Due {
    tenant_id: TenantId,
    kind: String,
    name: String,
    payload: Value,
    every_ms: i64,
    next_run: Timestamp,
}

/// Inserts the jobs of all schedules that are due, of the kinds in `kinds`. Times that were missed count once.
pub async fn tick(app: &App, kinds: &[&'static str]) -> db::Result<()> {
    let nobody = Actor::system(TenantId(uuid::Uuid::nil()), "jobs");
    let due: Vec<Due> = {
        let look = app.read(&nobody).await?;
        let sql = "SELECT tenant_id, kind, name, payload, every_ms, next_run FROM schedules WHERE next_run <= $1";
        look.rows(sql, values![look.now]).await?
    };
    for schedule in due {
        let Some(kind) = kinds.iter().copied().find(|k| *k == schedule.kind) else {
            continue;
        };
        insert_due(app, kind, &schedule).await?;
    }
    Ok(())
}

async fn insert_due(app: &App, kind: &'static str, due: &Due) -> db::Result<()> {
    let mut work = app.begin(&Actor::system(due.tenant_id, "jobs")).await?;
    let missed = (work.now.0 - due.next_run.0) / (due.every_ms.max(1) * 1_000);
    let next = due.next_run.plus_millis((missed + 1) * due.every_ms);
    // Guarded by the time it was due: of several processes that tick at once, one gets here.
    let sql = "UPDATE schedules SET next_run = $5 WHERE tenant_id = $1 AND kind = $2 AND name = $3 AND next_run = $4";
    let bound = values![
        due.tenant_id,
        due.kind.as_str(),
        due.name.as_str(),
        due.next_run,
        next
    ];
    if work.run(sql, bound).await? == 1 {
        let job = New {
            kind,
            payload: due.payload.clone(),
            run_at: work.now,
            unique: Some(due.name.clone()),
        };
        super::enqueue(&mut work, job).await?;
    }
    work.commit().await
}
