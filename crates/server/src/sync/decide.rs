//! Decisions about runs by people: approve, reject, undo.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::compose::Composed;
use super::error::{Error, Result};
use super::finding::Finding;
use super::job::as_stored;
use super::judge::{Trust, judge};
use super::roster::Roster;
use super::run::{self, End, New, Run, RunId, RunKind, RunState};
use super::write::{Ending, Finish, Parts, begin, finish_tail, let_in, shut_out, write};
use super::{DECIDE_JOB, changes, undo};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, JobId};
use crate::jobs::{self, Job};
use crate::{audit, directory, scim};

/// What a decision's job is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Decision {
    pub(super) connection: ConnectionId,
    pub(super) of: RunId,
    pub(super) undo: bool,
    pub(super) by: String,
}

/// What came of an approval.
#[derive(Debug)]
pub enum Approval {
    /// The run that applies it.
    Applying(RunId),
    /// A second person must approve too.
    NeedsSecond,
}

/// Approves what a held run holds. It is planned again first: only the same or a smaller plan passes. Takes a person's
/// own credential; when admins are touched and there are two of them, two people.
pub async fn approve(
    work: &mut Work,
    connection: ConnectionId,
    id: RunId,
    reason: &str,
) -> Result<Approval> {
    work.actor.need(Permission::RunsApprove)?;
    let person = work.actor.kind.person().ok_or(Error::NotPersonal)?;
    let held = waiting(work, connection, id).await?;
    need_reach(work, id).await?;
    if held.touches_admins
        && admins(work).await? >= 2
        && held.first_approver.is_none_or(|first| first == person)
    {
        if held.first_approver.is_none() {
            run::set_first_approver(work, id, person).await?;
        }
        let entry = audit::Entry::new("sync.approved-first", ("run", id.to_string()), reason);
        audit::record(work, entry).await?;
        return Ok(Approval::NeedsSecond);
    }
    run::decide(work, id, RunState::Held, RunState::Approved).await?;
    let run = enqueue(work, connection, id, RunKind::Approval, reason).await?;
    audit::record(
        work,
        audit::Entry::new("sync.approved", ("run", id.to_string()), reason)
            .detail(json!({ "by_run": run })),
    )
    .await?;
    Ok(Approval::Applying(run))
}

/// Rejects what a held run holds: the same is not raised again for 24 hours.
pub async fn reject(
    work: &mut Work,
    connection: ConnectionId,
    id: RunId,
    reason: &str,
) -> Result<()> {
    work.actor.need(Permission::RunsApprove)?;
    waiting(work, connection, id).await?;
    run::decide(work, id, RunState::Held, RunState::Rejected).await?;
    audit::record(
        work,
        audit::Entry::new("sync.rejected", ("run", id.to_string()), reason),
    )
    .await?;
    Ok(())
}

/// Reverses what a run did and pauses its mappings until they are resumed.
pub async fn undo_run(
    work: &mut Work,
    connection: ConnectionId,
    id: RunId,
    reason: &str,
) -> Result<RunId> {
    work.actor.need(Permission::RunsApprove)?;
    let of = run::find(work, connection, id).await?;
    if of.undone_by.is_some() {
        return Err(Error::WrongState("undone already".to_owned()));
    }
    let applied = matches!(of.kind.as_str(), "run" | "scim" | "approval")
        && !matches!(of.state.as_str(), "queued" | "running" | "failed");
    if !applied {
        return Err(Error::WrongState(format!(
            "a {} that is {}",
            of.kind, of.state
        )));
    }
    // Who undoes gives roles back: nobody gives what they do not hold.
    for role in undo::roles_given_back(work, id).await? {
        if let Ok(role) = directory::find_role(work, role).await {
            directory::need_delegable(&work.actor, &role.permissions)?;
        }
    }
    let run = enqueue(work, connection, id, RunKind::Undo, reason).await?;
    run::set_undone(work, id, run).await?;
    audit::record(
        work,
        audit::Entry::new("sync.undone", ("run", id.to_string()), reason)
            .detail(json!({ "by_run": run })),
    )
    .await?;
    Ok(run)
}

async fn waiting(work: &Work, connection: ConnectionId, id: RunId) -> Result<Run> {
    let held = run::find(work, connection, id).await?;
    if held.state != RunState::Held.word() {
        return Err(Error::WrongState(held.state));
    }
    if held.expires_at.is_some_and(|at| at <= work.now) {
        return Err(Error::WrongState(
            "expired: it was not decided within 24 hours".to_owned(),
        ));
    }
    Ok(held)
}

/// Nobody can let grants through that give more than they hold themselves.
async fn need_reach(work: &Work, id: RunId) -> Result<()> {
    for role in undo::roles_granted(work, id, true).await? {
        if let Ok(role) = directory::find_role(work, role).await {
            directory::need_delegable(&work.actor, &role.permissions)?;
        }
    }
    Ok(())
}

/// Admins able to sign in, break-glass ones too.
pub(super) async fn admins(work: &Work) -> Result<i64> {
    Ok(directory::admins(work, false, None).await? + directory::admins(work, true, None).await?)
}

