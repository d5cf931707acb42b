//! Okta's table of statuses (Okta: User lifecycle), written down a second time, apart from the sandbox.

/// What a call does to a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Becomes(&'static str),
    Refused(u16),
    /// Okta does not say; nobody asks.
    Unknown,
}

/// The lifecycle calls.
pub(crate) const VERBS: [&str; 8] = [
    "activate",
    "reactivate",
    "deactivate",
    "suspend",
    "unsuspend",
    "unlock",
    "expire_password",
    "reset_password",
];

/// What a lifecycle call does.
pub(crate) fn outcome(status: &str, verb: &str, password: bool) -> Outcome {
    use Outcome::{Becomes, Refused, Unknown};
    let fresh = if password {
        Becomes("ACTIVE")
    } else {
        Becomes("PROVISIONED")
    };
    match (verb, status) {
        ("activate", "STAGED" | "DEPROVISIONED") => fresh,
        ("activate", "PROVISIONED" | "ACTIVE" | "SUSPENDED") => Refused(403),
        ("reactivate", "PROVISIONED") => Becomes("PROVISIONED"),
        ("reactivate", "RECOVERY") => Becomes("RECOVERY"),
        ("reactivate", _) => Refused(403),
        ("deactivate", "DEPROVISIONED") => Unknown,
        ("deactivate", _) => Becomes("DEPROVISIONED"),
        ("suspend", "PROVISIONED" | "ACTIVE" | "RECOVERY" | "PASSWORD_EXPIRED") => {
            Becomes("SUSPENDED")
        }
        ("suspend", "STAGED" | "SUSPENDED" | "DEPROVISIONED") => Refused(400),
        ("unsuspend", "SUSPENDED") => Becomes("ACTIVE"),
        ("unsuspend", _) => Refused(400),
        ("unlock", _) => Refused(403),
        ("expire_password", "ACTIVE" | "PASSWORD_EXPIRED") => Becomes("PASSWORD_EXPIRED"),
        ("expire_password", "STAGED" | "PROVISIONED" | "SUSPENDED" | "DEPROVISIONED") => {
            Refused(403)
        }
        ("reset_password", "PROVISIONED" | "ACTIVE" | "RECOVERY" | "PASSWORD_EXPIRED") => {
            Becomes("RECOVERY")
        }
        ("reset_password", "STAGED" | "SUSPENDED" | "DEPROVISIONED") => Refused(403),
        _ => Unknown,
    }
}

/// The path of a lifecycle call.
pub(crate) fn path(id: &str, verb: &str) -> String {
    let query = match verb {
        "activate" | "reset_password" => "?sendEmail=false",
        _ => "",
    };
    format!("/api/v1/users/{id}/lifecycle/{verb}{query}")
}

/// The entry in the log that a call leaves.
pub(crate) fn event(verb: &str) -> &'static str {
    match verb {
        "activate" => "user.lifecycle.activate",
        "reactivate" => "user.lifecycle.reactivate",
        "deactivate" => "user.lifecycle.deactivate",
        "suspend" => "user.lifecycle.suspend",
        "unsuspend" => "user.lifecycle.unsuspend",
        "expire_password" => "user.account.expire_password",
        "reset_password" => "user.account.reset_password",
        _ => "",
    }
}
