//! What is done every minute: runs whose process is gone are settled, what is older than a day is forgotten.

use serde_json::Value;

use super::action::Does;
use super::claim::{self, KEPT_SECONDS};
use super::run::{Ready, usable};
use super::{Error, find, store};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db;
use crate::jobs::{self, Job, Registry, Schedule};

/// The job that does it, in each tenant.
pub const SETTLE_JOB: &str = "actions.settle";
const EVERY_MS: i64 = 60_000;
/// So many runs are settled at once.
const MOST: i64 = 50;

/// Adds this slice's job.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    registry.on(SETTLE_JOB, settle)
}

/// Has it done every minute.
pub async fn schedule(work: &mut Work) -> db::Result<()> {
    let schedule = Schedule {
        kind: SETTLE_JOB,
        name: "all".to_owned(),
        payload: Value::Null,
        every_ms: EVERY_MS,
    };
    jobs::set_schedule(work, &schedule, true).await
}

async fn settle(app: App, job: Job) -> Result<(), jobs::Error> {
    let actor = job.actor("actions");
    let work = app.begin(&actor).await?;
    job.check_lease(&work).await?;
    let end = work.now.plus_seconds(-KEPT_SECONDS);
    store::forget_before(&work, end).await?;
    let orphans = store::orphans(&work, MOST).await?;
    work.commit().await?;
    for row in orphans {
        if let Err(error) = one(&app, &actor, &row).await {
            // The next round tries again; a day later it is forgotten.
            tracing::warn!(run = %row.id, action = row.action, %error, "a run could not be settled");
        }
    }
    Ok(())
}

async fn one(app: &App, actor: &Actor, row: &store::Row) -> Result<(), Error> {
    let action = find(&row.action)?;
    let Does::Change(change) = &action.does else {
        return Ok(());
    };
    let (connection, client) = usable(app, actor, row.connection_id).await?;
    let work = app.begin(actor).await?;
    let input = claim::open_input(&work, row)?;
    let claim = claim::take_over(&work, row).await?;
    work.commit().await?;
    let ready = Ready {
        app: app.clone(),
        actor: actor.clone(),
        action,
        connection,
        client,
        input,
    };
    ready.settle_orphan(&claim, change).await.map(drop)
}