async fn enqueue(
    work: &mut Work,
    connection: ConnectionId,
    of: RunId,
    kind: RunKind,
    reason: &str,
) -> Result<RunId> {
    let by = work.actor.name.clone();
    let decision = Decision {
        connection,
        of,
        undo: kind == RunKind::Undo,
        by: by.clone(),
    };
    let job = jobs::New {
        kind: DECIDE_JOB,
        payload: json!(decision),
        run_at: work.now,
        unique: Some(of.to_string()),
    };
    let Some(JobId(id)) = jobs::enqueue(work, job).await? else {
        return Err(Error::WrongState("being decided already".to_owned()));
    };
    let by_user = work.actor.kind.person();
    let new = New {
        id: RunId(id),
        connection,
        kind,
        of_run: Some(of),
        by: &by,
        by_user,
        reason,
    };
    run::insert(work, &new).await?;
    Ok(RunId(id))
}

/// Does what was decided.
pub(super) async fn carry_out(app: &App, job: &Job) -> Result<(), jobs::Error> {
    let decision: Decision = serde_json::from_value(job.payload.clone())
        .map_err(|error| jobs::Error::Fatal(error.to_string()))?;
    let id = RunId(job.id.0);
    let work = begin(app, job).await?;
    let begun = run::begin(&work, id).await?;
    work.commit().await?;
    if !begun {
        return Ok(finish_tail(app, job, id).await?);
    }
    let done = if decision.undo {
        undo::undo(app, job, &decision, id).await
    } else {
        apply_held(app, job, &decision, id).await
    };
    match done {
        Ok(()) => Ok(()),
        Err(Error::Db(error) | Error::Directory(directory::Error::Db(error))) => Err(error.into()),
        Err(error) => {
            let work = begin(app, job).await?;
            let finding = Finding::failed(error.to_string(), "");
            run::end(
                &work,
                id,
                &End::nothing(RunState::Failed, vec![finding]),
                None,
            )
            .await?;
            Ok(work.commit().await?)
        }
    }
}

/// So often is it planned while others change the directory.
pub(super) const FREE_TRIES: usize = 3;
/// And so often in all, then with the directory for itself.
pub(super) const TRIES: usize = 6;

/// Plans again from what is stored; applies it if it is no more than what was approved.
async fn apply_held(app: &App, job: &Job, decision: &Decision, id: RunId) -> Result<()> {
    let connection = decision.connection;
    let (mut roster, mut staged) = (Roster::default(), None);
    for attempt in 0..TRIES {
        if attempt == FREE_TRIES {
            shut_out(app, job, id, &mut staged).await?;
        }
        let look = app.read(&job.actor("sync")).await?;
        let groups = as_stored(&look, connection).await?;
        let judged = judge(
            &look,
            connection,
            &mut roster,
            &groups,
            true,
            Trust::Approved,
        )
        .await?;
        let composed = Composed::new(&judged, &roster, &groups, true, id.0);
        let approved = changes::Marks::held_in(&look, decision.of).await?;
        drop(look);
        let grown: usize = composed
            .now_changes()
            .map(|change| approved.missing_access(&change))
            .sum();
        if grown > 0 {
            let_in(app, job, id).await?;
            return refuse_grown(app, job, decision, id, grown).await;
        }
        let end = End {
            counts: composed.counts(),
            ..End::nothing(RunState::Done, Vec::new())
        };
        let reason = format!("approved by {}", decision.by);
        let ending = Ending {
            connection,
            run: id,
            reason: &reason,
            end,
        };
        let last = composed.accepted();
        let parts = Parts {
            rows: composed.rows(),
            chunks: Box::new(composed.chunks(false)),
            last,
        };
        let finish = Decided {
            connection,
            id,
            by: decision.by.clone(),
            action: "sync.applied",
            counts: ending.end.counts,
        };
        let version = judged.version;
        match write(app, job, version, parts, &ending, &finish, &mut staged).await {
            Err(db::Error::Stale) => {}
            done => return Ok(done?),
        }
    }
    let_in(app, job, id).await?;
    Err(Error::Db(db::Error::Busy))
}

/// The plan grew: nothing is applied, and a new run shows what it is now.
async fn refuse_grown(
    app: &App,
    job: &Job,
    decision: &Decision,
    id: RunId,
    grown: usize,
) -> Result<()> {
    let mut work = begin(app, job).await?;
    run::end(
        &work,
        id,
        &End::nothing(RunState::Failed, vec![Finding::grown(grown)]),
        None,
    )
    .await?;
    run::decide(&work, decision.of, RunState::Approved, RunState::Replaced).await?;
    let payload = json!({ "connection": decision.connection });
    let unique = Some(decision.connection.to_string());
    let of_scim = run::find(&work, decision.connection, decision.of).await;
    let of_scim = of_scim.is_ok_and(|run| run.kind == RunKind::Scim.word());
    let job = jobs::New {
        kind: if of_scim {
            scim::SETTLE_JOB
        } else {
            super::RUN_JOB
        },
        payload,
        run_at: work.now,
        unique,
    };
    jobs::enqueue(&mut work, job).await?;
    Ok(work.commit().await?)
}

/// What is noted when a decision was carried out.
pub(super) struct Decided {
    pub(super) connection: ConnectionId,
    pub(super) id: RunId,
    pub(super) by: String,
    pub(super) action: &'static str,
    pub(super) counts: run::Counts,
}

impl Finish for Decided {
    async fn before(&self, _: &mut Work) -> db::Result<()> {
        Ok(())
    }

    async fn finish(&self, work: &mut Work) -> db::Result<()> {
        let reason = format!("decided by {}", self.by);
        let entry = audit::Entry::new(
            self.action,
            ("connection", self.connection.to_string()),
            reason,
        );
        audit::record(
            work,
            entry.detail(json!({ "run": self.id, "counts": self.counts })),
        )
        .await?;
        super::notice::changed(work, self.connection, self.id, &self.counts).await
    }
}
