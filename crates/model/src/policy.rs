//! Policies and their rules.

use serde_json::Value;

use crate::{Links, OktaTime, PolicyId, PolicyRuleId};

resource! {
    /// A policy.
    Policy {
        must {
            /// Id.
            id: PolicyId = "id",
        }
        may {
            /// `OKTA_SIGN_ON`, `ACCESS_POLICY`, `MFA_ENROLL`, `PASSWORD`, `IDP_DISCOVERY`, …
            kind: String = "type",
            /// Name.
            name: String = "name",
            /// Description.
            description: String = "description",
            /// Status.
            status: String = "status",
            /// Order, 1 first.
            priority: i64 = "priority",
            /// Whether Okta made it.
            system: bool = "system",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When it applies.
            conditions: Value = "conditions",
            /// Settings.
            settings: Value = "settings",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A rule of a policy.
    PolicyRule {
        must {
            /// Id.
            id: PolicyRuleId = "id",
        }
        may {
            /// Kind.
            kind: String = "type",
            /// Name.
            name: String = "name",
            /// Status.
            status: String = "status",
            /// Order, 1 first.
            priority: i64 = "priority",
            /// Whether Okta made it.
            system: bool = "system",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When it applies.
            conditions: Value = "conditions",
            /// What it does.
            actions: Value = "actions",
            /// Links.
            links: Links = "_links",
        }
    }
}
