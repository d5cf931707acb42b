//! From a reading to what is applied: judge, write; and again when the directory changed in between.

use serde_json::json;

use super::changes::Marks;
use super::compose::Composed;
use super::error::Error;
use super::finding::Finding;
use super::guard::Reason;
use super::job::status;
use super::judge::{Judged, Trust, judge};
use super::read::{Members, Reading};
use super::run::{self, End, RunId, RunState};
use super::said;
use super::settings::{self, Progress};
use super::staged::Staged;
use super::write::{Ending, Finish, Parts, begin, let_in, shut_out, write};
use crate::app::{App, Work};
use crate::db::{self, ConnectionId};
use crate::jobs::Job;
use crate::{audit, connections, directory};

/// So often is a plan made while others change the directory, before a run takes the directory for itself.
const TRIES: usize = 3;

/// Shows what a run would do.
pub(super) async fn show(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    mut reading: Reading,
) -> Result<(), Error> {
    let look = app.read(&job.actor("sync")).await?;
    reading
        .groups
        .extend(said::stored(&look, connection).await?);
    let judged = judged(&look, connection, &mut reading).await?;
    drop(look);
    let composed = composed(&judged, &reading, id);
    let mut end = end(&composed, &judged, &reading);
    end.state = RunState::Done;
    (end.removed_people, end.granted) = (0, 0);
    (end.admins_lost, end.deactivated) = (0, 0);
    for some in composed
        .chunks(true)
        .filter(|some| !some.changes.is_empty())
    {
        let mut changes = some.changes;
        for change in &mut changes {
            change.ends_sessions = false;
        }
        let work = begin(app, job).await?;
        super::write::note(&work, connection, id, changes).await?;
        work.commit().await?;
    }
    let work = begin(app, job).await?;
    run::end(&work, id, &end, None).await?;
    Ok(work.commit().await?)
}

/// Applies what may be applied and holds the rest.
pub(super) async fn apply(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    mut reading: Reading,
) -> Result<(), Error> {
    if !reading.by_scim {
        if reading.nothing_new() && is_settled(app, job, connection, &reading).await? {
            return nothing_to_do(app, job, connection, id, &reading).await;
        }
        let look = app.read(&job.actor("sync")).await?;
        reading
            .groups
            .extend(said::stored(&look, connection).await?);
    }
    let mut staged = None;
    for _ in 0..TRIES {
        match attempt(app, job, connection, id, &mut reading, &mut staged).await {
            Err(Error::Db(db::Error::Stale)) => {
                tracing::info!(run = %id, "the directory changed meanwhile, planning again");
            }
            done => return done,
        }
    }
    // Others change the directory all the while. Nobody waits for us: who would give a role now is told to come again.
    shut_out(app, job, id, &mut staged).await?;
    for _ in 0..TRIES {
        match attempt(app, job, connection, id, &mut reading, &mut staged).await {
            // Somebody lost access by hand meanwhile, which is never refused; or other rows than those prepared are due.
            Err(Error::Db(db::Error::Stale)) => {}
            done => return done,
        }
    }
    let_in(app, job, id).await?;
    Err(db::Error::Busy.into())
}

/// Plans from the directory as it is now and makes the plan true, unless the directory changes before it is:
/// [`db::Error::Stale`].
async fn attempt(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    reading: &mut Reading,
    staged: &mut Option<Staged>,
) -> Result<(), Error> {
    let look = app.read(&job.actor("sync")).await?;
    let judged = judged(&look, connection, reading).await?;
    let composed = composed(&judged, reading, id);
    let (end, finish) = conclude(&look, connection, id, &composed, &judged, reading).await?;
    if reading.by_scim && said::is_idle(&look, connection, &composed, finish.is_news).await? {
        let alone = directory::state(&look).await?.staging == Some(id.0);
        drop(look);
        if alone {
            let_in(app, job, id).await?;
        }
        return said::take_note(app, job, &composed).await;
    }
    drop(look);
    if reading.by_scim {
        said::start(app, job, connection, id).await?;
    }
    let ending = Ending {
        connection,
        run: id,
        reason: "by mapping",
        end,
    };
    let parts = parts(&composed, reading, &ending.end);
    let version = judged.version;
    Ok(write(app, job, version, parts, &ending, &finish, staged).await?)
}

async fn judged(
    work: &Work,
    connection: ConnectionId,
    reading: &mut Reading,
) -> Result<Judged, Error> {
    let Reading {
        roster,
        groups,
        stable,
        ..
    } = reading;
    judge(work, connection, roster, groups, *stable, Trust::Guarded).await
}

fn composed<'a>(judged: &'a Judged, reading: &'a Reading, id: RunId) -> Composed<'a> {
    Composed::new(
        judged,
        &reading.roster,
        &reading.groups,
        reading.stable,
        id.0,
    )
}

fn parts<'a>(composed: &'a Composed<'a>, reading: &Reading, end: &End) -> Parts<'a> {
    Parts {
        rows: composed.rows(),
        chunks: Box::new(composed.chunks(end.state == RunState::Held)),
        last: composed.last(reading.looked_at.clone()),
    }
}

