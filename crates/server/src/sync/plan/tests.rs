#![allow(clippy::as_conversions, reason = "small numbers of a test as indices")]

use proptest::prelude::*;

use super::*;
use crate::sync::guard::{History, Limits, guard};
use crate::sync::rules::{Level, Mapping};

fn rules(mappings: &[(u32, &[u16])]) -> Rules {
    Rules {
        roles: vec![Level::Plain, Level::Admin, Level::Super, Level::Plain],
        mappings: mappings
            .iter()
            .map(|(group, roles)| Mapping {
                group: *group,
                roles: roles.to_vec(),
                paused: false,
            })
            .collect(),
        okta_only: false,
    }
}

fn known(count: usize) -> Vec<Known> {
    vec![
        Known {
            exists: true,
            ..Known::default()
        };
        count
    ]
}

fn mapped(person: u32, role: u16, mapping: u32) -> Grant {
    Grant {
        person,
        role,
        source: Source::Mapping(Some(mapping)),
    }
}

fn snapshot(people: usize, members: &[&[u32]]) -> Snapshot {
    Snapshot {
        people: vec![Standing::Keeps; people],
        members: members.iter().map(|m| m.to_vec()).collect(),
        sound: true,
        ..Snapshot::default()
    }
}

#[test]
fn members_become_users_with_the_roles_of_all_their_groups() {
    let rules = rules(&[(0, &[0, 3]), (1, &[0])]);
    let plan = plan(
        &rules,
        &snapshot(2, &[&[0, 1, 0], &[1]]),
        &Present {
            people: vec![Known::default(); 2],
            ..Present::default()
        },
    );
    assert_eq!(plan.create, [0, 1]);
    let add = |person, role, mapping| Addition {
        person,
        role,
        mapping,
    };
    assert_eq!(
        plan.add,
        [
            add(0, 0, 0),
            add(0, 3, 0),
            add(1, 0, 0),
            add(1, 0, 1),
            add(1, 3, 0)
        ]
    );
    assert!(plan.remove.is_empty());
}

#[test]
fn who_is_in_no_mapped_group_loses_mapped_roles_and_keeps_manual_ones() {
    let rules = rules(&[(0, &[0])]);
    let manual = Grant {
        person: 0,
        role: 3,
        source: Source::Manual,
    };
    let present = Present {
        people: known(1),
        grants: vec![mapped(0, 0, 0), manual],
        admins_elsewhere: 1,
    };
    assert_eq!(plan(&rules, &snapshot(1, &[&[]]), &present).remove, [0]);
    let okta_only = Rules {
        okta_only: true,
        ..rules
    };
    assert_eq!(
        plan(&okta_only, &snapshot(1, &[&[]]), &present).remove,
        [0, 1]
    );
    assert!(
        plan(&okta_only, &snapshot(1, &[&[0]]), &present)
            .remove
            .is_empty()
    );
}

#[test]
fn suspended_people_keep_roles_and_are_blocked_who_left_loses_all() {
    let rules = rules(&[(0, &[0])]);
    let manual = Grant {
        person: 1,
        role: 3,
        source: Source::Manual,
    };
    let present = Present {
        people: known(2),
        grants: vec![mapped(0, 0, 0), mapped(1, 0, 0), manual],
        admins_elsewhere: 1,
    };
    let mut seen = snapshot(2, &[&[0, 1]]);
    seen.people = vec![Standing::Suspended, Standing::Left];
    let plan = plan(&rules, &seen, &present);
    assert_eq!(
        (plan.block.as_slice(), plan.remove.as_slice()),
        ([0, 1].as_slice(), [1, 2].as_slice())
    );
    assert_eq!(losses(&present, &plan), [0, 1]);
}

