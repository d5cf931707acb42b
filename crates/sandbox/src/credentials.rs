//! With what clients come in: the API token and two service apps, made at start.

use serde::{Deserialize, Serialize};

/// A service app that a sandbox starts with: all `okta.*` scopes granted, super administrator.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ServiceApp {
    /// The client id, also the id of the app.
    pub client_id: String,
    /// The id of its key.
    pub kid: String,
    /// Its private key, PKCS#8 in PEM.
    pub private_key_pem: String,
}

impl std::fmt::Debug for ServiceApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceApp")
            .field("client_id", &self.client_id)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// With what clients come in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Credentials {
    /// An API token of the super administrator.
    pub api_token: String,
    /// A service app whose access tokens are plain bearer tokens.
    pub oauth: ServiceApp,
    /// A service app whose access tokens are bound by DPoP.
    pub dpop: ServiceApp,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("oauth", &self.oauth)
            .field("dpop", &self.dpop)
            .finish_non_exhaustive()
    }
}
