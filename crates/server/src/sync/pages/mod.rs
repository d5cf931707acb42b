//! The pages of sync: which groups give which roles, runs with what they do to whom, guards.

mod diff;
mod file;
mod guards;
mod held;
mod mapping;
mod orgs;
mod run;
mod runs;

use crate::console::Pages;

/// `/mapping`, `/runs` and `/guards` with all below.
#[must_use]
pub fn pages() -> Pages {
    Pages::new()
        .merge(mapping::pages())
        .merge(runs::pages())
        .merge(run::pages())
        .merge(held::pages())
        .merge(file::pages())
        .merge(guards::pages())
}
