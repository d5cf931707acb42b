//! From what was read and what is stored to a judged plan: the shell around the pure [`plan`] and [`guard`].

use std::collections::HashMap;

use uuid::Uuid;

use super::error::Result;
use super::guard::{History, Limits, Verdict, guard};
use super::plan::{self, Grant, Known, Present, Source, plan};
use super::read::{GroupRead, Members};
use super::roster::Roster;
use super::rules::{Level, Mapping, PersonIx, RoleIx, Rules};
use super::said;
use super::settings;
use super::snapshot::Snapshot;
use crate::app::Work;
use crate::db::{self, ConnectionId, UserId, values};
use crate::directory::{self, GrantId, GroupId, present};
use crate::scim;

/// A judged plan with everything needed to carry it out.
pub(super) struct Judged {
    /// The directory's version it was made for.
    pub(super) version: i64,
    pub(super) rules: Rules,
    /// By role index.
    pub(super) roles: Vec<directory::Role>,
    /// By mapping index.
    pub(super) mappings: Vec<directory::Mapping>,
    /// By person index: the user, made up here for those to be created.
    pub(super) users: Vec<Option<UserId>>,
    pub(super) present: Present,
    /// By grant index.
    pub(super) held: Vec<Stored>,
    pub(super) verdict: Verdict,
    pub(super) memberships: Vec<MembershipDiff>,
}

/// What of a stored grant is not in [`Present::grants`]: small, as there may be 300,000.
pub(super) struct Stored {
    pub(super) id: GrantId,
    /// The whole row, where person, role and mapping do not say it all: a mapping that is gone, an expiry.
    pub(super) more: Option<Box<present::Held>>,
}

/// How the members of one group change.
pub(super) struct MembershipDiff {
    pub(super) group: GroupId,
    pub(super) join: Vec<PersonIx>,
    pub(super) leave: Vec<PersonIx>,
}

/// Whose word counts about groups that may be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nobody's yet: what they would take waits.
    Guarded,
    /// A named person approved: they are what they look like, and nothing waits.
    Approved,
}

/// Plans and judges. Reads the version first: when it still stands as the plan is applied, so does everything else here.
pub(super) async fn judge(
    work: &Work,
    connection: ConnectionId,
    roster: &mut Roster,
    groups: &[GroupRead],
    stable: bool,
    trust: Trust,
) -> Result<Judged> {
    let version = directory::state(work).await?.version;
    let (settings, _) = settings::load(work, connection).await?;
    let (mut rules, all_roles, mappings) = rules(work, connection, groups).await?;
    rules.okta_only = settings.okta_only;
    let mut people = people(work, connection, roster).await?;
    let (members, joins_and_leaves) = members(work, roster, &people, groups, trust).await?;
    let (present, held) = present(work, connection, &mut people, &all_roles, &mappings).await?;
    let suspect = groups
        .iter()
        .any(|group| matches!(group.members, Members::Suspect { .. }));
    let sound = trust == Trust::Approved || (stable && !suspect);
    let snapshot = Snapshot {
        people: roster.standings(),
        members,
        pushed: roster.pushed(),
        barred_by_scim: roster.barred_by_scim(),
        sound,
    };
    let whole = plan(&rules, &snapshot, &present);
    let mut users = people.users;
    for &person in &whole.create {
        if let Some(user) = usize::try_from(person)
            .ok()
            .and_then(|person| users.get_mut(person))
        {
            *user = Some(roster.future_user(person, || work.id()));
        }
    }
    let verdict = match trust {
        Trust::Approved => approve(&rules, whole, &present),
        Trust::Guarded => guard(
            &settings.limits,
            &rules,
            whole,
            &history(work, connection).await?,
            &present,
            sound,
        ),
    };
    Ok(Judged {
        version,
        rules,
        roles: all_roles,
        mappings,
        users,
        present,
        held,
        verdict,
        memberships: joins_and_leaves,
    })
}

