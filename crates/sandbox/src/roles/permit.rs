//! Which permission of a custom role a call needs (Okta: Role permissions).

use http::Method;

/// The permissions of which one is enough for a call; none when no custom role may make it.
pub(super) fn needed(method: &Method, template: &str) -> &'static [&'static str] {
    let rest = template.strip_prefix("/api/v1/").unwrap_or(template);
    let read = *method == Method::GET;
    let family = rest.split('/').next().unwrap_or_default();
    match family {
        "users" if read => &["okta.users.read", "okta.users.manage"],
        "users" => of_users(method, rest),
        "groups" if read => &["okta.groups.read", "okta.groups.manage"],
        "groups" => of_groups(rest),
        "apps" if read => &["okta.apps.read", "okta.apps.manage"],
        "apps" => of_apps(rest),
        "authorizationServers" if read => &["okta.authzServers.read", "okta.authzServers.manage"],
        "authorizationServers" => &["okta.authzServers.manage"],
        "idps" if read => &[
            "okta.identityProviders.read",
            "okta.identityProviders.manage",
        ],
        "idps" => &["okta.identityProviders.manage"],
        "iam" if read => &["okta.iam.read"],
        _ => &[],
    }
}

fn of_users(method: &Method, rest: &str) -> &'static [&'static str] {
    let parts: Vec<&str> = rest.split('/').skip(2).collect();
    match parts.as_slice() {
        [] if rest == "users" => &["okta.users.create", "okta.users.manage"],
        [] if *method == Method::DELETE => &[
            "okta.users.lifecycle.delete",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        [] => &["okta.users.userprofile.manage", "okta.users.manage"],
        ["lifecycle", verb] => lifecycle(verb),
        ["sessions"] => &[
            "okta.users.lifecycle.clearSessions",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        ["credentials" | "factors" | "authenticator-enrollments", ..] => {
            &["okta.users.credentials.manage", "okta.users.manage"]
        }
        ["linkedObjects", ..] => &["okta.users.userprofile.manage", "okta.users.manage"],
        _ => &["okta.users.manage"],
    }
}

fn lifecycle(verb: &str) -> &'static [&'static str] {
    match verb {
        "activate" | "reactivate" => &[
            "okta.users.lifecycle.activate",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        "deactivate" => &[
            "okta.users.lifecycle.deactivate",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        "suspend" => &[
            "okta.users.lifecycle.suspend",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        "unsuspend" => &[
            "okta.users.lifecycle.unsuspend",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        "unlock" => &[
            "okta.users.lifecycle.unlock",
            "okta.users.lifecycle.manage",
            "okta.users.manage",
        ],
        "expire_password" | "expire_password_with_temp_password" => &[
            "okta.users.credentials.expirePassword",
            "okta.users.credentials.manage",
            "okta.users.manage",
        ],
        "reset_password" => &[
            "okta.users.credentials.resetPassword",
            "okta.users.credentials.manage",
            "okta.users.manage",
        ],
        "reset_factors" => &[
            "okta.users.credentials.resetFactors",
            "okta.users.credentials.manage",
            "okta.users.manage",
        ],
        _ => &["okta.users.lifecycle.manage", "okta.users.manage"],
    }
}

fn of_groups(rest: &str) -> &'static [&'static str] {
    match rest {
        "groups" => &["okta.groups.create", "okta.groups.manage"],
        "groups/{groupId}/users/{userId}" => &["okta.groups.members.manage", "okta.groups.manage"],
        _ => &["okta.groups.manage"],
    }
}

fn of_apps(rest: &str) -> &'static [&'static str] {
    let part = rest.split('/').nth(2).unwrap_or_default();
    match part {
        "users" | "groups" => &["okta.apps.assignment.manage", "okta.apps.manage"],
        _ => &["okta.apps.manage"],
    }
}
