//! Factors of a user, and enrolments.

use serde_json::Value;

use crate::{FactorId, Links, OktaTime};

resource! {
    /// A factor of a user.
    Factor {
        must {
            /// Id.
            id: FactorId = "id",
        }
        may {
            /// `webauthn`, `push`, `sms`, …
            factor_type: String = "factorType",
            /// Who provides it.
            provider: String = "provider",
            /// Vendor.
            vendor_name: String = "vendorName",
            /// `ACTIVE`, `PENDING_ACTIVATION`, …
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Profile.
            profile: Value = "profile",
            /// Links.
            links: Links = "_links",
            /// Expanded resources.
            embedded: Value = "_embedded",
        }
    }
}

resource! {
    /// A question a user may choose.
    SecurityQuestion {
        must {
            /// Its key.
            question: String = "question",
        }
        may {
            /// Its text.
            question_text: String = "questionText",
        }
    }
}