/// Everything at once, still with the names of those who lose administration.
fn approve(rules: &Rules, whole: plan::Plan, present: &Present) -> Verdict {
    let open = Limits {
        removals_percent: 100,
        removals_count: u32::MAX,
        grants_percent: 100,
        grants_count: u32::MAX,
        admins: u32::MAX,
        hold_super_admin: false,
    };
    let mut verdict = guard(&open, rules, whole, &History::default(), present, true);
    verdict.now.remove.append(&mut verdict.held.remove);
    verdict.now.remove.sort_unstable();
    verdict.now.block.append(&mut verdict.held.block);
    verdict.now.block.sort_unstable();
    verdict.now.deactivate.append(&mut verdict.held.deactivate);
    verdict.reasons.clear();
    verdict
}

async fn rules(
    work: &Work,
    connection: ConnectionId,
    groups: &[GroupRead],
) -> Result<(Rules, Vec<directory::Role>, Vec<directory::Mapping>)> {
    let all_roles = directory::list_roles(work).await?;
    let mappings = directory::list_mappings(work, Some(connection)).await?;
    let group_at: HashMap<GroupId, u32> = (0_u32..)
        .zip(groups)
        .map(|(index, group)| (group.stored.id, index))
        .collect();
    let role_at: HashMap<_, RoleIx> = (0_u16..)
        .zip(&all_roles)
        .map(|(index, role)| (role.id, index))
        .collect();
    let rule = |mapping: &directory::Mapping| Mapping {
        // A group mapped since the reading began is not in it: nothing is known of its members yet, so nothing is taken.
        group: group_at.get(&mapping.group_id).copied().unwrap_or(u32::MAX),
        roles: mapping
            .roles
            .iter()
            .filter_map(|role| role_at.get(role).copied())
            .collect(),
        paused: mapping.paused_at.is_some() || !group_at.contains_key(&mapping.group_id),
    };
    let level = |role: &directory::Role| match role.id {
        directory::SUPER_ADMIN => Level::Super,
        directory::ADMIN => Level::Admin,
        _ => Level::Plain,
    };
    let rules = Rules {
        roles: all_roles.iter().map(level).collect(),
        mappings: mappings.iter().map(rule).collect(),
        okta_only: false,
    };
    Ok((rules, all_roles, mappings))
}

/// Our side of the roster.
struct People {
    users: Vec<Option<UserId>>,
    known: Vec<Known>,
    by_user: HashMap<UserId, PersonIx>,
}

async fn people(work: &Work, connection: ConnectionId, roster: &mut Roster) -> Result<People> {
    let mut rows = Vec::new();
    present::people(work, connection, |person| {
        let index = roster.know(&person);
        rows.push((index, person.user_id, person.kind != "okta", person.blocked));
    })
    .await?;
    roster.hush();
    scim::said::people(work, connection, |person| roster.hear(person)).await?;
    let mut people = People {
        users: vec![None; roster.len()],
        known: vec![Known::default(); roster.len()],
        by_user: HashMap::with_capacity(rows.len()),
    };
    for (index, user, break_glass, blocked) in rows {
        let Ok(at) = usize::try_from(index) else {
            continue;
        };
        people.users[at] = Some(user);
        people.known[at] = Known {
            exists: true,
            break_glass,
            blocked,
        };
        people.by_user.insert(user, index);
    }
    Ok(people)
}

/// The members of each mapped group as the plan sees them, and how the stored ones change.
async fn members(
    work: &Work,
    roster: &Roster,
    people: &People,
    groups: &[GroupRead],
    trust: Trust,
) -> Result<(Vec<Vec<PersonIx>>, Vec<MembershipDiff>)> {
    let (mut all, mut diffs) = (Vec::with_capacity(groups.len()), Vec::new());
    for group in groups {
        let mut stored = Vec::new();
        present::members(work, group.stored.id, |user| {
            stored.extend(people.by_user.get(&user).copied());
        })
        .await?;
        match &group.members {
            Members::Unchanged => all.push(stored),
            Members::Read { people: read, .. } => {
                diffs.push(diff(roster, group.stored.id, stored, read));
                all.push(read.clone());
            }
            Members::Suspect { .. } => {
                if trust == Trust::Approved {
                    diffs.push(MembershipDiff {
                        group: group.stored.id,
                        join: Vec::new(),
                        leave: stored,
                    });
                }
                all.push(Vec::new());
            }
        }
    }
    said::agree(groups, &mut all);
    Ok((all, diffs))
}

