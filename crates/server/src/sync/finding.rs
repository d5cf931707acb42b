//! What a run noticed, in words, with the mend.

use serde::{Deserialize, Serialize};

/// Something a person should know about a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// Which kind, for programs: `group-vanished`.
    pub code: String,
    /// What was found.
    pub words: String,
    /// What to do about it; empty when nothing needs doing.
    pub mend: String,
}

impl Finding {
    fn new(code: &str, words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            words: words.into(),
            mend: mend.into(),
        }
    }

    /// A mapped group is not in the org any more.
    #[must_use]
    pub fn vanished(name: &str, okta_id: &str) -> Self {
        Self::new(
            "group-vanished",
            format!(
                "the mapped group \"{name}\" ({okta_id}) is not in Okta any more; nobody loses roles by that alone"
            ),
            "If it was deleted on purpose, delete its mapping or approve the held run. If not, check the admin role of the app in Okta: it may not see this group any more.",
        )
    }

    /// No mapped group at all is shown any more.
    #[must_use]
    pub fn nothing_shown() -> Self {
        Self::new(
            "empty-answer",
            "Okta answered with an empty list where there were groups before; nobody loses roles by that",
            "The app has probably lost its admin role: in Okta open the app, Admin roles, Edit assignments, and give it Read-Only Administrator (or a custom role that sees these groups). Then run again.",
        )
    }

    /// A group with members is shown without any.
    #[must_use]
    pub fn emptied(name: &str, okta_id: &str, before: i64) -> Self {
        Self::new(
            "group-emptied",
            format!(
                "the mapped group \"{name}\" ({okta_id}) had {before} members and is shown without any; nobody loses roles by that alone"
            ),
            "If it was emptied on purpose, approve the held run. If not, check the admin role of the app in Okta: it may not see the people in this group.",
        )
    }

    /// SCIM removed a mapped group.
    #[must_use]
    pub fn said_gone(name: &str) -> Self {
        Self::new(
            "group-vanished",
            format!("SCIM removed the mapped group \"{name}\"; nobody loses roles by that alone"),
            "If it was unlinked and deleted on purpose, approve the held run and delete the mapping. If not, push the group again in Okta.",
        )
    }

    /// SCIM emptied a mapped group at once.
    #[must_use]
    pub fn said_emptied(name: &str, before: i64) -> Self {
        Self::new(
            "group-emptied",
            format!(
                "SCIM emptied the mapped group \"{name}\" of its {before} members at once; nobody loses roles by that alone"
            ),
            "If it was emptied on purpose, approve the held run. If not, push the group again in Okta (the app, Push Groups, Push now).",
        )
    }

    /// Okta's API and SCIM do not agree about people's access.
    #[must_use]
    pub fn disputed(people: usize, some: &str) -> Self {
        Self::new(
            "sources-differ",
            format!(
                "Okta's API and SCIM differ about the access of {people} people ({some}); the more restrictive word counts"
            ),
            "Look at one of them with `keywright user show`, then assign or unassign the person to the app in Okta, or retry its failed tasks.",
        )
    }

    /// Groups kept changing while they were read.
    #[must_use]
    pub fn unstable(groups: usize) -> Self {
        Self::new(
            "unstable",
            format!(
                "{groups} groups kept changing while they were read; removals wait for the next run"
            ),
            "",
        )
    }

    /// People cannot be read, only groups.
    #[must_use]
    pub fn people_unreadable() -> Self {
        Self::new(
            "people-unreadable",
            "okta.users.read is not granted: every group is read whole at each interval, and people outside the mapped groups are not looked at",
            "To read only what changed, grant okta.users.read to the app in Okta (app > Okta API Scopes).",
        )
    }

    /// A group has a new name.
    #[must_use]
    pub fn renamed(before: &str, after: &str) -> Self {
        Self::new(
            "group-renamed",
            format!(
                "the mapped group \"{before}\" is now called \"{after}\"; its mapping goes by id and stays"
            ),
            "",
        )
    }

    /// Okta could not be read to the end.
    #[must_use]
    pub fn unreadable(words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(
            "unreadable",
            format!(
                "Okta could not be read: {}; nothing was changed",
                words.into()
            ),
            mend,
        )
    }

    /// The run was cut off by a stop of the program.
    #[must_use]
    pub fn failed(words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new("failed", words, mend)
    }

    /// A person stopped the run.
    #[must_use]
    pub fn stopped(by: &str) -> Self {
        Self::new(
            "stopped",
            format!("{by} stopped it before anything was changed"),
            "",
        )
    }

    /// The same change was rejected a short while ago.
    #[must_use]
    pub fn rejected(by: &str) -> Self {
        Self::new(
            "rejected-before",
            format!(
                "{by} rejected this change within the last 24 hours, so it is not raised again yet"
            ),
            "Put the groups in Okta right, or change the mapping.",
        )
    }

    /// The plan grew between the approver's look and now.
    #[must_use]
    pub fn grown(steps: usize) -> Self {
        Self::new(
            "plan-grown",
            format!(
                "since it was held the plan has {steps} changes that were not in it; nothing was applied"
            ),
            "Look at the next held run and approve that.",
        )
    }

    /// An undo could not restore everything.
    #[must_use]
    pub fn not_restored(people: usize) -> Self {
        Self::new(
            "not-restored",
            format!(
                "{people} people were not given back what the run took: they have left Okta, or the mapping or role is gone"
            ),
            "",
        )
    }
}