#[test]
fn a_paused_mapping_is_left_as_it_is_except_for_people_who_left() {
    let mut rules = rules(&[(0, &[0])]);
    rules.mappings[0].paused = true;
    let present = Present {
        people: known(2),
        grants: vec![mapped(0, 0, 0), mapped(1, 0, 0)],
        admins_elsewhere: 1,
    };
    let mut seen = snapshot(3, &[&[2]]);
    seen.people[1] = Standing::Left;
    let plan = plan(&rules, &seen, &present);
    assert_eq!(
        (plan.add.len(), plan.remove.as_slice()),
        (0, [1].as_slice())
    );
}

#[test]
fn a_deleted_mapping_and_a_role_taken_out_of_one_take_their_grants() {
    let rules = rules(&[(0, &[0])]);
    let orphan = Grant {
        person: 0,
        role: 0,
        source: Source::Mapping(None),
    };
    let present = Present {
        people: known(1),
        grants: vec![orphan, mapped(0, 3, 0), mapped(0, 0, 0)],
        admins_elsewhere: 1,
    };
    assert_eq!(plan(&rules, &snapshot(1, &[&[0]]), &present).remove, [0, 1]);
}

/// Rules, snapshot and present over 12 people, 4 groups, 4 roles, any of them.
fn anything() -> impl Strategy<Value = (Rules, Snapshot, Present)> {
    let mapping = (
        0..4_u32,
        prop::collection::vec(0..4_u16, 1..3),
        prop::bool::weighted(0.2),
    );
    let mappings = prop::collection::vec(mapping, 0..5);
    let standing = prop_oneof![4 => Just(Standing::Keeps), 1 => Just(Standing::Suspended), 1 => Just(Standing::Left)];
    let people = prop::collection::vec(standing, 12);
    let members = prop::collection::vec(prop::collection::vec(0..12_u32, 0..12), 4);
    let known = prop::collection::vec(
        (
            prop::bool::weighted(0.8),
            prop::bool::weighted(0.1),
            any::<bool>(),
        ),
        12,
    );
    let source = prop_oneof![
        3 => (0..6_u32).prop_map(|m| Source::Mapping(Some(m))),
        1 => Just(Source::Mapping(None)),
        1 => Just(Source::Manual)
    ];
    let grants = prop::collection::vec((0..12_u32, 0..4_u16, source), 0..30);
    (
        mappings,
        any::<bool>(),
        people,
        members,
        any::<bool>(),
        known,
        grants,
        0..2_u32,
    )
        .prop_map(build)
}

type Drawn = (
    Vec<(u32, Vec<u16>, bool)>,
    bool,
    Vec<Standing>,
    Vec<Vec<u32>>,
    bool,
    Vec<(bool, bool, bool)>,
    Vec<(u32, u16, Source)>,
    u32,
);

fn build(
    (mappings, okta_only, people, members, sound, known, grants, admins_elsewhere): Drawn,
) -> (Rules, Snapshot, Present) {
    let mappings = mappings
        .into_iter()
        .map(|(group, roles, paused)| Mapping {
            group,
            roles,
            paused,
        })
        .collect();
    let people_known: Vec<Known> = known
        .into_iter()
        .map(|(exists, break_glass, blocked)| Known {
            exists: exists || break_glass,
            break_glass,
            blocked,
        })
        .collect();
    let mut grants: Vec<Grant> = grants
        .into_iter()
        .filter(|(person, ..)| people_known[*person as usize].exists)
        .map(|(person, role, source)| Grant {
            person,
            role,
            source,
        })
        .collect();
    grants.sort_by_key(|grant| (grant.person, grant.role, grant.source));
    grants.dedup();
    (
        Rules {
            roles: vec![Level::Plain, Level::Admin, Level::Super, Level::Plain],
            mappings,
            okta_only,
        },
        Snapshot {
            people,
            members,
            sound,
            ..Snapshot::default()
        },
        Present {
            people: people_known,
            grants,
            admins_elsewhere,
        },
    )
}

