//! Provisioning: connections of apps, group push, profile mappings.

use serde_json::Value;

use crate::{Links, OktaGroupId, OktaTime};

resource! {
    /// How Okta reaches an app to provision it.
    ProvisioningConnection {
        must {}
        may {
            /// `TOKEN`, `OAUTH2`, `UNKNOWN`.
            auth_scheme: String = "authScheme",
            /// `ENABLED`, `DISABLED`, `UNKNOWN`.
            status: String = "status",
            /// Base address.
            base_url: String = "baseUrl",
            /// Profile.
            profile: Value = "profile",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A provisioning feature of an app.
    AppFeature {
        must {
            /// Name.
            name: String = "name",
        }
        may {
            /// Status.
            status: String = "status",
            /// Description.
            description: String = "description",
            /// What is switched on.
            capabilities: Value = "capabilities",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A group pushed to an app.
    GroupPushMapping {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// The group in Okta.
            source_group_id: OktaGroupId = "sourceGroupId",
            /// The group of the app.
            target_group_id: OktaGroupId = "targetGroupId",
            /// `ACTIVE`, `INACTIVE`, `ERROR`.
            status: String = "status",
            /// What went wrong.
            error_summary: String = "errorSummary",
            /// Last push.
            last_push: OktaTime = "lastPush",
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
    /// How attributes pass between a user type and an app.
    ProfileMapping {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// From where.
            source: Value = "source",
            /// To where.
            target: Value = "target",
            /// By attribute.
            properties: Value = "properties",
            /// Links.
            links: Links = "_links",
        }
    }
}
