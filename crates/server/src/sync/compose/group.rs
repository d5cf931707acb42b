//! What a run notes of a group.

use super::super::read::{GroupRead, Members};
use super::super::rules::PersonIx;
use super::super::said;
use crate::db::Timestamp;
use crate::directory::staging::GroupSeen;

/// Nothing where there is nothing to note.
pub(super) fn seen(read: &GroupRead) -> Option<GroupSeen> {
    let (stored, suspect) = (
        &read.stored,
        match read.members {
            Members::Suspect { kind } => Some(kind),
            Members::Unchanged | Members::Read { .. } => None,
        },
    );
    let (stamp, members) = match &read.members {
        Members::Read { people, date } => (Some(*date), Some(people)),
        Members::Unchanged | Members::Suspect { .. } => (None, None),
    };
    if let Some(said) = &read.said {
        return Some(said::seen(said, read, suspect));
    }
    let Some(shown) = &read.shown else {
        // Gone: what was known of it stays beside the suspicion.
        return (suspect.is_some() || stored.suspect.is_some()).then(|| GroupSeen {
            id: stored.id,
            name: stored.name.clone(),
            description: stored.description.clone(),
            kind: stored.kind.clone(),
            last_updated: stored.last_updated,
            last_membership_updated: stored.last_membership_updated,
            read: None,
            suspect,
            said_version: None,
        });
    };
    let time = |at: Option<&keywright_model::OktaTime>| at.map(|at| Timestamp::from_jiff(at.at()));
    // A group that never stood still is read again whatever its stamps say.
    let settled = stamp.is_none_or(|stamp| stamp != Timestamp(0));
    let count = |people: &Vec<PersonIx>| i64::try_from(people.len()).unwrap_or(i64::MAX);
    Some(GroupSeen {
        id: stored.id,
        name: shown.name().to_owned(),
        description: shown
            .profile
            .description
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        kind: shown
            .group_type
            .get()
            .map(ToString::to_string)
            .unwrap_or_default(),
        last_updated: time(shown.last_updated.get()),
        last_membership_updated: if settled {
            time(shown.last_membership_updated.get())
        } else {
            None
        },
        read: members.map(count).zip(stamp),
        suspect,
        said_version: None,
    })
}
