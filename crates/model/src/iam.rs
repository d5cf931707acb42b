//! Custom roles, their permissions, and resource sets.

use serde_json::Value;

use crate::{Links, OktaTime};

resource! {
    /// A custom admin role.
    CustomRole {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Label.
            label: String = "label",
            /// Description.
            description: String = "description",
            /// Whether it may be copied.
            is_cloneable: bool = "isCloneable",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A permission of a custom role.
    RolePermission {
        must {
            /// Which, `okta.users.read` and so on.
            label: String = "label",
        }
        may {
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When it applies.
            conditions: Value = "conditions",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// The permissions of a custom role.
    RolePermissions {
        must {
            /// Permissions.
            permissions: Vec<RolePermission> = "permissions",
        }
        may {
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// What a custom role reaches.
    ResourceSet {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Label.
            label: String = "label",
            /// Description.
            description: String = "description",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// One thing in a resource set.
    ResourceSetResource {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Resource name.
            orn: String = "orn",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When it applies.
            conditions: Value = "conditions",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// The things in a resource set.
    ResourceSetResources {
        must {
            /// Resources.
            resources: Vec<ResourceSetResource> = "resources",
        }
        may {
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// The roles bound to a resource set.
    ResourceSetBindings {
        must {
            /// Roles.
            roles: Value = "roles",
        }
        may {
            /// Links.
            links: Links = "_links",
        }
    }
}
