//! The OAuth side: keys, tokens and their errors.

use serde_json::Value;

use crate::{Hidden, Links, OktaTime};

resource! {
    /// A set of keys (RFC 7517 section 5).
    Jwks {
        must {
            /// Keys.
            keys: Vec<Jwk> = "keys",
        }
        may {}
    }
}

resource! {
    /// A public key (RFC 7517), with what Okta adds.
    Jwk {
        must {
            /// `RSA` or `EC`.
            kty: String = "kty",
        }
        may {
            /// Key id.
            kid: String = "kid",
            /// Okta's own id of the key (`pks…`).
            id: String = "id",
            /// `ACTIVE` or `INACTIVE`.
            status: String = "status",
            /// `sig` or `enc`.
            key_use: String = "use",
            /// Algorithm.
            alg: String = "alg",
            /// RSA exponent.
            e: String = "e",
            /// RSA modulus.
            n: String = "n",
            /// Curve.
            crv: String = "crv",
            /// EC x.
            x: String = "x",
            /// EC y.
            y: String = "y",
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
    /// A token endpoint's answer (RFC 6749 section 5.1).
    TokenAnswer {
        must {
            /// Access token.
            access_token: Hidden = "access_token",
            /// `Bearer` or `DPoP`.
            token_type: String = "token_type",
            /// Seconds it lives.
            expires_in: u64 = "expires_in",
        }
        may {
            /// Scopes given, parted by blanks.
            scope: String = "scope",
            /// Refresh token.
            refresh_token: Hidden = "refresh_token",
            /// ID token.
            id_token: Hidden = "id_token",
        }
    }
}

resource! {
    /// An OAuth error (RFC 6749 section 5.2).
    OAuthError {
        must {
            /// Code.
            error: String = "error",
        }
        may {
            /// Text for people.
            error_description: String = "error_description",
        }
    }
}

resource! {
    /// Authorization server metadata (RFC 8414, `OpenID` discovery).
    AuthorizationServerMetadata {
        must {
            /// Issuer.
            issuer: String = "issuer",
        }
        may {
            /// Authorization endpoint.
            authorization_endpoint: String = "authorization_endpoint",
            /// Token endpoint.
            token_endpoint: String = "token_endpoint",
            /// Keys.
            jwks_uri: String = "jwks_uri",
            /// Scopes.
            scopes_supported: Value = "scopes_supported",
        }
    }
}
