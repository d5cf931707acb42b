//! From rules, snapshot and present state to what must change. Pure: the same input gives the same plan.

use super::rules::{MappingIx, PersonIx, RoleIx, Rules};
use super::snapshot::{Snapshot, Standing};

/// Why a user has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// A mapping of this connection, when it still exists.
    Mapping(Option<MappingIx>),
    /// Given by hand.
    Manual,
}

/// A grant as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who has it.
    pub person: PersonIx,
    /// What.
    pub role: RoleIx,
    /// Why.
    pub source: Source,
}

/// A person as our directory has them now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Whether there is a user for this person yet.
    pub exists: bool,
    /// A break-glass admin: no sync touches them.
    pub break_glass: bool,
    /// Whether they may not sign in.
    pub blocked: bool,
}

/// The present state of our side, for one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The people, by the same index as in the snapshot.
    pub people: Vec<Known>,
    /// Their grants.
    pub grants: Vec<Grant>,
    /// Admins able to sign in who are not among `people`, break-glass admins not counted.
    pub admins_elsewhere: u32,
}

/// A grant to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addition {
    /// To whom.
    pub person: PersonIx,
    /// What.
    pub role: RoleIx,
    /// By which mapping.
    pub mapping: MappingIx,
}

/// What must change for the present to agree with snapshot and rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// People to become users.
    pub create: Vec<PersonIx>,
    /// Grants to give.
    pub add: Vec<Addition>,
    /// Grants to take, as indices into [`Present::grants`].
    pub remove: Vec<u32>,
    /// Users to bar from signing in.
    pub block: Vec<PersonIx>,
    /// Those of them whom SCIM alone bars.
    pub deactivate: Vec<PersonIx>,
    /// Users to let in again.
    pub unblock: Vec<PersonIx>,
}

impl Plan {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.create.is_empty() && self.changes_no_access()
    }

    /// Whether nobody's access changes.
    #[must_use]
    pub fn changes_no_access(&self) -> bool {
        self.add.is_empty()
            && self.remove.is_empty()
            && self.block.is_empty()
            && self.unblock.is_empty()
    }
}

/// What must change. Members of mapped groups get the roles and lose what no mapping gives any more; who left Okta loses
/// all, manual grants too; a suspended person keeps roles and is blocked; break-glass admins are never touched.
#[must_use]
pub fn plan(rules: &Rules, snapshot: &Snapshot, present: &Present) -> Plan {
    let people = People { snapshot, present };
    let wanted = wanted(rules, &people);
    let mapped = in_a_mapped_group(
        rules,
        snapshot,
        present.people.len().max(snapshot.people.len()),
    );
    let mut plan = Plan {
        create: people.to_create(&mapped, &snapshot.pushed),
        ..Plan::default()
    };
    let mut had = Vec::new();
    for (index, grant) in (0_u32..).zip(&present.grants) {
        if people.known(grant.person).break_glass {
            continue;
        }
        if keep(rules, &people, &wanted, &mapped, grant) {
            had.extend(as_addition(grant));
        } else {
            plan.remove.push(index);
        }
    }
    had.sort_unstable();
    plan.add = wanted
        .into_iter()
        .filter(|addition| had.binary_search(addition).is_err())
        .collect();
    people.blocks(&mut plan);
    let barred = &snapshot.barred_by_scim;
    let by_scim = plan.block.iter().copied();
    plan.deactivate = by_scim
        .filter(|person| barred.binary_search(person).is_ok())
        .collect();
    plan
}

/// Whether a present grant stays.
fn keep(
    rules: &Rules,
    people: &People<'_>,
    wanted: &[Addition],
    mapped: &[bool],
    grant: &Grant,
) -> bool {
    if people.standing(grant.person) == Standing::Left {
        return false;
    }
    match grant.source {
        Source::Manual => !rules.okta_only || at(mapped, grant.person),
        Source::Mapping(None) => false,
        Source::Mapping(Some(mapping)) => {
            rules.mapping(mapping).is_some_and(|mapping| mapping.paused)
                || as_addition(grant).is_some_and(|grant| wanted.binary_search(&grant).is_ok())
        }
    }
}

fn as_addition(grant: &Grant) -> Option<Addition> {
    match grant.source {
        Source::Mapping(Some(mapping)) => Some(Addition {
            person: grant.person,
            role: grant.role,
            mapping,
        }),
        _ => None,
    }
}

