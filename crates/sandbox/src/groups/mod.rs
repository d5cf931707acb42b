//! Groups: made by admins, Everyone, members, lists (FACTS sections 3, 4 and 6).

mod change;
mod list;
mod members;
mod owners;
mod print;
mod rules;

pub(crate) use owners::Owner;
pub(crate) use print::{Expand, array};
pub(crate) use rules::look_at as rules_look_at;

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::{Index, Kind, Table};

/// The serial of the group that all users are in.
pub(crate) const EVERYONE: u32 = 0;

/// Where a group comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    Okta,
    BuiltIn,
    /// Imported from an app.
    App,
}

impl Origin {
    /// The name on the wire.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Okta => "OKTA_GROUP",
            Self::BuiltIn => "BUILT_IN",
            Self::App => "APP_GROUP",
        }
    }
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) origin: Origin,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    pub(crate) last_membership_updated: Time,
    pub(crate) name: Box<str>,
    pub(crate) description: Option<Box<str>>,
    /// Custom profile members as printed JSON without braces.
    pub(crate) more: Box<str>,
    /// Serials of the members, in order. Empty for Everyone, whose members are all users. A state file has them once, with
    /// the people.
    #[serde(skip)]
    pub(crate) members: Vec<u32>,
}

/// All groups, found by serial and by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Table<Group>", into = "Table<Group>")]
pub(crate) struct Groups {
    rows: Table<Group>,
    names: Index,
}

impl From<Groups> for Table<Group> {
    fn from(groups: Groups) -> Self {
        groups.rows
    }
}

impl From<Table<Group>> for Groups {
    fn from(rows: Table<Group>) -> Self {
        let mut names = Index::default();
        for (serial, group) in rows.iter() {
            names.insert(&group.name, serial);
        }
        Self { rows, names }
    }
}

impl Groups {
    /// The groups of a new org: Everyone alone.
    pub(crate) fn new(now: Time) -> Self {
        let mut groups = Self::default();
        groups.add(Group {
            origin: Origin::BuiltIn,
            created: now.whole(),
            last_updated: now.whole(),
            last_membership_updated: now.whole(),
            name: "Everyone".into(),
            description: Some("All users in your organization".into()),
            more: Box::default(),
            members: Vec::new(),
        });
        groups
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The group with this serial.
    pub(crate) fn get(&self, serial: u32) -> Option<&Group> {
        self.rows.get(serial)
    }

    /// The group with this serial, to change.
    pub(crate) fn get_mut(&mut self, serial: u32) -> Option<&mut Group> {
        self.rows.get_mut(serial)
    }

    /// The group with this name.
    pub(crate) fn by_name(&self, name: &str) -> Option<u32> {
        self.names.get(name)
    }

    /// All groups from a serial on, oldest first.
    pub(crate) fn from(&self, serial: u32) -> impl Iterator<Item = (u32, &Group)> {
        self.rows.from(serial)
    }

    /// Adds a group; its name must be free.
    pub(crate) fn add(&mut self, group: Group) -> u32 {
        let name = group.name.clone();
        // A group of an app may have the name of a group of Okta's, which keeps it.
        let named = group.origin != Origin::App || self.names.get(&name).is_none();
        let serial = self.rows.push(group);
        if named {
            self.names.insert(&name, serial);
        }
        serial
    }

    /// Gives a group another name.
    pub(crate) fn rename(&mut self, serial: u32, name: &str) {
        if let Some(group) = self.rows.get_mut(serial) {
            if self.names.get(&group.name) == Some(serial) {
                self.names.remove(&group.name);
            }
            group.name = name.into();
            self.names.insert(name, serial);
        }
    }

    /// Takes a group away; gives its members.
    pub(crate) fn remove(&mut self, serial: u32) -> Vec<u32> {
        let Some(group) = self.rows.remove(serial) else {
            return Vec::new();
        };
        if self.names.get(&group.name) == Some(serial) {
            self.names.remove(&group.name);
        }
        group.members.clone()
    }

    /// Whether people can be put into a group by hand.
    pub(crate) fn takes_members(&self, serial: u32) -> bool {
        self.get(serial)
            .is_some_and(|group| group.origin == Origin::Okta)
    }

    /// Notes a member on the group's side. Gives whether it is new.
    pub(crate) fn join(&mut self, serial: u32, user: u32, now: Time) -> bool {
        let Some(group) = self.rows.get_mut(serial) else {
            return false;
        };
        // Who was made last is the last member: no need to look through a large group.
        let end = group.members.len();
        let last = group.members.last().is_none_or(|last| *last < user);
        let place = if last {
            Err(end)
        } else {
            group.members.binary_search(&user)
        };
        match place {
            Ok(_) => false,
            Err(at) => {
                group.members.insert(at, user);
                group.last_membership_updated = now.whole();
                true
            }
        }
    }

    /// Takes a member away on the group's side. Gives whether it was one.
    pub(crate) fn leave(&mut self, serial: u32, user: u32, now: Time) -> bool {
        let Some(group) = self.rows.get_mut(serial) else {
            return false;
        };
        match group.members.binary_search(&user) {
            Err(_) => false,
            Ok(at) => {
                group.members.remove(at);
                group.last_membership_updated = now.whole();
                true
            }
        }
    }

    /// Everyone's members changed, as a user came or went.
    pub(crate) fn everyone_moved(&mut self, now: Time) {
        if let Some(everyone) = self.rows.get_mut(EVERYONE) {
            everyone.last_membership_updated = now.whole();
        }
    }
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/groups", list::list)
        .post("/api/v1/groups", change::create)
        .get("/api/v1/groups/{groupId}", one)
        .put("/api/v1/groups/{groupId}", change::replace)
        .delete("/api/v1/groups/{groupId}", change::delete)
        .list("/api/v1/groups/{groupId}/users", members::list)
        .put("/api/v1/groups/{groupId}/users/{userId}", members::add)
        .delete("/api/v1/groups/{groupId}/users/{userId}", members::remove)
        .get("/api/v1/groups/{groupId}/apps", apps);
    owners::routes(routes);
    rules::routes(routes);
}

/// The group that a path names.
pub(crate) fn find(org: &Org, id: &str) -> Result<u32, Fail> {
    let serial = org
        .tail
        .serial(Kind::GROUP, id)
        .filter(|serial| org.groups.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "UserGroup"))
}

