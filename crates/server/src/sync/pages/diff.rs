//! What a run does, or would do, person by person.

use super::super::changes::{Change, Op};
use super::super::words::{Words, in_words};

/// One person of a diff.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) login: String,
    /// To the person, when they are a user already.
    pub(super) href: String,
    pub(super) steps: Vec<Words>,
    pub(super) ends: &'static str,
    pub(super) held: bool,
}

/// A change as a row.
pub(super) fn person(change: &Change) -> Person {
    let new = change.steps.iter().any(|step| step.op == Op::Create);
    Person {
        name: if change.name.is_empty() {
            change.login.clone()
        } else {
            change.name.clone()
        },
        login: change.login.clone(),
        href: if new {
            String::new()
        } else {
            format!("/people/{}", change.user_id)
        },
        steps: in_words(change),
        ends: if change.ends_sessions {
            "all sessions end"
        } else {
            ""
        },
        held: change.held,
    }
}
