//! Starting runs outside the schedule.

use sea_orm::FromQueryResult;
use serde_json::json;

use super::error::Result;
use super::run::{self, New, RunId, RunKind};
use super::{PLAN_JOB, RUN_JOB, settings};
use crate::actor::Permission;
use crate::app::Work;
use crate::db::{ConnectionId, JobId, values};
use crate::jobs;

/// A run that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The run.
    pub run: RunId,
    /// Whether it is a new one; else one that waits already serves as well.
    pub is_new: bool,
}

/// Asks for a run, or for a dry run. `whole`: read everything, also what seems unchanged.
pub async fn trigger(
    work: &mut Work,
    connection: ConnectionId,
    kind: RunKind,
    whole: bool,
    reason: &str,
) -> Result<Started> {
    work.actor.need(Permission::RunsStart)?;
    settings::ensure(work, connection).await?;
    let job_kind = if kind == RunKind::Plan {
        PLAN_JOB
    } else {
        RUN_JOB
    };
    let payload = json!({ "connection": connection, "whole": whole });
    let unique = connection.to_string();
    let job = jobs::New {
        kind: job_kind,
        payload,
        run_at: work.now,
        unique: Some(unique.clone()),
    };
    let (id, is_new) = match jobs::enqueue(work, job).await? {
        Some(JobId(id)) => (RunId(id), true),
        None => (waiting(work, job_kind, &unique).await?, false),
    };
    let by = work.actor.name.clone();
    let new = New {
        id,
        connection,
        kind,
        of_run: None,
        by: &by,
        by_user: work.actor.kind.person(),
        reason,
    };
    run::insert(work, &new).await?;
    Ok(Started { run: id, is_new })
}

/// A nudge that something changed in the org (an event hook): a run is due now. Never the truth, only a reason to look.
pub async fn touch(work: &mut Work, connection: ConnectionId) -> Result<()> {
    let payload = json!({ "connection": connection });
    let job = jobs::New {
        kind: RUN_JOB,
        payload,
        run_at: work.now,
        unique: Some(connection.to_string()),
    };
    jobs::enqueue(work, job).await?;
    Ok(())
}

/// The run whose job waits.
async fn waiting(work: &Work, kind: &str, unique: &str) -> Result<RunId> {
    #[derive(FromQueryResult)]
    struct Waiting {
        id: RunId,
    }
    let sql = "SELECT id FROM jobs WHERE tenant_id = $1 AND kind = $2 AND unique_key = $3 AND state = 'queued'";
    let row: Option<Waiting> = work.row(sql, values![work.tenant, kind, unique]).await?;
    row.map(|row| row.id).ok_or(super::Error::NotFound("run"))
}
