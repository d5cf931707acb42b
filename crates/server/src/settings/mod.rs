//! The settings pages: the deployment as it is configured, sign-in and operators, where notices go.

mod general;
mod notices;
mod sign_in;
#[cfg(test)]
mod tests;

use crate::console::Pages;

/// `/settings` and all below it.
#[must_use]
pub fn pages() -> Pages {
    general::pages()
        .merge(sign_in::pages())
        .merge(notices::pages())
}
