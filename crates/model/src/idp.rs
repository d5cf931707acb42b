//! Identity providers.

use serde_json::Value;

use crate::{IdpId, Links, OktaTime};

resource! {
    /// An identity provider that Okta trusts.
    IdentityProvider {
        must {
            /// Id.
            id: IdpId = "id",
        }
        may {
            /// Name.
            name: String = "name",
            /// `OIDC`, `SAML2`, …
            kind: String = "type",
            /// Status.
            status: String = "status",
            /// Issuer.
            issuer_mode: String = "issuerMode",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Endpoints, scopes, credentials.
            protocol: Value = "protocol",
            /// Provisioning, linking, subject.
            policy: Value = "policy",
            /// More by kind.
            properties: Value = "properties",
            /// Links.
            links: Links = "_links",
        }
    }
}
