//! Which groups must be read: those whose stamps moved, or lie so near to their last reading that whole seconds cannot
//! tell (design.md, Reading).

use keywright_model::{Group, OktaTime};

use super::{GroupRead, Listing, Members};
use crate::db::Timestamp;
use crate::directory;
use crate::sync::finding::Finding;

/// A stamp so near to the last reading proves nothing, seconds.
const NEAR_SECONDS: i64 = 300;

/// A mapped group while it is read.
pub(super) struct Seen {
    pub(super) stored: directory::Group,
    pub(super) shown: Option<Box<Group>>,
    pub(super) members: Members,
    /// The stamp as listed, and Okta's time as its members were then read.
    pub(super) before: Option<(Option<Timestamp>, Timestamp)>,
}

impl Seen {
    pub(super) fn new(stored: directory::Group) -> Self {
        Self {
            stored,
            shown: None,
            members: Members::Unchanged,
            before: None,
        }
    }

    pub(super) fn show(&mut self, shown: Group, findings: &mut Vec<Finding>) {
        if self.stored.seen_at.is_some() && shown.name() != self.stored.name {
            findings.push(Finding::renamed(&self.stored.name, shown.name()));
        }
        self.shown = Some(Box::new(shown));
    }

    pub(super) fn suspect(&mut self, kind: &'static str) {
        // A group without members takes nothing with it when it goes.
        if self.stored.members > 0 {
            self.members = Members::Suspect { kind };
        }
    }

    /// What was read of it proves nothing: members who joined may stand, the next run reads it again.
    pub(super) fn unsettle(&mut self) {
        if let Members::Read { date, .. } = &mut self.members {
            *date = Timestamp(0);
        }
    }

    /// The second of its last change, when that second was not over yet as it was listed: it can change again without
    /// a trace.
    pub(super) fn open_second(&self, listing: &Listing) -> Option<i64> {
        let shown = listing.groups.get(self.stored.okta_id.as_str());
        shown
            .or(self.shown.as_deref())
            .and_then(membership_stamp)
            .map(Timestamp::seconds)
            .filter(|second| *second >= Timestamp::from_jiff(listing.date).seconds())
    }

    pub(super) fn into_read(self) -> GroupRead {
        GroupRead {
            stored: self.stored,
            shown: self.shown,
            members: self.members,
            said: None,
        }
    }

    fn stamp(&self) -> Option<Timestamp> {
        self.shown.as_deref().and_then(membership_stamp)
    }

    fn must_be_read(&self) -> bool {
        let Some(shown) = &self.shown else {
            return false;
        };
        let (Some(read), stored) = (self.stored.read_date, &self.stored) else {
            return true;
        };
        let stamps = [
            (membership_stamp(shown), stored.last_membership_updated),
            (time(shown.last_updated.get()), stored.last_updated),
        ];
        let near = |stamp: Timestamp| (stamp.seconds() - read.seconds()).abs() <= NEAR_SECONDS;
        stored.suspect.is_some()
            || stamps.iter().any(|(shown, stored)| shown != stored)
            // A group without the stamp can only be read.
            || stamps[0].0.is_none_or(near)
    }
}

/// When the members last changed, in whole seconds.
pub(super) fn membership_stamp(group: &Group) -> Option<Timestamp> {
    time(group.last_membership_updated.get())
}

pub(super) fn time(at: Option<&OktaTime>) -> Option<Timestamp> {
    at.map(|at| Timestamp::from_jiff(at.at()))
}

/// The groups to read, by index.
pub(super) fn to_read(groups: &[Seen], whole: bool) -> Vec<usize> {
    let wanted = |group: &Seen| group.shown.is_some() && (whole || group.must_be_read());
    groups
        .iter()
        .enumerate()
        .filter(|(_, group)| wanted(group))
        .map(|(index, _)| index)
        .collect()
}

/// The groups that moved since they were listed before, or that were read before the second of their last change was over.
pub(super) fn unsettled(groups: &[Seen], now: &Listing) -> Vec<usize> {
    let moved = |group: &Seen| {
        let Some(shown) = now.groups.get(group.stored.okta_id.as_str()) else {
            // Gone since: the next run finds it so. What was read of it stands.
            return false;
        };
        let stamp = membership_stamp(shown);
        match group.before {
            Some((before, date)) => {
                stamp != before || stamp.is_some_and(|stamp| stamp.seconds() >= date.seconds())
            }
            None => group.shown.is_some() && stamp != group.stamp(),
        }
    };
    groups
        .iter()
        .enumerate()
        .filter(|(_, group)| moved(group))
        .map(|(index, _)| index)
        .collect()
}
