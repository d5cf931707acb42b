//! What a role reaches: the groups and apps that narrow a standard role, the resource set of a custom one.

use crate::groups::EVERYONE;
use crate::http::Call;
use crate::iam;
use crate::org::Org;
use crate::store::Kind;

use super::Assignment;

/// What a call is about, as far as its path says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    /// A list, or something that is to be made.
    None,
    User(u32),
    Group(u32),
    App(u32),
}

impl Thing {
    /// The thing that a path names; what is not there is left to its family to say.
    pub(super) fn of(org: &Org, call: &Call, template: &str) -> Self {
        let rest = template.strip_prefix("/api/v1/").unwrap_or(template);
        let family = rest.split('/').next().unwrap_or_default();
        let found = match family {
            "users" => {
                let name = [call.param("id"), call.param("userId")];
                let name = name.into_iter().find(|name| !name.is_empty());
                name.and_then(|name| crate::users::find(org, call, name).ok())
                    .map(Self::User)
            }
            "groups" => {
                let serial = org.tail.serial(Kind::GROUP, call.param("groupId"));
                serial.map(Self::Group)
            }
            "apps" => {
                let serial = org.tail.serial(Kind::APP, call.param("appId"));
                serial.map(Self::App)
            }
            _ => None,
        };
        found.unwrap_or(Self::None)
    }
}

/// One thing, or many, that a resource set names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Resource {
    AllUsers,
    User(u32),
    MembersOf(u32),
    AllGroups,
    Group(u32),
    AllApps,
    Catalogue(String),
    App(u32),
    /// Something else, by its family: `authorizationServers`, `idps` and so on.
    Other(String),
}

impl Resource {
    /// From a resource name or an address (Okta: Resource set conditions, supported resources).
    fn parse(org: &Org, text: &str) -> Option<Self> {
        let parts: Vec<&str> = match text.split_once("/api/v1/") {
            Some((_, path)) => path.split('/').collect(),
            None => text.split(':').skip(4).collect(),
        };
        let user = |id: &str| org.tail.serial(Kind::USER, id);
        let group = |id: &str| org.tail.serial(Kind::GROUP, id);
        Some(match parts.as_slice() {
            ["users"] => Self::AllUsers,
            ["users", id] => Self::User(user(id)?),
            ["groups"] => Self::AllGroups,
            ["groups", id, "users" | "contained_resources"] => Self::MembersOf(group(id)?),
            ["groups", id] => Self::Group(group(id)?),
            ["apps"] => Self::AllApps,
            ["apps", filter] if filter.starts_with("?filter=name") => {
                Self::Catalogue(filter.rsplit('"').nth(1)?.to_owned())
            }
            ["apps", id] | ["apps", _, id] => match org.tail.serial(Kind::APP, id) {
                Some(serial) => Self::App(serial),
                None => Self::Catalogue((*id).to_owned()),
            },
            [family, ..] => Self::Other((*family).to_owned()),
            [] => return None,
        })
    }
}

/// What one role may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    groups: Vec<u32>,
    apps: Vec<(String, Option<u32>)>,
    /// The resources of a custom role; nothing for a standard one.
    set: Option<Vec<Resource>>,
}

fn is_member(org: &Org, user: u32, group: u32) -> bool {
    let person = org.people.get(user);
    person.is_some_and(|person| group == EVERYONE || person.groups.contains(&group))
}

impl Reach {
    /// The reach of a role that somebody holds.
    pub(super) fn of(org: &Org, held: &Assignment) -> Self {
        let set = held.custom.as_ref().map(|(_, set)| {
            let resources = iam::resources_of(org, set).into_iter();
            resources
                .filter_map(|text| Resource::parse(org, &text))
                .collect()
        });
        Self {
            groups: held.groups.clone(),
            apps: held.apps.clone(),
            set,
        }
    }

    /// Whether nothing narrows it.
    pub(super) fn is_whole(&self) -> bool {
        self.set.is_none() && self.groups.is_empty() && self.apps.is_empty()
    }

