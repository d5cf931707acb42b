//! Signing in to the console by browser: one-time links, recovery codes, sessions; people's own page.
//!
//! ```text
//! keywright serve / admin link ─► /welcome/{token} ─POST─► break-glass admin + recovery codes ─┐
//! an admin invites somebody    ─► /welcome/{token} ─POST─► that person                         ├─► session ─► cookie
//! /sign-in: login + recovery code (limited per address and account) ───────────────────────────┘
//! every page: cookie ─► recognise() ─► Actor { permissions of the person's roles now }
//! ```
//!
//! Links and codes are random (256 and 160 bits), stored as hashes, good once. A link is looked at by GET and used by
//! POST only, so that a mail scanner cannot use it up. Through Okta people sign in by `saml`.

mod codes;
mod device;
mod enter;
mod error;
mod links;
mod me;
mod pages;
mod recognise;
mod routes;
mod store;
#[cfg(test)]
mod tests;

pub use codes::{count as count_codes, renew as renew_codes};
pub use enter::{Attempt, enter};
pub use error::{Error, Result};
pub use links::{
    Link, LinkKind, Made, first_admin_link, invite, make as make_link, needs_first_admin,
};
pub use pages::pages;
pub use recognise::{Recognised, admit, recognise};
pub use routes::routes;
