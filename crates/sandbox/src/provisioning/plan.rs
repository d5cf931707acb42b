//! What has to be said to an app: the difference between the org and what was said so far.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::side::{Account, Link, Side, Subject};
use crate::apps::{App, UserAssignment};
use crate::groups;
use crate::org::Org;
use crate::store::{Doc, Kind, mix};
use crate::users::{Person, Status};

/// What a person needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Need {
    Create,
    Update,
    Deactivate,
    Reactivate,
}

/// What a pushed group needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum GroupNeed {
    /// Found or made by its name, and said as a whole.
    Push,
    /// Name and members that changed.
    Change,
    Delete,
}

/// The number of a task: another want is another task.
pub(super) fn key(want: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    want.hash(&mut hasher);
    hasher.finish()
}

fn digest(user: u32, person: &Person) -> u64 {
    key((user, person.profile.parts()))
}

/// Whether the app is to have somebody of this status. Suspending sends nothing.
fn stands(person: &Person) -> bool {
    !matches!(person.status, Status::Deprovisioned | Status::Staged)
}

/// Everybody to whom an app is assigned, themselves or by a group.
fn assigned(org: &Org, app: &App) -> BTreeSet<u32> {
    let mut all: BTreeSet<u32> = app.users.keys().copied().collect();
    for group in app.groups.keys() {
        if *group == groups::EVERYONE {
            all.extend(org.people.from(0).map(|(user, _)| user));
        } else if let Some(group) = org.groups.get(*group) {
            all.extend(group.members.iter().copied());
        }
    }
    all
}

/// Who is to be active at the app, each with a digest of what is to be said of them.
pub(super) fn wanted(org: &Org, app: u32) -> BTreeMap<u32, u64> {
    let Some(app) = org.apps.get(app) else {
        return BTreeMap::new();
    };
    assigned(org, app)
        .into_iter()
        .filter_map(|user| {
            let person = org.people.get(user).filter(|person| stands(person))?;
            Some((user, digest(user, person)))
        })
        .collect()
}

/// What is to be said of one person; `None` when the app is not to have them.
pub(super) fn wanted_of(org: &Org, app: u32, user: u32) -> Option<u64> {
    let app = org.apps.get(app)?;
    let person = org.people.get(user).filter(|person| stands(person))?;
    let has = app.users.contains_key(&user)
        || app.groups.contains_key(&groups::EVERYONE)
        || person
            .groups
            .iter()
            .any(|group| app.groups.contains_key(group));
    has.then(|| digest(user, person))
}

/// What a person needs now, and the number of that task.
pub(super) fn need(side: &Side, account: &Account, wanted: Option<u64>) -> Option<(Need, u64)> {
    let known = account.external_id.is_some();
    let need = match (known, account.active, wanted) {
        (false, _, Some(_)) if side.create => Need::Create,
        (true, false, Some(_)) if side.create => Need::Reactivate,
        (true, true, Some(digest))
            if side.update && (account.said != digest || account.uncertain) =>
        {
            Need::Update
        }
        (true, true, None) if side.deactivate => Need::Deactivate,
        // It may have been switched on by a request whose answer was lost.
        (true, false, None) if side.deactivate && account.uncertain => Need::Deactivate,
        _ => return None,
    };
    Some((need, key((need, wanted))))
}

/// What a pushed group is to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct WantedGroup {
    pub(super) name: String,
    pub(super) members: BTreeSet<u32>,
}

/// The members of a pushed group are those of the source who are active at the app.
pub(super) fn wanted_group(org: &Org, app: u32, mapping: u32) -> Option<WantedGroup> {
    let held = org.apps.get(app)?;
    let push = held.pushes.get(mapping).filter(|push| push.active)?;
    let side = org.provisioning.of(app)?;
    let (serial, source) = source(org, push)?;
    let present = |user: &u32| {
        side.accounts
            .get(user)
            .is_some_and(|account| account.external_id.is_some() && account.active)
            && wanted_of(org, app, *user).is_some()
    };
    let members = if serial == groups::EVERYONE {
        org.people
            .from(0)
            .map(|(user, _)| user)
            .filter(present)
            .collect()
    } else {
        source.members.iter().copied().filter(present).collect()
    };
    Some(WantedGroup {
        name: name(org, push).unwrap_or(&source.name).to_owned(),
        members,
    })
}

fn source<'a>(org: &'a Org, push: &Doc) -> Option<(u32, &'a groups::Group)> {
    let serial = org.tail.serial(Kind::GROUP, push.text("sourceGroupId"))?;
    Some((serial, org.groups.get(serial)?))
}

/// The name at the app, when it is not that of the source.
fn name<'a>(org: &'a Org, push: &Doc) -> Option<&'a str> {
    push.body.get("ownName")?;
    let target = org.tail.serial(Kind::GROUP, push.text("targetGroupId"))?;
    org.groups.get(target).map(|group| &*group.name)
}

