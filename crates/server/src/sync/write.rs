//! Making a judged plan true: a small one in one transaction, a large one prepared in chunks and made true in one.

use std::collections::HashMap;
use std::hash::Hash;

use super::changes::{self, Change};
use super::run::{self, End, RunId};
use super::staged::{Rows, Staged};
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, UserId};
use crate::directory::staging::{self, Facts, GroupSeen, NewGrant, NewUser, When};
use crate::directory::{self, GrantId, GroupId, MappingId, present, sweeping};
use crate::jobs::Job;

/// Up to so many rows are written in one transaction.
const SMALL: usize = 2_000;
/// Rows of one chunk of a large plan: some tens of milliseconds on a small machine, so that others need not wait.
pub(super) const CHUNK: usize = 500;

/// After so many chunks, and again each [`MEASURED`], the database is told how large its tables have become.
const FIRST_MEASURED: usize = 20;
const MEASURED: usize = 150;

/// Something a run changes.
#[derive(Default)]
pub(super) struct Writes {
    pub(super) create: Vec<NewUser>,
    pub(super) facts: Vec<(UserId, Facts)>,
    pub(super) join: Vec<(GroupId, UserId)>,
    pub(super) leave: Vec<(GroupId, Vec<UserId>)>,
    pub(super) grant: Vec<NewGrant>,
    pub(super) revoke: Vec<GrantId>,
    pub(super) block: Vec<UserId>,
    pub(super) unblock: Vec<UserId>,
    pub(super) groups: Vec<GroupSeen>,
    pub(super) looked_at: Vec<UserId>,
    pub(super) pause: Vec<MappingId>,
    /// A part of the diff, in order.
    pub(super) changes: Vec<Change>,
}

impl Writes {
    /// What of it is prepared by a large run, and not written by the flip.
    pub(super) fn prepared(&self) -> impl Hash {
        let people = (&self.create, &self.join, &self.leave);
        (people, &self.grant, &self.revoke, &self.changes)
    }
}

/// Everything a run changes.
pub(super) struct Parts<'a> {
    /// How many rows, roughly.
    pub(super) rows: usize,
    /// Chunks of at most [`CHUNK`] rows, in order.
    pub(super) chunks: Box<dyn Iterator<Item = Writes> + Send + 'a>,
    /// What is written in the transaction that makes all true: few rows.
    pub(super) last: Writes,
}

/// How a run ends, beside what it changes.
pub(super) struct Ending<'a> {
    pub(super) connection: ConnectionId,
    pub(super) run: RunId,
    pub(super) reason: &'a str,
    pub(super) end: End,
}

/// What else happens in the transaction that makes it true.
pub(super) trait Finish: Send + Sync {
    /// What must stand before the run's own row is ended.
    fn before(&self, work: &mut Work) -> impl Future<Output = db::Result<()>> + Send;
    /// Notes settings, notices, audit entries.
    fn finish(&self, work: &mut Work) -> impl Future<Output = db::Result<()>> + Send;
}

/// Makes it true if the directory is still at `version`, else [`db::Error::Stale`]; nothing of it is true before.
/// `staged` is what an earlier try prepared, and what this one has when it was overtaken.
pub(super) async fn write(
    app: &App,
    job: &Job,
    version: i64,
    parts: Parts<'_>,
    ending: &Ending<'_>,
    finish: &impl Finish,
    staged: &mut Option<Staged>,
) -> db::Result<()> {
    if parts.rows > SMALL {
        let Parts { chunks, last, .. } = parts;
        stage(app, job, chunks, ending, staged).await?;
        flip(app, job, version, last, ending, finish).await?;
        return finish_tail(app, job, ending.run).await;
    }
    *staged = None;
    clear(app, job, ending.run).await?;
    if must_sweep(app, job, ending.run).await? {
        claim(app, job, ending.run).await?;
    }
    let mut work = begin(app, job).await?;
    directory::touch_if(&work, version, ending.run.0).await?;
    staging::release(&work, ending.run.0).await?;
    small(&mut work, parts, ending, finish).await?;
    work.commit().await
}

/// Everything in the transaction of `work`.
async fn small(
    work: &mut Work,
    parts: Parts<'_>,
    ending: &Ending<'_>,
    finish: &impl Finish,
) -> db::Result<()> {
    let mut losers = Vec::new();
    for some in parts.chunks {
        prepare(work, &some, ending, When::Now).await?;
        losers.extend(
            some.changes
                .iter()
                .filter(|change| change.ends_sessions)
                .map(|change| change.user_id),
        );
        note(work, ending.connection, ending.run, some.changes).await?;
    }
    true_by_itself(work, &parts.last).await?;
    flip_part(work, &parts.last, ending).await?;
    directory::raise_epochs(work, &losers).await?;
    finish.before(work).await?;
    run::end(work, ending.run, &ending.end, None).await?;
    finish.finish(work).await
}

