//! Which part of a plan may be applied at once, and which waits for a person (design.md, Guard).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::{Addition, Known, Plan, Present, Source, removed};
use super::rules::{Level, PersonIx, RoleIx, Rules};

/// The limits of the guard for one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// So many people may always lose roles within 24 hours.
    pub removals_count: u32,
    /// And so many percent of the people with mapped roles.
    pub removals_percent: u32,
    /// So many new grants are always fine within 24 hours.
    pub grants_count: u32,
    /// And so many percent of the mapped grants there are.
    pub grants_percent: u32,
    /// So many admins may lose administration within 24 hours (never the last).
    pub admins: u32,
    /// Whether a grant of `super_admin` waits for approval.
    pub hold_super_admin: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            removals_count: 3,
            removals_percent: 20,
            grants_count: 10,
            grants_percent: 50,
            admins: 1,
            hold_super_admin: true,
        }
    }
}

impl Limits {
    /// Whether these guard less than `other` in any respect.
    #[must_use]
    pub fn lower_than(&self, other: &Self) -> bool {
        self.removals_count > other.removals_count
            || self.removals_percent > other.removals_percent
            || self.grants_count > other.grants_count
            || self.grants_percent > other.grants_percent
            || self.admins > other.admins
            || (other.hold_super_admin && !self.hold_super_admin)
    }
}

/// What was applied without approval in the last 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// People who lost a role.
    pub removed_people: u32,
    /// Grants given.
    pub granted: u32,
    /// Admins who lost administration.
    pub admins_lost: u32,
    /// People whom SCIM alone barred.
    pub deactivated: u32,
}

/// Why something waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The snapshot may be broken (see the run's findings).
    Unsound,
    /// More people would lose roles than may within 24 hours.
    TooManyRemovals {
        /// Now.
        people: u32,
        /// Applied already in the last 24 hours.
        earlier: u32,
        /// How many may.
        limit: u32,
    },
    /// Nobody would be left to administer.
    LastAdmin,
    /// Several admins would lose administration within 24 hours.
    SeveralAdmins {
        /// Now.
        admins: u32,
        /// In the last 24 hours.
        earlier: u32,
    },
    /// Somebody would become `super_admin`.
    SuperAdmin {
        /// How many.
        people: u32,
    },
    /// More grants than may be new within 24 hours.
    TooManyGrants {
        /// Now.
        grants: u32,
        /// Applied already in the last 24 hours.
        earlier: u32,
        /// How many may.
        limit: u32,
    },
    /// More people would be barred by SCIM than may within 24 hours.
    TooManyDeactivations {
        /// Now.
        people: u32,
        /// Applied already in the last 24 hours.
        earlier: u32,
        /// How many may.
        limit: u32,
    },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unsound => {
                f.write_str("what Okta answered may be broken, so nothing is removed by it")
            }
            Self::TooManyRemovals {
                people,
                earlier,
                limit,
            } => write!(
                f,
                "{people} people would lose roles ({earlier} did in the last 24 hours); without approval at most {limit} may"
            ),
            Self::LastAdmin => f.write_str("the last admin would lose administration"),
            Self::SeveralAdmins { admins, earlier } => {
                write!(
                    f,
                    "{admins} admins would lose administration ({earlier} did in the last 24 hours)"
                )
            }
            Self::SuperAdmin { people } => write!(f, "{people} people would become super_admin"),
            Self::TooManyGrants {
                grants,
                earlier,
                limit,
            } => write!(
                f,
                "{grants} roles would be granted ({earlier} were in the last 24 hours); without approval at most {limit} may"
            ),
            Self::TooManyDeactivations {
                people,
                earlier,
                limit,
            } => write!(
                f,
                "{people} people would be deactivated by SCIM ({earlier} were in the last 24 hours); without approval at most {limit} may"
            ),
        }
    }
}

/// What happens with a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Applied now.
    pub now: Plan,
    /// Waits for approval.
    pub held: Plan,
    /// Why it waits; empty when nothing does.
    pub reasons: Vec<Reason>,
    /// People who lose administration by the whole plan.
    pub admins_lost: Vec<PersonIx>,
}

