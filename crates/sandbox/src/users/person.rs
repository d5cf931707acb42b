//! A user as it is kept.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Profile;
use crate::clock::Time;
use crate::store::{Index, Kind, Table, Tail};

/// The status of a user (Okta: User status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Status {
    Staged,
    Provisioned,
    Active,
    Recovery,
    PasswordExpired,
    LockedOut,
    Suspended,
    Deprovisioned,
}

impl Status {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Staged,
        Self::Provisioned,
        Self::Active,
        Self::Recovery,
        Self::PasswordExpired,
        Self::LockedOut,
        Self::Suspended,
        Self::Deprovisioned,
    ];

    /// The name on the wire.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::Recovery => "RECOVERY",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
        }
    }

    /// The status with this name on the wire.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.text() == text)
    }
}

/// Where a user's credentials are checked.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) enum Provider {
    #[default]
    Okta,
    /// Another one, as type and name (`FEDERATION`, `SOCIAL`, `ACTIVE_DIRECTORY`, `LDAP`, `IMPORT`).
    Other(Box<str>, Box<str>),
}

/// What a user can prove itself with. Only digests are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secrets {
    #[serde(with = "crate::store::keep::digest_if_any")]
    pub(crate) password: Option<[u8; 32]>,
    pub(crate) question: Option<Box<str>>,
    #[serde(with = "crate::store::keep::digest_if_any")]
    pub(crate) answer: Option<[u8; 32]>,
}

/// The digest under which a password or an answer is kept.
pub(crate) fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Person {
    pub(crate) status: Status,
    pub(crate) created: Time,
    pub(crate) activated: Option<Time>,
    pub(crate) status_changed: Option<Time>,
    pub(crate) last_login: Option<Time>,
    pub(crate) last_updated: Time,
    pub(crate) password_changed: Option<Time>,
    /// Serial of the user type.
    pub(crate) user_type: u32,
    pub(crate) profile: Profile,
    pub(crate) secrets: Option<Box<Secrets>>,
    pub(crate) provider: Provider,
    /// Serials of the groups, in order; without Everyone.
    pub(crate) groups: Vec<u32>,
}

impl Person {
    /// Whether it has a password.
    pub(crate) fn has_password(&self) -> bool {
        self.secrets
            .as_ref()
            .is_some_and(|secrets| secrets.password.is_some())
    }

    /// Whether it has a recovery question.
    pub(crate) fn has_question(&self) -> bool {
        self.secrets
            .as_ref()
            .is_some_and(|secrets| secrets.question.is_some())
    }

    /// What it can prove itself with, to change.
    pub(crate) fn secrets_mut(&mut self) -> &mut Secrets {
        self.secrets.get_or_insert_default()
    }

    /// Gives it a status, and says when.
    pub(crate) fn turn(&mut self, status: Status, now: Time) {
        self.status = status;
        self.status_changed = Some(now.whole());
        self.last_updated = now.whole();
    }

    /// The weak `ETag` of its present state.
    pub(crate) fn etag(&self, id: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(id);
        hash.update(self.last_updated.0.to_be_bytes());
        hash.update(self.status.text());
        for part in self.profile.parts() {
            hash.update(part);
            hash.update([0]);
        }
        let mut text = String::from("W/\"");
        for byte in hash.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        text.push('"');
        text
    }
}

/// All users, found by serial and by login.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Table<Person>", into = "Table<Person>")]
pub(crate) struct People {
    rows: Table<Person>,
    logins: Index,
}

impl From<People> for Table<Person> {
    fn from(people: People) -> Self {
        people.rows
    }
}

impl From<Table<Person>> for People {
    fn from(rows: Table<Person>) -> Self {
        let mut logins = Index::default();
        for (serial, person) in rows.iter() {
            logins.insert(&person.profile.login.to_lowercase(), serial);
        }
        Self { rows, logins }
    }
}

impl People {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The user with this serial.
    pub(crate) fn get(&self, serial: u32) -> Option<&Person> {
        self.rows.get(serial)
    }

    /// The user with this serial, to change; the login is changed by [`Self::rename`] alone.
    pub(crate) fn get_mut(&mut self, serial: u32) -> Option<&mut Person> {
        self.rows.get_mut(serial)
    }

    /// The serial of whom an id, login or unambiguous login shortname names.
    pub(crate) fn find(&self, tail: &Tail, name: &str) -> Option<u32> {
        if let Some(serial) = tail.serial(Kind::USER, name) {
            return self.rows.get(serial).map(|_| serial);
        }
        let login = name.to_lowercase();
        self.logins
            .get(&login)
            .or_else(|| self.by_shortname(&login))
    }

    fn by_shortname(&self, name: &str) -> Option<u32> {
        // A search through all is dear, but only what may be a login comes here; unknown ids have no `@` either.
        if name.contains('@') || name.len() == 20 {
            return None;
        }
        let mut found = self.rows.iter().filter(|(_, person)| {
            person
                .profile
                .login
                .split_once('@')
                .is_some_and(|(short, _)| short.eq_ignore_ascii_case(name))
        });
        let first = found.next()?;
        found.next().is_none().then_some(first.0)
    }

    /// The user with this login.
    pub(crate) fn by_login(&self, login: &str) -> Option<u32> {
        self.logins.get(&login.to_lowercase())
    }

    /// Adds a user; its login must be free.
    pub(crate) fn add(&mut self, person: Person) -> u32 {
        let login = person.profile.login.to_lowercase();
        let serial = self.rows.push(person);
        self.logins.insert(&login, serial);
        serial
    }

    /// Gives a user another profile, with its login.
    pub(crate) fn rename(&mut self, serial: u32, profile: Profile) {
        let Some(person) = self.rows.get_mut(serial) else {
            return;
        };
        let old = person.profile.login.to_lowercase();
        let new = profile.login.to_lowercase();
        person.profile = profile;
        if old != new {
            if self.logins.get(&old) == Some(serial) {
                self.logins.remove(&old);
            }
            self.logins.insert(&new, serial);
        }
    }

    /// Takes a user away for good.
    pub(crate) fn remove(&mut self, serial: u32) {
        if let Some(person) = self.rows.remove(serial) {
            self.logins.remove(&person.profile.login.to_lowercase());
        }
    }

    /// All users from this serial on, oldest first.
    pub(crate) fn from(&self, serial: u32) -> impl Iterator<Item = (u32, &Person)> {
        self.rows.from(serial)
    }
}