/// Prepares the rows of a large plan in chunks, unless these very rows stand prepared. When other ones do, they are
/// forgotten and the next try begins anew: [`db::Error::Stale`].
async fn stage(
    app: &App,
    job: &Job,
    chunks: impl Iterator<Item = Writes> + Send,
    ending: &Ending<'_>,
    staged: &mut Option<Staged>,
) -> db::Result<()> {
    let run = ending.run;
    let mut rows = Rows::default();
    if let Some(before) = staged.take() {
        let work = begin(app, job).await?;
        staging::renew(&work, run.0).await?;
        work.commit().await?;
        for some in chunks {
            rows.add(&some);
            tokio::task::yield_now().await;
        }
        if rows.staged() != before {
            return Err(db::Error::Stale);
        }
        *staged = Some(before);
        return Ok(());
    }
    clear(app, job, run).await?;
    let when = When::Generation(claim(app, job, run).await?);
    for (number, some) in (0_usize..).zip(chunks) {
        rows.add(&some);
        let work = begin(app, job).await?;
        // On PostgreSQL who gives a role meanwhile waits for the row of the claim: it is written last, but before grants
        // that others may take, as they do.
        let takes = !some.revoke.is_empty();
        if takes {
            staging::renew(&work, run.0).await?;
        }
        prepare(&work, &some, ending, when).await?;
        note(&work, ending.connection, run, some.changes).await?;
        if !takes {
            staging::renew(&work, run.0).await?;
        }
        work.commit().await?;
        if number % MEASURED == FIRST_MEASURED {
            staging::measure(begin(app, job).await?).await?;
        }
    }
    *staged = Some(rows.staged());
    Ok(())
}

/// Makes a prepared plan true.
async fn flip(
    app: &App,
    job: &Job,
    version: i64,
    mut last: Writes,
    ending: &Ending<'_>,
    finish: &impl Finish,
) -> db::Result<()> {
    let run = ending.run;
    while last.facts.len() > CHUNK || last.block.len() > CHUNK || last.unblock.len() > CHUNK {
        // Facts and blocks of very many people are each true by themselves.
        let some = Writes {
            facts: cut(&mut last.facts),
            block: cut(&mut last.block),
            unblock: cut(&mut last.unblock),
            ..Writes::default()
        };
        let work = begin(app, job).await?;
        staging::renew(&work, run.0).await?;
        true_by_itself(&work, &some).await?;
        work.commit().await?;
    }
    let mut work = begin(app, job).await?;
    staging::flip(&work, run.0, version).await?;
    true_by_itself(&work, &last).await?;
    flip_part(&work, &last, ending).await?;
    finish.before(&mut work).await?;
    run::end(&work, run, &ending.end, Some(-1)).await?;
    finish.finish(&mut work).await?;
    work.commit().await
}

/// Chunks of [`CHUNK`], made one after the other.
pub(super) fn chunked<T>(
    mut all: impl Iterator<Item = T> + Send,
) -> impl Iterator<Item = Vec<T>> + Send {
    std::iter::from_fn(move || {
        let some: Vec<T> = all.by_ref().take(CHUNK).collect();
        (!some.is_empty()).then_some(some)
    })
}

fn cut<T>(list: &mut Vec<T>) -> Vec<T> {
    list.split_off(list.len().saturating_sub(CHUNK))
}

async fn prepare(work: &Work, some: &Writes, ending: &Ending<'_>, when: When) -> db::Result<()> {
    staging::add_users(work, ending.connection, when, &some.create).await?;
    staging::add_members(work, when, &some.join).await?;
    for (group, users) in &some.leave {
        staging::drop_members(work, when, *group, users).await?;
    }
    staging::add_grants(work, when, ending.reason, &some.grant).await?;
    staging::drop_grants(work, when, &some.revoke).await
}

async fn true_by_itself(work: &Work, some: &Writes) -> db::Result<()> {
    staging::update_facts(work, &some.facts).await?;
    staging::set_blocked(work, &some.block, true).await?;
    staging::set_blocked(work, &some.unblock, false).await
}

