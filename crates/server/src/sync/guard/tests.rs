use super::*;
use crate::sync::plan::{Grant, Known};
use crate::sync::rules::Mapping;

const PLAIN: RoleIx = 0;
const ADMIN: RoleIx = 1;
const SUPER: RoleIx = 2;

fn rules() -> Rules {
    let mapping = Mapping {
        group: 0,
        roles: vec![PLAIN],
        paused: false,
    };
    Rules {
        roles: vec![Level::Plain, Level::Admin, Level::Super],
        mappings: vec![mapping],
        okta_only: false,
    }
}

/// So many people, each with `role` by mapping 0.
fn present(people: u32, role: RoleIx) -> Present {
    Present {
        people: (0..people)
            .map(|_| Known {
                exists: true,
                ..Known::default()
            })
            .collect(),
        grants: (0..people)
            .map(|person| Grant {
                person,
                role,
                source: Source::Mapping(Some(0)),
            })
            .collect(),
        admins_elsewhere: 0,
    }
}

fn removing(grants: u32) -> Plan {
    Plan {
        remove: (0..grants).collect(),
        ..Plan::default()
    }
}

fn adding(grants: u32, role: RoleIx) -> Plan {
    Plan {
        add: (0..grants)
            .map(|person| Addition {
                person,
                role,
                mapping: 0,
            })
            .collect(),
        ..Plan::default()
    }
}

fn judge(plan: Plan, history: History, present: &Present) -> Verdict {
    guard(&Limits::default(), &rules(), plan, &history, present, true)
}

#[test]
fn removals_up_to_three_or_a_fifth_go_through() {
    // people with roles, removed in the last 24 h, removed now, held?
    let table = [
        (5, 0, 3, false),
        (5, 0, 4, true),
        (5, 2, 1, false),
        (5, 3, 1, true),
        (100, 0, 20, false),
        (100, 0, 21, true),
        (90, 10, 10, false),
        (90, 10, 11, true),
    ];
    for (people, earlier, now, held) in table {
        let history = History {
            removed_people: earlier,
            ..History::default()
        };
        let verdict = judge(removing(now), history, &present(people, PLAIN));
        assert_eq!(
            !verdict.held.remove.is_empty(),
            held,
            "{now} of {people} after {earlier}"
        );
        assert_eq!(verdict.now.remove.is_empty(), held);
    }
}

#[test]
fn the_last_admin_stays() {
    let verdict = judge(removing(1), History::default(), &present(1, ADMIN));
    assert_eq!(verdict.reasons, [Reason::LastAdmin]);
    assert_eq!(verdict.held.remove, [0]);
    let with_another = Present {
        admins_elsewhere: 1,
        ..present(1, ADMIN)
    };
    assert!(
        judge(removing(1), History::default(), &with_another)
            .reasons
            .is_empty()
    );
}

#[test]
fn only_one_admin_a_day() {
    let verdict = judge(removing(2), History::default(), &present(5, ADMIN));
    assert_eq!(
        verdict.reasons,
        [Reason::SeveralAdmins {
            admins: 2,
            earlier: 0
        }]
    );
    let history = History {
        admins_lost: 1,
        ..History::default()
    };
    assert_eq!(
        judge(removing(1), history, &present(5, ADMIN)).reasons,
        [Reason::SeveralAdmins {
            admins: 1,
            earlier: 1
        }]
    );
}

#[test]
fn suspending_the_last_admin_waits_while_others_are_blocked() {
    let mut present = present(2, PLAIN);
    present.grants.push(Grant {
        person: 0,
        role: ADMIN,
        source: Source::Manual,
    });
    let verdict = judge(
        Plan {
            block: vec![0, 1],
            ..Plan::default()
        },
        History::default(),
        &present,
    );
    assert_eq!((verdict.held.block, verdict.now.block), (vec![0], vec![1]));
    assert_eq!(verdict.reasons, [Reason::LastAdmin]);
}

#[test]
fn every_new_super_admin_waits_alone() {
    let mut plan = adding(2, PLAIN);
    plan.add.push(Addition {
        person: 1,
        role: SUPER,
        mapping: 0,
    });
    let verdict = judge(plan, History::default(), &present(2, ADMIN));
    assert_eq!(verdict.reasons, [Reason::SuperAdmin { people: 1 }]);
    assert_eq!((verdict.held.add.len(), verdict.now.add.len()), (1, 2));
}

#[test]
fn grants_up_to_ten_or_half_go_through() {
    for (mapped, earlier, now, held) in [
        (0, 0, 10, false),
        (0, 0, 11, true),
        (100, 0, 50, false),
        (100, 0, 51, true),
        (15, 5, 6, true),
    ] {
        let history = History {
            granted: earlier,
            ..History::default()
        };
        let verdict = judge(adding(now, ADMIN), history, &present(mapped, PLAIN));
        assert_eq!(
            !verdict.held.add.is_empty(),
            held,
            "{now} beside {mapped} after {earlier}"
        );
    }
}

#[test]
fn additions_apply_while_removals_wait() {
    let plan = Plan {
        add: adding(1, ADMIN).add,
        ..removing(50)
    };
    let verdict = judge(plan, History::default(), &present(100, PLAIN));
    assert_eq!((verdict.now.add.len(), verdict.held.remove.len()), (1, 50));
}

#[test]
fn a_role_that_moves_to_a_waiting_grant_is_not_taken_meanwhile() {
    let present = present(20, PLAIN);
    let plan = Plan {
        add: (0..11)
            .map(|person| Addition {
                person,
                role: PLAIN,
                mapping: 1,
            })
            .collect(),
        ..removing(1)
    };
    let verdict = judge(plan, History::default(), &present);
    assert!(matches!(
        verdict.reasons[..],
        [Reason::TooManyGrants { .. }]
    ));
    assert_eq!(
        (verdict.now.remove.len(), verdict.held.remove.as_slice()),
        (0, [0].as_slice())
    );
}

#[test]
fn a_role_that_another_mapping_gives_at_once_is_no_loss() {
    let present = present(10, ADMIN);
    let plan = Plan {
        add: (0..10)
            .map(|person| Addition {
                person,
                role: ADMIN,
                mapping: 1,
            })
            .collect(),
        ..removing(10)
    };
    assert!(judge(plan, History::default(), &present).reasons.is_empty());
}

#[test]
fn lower_means_less_guarded_in_any_respect() {
    let usual = Limits::default();
    assert!(!usual.lower_than(&usual));
    assert!(
        Limits {
            removals_percent: 21,
            ..usual
        }
        .lower_than(&usual)
    );
    assert!(
        Limits {
            hold_super_admin: false,
            ..usual
        }
        .lower_than(&usual)
    );
    assert!(
        !Limits {
            admins: 0,
            removals_count: 1,
            ..usual
        }
        .lower_than(&usual)
    );
}
