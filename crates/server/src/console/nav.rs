//! The navigation. An entry shows when its page exists and the person may see it.

use crate::actor::Permission;

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its address.
    pub path: &'static str,
    /// Its words.
    pub label: &'static str,
    /// What it takes to see it; none for everybody who is signed in.
    pub needs: Option<Permission>,
}

/// One noun with its pages; a section of one page is an entry itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its words.
    pub label: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// Its pages.
    pub items: &'static [Item],
}

const fn item(path: &'static str, label: &'static str, needs: Permission) -> Item {
    Item {
        path,
        label,
        needs: Some(needs),
    }
}

/// All sections in their order.
pub const ITEMS: &[Section] = &[
    Section {
        label: "Overview",
        icon: "overview",
        items: &[Item {
            path: "/",
            label: "Overview",
            needs: None,
        }],
    },
    Section {
        label: "Connections",
        icon: "connections",
        items: &[item(
            "/connections",
            "Connections",
            Permission::ConnectionsRead,
        )],
    },
    Section {
        label: "Directory",
        icon: "directory",
        items: &[
            item("/people", "People", Permission::UsersRead),
            item("/groups", "Groups", Permission::GroupsRead),
        ],
    },
    Section {
        label: "Roles",
        icon: "roles",
        items: &[
            item("/roles", "Roles", Permission::RolesRead),
            item("/mapping", "Mapping", Permission::MappingsRead),
            item("/runs", "Runs", Permission::RunsRead),
            item("/guards", "Guards", Permission::MappingsRead),
        ],
    },
    Section {
        label: "Activity",
        icon: "activity",
        items: &[item("/activity", "Activity", Permission::AuditRead)],
    },
    Section {
        label: "Settings",
        icon: "settings",
        items: &[
            item("/settings", "General", Permission::SettingsRead),
            item("/settings/sign-in", "Sign-in", Permission::SettingsRead),
            item("/settings/notices", "Notices", Permission::SettingsRead),
            Item {
                path: "/api-keys",
                label: "API keys",
                needs: None,
            },
            item("/doctor", "Doctor", Permission::SettingsRead),
        ],
    },
];