async fn flip_part(work: &Work, last: &Writes, ending: &Ending<'_>) -> db::Result<()> {
    staging::see_groups(work, &last.groups).await?;
    staging::see_links(work, &last.looked_at).await?;
    directory::pause_mappings(work, &last.pause, ending.run.0).await
}

/// Adds to the diff, with the names of people about whom nothing was read.
pub(super) async fn note(
    work: &Work,
    connection: ConnectionId,
    run: RunId,
    mut changes: Vec<Change>,
) -> db::Result<()> {
    let nameless: Vec<UserId> = changes
        .iter()
        .filter(|change| change.login.is_empty())
        .map(|change| change.user_id)
        .collect();
    let known = present::described(work, connection, &nameless).await?;
    let known: HashMap<UserId, present::Outside> = known
        .into_iter()
        .map(|person| (person.user_id, person))
        .collect();
    for change in changes.iter_mut().filter(|change| change.login.is_empty()) {
        if let Some(person) = known.get(&change.user_id) {
            change.login.clone_from(&person.login);
            change.name.clone_from(&person.display_name);
        }
    }
    changes::insert(work, run, &changes).await
}

/// Whether rows that were never made true may stand in the way.
async fn must_sweep(app: &App, job: &Job, run: RunId) -> db::Result<bool> {
    let work = app.read(&job.actor("sync")).await?;
    let state = directory::state(&work).await?;
    Ok(state.staging == Some(run.0) || (state.staging.is_some() && !state.is_staging(work.now)))
}

/// Claims the next generation and sweeps what a killed run left in it.
async fn claim(app: &App, job: &Job, run: RunId) -> db::Result<i64> {
    loop {
        let work = begin(app, job).await?;
        if !staging::claim(&work, run.0).await? {
            // Another connection's run is being made true; the job is tried again.
            return Err(db::Error::Busy);
        }
        let more = sweeping::sweep(&work).await?;
        let generation = directory::state(&work).await?.generation + 1;
        work.commit().await?;
        if !more {
            return Ok(generation);
        }
    }
}

/// Gives the directory to this run alone, until it ends or [`let_in`].
pub(super) async fn shut_out(
    app: &App,
    job: &Job,
    run: RunId,
    staged: &mut Option<Staged>,
) -> db::Result<()> {
    let work = begin(app, job).await?;
    if let Err(db::Error::Stale) = staging::renew(&work, run.0).await {
        // Whoever had the claim in between swept what was prepared.
        *staged = None;
    }
    if !staging::claim(&work, run.0).await? {
        return Err(db::Error::Busy);
    }
    staging::shut_out(&work, run.0).await?;
    work.commit().await
}

/// Lets others change the directory again.
pub(super) async fn let_in(app: &App, job: &Job, run: RunId) -> db::Result<()> {
    let work = begin(app, job).await?;
    staging::release(&work, run.0).await?;
    work.commit().await
}

/// Empties the diff that an earlier try of this run left.
async fn clear(app: &App, job: &Job, run: RunId) -> db::Result<()> {
    if changes::list(&app.read(&job.actor("sync")).await?, run, None, -1, 1)
        .await?
        .is_empty()
    {
        return Ok(());
    }
    loop {
        let work = begin(app, job).await?;
        let more = changes::clear(&work, run, 2_000).await?;
        work.commit().await?;
        if !more {
            return Ok(());
        }
    }
}

/// Ends the sessions of those who lost all access by a large run, and deletes what died. Access is gone already; goes on
/// where a killed worker stopped.
pub(super) async fn finish_tail(app: &App, job: &Job, run: RunId) -> db::Result<()> {
    let Some(mut after) = run::tail(&app.read(&job.actor("sync")).await?, run).await? else {
        return Ok(());
    };
    loop {
        let work = begin(app, job).await?;
        let ending = changes::ending(&work, run, after, 500).await?;
        let last = ending.last().map(|(seq, _)| *seq);
        let users: Vec<UserId> = ending.into_iter().map(|(_, user)| user).collect();
        directory::raise_epochs(&work, &users).await?;
        if last.is_none() && sweeping::purge(&work).await? {
            work.commit().await?;
            continue;
        }
        run::set_tail(&work, run, last).await?;
        work.commit().await?;
        match last {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// A transaction that no worker without the lease can commit.
pub(super) async fn begin(app: &App, job: &Job) -> db::Result<Work> {
    let work = app.begin(&job.actor("sync")).await?;
    job.check_lease(&work).await?;
    Ok(work)
}
