//! Groups and group rules.

use serde_json::Value;

use crate::{Links, OktaGroupId, OktaTime};

words! {
    /// What a group is.
    GroupType {
        /// Made and filled in Okta.
        OktaGroup = "OKTA_GROUP",
        /// Filled by an app (a directory, for instance).
        AppGroup = "APP_GROUP",
        /// Okta's own, such as Everyone.
        BuiltIn = "BUILT_IN",
    }
}

resource! {
    /// A group.
    Group {
        must {
            /// Id.
            id: OktaGroupId = "id",
            /// Profile.
            profile: GroupProfile = "profile",
        }
        may {
            /// What it is.
            group_type: GroupType = "type",
            /// When made.
            created: OktaTime = "created",
            /// When the profile last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When the members last changed, in whole seconds.
            last_membership_updated: OktaTime = "lastMembershipUpdated",
            /// Object classes.
            object_class: Vec<String> = "objectClass",
            /// Where an app group comes from.
            source: Value = "source",
            /// Links.
            links: Links = "_links",
            /// Expanded resources (`expand=stats`, `expand=app`).
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A group's profile.
    GroupProfile {
        must {}
        may {
            /// Name.
            name: String = "name",
            /// Description.
            description: String = "description",
        }
    }
}

impl Group {
    /// The name; empty if the answer showed none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.profile.name.as_str().unwrap_or_default()
    }

    /// Members as counted by `expand=stats`.
    #[must_use]
    pub fn users_count(&self) -> Option<u64> {
        self.embedded
            .get()?
            .get("stats")?
            .get("usersCount")?
            .as_u64()
    }
}

resource! {
    /// A rule that puts users into groups.
    GroupRule {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Always `group_rule`.
            rule_type: String = "type",
            /// `ACTIVE`, `INACTIVE`, `INVALID`.
            status: String = "status",
            /// Name.
            name: String = "name",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Whom it takes.
            conditions: Value = "conditions",
            /// Which groups it gives.
            actions: Value = "actions",
            /// Whether all its groups still exist.
            all_groups_valid: bool = "allGroupsValid",
        }
    }
}

resource! {
    /// An owner of a group.
    GroupOwner {
        must {
            /// Id of the owning user or group.
            id: String = "id",
        }
        may {
            /// `USER` or `GROUP`.
            owner_type: String = "type",
            /// Name to show.
            display_name: String = "displayName",
            /// `OKTA_DIRECTORY` or `APPLICATION`.
            origin_type: String = "originType",
            /// Where an owner comes from.
            origin_id: String = "originId",
            /// Whether the origin could be found.
            resolved: bool = "resolved",
            /// When last changed, as text: seen as `Fri Mar 27 03:16:15 UTC 2026` and as `2026-03-27 03:16:15.0`.
            last_updated: String = "lastUpdated",
        }
    }
}
