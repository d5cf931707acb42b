//! Admin roles given to users, groups and clients.

use crate::{Links, OktaTime, RoleAssignmentId};
use serde_json::Value;

resource! {
    /// A role given to a user, group or client.
    RoleAssignment {
        must {
            /// Id; for most standard roles base32 of the role's name, the same for everyone.
            id: RoleAssignmentId = "id",
        }
        may {
            /// Name to show.
            label: String = "label",
            /// `SUPER_ADMIN`, `USER_ADMIN`, …, `CUSTOM`.
            role_type: String = "type",
            /// `ACTIVE` or `INACTIVE`.
            status: String = "status",
            /// When given.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// `USER`, `GROUP` or `CLIENT`.
            assignment_type: String = "assignmentType",
            /// Custom role.
            role: String = "role",
            /// Resource set of a custom role.
            resource_set: String = "resource-set",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// An app a role is confined to.
    CatalogApp {
        must {
            /// Name of the app definition.
            name: String = "name",
        }
        may {
            /// Instance, when confined to one.
            id: crate::AppId = "id",
            /// Name to show.
            display_name: String = "displayName",
            /// Status.
            status: String = "status",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
        }
    }
}