/// `GET /groups/{id}`.
fn one(org: &Org, call: &Call) -> Answer {
    Ok(whole(org, call, find(org, call.param("groupId"))?))
}

/// A group as an answer.
pub(crate) fn whole(org: &Org, call: &Call, serial: u32) -> Reply {
    let mut body = Vec::with_capacity(1024);
    if let Some(group) = org.groups.get(serial) {
        print::print(&mut body, org, serial, group, &call.base, Expand::Nothing);
    }
    Reply::raw(body)
}

/// `GET /groups/{id}/apps`.
fn apps(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call.param("groupId"))?;
    crate::apps::of_group(org, call, serial)
}

/// Puts a user into a group on both sides. Gives whether that changed anything.
pub(crate) fn join(org: &mut Org, group: u32, user: u32, now: Time) -> bool {
    let new = org.groups.join(group, user, now);
    if let Some(person) = org.people.get_mut(user).filter(|_| new)
        && let Err(at) = person.groups.binary_search(&group)
    {
        person.groups.insert(at, group);
    }
    new
}

/// Takes a user out of a group on both sides. Gives whether that changed anything.
pub(crate) fn leave(org: &mut Org, group: u32, user: u32, now: Time) -> bool {
    let was = org.groups.leave(group, user, now);
    if let Some(person) = org.people.get_mut(user).filter(|_| was) {
        person.groups.retain(|serial| *serial != group);
    }
    was
}

/// Notes on the groups' side who is in them, from what the people's side knows.
pub(crate) fn refill(org: &mut Org) {
    for (user, person) in org.people.from(0) {
        for group in &person.groups {
            if let Some(group) = org.groups.rows.get_mut(*group) {
                group.members.push(user);
            }
        }
    }
}

/// Takes a group away, with its memberships, assignments and roles.
pub(crate) fn remove(org: &mut Org, serial: u32) {
    for user in org.groups.remove(serial) {
        if let Some(person) = org.people.get_mut(user) {
            person.groups.retain(|group| *group != serial);
        }
    }
    org.apps.forget_group(serial);
    org.roles.forget_group(serial);
}