fn diff(
    roster: &Roster,
    group: GroupId,
    mut stored: Vec<PersonIx>,
    read: &[PersonIx],
) -> MembershipDiff {
    let mut read = read.to_vec();
    read.sort_unstable();
    read.dedup();
    stored.sort_unstable();
    // Who left Okta and never was a user does not become one.
    let is_user = |person: &PersonIx| roster.standing(*person) != super::snapshot::Standing::Left;
    let join = read
        .iter()
        .copied()
        .filter(|person| stored.binary_search(person).is_err() && is_user(person))
        .collect();
    let leave = stored
        .into_iter()
        .filter(|person| read.binary_search(person).is_err())
        .collect();
    MembershipDiff { group, join, leave }
}

async fn present(
    work: &Work,
    connection: ConnectionId,
    people: &mut People,
    roles: &[directory::Role],
    mappings: &[directory::Mapping],
) -> Result<(Present, Vec<Stored>)> {
    let role_at: HashMap<_, RoleIx> = (0_u16..)
        .zip(roles)
        .map(|(index, role)| (role.id, index))
        .collect();
    let mapping_at: HashMap<_, u32> = (0_u32..)
        .zip(mappings)
        .map(|(index, mapping)| (mapping.id, index))
        .collect();
    let (mut grants, mut held) = (Vec::new(), Vec::new());
    present::grants(work, connection, |row| {
        let (Some(&person), Some(&role)) =
            (people.by_user.get(&row.user_id), role_at.get(&row.role_id))
        else {
            return;
        };
        let source = match row.mapping_id {
            None => Source::Manual,
            Some(mapping) => Source::Mapping(mapping_at.get(&mapping).copied()),
        };
        grants.push(Grant {
            person,
            role,
            source,
        });
        let plain = row.expires_at.is_none() && source != Source::Mapping(None);
        held.push(Stored {
            id: row.id,
            more: (!plain).then(|| Box::new(row)),
        });
    })
    .await?;
    let elsewhere = directory::admins(work, false, Some(connection)).await?;
    let admins_elsewhere = u32::try_from(elsewhere).unwrap_or_default();
    Ok((
        Present {
            people: std::mem::take(&mut people.known),
            grants,
            admins_elsewhere,
        },
        held,
    ))
}

/// What was applied without approval in the last 24 hours.
async fn history(work: &Work, connection: ConnectionId) -> db::Result<History> {
    #[derive(sea_orm::FromQueryResult)]
    struct Row {
        removed_people: i64,
        granted: i64,
        admins_lost: i64,
        blocked_people: i64,
    }
    let sql = "SELECT removed_people, granted, admins_lost, blocked_people FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2
        AND kind IN ('run', 'scim') AND finished_at > $3 AND undone_by IS NULL
        AND (removed_people > 0 OR granted > 0 OR admins_lost > 0 OR blocked_people > 0)";
    let rows: Vec<Row> = work
        .rows(
            sql,
            values![work.tenant, connection, work.now.plus_seconds(-86_400)],
        )
        .await?;
    let sum =
        |of: fn(&Row) -> i64| u32::try_from(rows.iter().map(of).sum::<i64>()).unwrap_or(u32::MAX);
    Ok(History {
        removed_people: sum(|r| r.removed_people),
        granted: sum(|r| r.granted),
        admins_lost: sum(|r| r.admins_lost),
        deactivated: sum(|r| r.blocked_people),
    })
}

/// The nil id, where a person turned out to be no user.
pub(super) const NOBODY: UserId = UserId(Uuid::nil());
