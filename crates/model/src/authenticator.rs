//! Authenticators of the org, their methods and lists of AAGUIDs.

use serde_json::Value;

use crate::{AuthenticatorId, Links, OktaTime};

resource! {
    /// An authenticator of the org.
    Authenticator {
        must {
            /// Id.
            id: AuthenticatorId = "id",
        }
        may {
            /// Kind.
            kind: String = "type",
            /// Key: `webauthn`, `okta_password`, …
            key: String = "key",
            /// Status.
            status: String = "status",
            /// Name.
            name: String = "name",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Settings.
            settings: Value = "settings",
            /// Who provides it.
            provider: Value = "provider",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A method of an authenticator.
    AuthenticatorMethod {
        must {
            /// Kind.
            kind: String = "type",
        }
        may {
            /// Status.
            status: String = "status",
            /// Settings.
            settings: Value = "settings",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A kind of security key the org has added by its AAGUID.
    CustomAaguid {
        must {
            /// AAGUID.
            aaguid: String = "aaguid",
        }
        may {
            /// Name.
            name: String = "name",
            /// What it can do.
            authenticator_characteristics: Value = "authenticatorCharacteristics",
            /// Its roots.
            attestation_root_certificates: Value = "attestationRootCertificates",
            /// Links.
            links: Links = "_links",
        }
    }
}
