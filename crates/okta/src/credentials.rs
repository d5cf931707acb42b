//! How a client proves itself to an org.

use std::fmt;
use std::sync::Arc;

use crate::{Grants, Secret, SigningKey};

/// The credentials of one connection. Exactly one kind is in force.
///
/// The OAuth kinds differ in what stands in the token request's form and in how the client authenticates; the refresh
/// token of a consent is stored before the access token it came with is used.
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
    /// A person's consent to a web app: bearer tokens, kept alive by refresh tokens that rotate.
    AuthorizationCode {
        /// Client id of the web app.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// Where the tokens are kept.
        grants: Arc<dyn Grants>,
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
            Self::AuthorizationCode { .. } => "authorization_code",
        }
    }

    /// Client id, if this is an OAuth client.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        match self {
            Self::ApiToken(_) => None,
            Self::Oauth { client_id, .. }
            | Self::OauthDpop { client_id, .. }
            | Self::AuthorizationCode { client_id, .. } => Some(client_id),
        }
    }

    pub(crate) const fn dpop_key(&self) -> Option<&SigningKey> {
        match self {
            Self::OauthDpop { dpop_key, .. } => Some(dpop_key),
            Self::ApiToken(_) | Self::Oauth { .. } | Self::AuthorizationCode { .. } => None,
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
            Self::AuthorizationCode {
                client_id,
                client_secret,
                grants,
            } => f
                .debug_struct("AuthorizationCode")
                .field("client_id", client_id)
                .field("client_secret", client_secret)
                .field("grants", grants)
                .finish(),
        }
    }
}