/// The present after `plan`.
fn apply(snapshot: &Snapshot, present: &Present, plan: &Plan) -> Present {
    let mut after = present.clone();
    for &person in &plan.create {
        let standing = snapshot.people[person as usize];
        after.people[person as usize] = Known {
            exists: true,
            break_glass: false,
            blocked: standing.is_blocked(),
        };
    }
    plan.block
        .iter()
        .for_each(|&person| after.people[person as usize].blocked = true);
    plan.unblock
        .iter()
        .for_each(|&person| after.people[person as usize].blocked = false);
    let mut index = 0_u32;
    after.grants.retain(|_| {
        index += 1;
        !plan.remove.contains(&(index - 1))
    });
    after
        .grants
        .extend(plan.add.iter().map(|a| mapped(a.person, a.role, a.mapping)));
    after
}

proptest! {
    #[test]
    fn after_a_plan_is_applied_the_next_one_is_empty((rules, snapshot, present) in anything()) {
        let first = plan(&rules, &snapshot, &present);
        let after = apply(&snapshot, &present, &first);
        prop_assert_eq!(plan(&rules, &snapshot, &after), Plan::default());
    }

    #[test]
    fn what_the_guard_lets_through_and_what_it_holds_is_the_plan((rules, snapshot, present) in anything()) {
        let whole = plan(&rules, &snapshot, &present);
        let verdict = guard(&Limits::default(), &rules, whole.clone(), &History::default(), &present, snapshot.sound);
        prop_assert_eq!(verdict.held.is_empty(), verdict.reasons.is_empty());
        let mut both = verdict.now.clone();
        both.add.extend(verdict.held.add.iter().copied());
        both.remove.extend(verdict.held.remove.iter().copied());
        both.block.extend(verdict.held.block.iter().copied());
        both.add.sort_unstable();
        both.remove.sort_unstable();
        both.block.sort_unstable();
        prop_assert_eq!(both, whole);
        let after = apply(&snapshot, &present, &verdict.now);
        let again = plan(&rules, &snapshot, &after);
        prop_assert_eq!(again.add.len(), verdict.held.add.len());
        prop_assert_eq!(again.remove.len(), verdict.held.remove.len());
    }

    #[test]
    fn a_snapshot_that_is_not_sound_removes_nothing((rules, snapshot, present) in anything()) {
        let whole = plan(&rules, &snapshot, &present);
        let verdict = guard(&Limits::default(), &rules, whole, &History::default(), &present, false);
        prop_assert!(verdict.now.remove.is_empty());
    }

    #[test]
    fn break_glass_admins_are_never_touched((rules, snapshot, present) in anything()) {
        let plan = plan(&rules, &snapshot, &present);
        let is_break_glass = |person: u32| present.people[person as usize].break_glass;
        prop_assert!(!plan.add.iter().any(|addition| is_break_glass(addition.person)));
        prop_assert!(!removed(&present, &plan).any(|grant| is_break_glass(grant.person)));
        prop_assert!(!plan.block.iter().chain(&plan.unblock).chain(&plan.create).any(|&person| is_break_glass(person)));
    }

    #[test]
    fn an_admin_is_always_left_without_approval((rules, snapshot, present) in anything()) {
        let admins = |present: &Present| {
            let is_admin = |g: &&Grant| {
                let known = present.people[g.person as usize];
                rules.level(g.role) != Level::Plain && !known.blocked && !known.break_glass
            };
            let people: std::collections::BTreeSet<u32> = present.grants.iter().filter(is_admin).map(|g| g.person).collect();
            people.len() + present.admins_elsewhere as usize
        };
        prop_assume!(admins(&present) > 0);
        let whole = plan(&rules, &snapshot, &present);
        let verdict = guard(&Limits::default(), &rules, whole, &History::default(), &present, snapshot.sound);
        prop_assert!(admins(&apply(&snapshot, &present, &verdict.now)) > 0);
        prop_assert!(admins(&apply(&snapshot, &present, &verdict.now)) + 1 >= admins(&present));
    }
}