/// Whether the last plan for just this state of the directory left nothing to do.
async fn is_settled(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    reading: &Reading,
) -> db::Result<bool> {
    let look = app.read(&job.actor("sync")).await?;
    let version = directory::state(&look).await?.version;
    let now = directory::mapped_groups(&look, connection)
        .await
        .map(|groups| groups.len())
        .ok();
    Ok(reading.progress.settled_version == Some(version) && now == Some(reading.groups.len()))
}

async fn nothing_to_do(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    reading: &Reading,
) -> Result<(), Error> {
    let mut end = End::nothing(RunState::Done, reading.findings.clone());
    end.calls = reading.calls;
    end.whole = reading.whole;
    end.counts.groups = u64::try_from(reading.groups.len()).unwrap_or_default();
    let mut work = begin(app, job).await?;
    settings::save_progress(&work, connection, &reading.progress, false).await?;
    status(connections::worked(&mut work, connection).await)?;
    directory::staging::see_links(&work, &reading.looked_at).await?;
    run::end(&work, id, &end, None).await?;
    Ok(work.commit().await?)
}

fn end(composed: &Composed<'_>, judged: &Judged, reading: &Reading) -> End {
    let (removed_people, granted, admins_lost, deactivated) = composed.tally();
    End {
        state: RunState::Done,
        expires_at: None,
        whole: reading.whole,
        calls: reading.calls,
        counts: composed.counts(),
        reasons: judged.verdict.reasons.clone(),
        findings: reading.findings.clone(),
        touches_admins: composed.touches_admins(),
        removed_people,
        granted,
        admins_lost,
        deactivated,
    }
}

/// Decides how the run ends: done, or held; and whether what waits is news.
async fn conclude(
    work: &Work,
    connection: ConnectionId,
    id: RunId,
    composed: &Composed<'_>,
    judged: &Judged,
    reading: &Reading,
) -> Result<(End, Conclusion), Error> {
    let mut end = end(composed, judged, reading);
    end.findings
        .extend(said::findings(&reading.groups, &reading.roster));
    let suspect = reading
        .groups
        .iter()
        .any(|group| matches!(group.members, Members::Suspect { .. }));
    // Groups that would not stand still are no matter for a person: the next run sees.
    let only_unstable = !suspect
        && judged
            .verdict
            .reasons
            .iter()
            .all(|reason| *reason == Reason::Unsound);
    let mut is_news = false;
    if composed.holds_something() && !only_unstable {
        if let Some(by) = rejected_before(work, connection, composed).await? {
            end.findings.push(Finding::rejected(&by));
        } else {
            end.state = RunState::Held;
            end.expires_at = Some(work.now.plus_seconds(86_400));
            is_news = is_new(work, connection, composed).await?;
        }
    }
    let settled =
        end.state == RunState::Done && reading.stable && !suspect && !composed.holds_something();
    let progress = Progress {
        settled_version: settled.then_some(judged.version + 1),
        ..reading.progress.clone()
    };
    let finish = Conclusion {
        connection,
        id,
        progress,
        end: end.clone(),
        is_news,
        by_scim: reading.by_scim,
    };
    Ok((end, finish))
}

async fn rejected_before(
    work: &Work,
    connection: ConnectionId,
    composed: &Composed<'_>,
) -> Result<Option<String>, Error> {
    for rejected in run::rejected_lately(work, connection).await? {
        let marks = Marks::held_in(work, rejected.id).await?;
        if composed
            .held_changes()
            .all(|change| marks.missing(&change) == 0)
        {
            return Ok(Some(rejected.decided_by.unwrap_or_default()));
        }
    }
    Ok(None)
}

async fn is_new(
    work: &Work,
    connection: ConnectionId,
    composed: &Composed<'_>,
) -> Result<bool, Error> {
    let Some(held) = run::held(work, connection).await? else {
        return Ok(true);
    };
    let marks = Marks::held_in(work, held.id).await?;
    Ok(composed
        .held_changes()
        .any(|change| marks.missing(&change) > 0))
}

/// What is noted in the transaction that makes a run true.
struct Conclusion {
    connection: ConnectionId,
    id: RunId,
    progress: Progress,
    end: End,
    is_news: bool,
    by_scim: bool,
}

impl Finish for Conclusion {
    async fn before(&self, work: &mut Work) -> db::Result<()> {
        run::move_all(work, self.connection, RunState::Held, RunState::Replaced).await
    }

    async fn finish(&self, work: &mut Work) -> db::Result<()> {
        if !self.by_scim {
            settings::save_progress(work, self.connection, &self.progress, false).await?;
            status(connections::worked(work, self.connection).await)?;
        }
        let action = if self.end.state == RunState::Held {
            "sync.held"
        } else {
            "sync.applied"
        };
        let reason = if self.end.reasons.is_empty() {
            "by mapping".to_owned()
        } else {
            self.end
                .reasons
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")
        };
        let entry = audit::Entry::new(action, ("connection", self.connection.to_string()), reason);
        audit::record(
            work,
            entry.detail(json!({ "run": self.id, "counts": self.end.counts })),
        )
        .await?;
        if self.is_news {
            super::notice::held(work, self.connection, self.id, &self.end).await?;
        }
        super::notice::changed(work, self.connection, self.id, &self.end.counts).await?;
        Ok(())
    }
}
