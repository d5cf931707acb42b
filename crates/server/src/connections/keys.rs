//! Keys of a connection: made here or taken from PEM, sealed, with their public half to show.

use keywright_okta::{KeyError as OktaKeyError, SigningAlgorithm, SigningKey};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, Work};
use crate::db::{TenantId, Timestamp};
use crate::vault::{self, Sealed};

/// What the sealed private halves are bound to.
const COLUMN: &str = "connection_keys.private_key";

/// What a key is for. The two are never the same key (RFC 9449 section 11.1; Okta: Configure OAuth 2.0 DPoP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Signs client assertions; Okta has the public half.
    Client,
    /// Binds tokens; Okta learns it by use.
    Dpop,
}

impl Purpose {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Dpop => "dpop",
        }
    }
}

/// Which of a purpose's keys it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Signs now.
    Current,
    /// Served beside the current one until it takes over.
    Next,
}

impl KeyState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
        }
    }
}

/// The kind of a key that is made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub enum Algorithm {
    /// RSA 2048 with SHA-256: taken by every org.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// P-256 with SHA-256: small and quick.
    #[serde(rename = "ES256")]
    Es256,
}

/// A key of a connection.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its row.
    pub id: Uuid,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether it signs now.
    pub state: KeyState,
    /// Its name in Okta.
    pub kid: String,
    /// `RS256`, `ES256`, …
    pub algorithm: String,
    /// The public half.
    pub public_jwk: Value,
    /// The public half as PEM.
    pub public_pem: String,
    /// The private half, sealed.
    pub(super) sealed: Sealed,
    /// When it came here.
    pub created_at: Timestamp,
}

/// A private key that a person brings.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenKey {
    /// The private key as PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    #[serde(deserialize_with = "super::given::secret")]
    #[schema(value_type = String, format = "password")]
    pub private_pem: SecretString,
    /// The public key that must belong to it: PEM, certificate or JWK.
    #[serde(default)]
    pub public: Option<String>,
    /// Its name in Okta; by default its RFC 7638 thumbprint.
    #[serde(default)]
    pub kid: Option<String>,
}

/// Why a key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key cannot be used.
    #[error("the {purpose} key cannot be used: {source}", purpose = purpose.word())]
    Unusable {
        /// Which key.
        purpose: Purpose,
        /// Why: no key, encrypted, of another kind, no pair.
        source: OktaKeyError,
    },
    /// In place of the private key a public one was given.
    #[error("the {} key that was given as private is a public one: give the PEM that begins with `-----BEGIN PRIVATE KEY-----`", .0.word())]
    PublicGiven(Purpose),
    /// The DPoP key is the client key.
    #[error("client and DPoP key are the same: Okta wants two different ones")]
    SameKey,
}

/// Makes a new key.
pub(super) fn generate(
    work: &Work,
    purpose: Purpose,
    algorithm: Algorithm,
    state: KeyState,
) -> Result<Key, KeyError> {
    let algorithm = match algorithm {
        Algorithm::Rs256 => SigningAlgorithm::Rs256,
        Algorithm::Es256 => SigningAlgorithm::Es256,
    };
    let key =
        SigningKey::generate(algorithm).map_err(|source| KeyError::Unusable { purpose, source })?;
    Ok(sealed(work, &key, None, purpose, state))
}

/// Takes a given key after looking whether it can be one, and whether the public half belongs to it.
pub(super) fn take(
    work: &Work,
    purpose: Purpose,
    given: &GivenKey,
    state: KeyState,
) -> Result<Key, KeyError> {
    let pem = given.private_pem.expose_secret().trim();
    if pem.contains("PUBLIC KEY-----") || pem.contains("-----BEGIN CERTIFICATE") {
        return Err(KeyError::PublicGiven(purpose));
    }
    let key = match &given.public {
        Some(public) => SigningKey::from_pem_pair(pem, public.trim()),
        None => SigningKey::from_pem(pem),
    }
    .map_err(|source| KeyError::Unusable { purpose, source })?;
    Ok(sealed(work, &key, given.kid.as_deref(), purpose, state))
}

/// Refuses one key for both purposes.
pub(super) fn differ(client: &Key, dpop: &Key) -> Result<(), KeyError> {
    if client.public_pem == dpop.public_pem {
        Err(KeyError::SameKey)
    } else {
        Ok(())
    }
}

/// Opens the private half for signing.
pub(super) fn open(app: &App, tenant: TenantId, stored: &Key) -> Result<SigningKey, super::Error> {
    let secret = app
        .vault()
        .open(tenant, COLUMN, stored.id, &stored.sealed)?;
    let pem = std::str::from_utf8(secret.expose_secret()).map_err(|_| vault::Error::Malformed)?;
    let key = SigningKey::from_pem(pem).map_err(|source| KeyError::Unusable {
        purpose: stored.purpose,
        source,
    })?;
    Ok(key.with_kid(&stored.kid))
}

fn sealed(
    work: &Work,
    key: &SigningKey,
    kid: Option<&str>,
    purpose: Purpose,
    state: KeyState,
) -> Key {
    let id: Uuid = work.id();
    let mut public = key.public_jwk();
    let kid = kid.unwrap_or_else(|| key.kid()).to_owned();
    public.kid = kid.clone().into();
    Key {
        id,
        purpose,
        state,
        kid,
        algorithm: key.algorithm().as_str().to_owned(),
        public_jwk: serde_json::to_value(&public).unwrap_or_default(),
        public_pem: key.public_pem(),
        sealed: work.seal(COLUMN, id, key.private_pem().reveal().as_bytes()),
        created_at: work.now,
    }
}