/// Judges a plan. Additions wait when they are too many, or one by one when they make a `super_admin`; removals wait
/// together when any of them gives a reason, or singly when the grant that would replace them waits; blocks wait only when
/// they take an admin away, or are SCIM's and come in a flood or with removals that wait.
#[must_use]
pub fn guard(
    limits: &Limits,
    rules: &Rules,
    plan: Plan,
    history: &History,
    present: &Present,
    sound: bool,
) -> Verdict {
    let mut verdict = Verdict {
        now: plan,
        ..Verdict::default()
    };
    hold_additions(limits, rules, history, present, &mut verdict);
    let admins = Admins::count(rules, present, &verdict.now);
    let mut reasons = removal_reasons(limits, history, present, &admins, sound, &verdict.now);
    let admins_wait = reasons
        .iter()
        .any(|reason| matches!(reason, Reason::LastAdmin | Reason::SeveralAdmins { .. }));
    if !reasons.is_empty() {
        let by_scim = std::mem::take(&mut verdict.now.deactivate);
        let waits = |person: &PersonIx| {
            (admins_wait && admins.lost.contains(person)) || by_scim.binary_search(person).is_ok()
        };
        (verdict.held.block, verdict.now.block) = take(&mut verdict.now.block).partition(waits);
        verdict.held.deactivate = by_scim;
    }
    if reasons.is_empty() {
        hold_what_is_replaced(present, &mut verdict);
    } else {
        verdict.held.remove = std::mem::take(&mut verdict.now.remove);
    }
    verdict.reasons.append(&mut reasons);
    verdict.admins_lost = admins.lost.into_iter().collect();
    verdict
}

fn take<T>(list: &mut Vec<T>) -> std::vec::IntoIter<T> {
    std::mem::take(list).into_iter()
}

fn hold_additions(
    limits: &Limits,
    rules: &Rules,
    history: &History,
    present: &Present,
    verdict: &mut Verdict,
) {
    let grants = count(verdict.now.add.len());
    let mapped = count(
        present
            .grants
            .iter()
            .filter(|grant| grant.source != Source::Manual)
            .count(),
    );
    let base = mapped.saturating_sub(history.granted);
    let limit = limits
        .grants_count
        .max(percent(base, limits.grants_percent));
    let makes_super =
        |addition: &Addition| limits.hold_super_admin && rules.level(addition.role) == Level::Super;
    let supers: BTreeSet<PersonIx> = verdict
        .now
        .add
        .iter()
        .filter(|a| makes_super(a))
        .map(|a| a.person)
        .collect();
    if !supers.is_empty() {
        verdict.reasons.push(Reason::SuperAdmin {
            people: count(supers.len()),
        });
    }
    if grants > 0 && grants.saturating_add(history.granted) > limit {
        verdict.reasons.push(Reason::TooManyGrants {
            grants,
            earlier: history.granted,
            limit,
        });
        verdict.held.add = std::mem::take(&mut verdict.now.add);
    } else {
        (verdict.held.add, verdict.now.add) = take(&mut verdict.now.add).partition(makes_super);
    }
}

fn removal_reasons(
    limits: &Limits,
    history: &History,
    present: &Present,
    admins: &Admins,
    sound: bool,
    plan: &Plan,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !sound && !plan.remove.is_empty() {
        reasons.push(Reason::Unsound);
    }
    let people = count(losers(present, plan).len());
    let base = with_mapped_roles(present).saturating_add(history.removed_people);
    let limit = limits
        .removals_count
        .max(percent(base, limits.removals_percent));
    if people > 0 && people.saturating_add(history.removed_people) > limit {
        reasons.push(Reason::TooManyRemovals {
            people,
            earlier: history.removed_people,
            limit,
        });
    }
    reasons.extend(too_many_deactivations(limits, history, present, plan));
    let lost = count(admins.lost.len());
    if lost > 0 && admins.left == 0 {
        reasons.push(Reason::LastAdmin);
    }
    if lost > 0 && lost.saturating_add(history.admins_lost) > limits.admins {
        reasons.push(Reason::SeveralAdmins {
            admins: lost,
            earlier: history.admins_lost,
        });
    }
    reasons
}

