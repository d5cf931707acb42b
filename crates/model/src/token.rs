//! API tokens, as the org lists them: their metadata, never the token.

use crate::{ApiTokenId, Links, OktaTime, OktaUserId};
use serde_json::Value;

resource! {
    /// An API token's metadata.
    ApiToken {
        must {
            /// Id.
            id: ApiTokenId = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// The user it acts as.
            user_id: OktaUserId = "userId",
            /// Client, `Okta API`.
            client_name: String = "clientName",
            /// How long unused until it ends, `P30D`.
            token_window: String = "tokenWindow",
            /// From where it may be used.
            network: Value = "network",
            /// When it ends: last use and `token_window`.
            expires_at: OktaTime = "expiresAt",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
        }
    }
}