/// What a pushed group needs now, and the number of that task.
pub(super) fn group_need(link: &Link, wanted: Option<&WantedGroup>) -> Option<(GroupNeed, u64)> {
    let need = match wanted {
        _ if link.leaving => GroupNeed::Delete,
        None => return None,
        Some(_) if link.external_id.is_none() || link.uncertain => GroupNeed::Push,
        Some(wanted) if link.name != wanted.name || link.members != wanted.members => {
            GroupNeed::Change
        }
        Some(_) => return None,
    };
    Some((need, key((need, wanted))))
}

/// Queues what has to be said and is neither queued nor failed.
pub(super) fn plan(org: &mut Org, app: u32, shuffle: Option<u64>) {
    let on = org.apps.get(app).is_some_and(|app| app.active)
        && org.provisioning.of(app).is_some_and(|side| side.on);
    if !on {
        return;
    }
    let wanted = wanted(org, app);
    let mut new = people(org, app, &wanted);
    new.extend(pushed(org, app));
    if let Some(seed) = shuffle {
        new.sort_by_key(|subject| mix(seed ^ key(subject)));
    }
    if let Some(side) = org.provisioning.of_mut(app) {
        side.queue.extend(new);
    }
}

fn people(org: &mut Org, app: u32, wanted: &BTreeMap<u32, u64>) -> Vec<Subject> {
    let Some(side) = org.provisioning.of_mut(app) else {
        return Vec::new();
    };
    for user in wanted.keys() {
        side.accounts.entry(*user).or_default();
    }
    let mut new = Vec::new();
    let mut accounts = std::mem::take(&mut side.accounts);
    for (user, account) in &mut accounts {
        if account.busy || account.not_asked {
            continue;
        }
        if let Some((_, task)) = need(side, account, wanted.get(user).copied())
            && account
                .failed
                .as_ref()
                .is_none_or(|failure| failure.wanted != task)
        {
            account.busy = true;
            new.push(Subject::Person(*user));
        }
    }
    side.accounts = accounts;
    new
}

fn pushed(org: &mut Org, app: u32) -> Vec<Subject> {
    let mappings: Vec<u32> = org
        .apps
        .get(app)
        .map(|app| app.pushes.iter().map(|(number, _)| number).collect())
        .unwrap_or_default();
    let mut wanted: BTreeMap<u32, Option<WantedGroup>> = mappings
        .iter()
        .map(|mapping| (*mapping, wanted_group(org, app, *mapping)))
        .collect();
    let imported = linked_by_import(org, app, &mappings);
    let Some(side) = org.provisioning.of_mut(app) else {
        return Vec::new();
    };
    for mapping in mappings {
        side.links.entry(mapping).or_default();
    }
    for (mapping, id) in imported {
        if let Some(link) = side
            .links
            .get_mut(&mapping)
            .filter(|link| link.external_id.is_none())
        {
            (link.external_id, link.uncertain) = (Some(id), true);
        }
    }
    let mut new = Vec::new();
    for (mapping, link) in &mut side.links {
        if link.busy {
            continue;
        }
        let wanted = wanted.remove(mapping).flatten();
        if let Some((_, task)) = group_need(link, wanted.as_ref())
            && link
                .failed
                .as_ref()
                .is_none_or(|failure| failure.wanted != task)
        {
            link.busy = true;
            new.push(Subject::Group(*mapping));
        }
    }
    new
}

/// Mappings onto a group that an import found: its id at the app is known.
fn linked_by_import(org: &Org, app: u32, mappings: &[u32]) -> Vec<(u32, String)> {
    let (Some(held), Some(side)) = (org.apps.get(app), org.provisioning.of(app)) else {
        return Vec::new();
    };
    let found = side.imported.iter().flat_map(|(id, serial)| {
        let target = org.tail.id(Kind::GROUP, *serial);
        let mine = mappings.iter().filter(move |mapping| {
            held.pushes
                .get(**mapping)
                .is_some_and(|push| push.text("targetGroupId") == target)
        });
        mine.map(|mapping| (*mapping, id.clone()))
    });
    found.collect()
}

/// A mapping is gone: its group at the app is deleted, or stays as it is.
pub(crate) fn unpush(org: &mut Org, app: u32, mapping: u32, delete: bool) {
    let Some(side) = org.provisioning.of_mut(app) else {
        return;
    };
    match side.links.get_mut(&mapping) {
        Some(link) if delete && link.external_id.is_some() => {
            link.leaving = true;
            link.failed = None;
        }
        _ => {
            side.links.remove(&mapping);
        }
    }
}

/// The users who have an app by a group alone, as assignments; only apps with provisioning show them.
pub(crate) fn implicit(org: &Org, app: u32) -> BTreeMap<u32, UserAssignment> {
    let (Some(held), Some(_)) = (org.apps.get(app), org.provisioning.of(app)) else {
        return BTreeMap::new();
    };
    assigned(org, held)
        .into_iter()
        .filter(|user| !held.users.contains_key(user))
        .filter_map(|user| {
            Some((
                user,
                UserAssignment::by_group(held, &org.people.get(user)?.profile.login),
            ))
        })
        .collect()
}
