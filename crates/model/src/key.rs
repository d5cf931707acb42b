//! Signing keys, signing requests and client secrets of apps and identity providers.

use crate::{Hidden, KeyId, Links, OktaTime};

resource! {
    /// A signing key of an app or identity provider, with its certificate.
    SigningKeyCredential {
        must {
            /// Key id.
            kid: KeyId = "kid",
        }
        may {
            /// Key type.
            kty: String = "kty",
            /// Use.
            key_use: String = "use",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// When the certificate ends.
            expires_at: OktaTime = "expiresAt",
            /// Certificate chain.
            x5c: Vec<String> = "x5c",
            /// Thumbprint of the certificate.
            x5t_s256: String = "x5t#S256",
            /// RSA exponent.
            e: String = "e",
            /// RSA modulus.
            n: String = "n",
        }
    }
}

resource! {
    /// A certificate signing request.
    Csr {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// When made.
            created: OktaTime = "created",
            /// The request, base64 DER.
            csr: String = "csr",
            /// Key type.
            kty: String = "kty",
            /// Links.
            links: Links = "_links",
        }
    }
}

resource! {
    /// A client secret of an app or API service integration.
    ClientSecret {
        must {
            /// Id.
            id: String = "id",
        }
        may {
            /// Secret (masked in lists of integrations).
            client_secret: Hidden = "client_secret",
            /// Hash of the secret.
            secret_hash: String = "secret_hash",
            /// `ACTIVE` or `INACTIVE`.
            status: String = "status",
            /// When made.
            created: OktaTime = "created",
            /// When last changed.
            last_updated: OktaTime = "lastUpdated",
            /// Links.
            links: Links = "_links",
        }
    }
}
