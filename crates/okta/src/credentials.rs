//! How a client proves itself to an org.

use std::fmt;

use crate::{Secret, SigningKey};

/// The credentials of one connection. Exactly one kind is in force.
///
/// The OAuth kinds differ only in what stands in the token request's form and in who signs; the authorization code
/// grant is one more variant, whose refresh token is stored before the access token it came with is used.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// An API token: `Authorization: SSWS …`. Acts as the person who made it.
    ApiToken(Secret),
    /// Client credentials with `private_key_jwt`.
    Oauth {
        /// Client id of the API Services app.
        client_id: String,
        /// Key whose public half the app knows.
        key: SigningKey,
    },
    /// The same, with access tokens bound to a key by `DPoP` (RFC 9449).
    OauthDpop {
        /// Client id of the API Services app.
        client_id: String,
        /// Key whose public half the app knows.
        key: SigningKey,
        /// Key the tokens are bound to. Never the key of the assertions.
        dpop_key: SigningKey,
    },
}

impl Credentials {
    /// The kind, as configuration spells it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiToken(_) => "api_token",
            Self::Oauth { .. } => "oauth",
            Self::OauthDpop { .. } => "oauth_dpop",
        }
    }

    /// Client id, if this is an OAuth client.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::ApiToken(_) => None,
            Self::Oauth { client_id, .. } | Self::OauthDpop { client_id, .. } => Some(client_id),
        }
    }

    pub(crate) const fn dpop_key(&self) -> Option<&SigningKey> {
        match self {
            Self::OauthDpop { dpop_key, .. } => Some(dpop_key),
            Self::ApiToken(_) | Self::Oauth { .. } => None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiToken(token) => f.debug_tuple("ApiToken").field(token).finish(),
            Self::Oauth { client_id, key } => f
                .debug_struct("Oauth")
                .field("client_id", client_id)
                .field("key", key)
                .finish(),
            Self::OauthDpop {
                client_id,
                key,
                dpop_key,
            } => f
                .debug_struct("OauthDpop")
                .field("client_id", client_id)
                .field("key", key)
                .field("dpop_key", dpop_key)
                .finish(),
        }
    }
}
