//! Stopping a run that waits or reads.

use super::error::{Error, Result};
use super::finding::Finding;
use super::run::{self, End, RunId, RunState};
use crate::actor::Permission;
use crate::app::Work;
use crate::db::{ConnectionId, JobId};
use crate::{audit, jobs};

/// Whether a run in this state, of this kind, can be stopped: what a person decided is carried out to its end, and what SCIM
/// said must be settled.
pub(super) fn can_be_stopped(kind: &str, state: &str) -> bool {
    matches!(kind, "run" | "plan") && matches!(state, "queued" | "running")
}

/// Stops a run that waits or reads: nothing of it is changed. The next one comes at its time. [`Error::WrongState`] when it
/// has ended meanwhile.
pub async fn halt(
    work: &mut Work,
    connection: ConnectionId,
    id: RunId,
    reason: &str,
) -> Result<()> {
    work.actor.need(Permission::RunsStart)?;
    run::find(work, connection, id).await?;
    // Whoever applies holds the job's row until that is committed; what the run has become by then is read after.
    let ended = jobs::cancel(work, JobId(id.0), "stopped by a person").await?;
    let now = run::find(work, connection, id).await?;
    if !ended || !can_be_stopped(&now.kind, &now.state) {
        return Err(Error::WrongState(now.state));
    }
    let finding = Finding::stopped(&work.actor.name);
    let end = End::nothing(RunState::Failed, vec![finding]);
    run::end(work, id, &end, None).await?;
    let entry = audit::Entry::new("sync.stopped", ("run", id.to_string()), reason);
    audit::record(work, entry).await?;
    Ok(())
}
