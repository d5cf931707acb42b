//! The system log: one entry for each change (FACTS section 8).

mod entry;
mod list;

pub(crate) use entry::{Entry, Event, Target};
pub(crate) use list::routes;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::{Call, Caller};
use crate::org::Org;
use crate::store::{Kind, Table};

/// All entries, in the order they were written.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    rows: Table<Entry>,
}

impl Log {
    /// The entries, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Entry> {
        let all = self.rows.back_from(self.rows.next_serial());
        all.map(|(_, entry)| entry)
    }

    /// The number that the next entry gets.
    pub(crate) fn next(&self) -> u32 {
        self.rows.next_serial()
    }

    /// The entries of these kinds from a number on, as JSON, in the order they were written.
    pub(crate) fn since<'l>(
        &'l self,
        from: u32,
        kinds: &'l [&str],
    ) -> impl Iterator<Item = Value> + 'l {
        let all = self.rows.from(from).map(|(_, entry)| entry);
        all.filter(|entry| kinds.contains(&entry.kind()))
            .map(Entry::print)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl Org {
    /// Writes an entry about what a call did.
    pub(crate) fn record(&mut self, call: &Call, mut event: Event) {
        let own = event.actor.take();
        let actor = own.unwrap_or_else(|| self.caller_target(call));
        let token = match call.caller {
            Caller::Token { token, .. } => Some(self.tail.id(Kind::TOKEN, token)),
            _ => None,
        };
        let serial = self.log.rows.next_serial();
        self.log
            .rows
            .push(Entry::of(self.tail, serial, call, actor, token, event));
    }

    /// Who calls, as actor of an entry.
    fn caller_target(&self, call: &Call) -> Target {
        match &call.caller {
            Caller::Token { user, .. } => self.user_target(*user),
            Caller::App {
                user: Some(user), ..
            } => self.user_target(*user),
            Caller::App { client_id, .. } => match self.apps.by_client_id(self, client_id) {
                Some(serial) => self.app_target(serial).with_kind("PublicClientApp"),
                None => Target::new("PublicClientApp", client_id.clone(), "unknown", "unknown"),
            },
            Caller::Anonymous => Target::new(
                "SystemPrincipal",
                "system",
                "system@okta.com",
                "Okta System",
            ),
        }
    }

    /// A user as actor or target of an entry.
    pub(crate) fn user_target(&self, serial: u32) -> Target {
        let id = self.tail.id(Kind::USER, serial);
        match self.people.get(serial) {
            Some(person) => {
                let name = format!("{} {}", person.profile.first_name, person.profile.last_name);
                Target::new("User", id, person.profile.login.clone(), name)
            }
            None => Target::new("User", id, "unknown", "unknown"),
        }
    }

    /// A group as target of an entry.
    pub(crate) fn group_target(&self, serial: u32) -> Target {
        let name = self
            .groups
            .get(serial)
            .map_or("unknown", |group| &*group.name);
        Target::new(
            "UserGroup",
            self.tail.id(Kind::GROUP, serial),
            "unknown",
            name,
        )
    }

    /// An app as target of an entry.
    pub(crate) fn app_target(&self, serial: u32) -> Target {
        let label = self
            .apps
            .get(serial)
            .map_or("unknown", |app| app.label.as_str());
        Target::new("AppInstance", self.tail.id(Kind::APP, serial), label, label)
    }
}
