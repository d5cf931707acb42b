//! The pages of people and groups: lists, and one of each with all that is known and why.
//!
//! ```text
//! /people ─► directory::browse     /people/{user}[/groups|roles|sessions|activity] ─► directory, sync::why, scim, sessions, audit
//! /groups ─► directory::browse     /groups/{group} ─► members, the roles it gives
//! ```
//!
//! No data of their own: all goes through the functions that the API calls, too.

mod groups;
mod list;
mod local;
mod person;
mod roles;
mod sessions;
mod words;

#[cfg(test)]
mod tests;

use crate::console::Pages;

/// `/people` and `/groups` with all below.
#[must_use]
pub fn pages() -> Pages {
    Pages::new()
        .merge(list::pages())
        .merge(local::pages())
        .merge(person::pages())
        .merge(roles::pages())
        .merge(sessions::pages())
        .merge(groups::pages())
}
