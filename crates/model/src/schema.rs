//! Schemas of users, groups and app users; linked objects.

use serde_json::Value;

use crate::{Links, OktaTime};

resource! {
    /// A JSON schema of profiles.
    ResourceSchema {
        must {
            /// Its address.
            id: String = "id",
        }
        may {
            /// Dialect.
            schema: String = "$schema",
            /// Name.
            name: String = "name",
            /// Title.
            title: String = "title",
            /// Description.
            description: String = "description",
            /// Kind.
            kind: String = "type",
            /// Base and custom attributes.
            definitions: Value = "definitions",
            /// How they join.
            properties: Value = "properties",
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
    /// A relation between users.
    LinkedObject {
        must {
            /// The one (manager).
            primary: Value = "primary",
            /// The many (reports).
            associated: Value = "associated",
        }
        may {
            /// Links.
            links: Links = "_links",
        }
    }
}
