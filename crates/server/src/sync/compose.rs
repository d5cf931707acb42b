//! From a judged plan to what is written, in chunks made one after the other, so that a plan for a large org never
//! stands in memory as rows.

mod diff;
mod group;

use std::collections::{BTreeSet, HashMap};

use super::changes::Change;
use super::guard::{self, Reason};
use super::judge::{Judged, MembershipDiff, NOBODY, Stored};
use super::plan::{self, Addition, Plan};
use super::read::{GroupRead, Members};
use super::roster::Roster;
use super::rules::{Level, PersonIx};
use super::run::Counts;
use super::write::{CHUNK, Writes, chunked};
use crate::db::{Timestamp, UserId};
use crate::directory::GroupId;
use crate::directory::staging::{Facts, GroupSeen, NewGrant, NewUser};

/// What one half of a plan (what is applied, or what waits) does, by person.
struct Half<'a> {
    plan: &'a Plan,
    /// Removals by person.
    removals: Vec<(PersonIx, u32)>,
    /// Everybody in it.
    people: Vec<PersonIx>,
    held: bool,
}

/// A judged plan about to be written.
pub(super) struct Composed<'a> {
    judged: &'a Judged,
    roster: &'a Roster,
    groups: &'a [GroupRead],
    stable: bool,
    run: uuid::Uuid,
    updated: Vec<PersonIx>,
    created: BTreeSet<PersonIx>,
    losers: Vec<PersonIx>,
    group_names: HashMap<GroupId, &'a str>,
    now: Half<'a>,
    held: Half<'a>,
}

impl<'a> Composed<'a> {
    /// `stable`: whether members who left may be forgotten.
    pub(super) fn new(
        judged: &'a Judged,
        roster: &'a Roster,
        groups: &'a [GroupRead],
        stable: bool,
        run: uuid::Uuid,
    ) -> Self {
        let exists = |person: &PersonIx| known(judged, *person);
        let mut updated: Vec<PersonIx> = roster.changed().filter(exists).collect();
        updated.sort_unstable();
        let losers = plan::losses(&judged.present, &judged.verdict.now);
        let now = Half::new(judged, &judged.verdict.now, &updated, false);
        let held = Half::new(judged, &judged.verdict.held, &[], true);
        let created = judged.verdict.now.create.iter().copied().collect();
        Self {
            judged,
            roster,
            groups,
            stable,
            run,
            updated,
            created,
            losers,
            group_names: groups.iter().map(named).collect(),
            now,
            held,
        }
    }

    /// How many rows there are to write, roughly.
    pub(super) fn rows(&self) -> usize {
        let members: usize = self
            .judged
            .memberships
            .iter()
            .map(|diff| diff.join.len() + diff.leave.len())
            .sum();
        let plan = &self.judged.verdict.now;
        2 * plan.create.len()
            + plan.add.len()
            + plan.remove.len()
            + members
            + self.now.people.len()
            + self.held.people.len()
            + self.updated.len()
    }

    pub(super) fn counts(&self) -> Counts {
        let (now, held) = (&self.judged.verdict.now, &self.judged.verdict.held);
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let read = self
            .groups
            .iter()
            .filter(|group| matches!(group.members, Members::Read { .. }))
            .count();
        let existing = self
            .judged
            .present
            .people
            .iter()
            .filter(|known| known.exists)
            .count();
        Counts {
            groups: count(self.groups.len()),
            groups_read: count(read),
            people: count(existing + now.create.len()),
            created: count(now.create.len()),
            updated: count(self.updated.len()),
            granted: count(now.add.len()),
            removed: count(now.remove.len()),
            blocked: count(now.block.len()),
            unblocked: count(now.unblock.len()),
            sessions_ended: count(self.losers.len()),
            held_granted: count(held.add.len()),
            held_removed: count(held.remove.len()),
            held_blocked: count(held.block.len()),
        }
    }

    /// What counts towards the guard's next 24 hours: people who lost roles, grants, admins lost, people barred by SCIM.
    pub(super) fn tally(&self) -> (u32, u32, u32, u32) {
        let (present, now) = (&self.judged.present, &self.judged.verdict.now);
        let gone: BTreeSet<PersonIx> = plan::removed(present, now)
            .map(|grant| grant.person)
            .chain(now.block.iter().copied())
            .collect();
        let admins = self
            .judged
            .verdict
            .admins_lost
            .iter()
            .filter(|person| gone.contains(person))
            .count();
        (
            guard::count(guard::losers(present, now).len()),
            guard::count(now.add.len()),
            guard::count(admins),
            guard::count(now.deactivate.len()),
        )
    }

