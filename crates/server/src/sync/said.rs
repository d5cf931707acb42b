//! Runs by what SCIM said: the same plan, guard and apply as a run that reads Okta, made from what is stored.
//!
//! ```text
//! stored groups of Okta ─┐
//! groups of SCIM ────────┼─► judge (people: Okta's word and SCIM's, the more restrictive counts) ─► guard ─► write
//! ```
//!
//! A group that SCIM removed, or emptied as a whole, is as suspect as one that vanished from Okta: what its mapping gave
//! is taken only by approval. A group that a client says to be a group of Okta is its twin: only who is in both has
//! what either gives.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use uuid::Uuid;

use super::apply::apply;
use super::compose::Composed;
use super::error::Error;
use super::finding::Finding;
use super::job::{Payload, as_stored, stored_group};
use super::read::{GroupRead, Members, Reading};
use super::roster::Roster;
use super::rules::PersonIx;
use super::run::{self, New, RunId, RunKind};
use super::settings;
use super::write::{begin, finish_tail};
use crate::app::{App, Work};
use crate::db::{self, ConnectionId};
use crate::directory::staging::{self, GroupSeen};
use crate::directory::{self, GroupId};
use crate::jobs::{self, Job};
use crate::scim;

/// Names told of people about whom sources differ.
const SOME: usize = 5;

/// Makes true what SCIM said, as far as the guard lets it.
pub(super) async fn settle(app: &App, job: &Job) -> Result<(), jobs::Error> {
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| jobs::Error::Fatal(error.to_string()))?;
    let (connection, id) = (payload.connection, RunId(job.id.0));
    let began = Instant::now();
    let look = app.read(&job.actor("sync")).await?;
    let ended = run::find(&look, connection, id).await;
    drop(look);
    if ended.is_ok_and(|run| run.finished_at.is_some()) {
        // Its worker was killed just after.
        return Ok(finish_tail(app, job, id).await?);
    }
    let done = match reading(app, job, connection).await {
        Ok(reading) => apply(app, job, connection, id, reading).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => {}
        Err(Error::Db(error) | Error::Directory(directory::Error::Db(error))) => {
            return Err(error.into());
        }
        Err(error) => return Err(jobs::Error::Fatal(error.to_string())),
    }
    let work = begin(app, job).await?;
    scim::took(&work, connection, began.elapsed()).await?;
    Ok(work.commit().await?)
}

/// What is stored, with what SCIM changed since the last run.
async fn reading(app: &App, job: &Job, connection: ConnectionId) -> Result<Reading, Error> {
    let look = app.read(&job.actor("sync")).await?;
    let known = directory::said::groups(&look, connection).await?;
    let said = scim::said::groups(&look, connection).await?;
    let known: HashMap<Uuid, directory::Group> = known
        .into_iter()
        .filter_map(|group| Some((group.scim_id?, group)))
        .collect();
    let (mut roster, mut groups) = (Roster::default(), as_stored(&look, connection).await?);
    let deciding: HashSet<GroupId> = groups.iter().map(|group| group.stored.id).collect();
    let mapped = directory::list_mappings(&look, Some(connection)).await?;
    let mapped: HashSet<GroupId> = mapped.iter().map(|mapping| mapping.group_id).collect();
    for group in said {
        let Some(stored) = known.get(&group.id) else {
            continue;
        };
        if stored.said_version == Some(group.version) {
            continue;
        }
        let decides = mapped.contains(&stored.id) || (!group.gone && deciding.contains(&stored.id));
        let read = read(&look, connection, &mut roster, stored, group, decides).await?;
        groups.retain(|known| known.stored.id != read.stored.id);
        groups.push(read);
    }
    let (_, progress) = settings::load(&look, connection).await?;
    Ok(Reading {
        roster,
        groups,
        findings: Vec::new(),
        stable: true,
        whole: false,
        calls: 0,
        progress,
        looked_at: Vec::new(),
        by_scim: true,
    })
}

async fn read(
    look: &Work,
    connection: ConnectionId,
    roster: &mut Roster,
    stored: &directory::Group,
    said: scim::said::Group,
    decides: bool,
) -> db::Result<GroupRead> {
    let had = decides && stored.members > 0;
    let members = if said.gone && had {
        Members::Suspect { kind: "vanished" }
    } else if said.emptied && had {
        Members::Suspect { kind: "emptied" }
    } else {
        let mut people = Vec::new();
        scim::said::members(look, connection, said.id, |okta_id| {
            people.push(roster.mention(okta_id));
        })
        .await?;
        Members::Read {
            people,
            date: look.now,
        }
    };
    Ok(GroupRead {
        stored: stored.clone(),
        shown: None,
        members,
        said: Some(Box::new(said)),
    })
}

