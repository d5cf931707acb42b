//! What is older than it has to be is forgotten, every hour.

use serde_json::Value;

use super::{poll, store};
use crate::app::{App, Work};
use crate::db;
use crate::jobs::{self, Job, Registry, Schedule};

/// The job that does it, in each tenant.
pub const SWEEP_JOB: &str = "events.sweep";
/// So many days an event is kept: as long as Okta can be asked for a third of its own 90.
pub const KEPT_DAYS: i64 = 30;
const EVERY_MS: i64 = 3_600_000;
/// So many go in one transaction, as others wait meanwhile.
const AT_ONCE: i64 = 5_000;

/// Adds this slice's jobs.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    poll::handlers(registry.on(SWEEP_JOB, sweep))
}

/// Has the log read every minute, and what is old forgotten every hour.
pub async fn schedule(work: &mut Work) -> db::Result<()> {
    let schedule = Schedule {
        kind: SWEEP_JOB,
        name: "all".to_owned(),
        payload: Value::Null,
        every_ms: EVERY_MS,
    };
    jobs::set_schedule(work, &schedule, true).await?;
    poll::schedule(work).await
}

async fn sweep(app: App, job: Job) -> Result<(), jobs::Error> {
    loop {
        let work = app.begin(&job.actor("events")).await?;
        job.check_lease(&work).await?;
        let end = work.now.plus_seconds(-KEPT_DAYS * 86_400);
        let gone = store::forget(&work, end, AT_ONCE).await?;
        store::forget_removed(&work).await?;
        work.commit().await?;
        if gone < AT_ONCE.unsigned_abs() {
            return Ok(());
        }
    }
}