    /// Whether what waits gives or takes administration.
    pub(super) fn touches_admins(&self) -> bool {
        let (judged, held) = (self.judged, &self.judged.verdict.held);
        let admin = |role| judged.rules.level(role) != Level::Plain;
        held.add.iter().any(|addition| admin(addition.role))
            || plan::removed(&judged.present, held).any(|grant| admin(grant.role))
            || held
                .block
                .iter()
                .any(|person| judged.verdict.admins_lost.contains(person))
            || judged
                .verdict
                .reasons
                .iter()
                .any(|reason| matches!(reason, Reason::LastAdmin | Reason::SeveralAdmins { .. }))
    }

    /// Whether anything is applied.
    pub(super) fn changes_something(&self) -> bool {
        self.rows() > self.held.people.len()
    }

    pub(super) fn holds_something(&self) -> bool {
        !self.held.people.is_empty()
    }

    /// What waits, for comparison with other runs.
    pub(super) fn held_changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.held
            .people
            .iter()
            .map(|&person| self.change(&self.held, person, 0))
    }

    /// What is applied, by person.
    pub(super) fn now_changes(&self) -> impl Iterator<Item = Change> + '_ {
        self.now
            .people
            .iter()
            .map(|&person| self.change(&self.now, person, 0))
    }

    /// The rows, chunk by chunk; `with_held` the diff of what waits too.
    pub(super) fn chunks(&'a self, with_held: bool) -> impl Iterator<Item = Writes> + Send + 'a {
        let plan = &self.judged.verdict.now;
        let users = plan.create.chunks(CHUNK).map(|people| Writes {
            create: people.iter().map(|&person| self.new_user(person)).collect(),
            ..Writes::default()
        });
        let join = chunked(self.ties(|diff| &diff.join)).map(|mut join| {
            join.retain(|(_, user)| *user != NOBODY);
            Writes {
                join,
                ..Writes::default()
            }
        });
        let stable = self.stable;
        let leave = self.ties(|diff| &diff.leave).filter(move |_| stable);
        let leave = chunked(leave).map(|ties| Writes {
            leave: by_group(&ties),
            ..Writes::default()
        });
        let grant = plan.add.chunks(CHUNK).map(|additions| Writes {
            grant: additions
                .iter()
                .filter_map(|addition| self.new_grant(addition))
                .collect(),
            ..Writes::default()
        });
        let revoke = plan.remove.chunks(CHUNK).map(|grants| Writes {
            revoke: grants
                .iter()
                .filter_map(|&index| Some(self.stored(index)?.id))
                .collect(),
            ..Writes::default()
        });
        users
            .chain(join)
            .chain(leave)
            .chain(grant)
            .chain(revoke)
            .chain(self.diff(with_held))
    }

    /// Members by group, of those that `of` names.
    fn ties(
        &'a self,
        of: fn(&MembershipDiff) -> &Vec<PersonIx>,
    ) -> impl Iterator<Item = (GroupId, UserId)> + Send + 'a {
        self.judged.memberships.iter().flat_map(move |diff| {
            of(diff)
                .iter()
                .map(move |&person| (diff.group, self.user(person)))
        })
    }

    fn diff(&'a self, with_held: bool) -> impl Iterator<Item = Writes> + Send + 'a {
        let held = if with_held {
            self.held.people.as_slice()
        } else {
            &[]
        };
        let now = self
            .now
            .people
            .chunks(CHUNK)
            .map(|people| (&self.now, people));
        let halves = now.chain(held.chunks(CHUNK).map(|people| (&self.held, people)));
        let mut seq = 0_i64;
        halves.map(move |(half, people)| {
            let changes = people.iter().map(|&person| {
                seq += 1;
                self.change(half, person, seq)
            });
            Writes {
                changes: changes.collect(),
                ..Writes::default()
            }
        })
    }

    /// What is written last: facts, blocks, groups.
    pub(super) fn last(&self, looked_at: Vec<UserId>) -> Writes {
        let plan = &self.judged.verdict.now;
        let users = |people: &[PersonIx]| people.iter().map(|&person| self.user(person)).collect();
        Writes {
            facts: self
                .updated
                .iter()
                .filter_map(|&person| Some((self.user(person), self.roster.facts(person)?.clone())))
                .collect(),
            block: users(&plan.block),
            unblock: users(&plan.unblock),
            groups: self.groups.iter().filter_map(group::seen).collect(),
            looked_at,
            ..Writes::default()
        }
    }

    /// What is written last when a person took the word of suspect groups: they are as empty as they look.
    pub(super) fn accepted(&self) -> Writes {
        let seen = |read: &GroupRead| match read.members {
            Members::Suspect { .. } => {
                let stored = &read.stored;
                Some(GroupSeen {
                    id: stored.id,
                    name: stored.name.clone(),
                    description: stored.description.clone(),
                    kind: stored.kind.clone(),
                    last_updated: stored.last_updated,
                    last_membership_updated: None,
                    read: Some((0, Timestamp(0))),
                    suspect: None,
                    said_version: None,
                })
            }
            Members::Unchanged | Members::Read { .. } => None,
        };
        let mut last = self.last(Vec::new());
        last.groups = self.groups.iter().filter_map(seen).collect();
        last
    }

    fn user(&self, person: PersonIx) -> UserId {
        usize::try_from(person)
            .ok()
            .and_then(|person| self.judged.users.get(person))
            .copied()
            .flatten()
            .unwrap_or(NOBODY)
    }

    fn new_user(&self, person: PersonIx) -> NewUser {
        let okta_id = self.roster.okta_id(person).to_owned();
        let facts = self.roster.facts(person).cloned().unwrap_or_else(|| Facts {
            login: okta_id.clone(),
            ..Facts::default()
        });
        NewUser {
            id: self.user(person),
            okta_id,
            facts,
            blocked: self.roster.standing(person).is_blocked(),
        }
    }

    fn new_grant(&self, addition: &Addition) -> Option<NewGrant> {
        let mapping = usize::try_from(addition.mapping)
            .ok()
            .and_then(|index| self.judged.mappings.get(index))?;
        let role = self.judged.roles.get(usize::from(addition.role))?.id;
        Some(NewGrant {
            user: self.user(addition.person),
            role,
            mapping: Some(mapping.id),
            group: Some(mapping.group_id),
            run: self.run,
            expires_at: None,
        })
    }

    fn stored(&self, grant: u32) -> Option<&Stored> {
        usize::try_from(grant)
            .ok()
            .and_then(|index| self.judged.held.get(index))
    }
}

