//! The pages of connections: joining an Okta org, how it stands, its keys, and leaving it.
//!
//! ```text
//! /connections ─► list     /connections/new ─► connections::create, sync's interval
//! /connections/{connection} ─► test, report with mends, scopes, keys, rate budget   …/edit …/rotate …/token …/remove
//! ```

mod change;
mod consent;
mod form;
mod keys;
mod list;
mod remove;
mod show;
#[cfg(test)]
mod tests;
mod wizard;

use crate::console::Pages;

/// `/connections` with all below that is about the connection itself.
#[must_use]
pub fn pages() -> Pages {
    Pages::new()
        .merge(list::pages())
        .merge(wizard::pages())
        .merge(show::pages())
        .merge(change::pages())
        .merge(consent::pages())
        .merge(keys::pages())
        .merge(remove::pages())
}