/// The groups of SCIM that decide about roles, as they are stored.
pub(super) async fn stored(
    work: &Work,
    connection: ConnectionId,
) -> directory::Result<Vec<GroupRead>> {
    let groups = directory::said::deciding(work, connection).await?;
    let known = groups
        .into_iter()
        .filter(|group| group.read_date.is_some() || group.suspect.is_some());
    Ok(known.map(stored_group).collect())
}

/// Leaves in a group and its twin only who is in both. A removed group says nothing of its twin.
pub(super) fn agree(groups: &[GroupRead], members: &mut [Vec<PersonIx>]) {
    let at: HashMap<&str, usize> = groups
        .iter()
        .enumerate()
        .filter(|(_, group)| group.stored.scim_id.is_none() && group.stored.read_date.is_some())
        .map(|(index, group)| (group.stored.okta_id.as_str(), index))
        .collect();
    for (own, group) in groups.iter().enumerate() {
        let gone = group.said.as_ref().is_some_and(|said| said.gone);
        if gone || group.stored.gone_at.is_some() {
            continue;
        }
        let Some(&twin) = group.stored.twin.as_deref().and_then(|twin| at.get(twin)) else {
            continue;
        };
        let set = |list: &[PersonIx]| list.iter().copied().collect::<HashSet<_>>();
        let (mine, theirs) = (set(&members[own]), set(&members[twin]));
        members[own].retain(|person| theirs.contains(person));
        members[twin].retain(|person| mine.contains(person));
    }
}

/// What a run notes of a group of SCIM.
pub(super) fn seen(
    said: &scim::said::Group,
    read: &GroupRead,
    suspect: Option<&'static str>,
) -> GroupSeen {
    let counted = match &read.members {
        Members::Read { people, date } => {
            Some((i64::try_from(people.len()).unwrap_or(i64::MAX), *date))
        }
        Members::Unchanged | Members::Suspect { .. } => None,
    };
    GroupSeen {
        id: read.stored.id,
        name: said.name.clone(),
        description: read.stored.description.clone(),
        kind: read.stored.kind.clone(),
        last_updated: None,
        last_membership_updated: None,
        read: counted,
        suspect,
        said_version: Some(said.version),
    }
}

/// What a person should know of SCIM's groups, and of people about whom the sources differ.
pub(super) fn findings(groups: &[GroupRead], roster: &Roster) -> Vec<Finding> {
    let suspects = groups
        .iter()
        .filter(|group| group.stored.scim_id.is_some())
        .filter_map(|group| match group.members {
            Members::Suspect { kind: "vanished" } => Some(Finding::said_gone(&group.stored.name)),
            Members::Suspect { .. } => Some(Finding::said_emptied(
                &group.stored.name,
                group.stored.members,
            )),
            Members::Unchanged | Members::Read { .. } => None,
        });
    let mut findings: Vec<Finding> = suspects.collect();
    let disputed = roster.disputed();
    if !disputed.is_empty() {
        let name = |&person: &PersonIx| match roster.facts(person) {
            Some(facts) => facts.login.as_str(),
            None => roster.okta_id(person),
        };
        let some: Vec<&str> = disputed.iter().take(SOME).map(name).collect();
        findings.push(Finding::disputed(disputed.len(), &some.join(", ")));
    }
    findings
}

/// Whether a run by SCIM would change nothing, and hold nothing that does not wait already.
pub(super) async fn is_idle(
    look: &Work,
    connection: ConnectionId,
    composed: &Composed<'_>,
    is_news: bool,
) -> Result<bool, Error> {
    if composed.changes_something() || is_news {
        return Ok(false);
    }
    let Some(held) = run::held(look, connection).await? else {
        return Ok(true);
    };
    let waits = composed.counts();
    Ok((
        held.counts.held_granted,
        held.counts.held_removed,
        held.counts.held_blocked,
    ) == (waits.held_granted, waits.held_removed, waits.held_blocked))
}

/// Notes how far groups were taken over when nothing else is to be done.
pub(super) async fn take_note(app: &App, job: &Job, composed: &Composed<'_>) -> Result<(), Error> {
    let seen = composed.last(Vec::new()).groups;
    if seen.is_empty() {
        return Ok(());
    }
    let work = begin(app, job).await?;
    staging::see_groups(&work, &seen).await?;
    Ok(work.commit().await?)
}

/// Notes that a run by SCIM has something to do.
pub(super) async fn start(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
) -> db::Result<()> {
    let work = begin(app, job).await?;
    let new = New {
        id,
        connection,
        kind: RunKind::Scim,
        of_run: None,
        by: "SCIM",
        by_user: None,
        reason: "said by SCIM",
    };
    run::insert(&work, &new).await?;
    run::expire(&work, connection).await?;
    run::begin(&work, id).await?;
    work.commit().await
}
