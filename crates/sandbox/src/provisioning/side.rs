//! What is known of an app's other side: its address, and what was said to it so far.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// How an app speaks SCIM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// An app made with the App Integration Wizard: PUT for all changes.
    #[default]
    Wizard,
    /// An app of the catalogue: PATCH to switch people on and off and for groups.
    Catalogue,
}

/// The provisioning of all apps that have it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Provisioning {
    sides: BTreeMap<u32, Side>,
}

impl Provisioning {
    /// The side of an app.
    pub(crate) fn of(&self, app: u32) -> Option<&Side> {
        self.sides.get(&app)
    }

    /// The side of an app, to change.
    pub(crate) fn of_mut(&mut self, app: u32) -> Option<&mut Side> {
        self.sides.get_mut(&app)
    }

    /// Gives an app a side, or another address and token to the one it has.
    pub(crate) fn connect(&mut self, app: u32, base_url: &str, token: &str) -> &mut Side {
        let side = self.sides.entry(app).or_default();
        base_url
            .trim_end_matches('/')
            .clone_into(&mut side.base_url);
        token.clone_into(&mut side.token);
        side
    }

    /// The apps that have one.
    pub(super) fn apps(&self) -> Vec<u32> {
        self.sides.keys().copied().collect()
    }

    /// All sides.
    pub(super) fn all(&self) -> impl Iterator<Item = (u32, &Side)> {
        self.sides.iter().map(|(app, side)| (*app, side))
    }

    /// All sides, to change.
    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = (u32, &mut Side)> {
        self.sides.iter_mut().map(|(app, side)| (*app, side))
    }

    /// After a restart nothing runs any more: what was on its way may have arrived, so it is said again in full.
    pub(crate) fn woken(&mut self) {
        for side in self.sides.values_mut() {
            side.queue.clear();
            side.running = 0;
            let people = side.accounts.values_mut();
            for (busy, uncertain) in people.map(|one| (&mut one.busy, &mut one.uncertain)) {
                *uncertain |= std::mem::take(busy);
            }
            let groups = side.links.values_mut();
            for (busy, uncertain) in groups.map(|one| (&mut one.busy, &mut one.uncertain)) {
                *uncertain |= std::mem::take(busy);
            }
        }
    }

    /// Whether no app has any.
    pub(super) fn is_empty(&self) -> bool {
        self.sides.is_empty()
    }

    /// An app is gone.
    pub(crate) fn forget(&mut self, app: u32) {
        self.sides.remove(&app);
    }
}

/// One app's other side.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own in Okta's console"
)]
pub(crate) struct Side {
    pub(crate) base_url: String,
    pub(crate) token: String,
    pub(crate) dialect: Dialect,
    /// Whether the connection is active.
    pub(crate) on: bool,
    /// `"active": "true"` instead of `"active": true`.
    pub(crate) active_as_text: bool,
    /// Create Users, Update User Attributes, Deactivate Users.
    pub(crate) create: bool,
    pub(crate) update: bool,
    pub(crate) deactivate: bool,
    pub(super) accounts: BTreeMap<u32, Account>,
    /// Pushed groups by the number of their mapping.
    pub(super) links: BTreeMap<u32, Link>,
    /// Groups found by an import: id there, serial here.
    pub(super) imported: BTreeMap<String, u32>,
    pub(super) queue: VecDeque<Subject>,
    pub(super) running: usize,
    pub(super) pause: Option<Pause>,
    pub(super) done: u64,
    pub(super) requests: u64,
    pub(super) struck: u64,
}

impl Default for Side {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            token: String::new(),
            dialect: Dialect::default(),
            on: false,
            active_as_text: false,
            create: true,
            update: true,
            deactivate: true,
            accounts: BTreeMap::new(),
            links: BTreeMap::new(),
            imported: BTreeMap::new(),
            queue: VecDeque::new(),
            running: 0,
            pause: None,
            done: 0,
            requests: 0,
            struck: 0,
        }
    }
}

/// Whom or what a task is about: a user, or a pushed group by the number of its mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Subject {
    Person(u32),
    Group(u32),
}

/// A 429: nothing is sent until then.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Pause {
    pub(super) until: Time,
    pub(super) tries: u32,
}

/// Why a task did not succeed, as Okta shows it on the assignment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    /// The task that failed; another one is tried without being asked.
    pub(super) wanted: u64,
    pub(super) text: String,
    pub(super) at: Time,
}

/// A person at the app.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is told apart from the others"
)]
pub(super) struct Account {
    /// The id the app gave.
    pub(super) external_id: Option<String>,
    /// Whether the app was told that the person is active.
    pub(super) active: bool,
    /// A digest of what the app was told.
    pub(super) said: u64,
    /// Something was sent and no answer was believed: it has to be said again in full.
    pub(super) uncertain: bool,
    /// Queued or running.
    pub(super) busy: bool,
    /// Assigned before provisioning was switched on: not pushed until an admin says so.
    pub(super) not_asked: bool,
    pub(super) failed: Option<Failure>,
    pub(super) tries: u64,
    pub(super) last_sync: Option<Time>,
}

/// A group at the app.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) external_id: Option<String>,
    pub(super) name: String,
    /// Serials of the users the app was told.
    pub(super) members: BTreeSet<u32>,
    pub(super) uncertain: bool,
    pub(super) busy: bool,
    /// The mapping is gone, and the group is to be deleted at the app.
    pub(super) leaving: bool,
    pub(super) failed: Option<Failure>,
    pub(super) tries: u64,
    pub(super) last_push: Option<Time>,
}

impl Side {
    /// Whether nothing waits and nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.running == 0
    }

    /// Lets tasks that failed be tried again; gives how many.
    pub(super) fn retry(&mut self) -> usize {
        let people = self
            .accounts
            .values_mut()
            .filter_map(|one| one.failed.take());
        let people = people.count();
        people
            + self
                .links
                .values_mut()
                .filter_map(|one| one.failed.take())
                .count()
    }
}
