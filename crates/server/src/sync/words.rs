//! Steps of a diff as people read them.

use super::changes::{Change, Op, Step};

/// One step in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// `add`, `del` or `same`: what it does to the person's access.
    pub class: &'static str,
    /// What: mostly the role.
    pub what: String,
    /// Because of which group; empty when there is none.
    pub why: String,
}

/// What happens to a person, step by step.
#[must_use]
pub fn in_words(change: &Change) -> Vec<Words> {
    change.steps.iter().map(step).collect()
}

fn step(step: &Step) -> Words {
    let role = || {
        step.role_name
            .clone()
            .unwrap_or_else(|| "a role".to_owned())
    };
    let (class, what) = match step.op {
        Op::Create => ("add", "becomes a user".to_owned()),
        Op::Update => ("same", "new name, login or status".to_owned()),
        Op::Grant => ("add", role()),
        Op::Revoke => ("del", role()),
        Op::Block => ("del", "may not sign in".to_owned()),
        Op::Unblock => ("add", "may sign in again".to_owned()),
    };
    let why = match (&step.group_name, step.op) {
        (Some(group), _) => format!("by {group}"),
        (None, Op::Revoke) => "was given by hand".to_owned(),
        (None, _) => String::new(),
    };
    Words { class, what, why }
}
