//! What the roles of a caller let it do (Okta: Learn about administrators, by family of endpoints).

use http::Method;

use super::reach::Reach;
use super::{Assignment, Holder, permit};
use crate::http::Call;
use crate::iam;
use crate::org::Org;

/// The roles of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Power(Vec<Grip>);

/// One role: its type, what it permits when it is a custom one, and what it reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Grip {
    role: String,
    permissions: Vec<String>,
    reach: Reach,
}

impl Grip {
    fn of(org: &Org, held: &Assignment) -> Self {
        let custom = held.custom.as_ref();
        Self {
            role: held.role.clone(),
            permissions: custom.map_or_else(Vec::new, |(role, _)| iam::permissions_of(org, role)),
            reach: Reach::of(org, held),
        }
    }

    /// Whether the role allows a kind of call, whatever it is about.
    fn allows(&self, method: &Method, template: &str) -> bool {
        let area = area(template);
        if self.role != "CUSTOM" || area == Area::Open {
            return allows(&self.role, area, *method != Method::GET);
        }
        let needed = permit::needed(method, template);
        area != Area::Supreme && needed.iter().any(|one| self.permits(one))
    }

    fn permits(&self, permission: &str) -> bool {
        self.permissions.iter().any(|held| held == permission)
    }
}

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
        _ => false,
    }
}

impl Power {
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
        Self::of(org, holders)
    }

    /// The power of an app.
    pub(crate) fn of_client(org: &Org, serial: u32) -> Self {
        Self::of(org, [Holder::Client(serial)])
    }

    fn of(org: &Org, holders: impl IntoIterator<Item = Holder>) -> Self {
        let held = holders.into_iter().flat_map(|holder| org.roles.of(holder));
        Self(held.map(|held| Grip::of(org, held)).collect())
    }

    /// Whether there is any role at all.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a call is allowed: by a role that allows such calls and reaches what this one is about.
    pub(crate) fn may(&self, org: &Org, call: &Call, template: &str) -> bool {
        area(template) == Area::Open
            || self.0.iter().any(|grip| {
                grip.allows(&call.method, template)
                    && (grip.reach.is_whole() || grip.reach.call(org, call, template))
            })
    }

    /// The roles that let lists of a family be seen, when none of them reaches everything; nothing to hide otherwise.
    fn narrowing(&self, template: &str) -> Option<Vec<&Reach>> {
        let grips = self.0.iter();
        let seeing = grips.filter(|grip| grip.allows(&Method::GET, template));
        let reaches: Vec<&Reach> = seeing.map(|grip| &grip.reach).collect();
        let narrow = !reaches.is_empty() && !reaches.iter().any(|reach| reach.is_whole());
        narrow.then_some(reaches)
    }

    /// Which users a list shows.
    pub(crate) fn users<'a>(&'a self, org: &'a Org) -> impl Fn(u32) -> bool + 'a {
        let narrow = self.narrowing("/api/v1/users");
        move |user| {
            let narrow = narrow.as_ref();
            narrow.is_none_or(|all| all.iter().any(|reach| reach.user(org, user)))
        }
    }

    /// Which groups a list shows.
    pub(crate) fn groups(&self) -> impl Fn(u32) -> bool + '_ {
        let narrow = self.narrowing("/api/v1/groups");
        move |group| {
            let narrow = narrow.as_ref();
            narrow.is_none_or(|all| all.iter().any(|reach| reach.group(group)))
        }
    }

    /// Which apps a list shows.
    pub(crate) fn apps<'a>(&'a self, org: &'a Org) -> impl Fn(u32) -> bool + 'a {
        let narrow = self.narrowing("/api/v1/apps");
        move |app| {
            let narrow = narrow.as_ref();
            narrow.is_none_or(|all| all.iter().any(|reach| reach.app(org, app)))
        }
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
            let grip = Grip {
                role: role.to_owned(),
                ..Grip::default()
            };
            let got = grip.allows(&method, template);
            assert_eq!(got, want, "{role} {method} {template}");
        }
    }

    #[test]
    fn what_permissions_allow() {
        for (permission, method, template, want) in [
            ("okta.users.read", Method::GET, "/api/v1/users/{id}", true),
            ("okta.users.read", Method::POST, "/api/v1/users/{id}", false),
            (
                "okta.users.userprofile.manage",
                Method::POST,
                "/api/v1/users/{id}",
                true,
            ),
            (
                "okta.users.userprofile.manage",
                Method::DELETE,
                "/api/v1/users/{id}",
                false,
            ),
            (
                "okta.users.lifecycle.suspend",
                Method::POST,
                "/api/v1/users/{id}/lifecycle/suspend",
                true,
            ),
            (
                "okta.users.lifecycle.suspend",
                Method::POST,
                "/api/v1/users/{id}/lifecycle/unsuspend",
                false,
            ),
            (
                "okta.users.manage",
                Method::POST,
                "/api/v1/users/{userId}/roles",
                false,
            ),
            (
                "okta.groups.members.manage",
                Method::PUT,
                "/api/v1/groups/{groupId}/users/{userId}",
                true,
            ),
            (
                "okta.groups.members.manage",
                Method::PUT,
                "/api/v1/groups/{groupId}",
                false,
            ),
            (
                "okta.apps.assignment.manage",
                Method::POST,
                "/api/v1/apps/{appId}/users",
                true,
            ),
            (
                "okta.apps.assignment.manage",
                Method::PUT,
                "/api/v1/apps/{appId}",
                false,
            ),
            ("okta.users.manage", Method::GET, "/api/v1/logs", false),
        ] {
            let grip = Grip {
                role: "CUSTOM".to_owned(),
                permissions: vec![permission.to_owned()],
                ..Grip::default()
            };
            let got = grip.allows(&method, template);
            assert_eq!(got, want, "{permission} {method} {template}");
        }
    }
}
