//! States and sources in the words that people see.

use crate::console::State;
use crate::directory::User;

/// How a person stands.
pub(super) fn state(user: &User) -> State {
    match user.okta_status.as_deref() {
        _ if user.kind == "break_glass" && !user.blocked => State::note("Break-glass"),
        None if user.blocked => State::held("Blocked"),
        None => State::ok("Local"),
        Some("ACTIVE") if user.blocked => State::held("Barred"),
        Some("ACTIVE") => State::ok("Active"),
        Some("SUSPENDED") => State::held("Suspended"),
        Some("LOCKED_OUT") => State::held("Locked out").icon("lock"),
        Some("DEPROVISIONED") => State::off("Deactivated"),
        Some("GONE") => State::off("Gone from Okta"),
        Some("STAGED") => State::wait("Staged"),
        Some("PROVISIONED") => State::wait("Not activated yet"),
        Some("PASSWORD_EXPIRED") => State::wait("Password expired"),
        Some("RECOVERY") => State::wait("In recovery"),
        Some(other) => State::note(other),
    }
}

/// Where facts come from.
pub(super) fn source(word: &str) -> &str {
    match word {
        "pull" => "Okta API",
        "scim" => "SCIM",
        "local" => "made here",
        other => other,
    }
}

/// The name to show, never empty.
pub(super) fn name(user: &User) -> &str {
    if user.display_name.trim().is_empty() {
        &user.login
    } else {
        &user.display_name
    }
}
