//! Event hooks.

use serde_json::Value;

use crate::{EventHookId, Links, OktaTime};

resource! {
    /// An event hook.
    EventHook {
        must {
            /// Id.
            id: EventHookId = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// Description.
            description: String = "description",
            /// `ACTIVE` or `INACTIVE`.
            status: String = "status",
            /// `VERIFIED` or `UNVERIFIED`.
            verification_status: String = "verificationStatus",
            /// When made.
            created: OktaTime = "created",
            /// By whom made.
            created_by: String = "createdBy",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Which events.
            events: EventHookEvents = "events",
            /// Where they are sent.
            channel: EventHookChannel = "channel",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// Which events a hook sends.
    EventHookEvents {
        must {}
        may {
            /// `EVENT_TYPE`.
            kind: String = "type",
            /// Event types.
            items: Vec<String> = "items",
            /// Filter by expressions.
            filter: Value = "filter",
        }
    }
}

resource! {
    /// Where a hook sends.
    EventHookChannel {
        must {}
        may {
            /// `HTTP`.
            kind: String = "type",
            /// Version.
            version: String = "version",
            /// Address, headers, authentication.
            config: Value = "config",
        }
    }
}