/// People may be barred by SCIM as they may lose roles, counted against all who can sign in.
fn too_many_deactivations(
    limits: &Limits,
    history: &History,
    present: &Present,
    plan: &Plan,
) -> Option<Reason> {
    let people = count(plan.deactivate.len());
    let earlier = history.deactivated;
    let may_sign_in = |known: &&Known| known.exists && !known.blocked && !known.break_glass;
    let base = count(present.people.iter().filter(may_sign_in).count()).saturating_add(earlier);
    let limit = limits
        .removals_count
        .max(percent(base, limits.removals_percent));
    (people > 0 && people.saturating_add(earlier) > limit).then_some(Reason::TooManyDeactivations {
        people,
        earlier,
        limit,
    })
}

/// A grant whose role the same person is to have by another mapping stays as long as that other grant waits.
fn hold_what_is_replaced(present: &Present, verdict: &mut Verdict) {
    if verdict.held.add.is_empty() {
        return;
    }
    let waiting: BTreeSet<(PersonIx, RoleIx)> = verdict
        .held
        .add
        .iter()
        .map(|a| (a.person, a.role))
        .collect();
    let replaced = |index: &u32| {
        let grant = usize::try_from(*index)
            .ok()
            .and_then(|index| present.grants.get(index));
        grant.is_some_and(|grant| waiting.contains(&(grant.person, grant.role)))
    };
    (verdict.held.remove, verdict.now.remove) = take(&mut verdict.now.remove).partition(replaced);
}

/// The people who have fewer roles after `plan`: a grant that another one replaces is no loss.
#[must_use]
pub fn losers(present: &Present, plan: &Plan) -> Vec<PersonIx> {
    if plan.remove.is_empty() {
        return Vec::new();
    }
    let gone: BTreeSet<u32> = plan.remove.iter().copied().collect();
    let kept = (0_u32..)
        .zip(&present.grants)
        .filter(|(index, _)| !gone.contains(index));
    let mut roles: Vec<(PersonIx, RoleIx)> =
        kept.map(|(_, grant)| (grant.person, grant.role)).collect();
    roles.extend(
        plan.add
            .iter()
            .map(|addition| (addition.person, addition.role)),
    );
    roles.sort_unstable();
    let lost = removed(present, plan)
        .filter(|grant| roles.binary_search(&(grant.person, grant.role)).is_err());
    let people: BTreeSet<PersonIx> = lost.map(|grant| grant.person).collect();
    people.into_iter().collect()
}

/// Who administers before and after a plan.
struct Admins {
    lost: BTreeSet<PersonIx>,
    left: u32,
}

impl Admins {
    fn count(rules: &Rules, present: &Present, plan: &Plan) -> Self {
        let may_sign_in = |person: PersonIx| {
            let known = usize::try_from(person)
                .ok()
                .and_then(|person| present.people.get(person));
            known.is_some_and(|known| !known.blocked && !known.break_glass)
        };
        let gone: BTreeSet<u32> = plan.remove.iter().copied().collect();
        let blocked: BTreeSet<PersonIx> = plan.block.iter().copied().collect();
        let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
        for (index, grant) in (0_u32..).zip(&present.grants) {
            if rules.level(grant.role) == Level::Plain || !may_sign_in(grant.person) {
                continue;
            }
            before.insert(grant.person);
            if !gone.contains(&index) && !blocked.contains(&grant.person) {
                after.insert(grant.person);
            }
        }
        // Who gets administration by another mapping in the same plan does not lose it.
        let given = plan
            .add
            .iter()
            .filter(|a| rules.level(a.role) != Level::Plain && !blocked.contains(&a.person));
        after.extend(
            given
                .map(|addition| addition.person)
                .filter(|person| before.contains(person)),
        );
        let lost = before.difference(&after).copied().collect();
        Self {
            lost,
            left: present.admins_elsewhere.saturating_add(count(after.len())),
        }
    }
}

fn with_mapped_roles(present: &Present) -> u32 {
    let mut people: Vec<PersonIx> = present
        .grants
        .iter()
        .filter(|grant| grant.source != Source::Manual)
        .map(|grant| grant.person)
        .collect();
    people.sort_unstable();
    people.dedup();
    count(people.len())
}

/// Whole percent of `base`, rounded down.
fn percent(base: u32, percent: u32) -> u32 {
    u32::try_from(u64::from(base) * u64::from(percent) / 100).unwrap_or(u32::MAX)
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
