//! Quick changes to people and groups, without the ceremony of the API and without log entries.

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::company;
use crate::groups::{self, Group, Origin};
use crate::org::Org;
use crate::store::Kind;
use crate::users::{NewPerson, Profile, Provider, Status};

/// One change. Users are named by id or login, groups by id or name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Edit {
    /// Makes a group.
    AddGroup {
        /// Its name.
        name: String,
        /// Its description.
        #[serde(default)]
        description: Option<String>,
    },
    /// Makes a user, active with a password.
    AddUser {
        /// The login, also the mail address.
        login: String,
        /// The first name.
        first_name: String,
        /// The last name.
        last_name: String,
        /// The groups it is in.
        #[serde(default)]
        groups: Vec<String>,
    },
    /// Makes so many people as a company of this size would have.
    AddPeople {
        /// How many.
        count: u32,
        /// How many groups each is put into.
        #[serde(default)]
        groups_per_person: u32,
    },
    /// Puts users into a group.
    Join {
        /// The group.
        group: String,
        /// The users.
        users: Vec<String>,
    },
    /// Takes users out of a group.
    Leave {
        /// The group.
        group: String,
        /// The users.
        users: Vec<String>,
    },
    /// Sets a user's status.
    SetStatus {
        /// The user.
        user: String,
        /// The status as Okta writes it, such as `SUSPENDED`.
        status: String,
    },
    /// Gives a user another login and mail address.
    SetLogin {
        /// The user.
        user: String,
        /// The new login.
        login: String,
    },
    /// Lets two users change their logins.
    SwapLogins {
        /// One.
        one: String,
        /// The other.
        other: String,
    },
    /// Takes a user away for good.
    DeleteUser {
        /// The user.
        user: String,
    },
    /// Gives a group another name.
    RenameGroup {
        /// The group.
        group: String,
        /// The new name.
        name: String,
    },
    /// Takes a group away.
    DeleteGroup {
        /// The group.
        group: String,
    },
}

/// Why a change could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such user.
    #[error("no user `{0}`")]
    NoUser(String),
    /// There is no such group.
    #[error("no group `{0}`")]
    NoGroup(String),
    /// A login or name is taken.
    #[error("`{0}` is taken")]
    Taken(String),
    /// There is no such status.
    #[error("no status `{0}`")]
    NoStatus(String),
}

fn user(org: &Org, name: &str) -> Result<u32, EditError> {
    org.people
        .find(&org.tail, name)
        .ok_or_else(|| EditError::NoUser(name.to_owned()))
}

fn group(org: &Org, name: &str) -> Result<u32, EditError> {
    let by_id = org
        .tail
        .serial(Kind::GROUP, name)
        .filter(|serial| org.groups.get(*serial).is_some());
    by_id
        .or_else(|| org.groups.by_name(name))
        .ok_or_else(|| EditError::NoGroup(name.to_owned()))
}

/// Makes changes in order; gives the ids of what was made. What stands before a change that fails stays.
pub(crate) fn apply(org: &mut Org, edits: &[Edit], now: Time) -> Result<Vec<String>, EditError> {
    let mut made = Vec::new();
    for edit in edits {
        one(org, edit, now.whole(), &mut made)?;
    }
    Ok(made)
}

fn one(org: &mut Org, edit: &Edit, now: Time, made: &mut Vec<String>) -> Result<(), EditError> {
    match edit {
        Edit::AddGroup { name, description } => {
            made.push(add_group(org, name, description.as_deref(), now)?);
        }
        Edit::AddUser {
            login,
            first_name,
            last_name,
            groups,
        } => {
            made.push(add_user(org, [login, first_name, last_name], groups, now)?);
        }
        Edit::AddPeople {
            count,
            groups_per_person,
        } => company::add_people(org, *count, *groups_per_person, now),
        Edit::Join { group: name, users } => {
            let group = group(org, name)?;
            for name in users {
                let user = user(org, name)?;
                groups::join(org, group, user, now);
            }
        }
        Edit::Leave { group: name, users } => {
            let group = group(org, name)?;
            for name in users {
                let user = user(org, name)?;
                groups::leave(org, group, user, now);
            }
        }
        Edit::SetStatus { user: name, status } => {
            let status =
                Status::parse(status).ok_or_else(|| EditError::NoStatus(status.clone()))?;
            let serial = user(org, name)?;
            if let Some(person) = org.people.get_mut(serial) {
                person.turn(status, now);
            }
        }
        Edit::SetLogin { user: name, login } => {
            let serial = user(org, name)?;
            if org
                .people
                .by_login(login)
                .is_some_and(|other| other != serial)
            {
                return Err(EditError::Taken(login.clone()));
            }
            set_login(org, serial, login, now);
        }
        Edit::SwapLogins { one, other } => {
            let (one, other) = (user(org, one)?, user(org, other)?);
            let login = |serial| {
                org.people
                    .get(serial)
                    .map(|person| person.profile.login.to_string())
                    .unwrap_or_default()
            };
            let (first, second) = (login(one), login(other));
            set_login(org, one, &second, now);
            set_login(org, other, &first, now);
            // The second rename took the first login's entry only if it still pointed there; write both for certain.
            set_login(org, one, &second, now);
        }
        Edit::DeleteUser { user: name } => {
            let serial = user(org, name)?;
            crate::users::remove(org, serial, now);
        }
        Edit::RenameGroup { group: old, name } => {
            let serial = group(org, old)?;
            if org
                .groups
                .by_name(name)
                .is_some_and(|other| other != serial)
            {
                return Err(EditError::Taken(name.clone()));
            }
            org.groups.rename(serial, name);
            if let Some(group) = org.groups.get_mut(serial) {
                group.last_updated = now;
            }
        }
        Edit::DeleteGroup { group: name } => {
            let serial = group(org, name)?;
            groups::remove(org, serial);
        }
    }
    Ok(())
}

fn add_group(
    org: &mut Org,
    name: &str,
    description: Option<&str>,
    now: Time,
) -> Result<String, EditError> {
    if org.groups.by_name(name).is_some() {
        return Err(EditError::Taken(name.to_owned()));
    }
    let serial = org.groups.add(Group {
        origin: Origin::Okta,
        created: now,
        last_updated: now,
        last_membership_updated: now,
        name: name.into(),
        description: description.map(Into::into),
        more: Box::default(),
        members: Vec::new(),
    });
    Ok(org.tail.id(Kind::GROUP, serial))
}

fn add_user(
    org: &mut Org,
    [login, first, last]: [&str; 3],
    names: &[String],
    now: Time,
) -> Result<String, EditError> {
    if org.people.by_login(login).is_some() {
        return Err(EditError::Taken(login.to_owned()));
    }
    let groups = names
        .iter()
        .map(|name| group(org, name))
        .collect::<Result<_, _>>()?;
    let profile = Profile {
        login: login.into(),
        email: login.into(),
        first_name: first.into(),
        last_name: last.into(),
        more: Box::default(),
    };
    let secrets = Some(Box::new(company::password()));
    let new = NewPerson {
        profile,
        status: Status::Active,
        user_type: 0,
        secrets,
        provider: Provider::Okta,
        groups,
        now,
    };
    let serial = new.add(org);
    Ok(org.tail.id(Kind::USER, serial))
}

fn set_login(org: &mut Org, serial: u32, login: &str, now: Time) {
    let Some(person) = org.people.get_mut(serial) else {
        return;
    };
    person.last_updated = now;
    let profile = Profile {
        login: login.into(),
        email: login.into(),
        ..person.profile.clone()
    };
    org.people.rename(serial, profile);
}
