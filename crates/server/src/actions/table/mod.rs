//! The table of all actions.

mod apps;
mod groups;
mod lifecycle;
mod lists;
mod people;

use super::{Action, status_of as status};

/// All actions, in the order in which they are shown.
pub(super) fn all() -> impl Iterator<Item = &'static Action> {
    [
        people::ACTIONS,
        lifecycle::ACTIONS,
        groups::ACTIONS,
        apps::ACTIONS,
        lists::ACTIONS,
    ]
    .into_iter()
    .flatten()
}
