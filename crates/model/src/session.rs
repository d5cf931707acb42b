//! Sessions at Okta.

use serde_json::Value;

use crate::{Hidden, Links, OktaTime, OktaUserId};

resource! {
    /// A session.
    OktaSession {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// User.
            user_id: OktaUserId = "userId",
            /// Login.
            login: String = "login",
            /// Status.
            status: String = "status",
            /// When made.
            created_at: OktaTime = "createdAt",
            /// When it ends.
            expires_at: OktaTime = "expiresAt",
            /// When the password was checked.
            last_password_verification: OktaTime = "lastPasswordVerification",
            /// When a factor was checked.
            last_factor_verification: OktaTime = "lastFactorVerification",
            /// By what means.
            amr: Vec<String> = "amr",
            /// Who signed them in.
            idp: Value = "idp",
            /// Whether a factor is enrolled.
            mfa_active: bool = "mfaActive",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// Answer of Okta's sign-in API (`POST /api/v1/authn`).
    AuthnAnswer {
        must {
            /// Where the sign-in stands, `SUCCESS`, `MFA_REQUIRED`, ….
            status: String = "status",
        }
        may {
            /// When it ends.
            expires_at: OktaTime = "expiresAt",
            /// One-time token to make a session with.
            session_token: Hidden = "sessionToken",
            /// Token of a sign-in not yet done.
            state_token: Hidden = "stateToken",
            /// User and factors.
            embedded: Value = "_embedded",
            /// Links.
            links: Links = "_links",
        }
    }
}