    /// Whether it reaches a user.
    pub(super) fn user(&self, org: &Org, user: u32) -> bool {
        match &self.set {
            None => {
                self.groups.is_empty()
                    || self.groups.iter().any(|group| is_member(org, user, *group))
            }
            Some(set) => set.iter().any(|one| match one {
                Resource::AllUsers => true,
                Resource::User(serial) => *serial == user,
                Resource::MembersOf(group) => is_member(org, user, *group),
                _ => false,
            }),
        }
    }

    /// Whether it reaches a group.
    pub(super) fn group(&self, group: u32) -> bool {
        match &self.set {
            None => self.groups.is_empty() || self.groups.contains(&group),
            Some(set) => {
                set.contains(&Resource::AllGroups) || set.contains(&Resource::Group(group))
            }
        }
    }

    /// Whether it reaches an app.
    pub(super) fn app(&self, org: &Org, app: u32) -> bool {
        let name = org.apps.get(app).map(|app| app.name.as_str());
        match &self.set {
            None => {
                let named = |target: &(String, Option<u32>)| match target {
                    (_, Some(serial)) => *serial == app,
                    (target, None) => Some(target.as_str()) == name,
                };
                self.apps.is_empty() || self.apps.iter().any(named)
            }
            Some(set) => set.iter().any(|one| match one {
                Resource::AllApps => true,
                Resource::App(serial) => *serial == app,
                Resource::Catalogue(known) => Some(known.as_str()) == name,
                _ => false,
            }),
        }
    }

    /// Whether it reaches what a call of a family is about. To make something takes all of its kind, save that a user
    /// may be made in the groups that are reached.
    pub(super) fn call(&self, org: &Org, call: &Call, template: &str) -> bool {
        let rest = template.strip_prefix("/api/v1/").unwrap_or(template);
        let family = rest.split('/').next().unwrap_or_default();
        match Thing::of(org, call, template) {
            Thing::User(user) => self.user(org, user),
            Thing::Group(group) => self.group(group),
            Thing::App(app) => self.app(org, app),
            Thing::None if call.method == http::Method::GET => self.knows(family),
            Thing::None if family == "users" => self.makes_user(org, call),
            Thing::None => self.all_of(family),
        }
    }

    /// Whether it reaches anything of a family: then a list shows that, and nothing else.
    fn knows(&self, family: &str) -> bool {
        let Some(set) = &self.set else {
            return true;
        };
        set.iter().any(|one| match one {
            Resource::AllUsers | Resource::User(_) | Resource::MembersOf(_) => family == "users",
            Resource::AllGroups | Resource::Group(_) => family == "groups",
            Resource::AllApps | Resource::Catalogue(_) | Resource::App(_) => family == "apps",
            Resource::Other(known) => known == family,
        })
    }

    fn all_of(&self, family: &str) -> bool {
        match (&self.set, family) {
            (None, "groups") => self.groups.is_empty(),
            (None, "apps") => self.apps.is_empty(),
            (None, _) => true,
            (Some(set), "groups") => set.contains(&Resource::AllGroups),
            (Some(set), "apps") => set.contains(&Resource::AllApps),
            (Some(_), _) => self.knows(family),
        }
    }

    fn makes_user(&self, org: &Org, call: &Call) -> bool {
        let whole = match &self.set {
            None => self.groups.is_empty(),
            Some(set) => set.contains(&Resource::AllUsers),
        };
        if whole {
            return true;
        }
        let body = call.object_or_empty().unwrap_or_default();
        let groups = body.get("groupIds").and_then(serde_json::Value::as_array);
        let mut groups = groups.into_iter().flatten().filter_map(|id| id.as_str());
        let reached = |id: &str| {
            let serial = org.tail.serial(Kind::GROUP, id);
            serial.is_some_and(|serial| match &self.set {
                None => self.groups.contains(&serial),
                Some(set) => set.contains(&Resource::MembersOf(serial)),
            })
        };
        groups.next().is_some_and(reached) && groups.all(reached)
    }
}