/// All grants that the mappings give, sorted.
fn wanted(rules: &Rules, people: &People<'_>) -> Vec<Addition> {
    let mut wanted = Vec::new();
    for (index, mapping) in (0_u32..).zip(&rules.mappings) {
        if mapping.paused {
            continue;
        }
        for &person in members(people.snapshot, mapping.group) {
            if people.standing(person) != Standing::Left && !people.known(person).break_glass {
                wanted.extend(mapping.roles.iter().map(|&role| Addition {
                    person,
                    role,
                    mapping: index,
                }));
            }
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

fn members(snapshot: &Snapshot, group: u32) -> &[PersonIx] {
    usize::try_from(group)
        .ok()
        .and_then(|group| snapshot.members.get(group))
        .map_or(&[], Vec::as_slice)
}

/// By person: in any mapped group, paused ones too.
fn in_a_mapped_group(rules: &Rules, snapshot: &Snapshot, people: usize) -> Vec<bool> {
    let mut mapped = vec![false; people];
    for mapping in &rules.mappings {
        for &person in members(snapshot, mapping.group) {
            if let Some(slot) = usize::try_from(person)
                .ok()
                .and_then(|person| mapped.get_mut(person))
            {
                *slot = true;
            }
        }
    }
    mapped
}

fn at(flags: &[bool], person: PersonIx) -> bool {
    usize::try_from(person)
        .ok()
        .and_then(|person| flags.get(person))
        .copied()
        .unwrap_or_default()
}

/// The people of both sides under one index.
struct People<'a> {
    snapshot: &'a Snapshot,
    present: &'a Present,
}

impl People<'_> {
    fn standing(&self, person: PersonIx) -> Standing {
        usize::try_from(person)
            .ok()
            .and_then(|person| self.snapshot.people.get(person))
            .copied()
            .unwrap_or_default()
    }

    fn known(&self, person: PersonIx) -> Known {
        usize::try_from(person)
            .ok()
            .and_then(|person| self.present.people.get(person))
            .copied()
            .unwrap_or_default()
    }

    fn to_create(&self, mapped: &[bool], pushed: &[PersonIx]) -> Vec<PersonIx> {
        let joins = |person: &PersonIx| {
            (at(mapped, *person) || pushed.binary_search(person).is_ok())
                && !self.known(*person).exists
                && self.standing(*person) != Standing::Left
        };
        (0_u32..)
            .zip(mapped)
            .map(|(person, _)| person)
            .filter(joins)
            .collect()
    }

    fn blocks(&self, plan: &mut Plan) {
        for (person, known) in (0_u32..).zip(&self.present.people) {
            if !known.exists || known.break_glass {
                continue;
            }
            match (self.standing(person).is_blocked(), known.blocked) {
                (true, false) => plan.block.push(person),
                (false, true) => plan.unblock.push(person),
                _ => {}
            }
        }
    }
}

/// The people whose sessions end by `plan`: newly blocked ones, and those who had roles and have none after it.
#[must_use]
pub fn losses(present: &Present, plan: &Plan) -> Vec<PersonIx> {
    let mut left = vec![0_i64; present.people.len()];
    let mut count = |person: PersonIx, by: i64| {
        if let Some(slot) = usize::try_from(person)
            .ok()
            .and_then(|person| left.get_mut(person))
        {
            *slot += by;
        }
    };
    for grant in &present.grants {
        count(grant.person, 1);
    }
    for addition in &plan.add {
        count(addition.person, 1);
    }
    let mut lost: Vec<PersonIx> = removed(present, plan).map(|grant| grant.person).collect();
    for &person in &lost {
        count(person, -1);
    }
    lost.retain(|&person| {
        usize::try_from(person)
            .ok()
            .and_then(|person| left.get(person))
            .is_some_and(|&left| left <= 0)
    });
    lost.extend(&plan.block);
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// The grants that `plan` takes.
pub(super) fn removed<'a>(present: &'a Present, plan: &'a Plan) -> impl Iterator<Item = &'a Grant> {
    plan.remove.iter().filter_map(|&index| {
        usize::try_from(index)
            .ok()
            .and_then(|index| present.grants.get(index))
    })
}

#[cfg(test)]
mod tests;