impl<'a> Half<'a> {
    fn new(judged: &Judged, plan: &'a Plan, updated: &[PersonIx], held: bool) -> Self {
        let person = |index: u32| {
            usize::try_from(index)
                .ok()
                .and_then(|index| judged.present.grants.get(index))
        };
        let mut removals: Vec<(PersonIx, u32)> = plan
            .remove
            .iter()
            .filter_map(|&index| Some((person(index)?.person, index)))
            .collect();
        removals.sort_unstable();
        let mut people: Vec<PersonIx> = plan
            .create
            .iter()
            .chain(&plan.block)
            .chain(&plan.unblock)
            .chain(updated)
            .copied()
            .collect();
        people.extend(plan.add.iter().map(|addition| addition.person));
        people.extend(removals.iter().map(|removal| removal.0));
        people.sort_unstable();
        people.dedup();
        Self {
            plan,
            removals,
            people,
            held,
        }
    }
}

/// A group and its name as it is now.
fn named(group: &GroupRead) -> (GroupId, &str) {
    let shown = group.shown.as_ref().map(|shown| shown.name());
    (group.stored.id, shown.unwrap_or(&group.stored.name))
}

fn known(judged: &Judged, person: PersonIx) -> bool {
    usize::try_from(person)
        .ok()
        .and_then(|person| judged.present.people.get(person))
        .is_some_and(|known| known.exists && !known.break_glass)
}

/// Ties that come group by group.
fn by_group(ties: &[(GroupId, UserId)]) -> Vec<(GroupId, Vec<UserId>)> {
    ties.chunk_by(|one, next| one.0 == next.0)
        .filter_map(|ties| {
            let (group, _) = ties.first()?;
            Some((*group, ties.iter().map(|(_, user)| *user).collect()))
        })
        .collect()
}
