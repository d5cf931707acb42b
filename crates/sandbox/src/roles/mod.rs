//! Administrator roles: who holds them, and what they let a caller do.

mod assign;
mod permit;
mod power;
mod reach;
mod targets;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use assign::{assign_custom, take};
pub(crate) use power::Power;

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::http::Routes;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    assign::routes(routes);
    targets::routes(routes);
}

/// Who holds a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Holder {
    User(u32),
    Group(u32),
    /// An app by its serial.
    Client(u32),
}

impl Holder {
    /// The `assignmentType` on the wire.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::User(_) => "USER",
            Self::Group(_) => "GROUP",
            Self::Client(_) => "CLIENT",
        }
    }
}

/// A standard role: its type and label (Okta: Standard administrator roles).
pub(crate) const STANDARD: [(&str, &str); 11] = [
    (
        "API_ACCESS_MANAGEMENT_ADMIN",
        "API Access Management Administrator",
    ),
    ("APP_ADMIN", "Application Administrator"),
    ("GROUP_MEMBERSHIP_ADMIN", "Group Membership Administrator"),
    ("HELP_DESK_ADMIN", "Help Desk Administrator"),
    ("MOBILE_ADMIN", "Mobile Administrator"),
    ("ORG_ADMIN", "Organizational Administrator"),
    ("READ_ONLY_ADMIN", "Read-only Administrator"),
    ("REPORT_ADMIN", "Report Administrator"),
    ("SUPER_ADMIN", "Super Administrator"),
    ("USER_ADMIN", "Group Administrator"),
    ("WORKFLOWS_ADMIN", "Workflows Administrator"),
];

/// A role that somebody holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) id: String,
    /// The type of a standard role, or `CUSTOM`.
    pub(crate) role: String,
    pub(crate) label: String,
    pub(crate) created: Time,
    /// Ids of custom role and resource set.
    pub(crate) custom: Option<(String, String)>,
    /// Groups (serials) to which it is limited.
    pub(crate) groups: Vec<u32>,
    /// Catalogue apps (`name`, or `name` and app serial) to which it is limited.
    pub(crate) apps: Vec<(String, Option<u32>)>,
}

/// All role assignments.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Roles {
    #[serde(with = "crate::store::keep::pairs")]
    held: Arc<BTreeMap<Holder, Vec<Assignment>>>,
    made: u32,
}

impl Roles {
    /// The assignments of a holder.
    pub(crate) fn of(&self, holder: Holder) -> &[Assignment] {
        self.held
            .get(&holder)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    /// The assignments of a holder, to change.
    pub(crate) fn of_mut(&mut self, holder: Holder) -> &mut Vec<Assignment> {
        Arc::make_mut(&mut self.held).entry(holder).or_default()
    }

    /// A number that no other assignment got.
    pub(crate) fn next_serial(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    /// Everybody who holds a role.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (Holder, &[Assignment])> {
        self.held
            .iter()
            .map(|(holder, list)| (*holder, list.as_slice()))
    }

    /// Whether a group holds a role.
    pub(crate) fn group_has_any(&self, serial: u32) -> bool {
        !self.of(Holder::Group(serial)).is_empty()
    }

    /// Takes all roles of a user.
    pub(crate) fn forget_user(&mut self, serial: u32) {
        self.forget(Holder::User(serial));
    }

    /// Takes all roles of a group.
    pub(crate) fn forget_group(&mut self, serial: u32) {
        self.forget(Holder::Group(serial));
    }

    /// Takes all roles of a holder.
    pub(crate) fn forget(&mut self, holder: Holder) {
        if self.held.contains_key(&holder) {
            Arc::make_mut(&mut self.held).remove(&holder);
        }
    }
}
