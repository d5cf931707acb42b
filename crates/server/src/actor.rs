//! Who acts, and what they may do.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{TenantId, UserId};

/// Declares the fixed list of permissions with their wire names and meanings.
macro_rules! permissions {
    ($($name:ident = $wire:literal : $meaning:literal),* $(,)?) => {
        /// One thing a role or an API key allows. The list is fixed and documented; custom roles choose from it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Permission {
            $(#[doc = $meaning] #[serde(rename = $wire)] $name,)*
        }

        impl Permission {
            /// All permissions, in the documented order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name on the wire and in the database.
            #[must_use]
            pub fn wire(self) -> &'static str {
                match self { $(Self::$name => $wire),* }
            }

            /// What it allows, for people.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

permissions! {
    ConnectionsRead = "connections.read": "See connections, their status and public keys.",
    ConnectionsManage = "connections.manage": "Add, test, change, rotate and remove connections.",
    UsersRead = "users.read": "See people, their roles and why they have them.",
    UsersManage = "users.manage": "Create and change local people; end their sessions.",
    GroupsRead = "groups.read": "See groups and their members.",
    GroupsManage = "groups.manage": "Change local groups.",
    RolesRead = "roles.read": "See roles and what they allow.",
    RolesManage = "roles.manage": "Make and change custom roles.",
    GrantsManage = "grants.manage": "Give roles to people by hand and take them back.",
    MappingsRead = "mappings.read": "See which Okta groups give which roles.",
    MappingsManage = "mappings.manage": "Map Okta groups to roles.",
    RunsRead = "runs.read": "See sync runs and their diffs.",
    RunsStart = "runs.start": "Plan and start sync runs.",
    RunsApprove = "runs.approve": "Approve, reject and undo runs.",
    GuardsManage = "guards.manage": "Change the sync's guards.",
    AuditRead = "audit.read": "Read, verify and export the audit trail.",
    ApiKeysManage = "api-keys.manage": "See and revoke other people's API keys.",
    ApplicationsRead = "applications.read": "See applications and their assignments.",
    ApplicationsManage = "applications.manage": "Add and change applications.",
    PasskeysManage = "passkeys.manage": "Invite people to passkeys and revoke passkeys.",
    KeysManage = "keys.manage": "Manage security keys.",
    ScimManage = "scim.manage": "Manage SCIM tokens and collisions.",
    ActionsRun = "actions.run": "Run connector actions.",
    EventsRead = "events.read": "Read events and deliveries.",
    TriggersManage = "triggers.manage": "Manage triggers, deliveries and recipes.",
    SettingsRead = "settings.read": "See the settings and notice channels.",
    SettingsManage = "settings.manage": "Change the settings and notice channels.",
    TenantsManage = "tenants.manage": "Add tenants; operate the deployment.",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire())
    }
}

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.wire() == text)
            .ok_or_else(|| UnknownPermission(text.to_owned()))
    }
}

/// The text names no permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission")]
pub struct UnknownPermission(pub String);

/// A set of permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(BTreeSet<Permission>);

impl Permissions {
    /// Every permission there is.
    #[must_use]
    pub fn all() -> Self {
        Permission::ALL.iter().copied().collect()
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// Whether everything in `others` is in this set too.
    #[must_use]
    pub fn hold_all(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// What is in `others` but not here.
    #[must_use]
    pub fn lack(&self, others: &Self) -> Vec<Permission> {
        others.0.difference(&self.0).copied().collect()
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// What is in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// The permissions in their documented order.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}

/// By what right someone acts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActorKind {
    /// The operator of this machine, through a command on the local database.
    Local,
    /// Keywright itself: a job or start-up step, by name.
    System(&'static str),
    /// A signed-in person.
    Person(UserId),
    /// A person's API key.
    ApiKey {
        /// The key.
        id: Uuid,
        /// Whose key it is.
        owner: UserId,
    },
}

impl ActorKind {
    /// The word for audit entries.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::System(_) => "system",
            Self::Person(_) => "person",
            Self::ApiKey { .. } => "api_key",
        }
    }

    /// The person behind it; none for the machine's operator and for Keywright itself.
    #[must_use]
    pub fn person(&self) -> Option<UserId> {
        match self {
            Self::Person(id) | Self::ApiKey { owner: id, .. } => Some(*id),
            Self::Local | Self::System(_) => None,
        }
    }
}

/// Who acts in a unit of work, in which tenant, with which permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// By what right.
    pub kind: ActorKind,
    /// A name for people: the login, the key's name, the job.
    pub name: String,
    /// The tenant all work is bound to.
    pub tenant: TenantId,
    /// What they may do.
    pub permissions: Permissions,
}

/// The actor lacks a permission.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actor} may not do this: it needs the permission `{needed}`")]
pub struct Forbidden {
    /// Who asked.
    pub actor: String,
    /// What it takes.
    pub needed: Permission,
}

impl Actor {
    /// The operator of this machine: holds everything, but is no person.
    #[must_use]
    pub fn local(tenant: TenantId) -> Self {
        Self {
            kind: ActorKind::Local,
            name: "local".to_owned(),
            tenant,
            permissions: Permissions::all(),
        }
    }

    /// Keywright itself, in the job or step called `name`.
    #[must_use]
    pub fn system(tenant: TenantId, name: &'static str) -> Self {
        Self {
            kind: ActorKind::System(name),
            name: name.to_owned(),
            tenant,
            permissions: Permissions::all(),
        }
    }

    /// Whether the actor may.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.holds(permission)
    }

    /// Refuses an actor without `permission`.
    pub fn need(&self, permission: Permission) -> Result<(), Forbidden> {
        if self.may(permission) {
            Ok(())
        } else {
            Err(Forbidden {
                actor: self.name.clone(),
                needed: permission,
            })
        }
    }

    /// Whether a person's own credential is behind this (approvals and lowering guards need one).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.kind.person().is_some()
    }

    /// The id for audit entries: the person, or the key.
    #[must_use]
    pub fn id_text(&self) -> Option<String> {
        match &self.kind {
            ActorKind::Person(id) => Some(id.to_string()),
            ActorKind::ApiKey { id, .. } => Some(id.to_string()),
            ActorKind::Local | ActorKind::System(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_parse_back() {
        for permission in Permission::ALL {
            assert_eq!(permission.wire().parse(), Ok(*permission));
        }
        assert_eq!(
            "nothing".parse::<Permission>(),
            Err(UnknownPermission("nothing".into()))
        );
    }

    #[test]
    fn sets_tell_what_they_lack() {
        let few: Permissions = [Permission::UsersRead].into_iter().collect();
        assert!(Permissions::all().hold_all(&few));
        assert!(!few.hold_all(&Permissions::all()));
        assert_eq!(
            few.lack(
                &[Permission::UsersRead, Permission::RunsRead]
                    .into_iter()
                    .collect()
            ),
            vec![Permission::RunsRead]
        );
    }
}
