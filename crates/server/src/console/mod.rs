//! The console's frame: what every page is made of. The pages themselves stand in the slices, as `pages.rs` with their
//! templates beside them.
//!
//! ```text
//! slice::pages() -> Pages (address + what it needs) -> router: guard (session -> Visit) -> handler
//!   handler(Visit, ...) -> Template { frame: visit.frame("People"), .. } -> show(&template) -> HTML, strict CSP
//!                       -> Done::to("/people").ok("Added Ada")            -> 303, told once on the next page
//!                       -> Problem                                        -> a page that says what is wrong and the mend
//! ```
//!
//! A page extends `console/frame.html` (or `console/solo.html` for people without a session) and calls the parts as
//! methods of its [`Frame`]: `{{ frame.icon("ok") }}`, `{{ frame.ago(at) }}`, `{{ frame.command("keywright …") }}`. No page
//! has inline script or style, and each works without script.

mod ago;
mod answer;
pub(crate) mod assets;
mod confirm;
mod fields;
mod flash;
mod frame;
mod list;
mod nav;
mod pages;
mod parts;
mod styleguide;
mod visit;
mod wrong;

pub(crate) use answer::inside;
pub use answer::{Done, POLICY, show, show_as};
pub use confirm::{Affected, Confirm};
pub use fields::Fields;
pub use flash::Flash;
pub use frame::{Crumb, Frame};
pub use list::{Chip, Listing, Pager};
pub use nav::{ITEMS as NAV, Item as NavItem, Section as NavSection};
pub use pages::{Declared, Pages};
pub use parts::{Html, State, Tone};
pub(crate) use styleguide::pages as styleguide;
pub(crate) use visit::theme;
pub use visit::{Badges, Person, Visit};
pub use wrong::{Why, as_pages};

/// The addresses of the assets.
pub(crate) use assets::routes as asset_routes;
