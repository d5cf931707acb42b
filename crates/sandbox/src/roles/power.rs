//! What the roles of a caller let it do (Okta: Learn about administrators, by family of endpoints).

use http::Method;

use super::{Holder, Roles};
use crate::org::Org;

/// The roles of a caller, as types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power(Vec<String>);

/// A family of endpoints, as far as roles tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Area {
    Users,
    Groups,
    Members,
    Apps,
    Log,
    /// Custom authorization servers.
    Servers,
    /// What only a super administrator may change: roles, grants of scopes.
    Supreme,
    /// What everybody may read of themselves.
    Open,
    Other,
}

fn area(template: &str) -> Area {
    let rest = template.strip_prefix("/api/v1/").unwrap_or(template);
    let supreme = rest.ends_with("/grants") && rest.starts_with("apps")
        || rest.contains("/grants/{") && rest.starts_with("apps")
        || rest.contains("/roles")
        || rest.starts_with("iam/");
    match rest {
        _ if supreme => Area::Supreme,
        "users/me" | "api-tokens/current" => Area::Open,
        "groups/{groupId}/users/{userId}" => Area::Members,
        _ if rest.starts_with("users") => Area::Users,
        _ if rest.starts_with("groups") => Area::Groups,
        _ if rest.starts_with("apps") => Area::Apps,
        _ if rest.starts_with("logs") => Area::Log,
        _ if rest.starts_with("authorizationServers") => Area::Servers,
        _ => Area::Other,
    }
}

fn allows(role: &str, area: Area, write: bool) -> bool {
    match (role, area) {
        ("SUPER_ADMIN", _) | (_, Area::Open) => true,
        ("ORG_ADMIN", Area::Supreme) | ("READ_ONLY_ADMIN", _) => !write,
        ("ORG_ADMIN", _) => true,
        ("USER_ADMIN", Area::Users | Area::Groups | Area::Members) => true,
        ("HELP_DESK_ADMIN", Area::Users) => true,
        ("GROUP_MEMBERSHIP_ADMIN", Area::Members) => true,
        ("APP_ADMIN", Area::Apps) => true,
        (
            "GROUP_MEMBERSHIP_ADMIN" | "APP_ADMIN" | "HELP_DESK_ADMIN",
            Area::Users | Area::Groups,
        ) => !write,
        ("API_ACCESS_MANAGEMENT_ADMIN", Area::Users | Area::Groups | Area::Apps) => !write,
        ("API_ACCESS_MANAGEMENT_ADMIN", Area::Servers) => true,
        ("REPORT_ADMIN", Area::Log | Area::Users | Area::Groups | Area::Apps) => !write,
        ("USER_ADMIN" | "HELP_DESK_ADMIN" | "APP_ADMIN" | "GROUP_MEMBERSHIP_ADMIN", Area::Log) => {
            !write
        }
        ("CUSTOM", Area::Users | Area::Groups | Area::Members | Area::Apps) => true,
        _ => false,
    }
}

impl Power {
    /// The power of a super administrator.
    pub(crate) fn full() -> Self {
        Self(vec!["SUPER_ADMIN".to_owned()])
    }

    /// The power of a user by its own roles and those of its groups.
    pub(crate) fn of_user(org: &Org, serial: u32) -> Self {
        let groups = org
            .people
            .get(serial)
            .map(|person| person.groups.as_slice())
            .unwrap_or_default();
        let holders = groups
            .iter()
            .map(|group| Holder::Group(*group))
            .chain([Holder::User(serial)]);
        Self::of(&org.roles, holders)
    }

    /// The power of an app.
    pub(crate) fn of_client(org: &Org, serial: u32) -> Self {
        Self::of(&org.roles, [Holder::Client(serial)])
    }

    fn of(roles: &Roles, holders: impl IntoIterator<Item = Holder>) -> Self {
        let held = holders.into_iter().flat_map(|holder| roles.of(holder));
        Self(held.map(|assignment| assignment.role.clone()).collect())
    }

    /// Whether there is any role at all.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is a super administrator.
    pub(crate) fn is_full(&self) -> bool {
        self.0.iter().any(|role| role == "SUPER_ADMIN")
    }

    /// Whether a call is allowed.
    pub(crate) fn may(&self, method: &Method, template: &str) -> bool {
        let (area, write) = (area(template), *method != Method::GET);
        area == Area::Open || self.0.iter().any(|role| allows(role, area, write))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_roles_allow() {
        for (role, method, template, want) in [
            (
                "SUPER_ADMIN",
                Method::POST,
                "/api/v1/apps/{appId}/grants",
                true,
            ),
            (
                "ORG_ADMIN",
                Method::POST,
                "/api/v1/apps/{appId}/grants",
                false,
            ),
            ("ORG_ADMIN", Method::POST, "/api/v1/users", true),
            ("READ_ONLY_ADMIN", Method::GET, "/api/v1/groups", true),
            (
                "READ_ONLY_ADMIN",
                Method::PUT,
                "/api/v1/groups/{groupId}/users/{userId}",
                false,
            ),
            (
                "GROUP_MEMBERSHIP_ADMIN",
                Method::PUT,
                "/api/v1/groups/{groupId}/users/{userId}",
                true,
            ),
            (
                "GROUP_MEMBERSHIP_ADMIN",
                Method::POST,
                "/api/v1/groups",
                false,
            ),
            (
                "APP_ADMIN",
                Method::POST,
                "/api/v1/users/{userId}/roles",
                false,
            ),
            ("REPORT_ADMIN", Method::GET, "/api/v1/logs", true),
        ] {
            assert_eq!(
                Power(vec![role.to_owned()]).may(&method, template),
                want,
                "{role} {method} {template}"
            );
        }
        assert!(!Power::default().may(&Method::GET, "/api/v1/users"));
    }
}
