//! Keys that sign client assertions and `DPoP` proofs.

mod pem;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keywright_model::oauth::Jwk;
use sha2::{Digest as _, Sha256};

use crate::Secret;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// RSA with SHA-256 (RFC 7518 section 3.3).
    Rs256,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    Es256,
}

impl SigningAlgorithm {
    /// The name in a JWT header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM, or PEM of something else.
    #[error("this is not a private key in PEM (`-----BEGIN PRIVATE KEY-----` and the like)")]
    NotAPrivateKey,
    /// A key protected by a password.
    #[error(
        "the key is encrypted; take the password off first (openssl pkey -in key.pem -out plain.pem)"
    )]
    Encrypted,
    /// A private key that neither signs RS256 nor ES256.
    #[error("the key is neither RSA of 2048 bits or more nor EC on the curve P-256")]
    Unsupported,
    /// No public key, or in no form we read.
    #[error("this is not a public key in PEM or JWK")]
    NotAPublicKey,
    /// A public key that is not the private key's.
    #[error("the public key does not belong to the private key")]
    WrongPair,
    /// The machine could not make a key.
    #[error("no key could be made")]
    CannotMake,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

struct Parts {
    pair: Pair,
    /// The private key as PKCS#8 PEM, as it is stored.
    private_pem: Secret,
    public_der: Vec<u8>,
    jwk: Jwk,
    thumbprint: String,
}

/// A private key with its public half, parsed once. Cheap to clone. `Debug` shows the thumbprint only.
#[derive(Clone)]
pub struct SigningKey(Arc<Parts>, Option<Arc<str>>);

impl SigningKey {
    /// A new key: RSA of 2048 bits, or EC on P-256.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<Self, KeyError> {
        match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair =
                    RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::CannotMake)?;
                Self::from_rsa(pair)
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                    .map_err(|_| KeyError::CannotMake)?;
                Self::from_ec(pair)
            }
        }
    }

    /// Reads a private key from PEM: PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`).
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        match pem::private_key(pem)? {
            pem::PrivateKey::Rsa(pair) => Self::from_rsa(pair),
            pem::PrivateKey::Ec(pair) => Self::from_ec(pair),
        }
    }

    /// As [`SigningKey::from_pem`], and refuses a public key (PEM or JWK) that is not its other half.
    pub fn from_pem_pair(private: &str, public: &str) -> Result<Self, KeyError> {
        let key = Self::from_pem(private)?;
        if key.matches(public)? {
            Ok(key)
        } else {
            Err(KeyError::WrongPair)
        }
    }

    /// Whether a public key, as PEM or as JWK, is this key's other half.
    pub fn matches(&self, public: &str) -> Result<bool, KeyError> {
        if public.trim_start().starts_with('{') {
            let jwk: Jwk = serde_json::from_str(public).map_err(|_| KeyError::NotAPublicKey)?;
            return thumbprint(&jwk)
                .map(|thumbprint| thumbprint == self.0.thumbprint)
                .ok_or(KeyError::NotAPublicKey);
        }
        Ok(pem::public_key(public)? == self.0.public_der)
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> SigningAlgorithm {
        match self.0.pair {
            Pair::Rsa(_) => SigningAlgorithm::Rs256,
            Pair::Ec(_) => SigningAlgorithm::Es256,
        }
    }

    /// The same key under the name that Okta has given it: a key made in Okta's console is not named by its thumbprint.
    #[must_use]
    pub fn with_kid(&self, kid: &str) -> Self {
        Self(Arc::clone(&self.0), Some(Arc::from(kid)))
    }

    /// Its id: the RFC 7638 thumbprint with SHA-256, unless it was given another.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.1.as_deref().unwrap_or(&self.0.thumbprint)
    }

    /// The public half, with `kid`, `use` and `alg`: what Okta's app settings take.
    #[must_use]
    pub fn public_jwk(&self) -> Jwk {
        let mut jwk = self.0.jwk.clone();
        jwk.kid = self.kid().into();
        jwk.key_use = "sig".into();
        jwk.alg = self.algorithm().as_str().into();
        jwk
    }

    /// The public half with the members of RFC 7638 alone: what a `DPoP` proof's header carries.
    #[must_use]
    pub fn bare_jwk(&self) -> &Jwk {
        &self.0.jwk
    }

    /// The public half as PEM (`PUBLIC KEY`).
    #[must_use]
    pub fn public_pem(&self) -> String {
        pem::encode("PUBLIC KEY", &self.0.public_der)
    }

    /// The private key as PKCS#8 PEM, to be sealed and stored.
    #[must_use]
    pub fn private_pem(&self) -> &Secret {
        &self.0.private_pem
    }

    /// The signature over `message`, as JWS wants it. `None` if the machine fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.0.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .ok()?;
                Some(signature)
            }
            Pair::Ec(pair) => Some(
                pair.sign(&SystemRandom::new(), message)
                    .ok()?
                    .as_ref()
                    .to_vec(),
            ),
        }
    }

    fn from_rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        if pair.public_modulus_len() < 256 {
            return Err(KeyError::Unsupported);
        }
        let mut jwk = Jwk::new("RSA".to_owned());
        jwk.e = BASE64_URL_SAFE_NO_PAD
            .encode(
                pair.public_key()
                    .exponent()
                    .big_endian_without_leading_zero(),
            )
            .into();
        jwk.n = BASE64_URL_SAFE_NO_PAD
            .encode(
                pair.public_key()
                    .modulus()
                    .big_endian_without_leading_zero(),
            )
            .into();
        let public_der = pair
            .public_key()
            .as_der()
            .map_err(|_| KeyError::Unsupported)?
            .as_ref()
            .to_vec();
        let private_der =
            aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
                .map_err(|_| KeyError::Unsupported)?;
        Self::assemble(Pair::Rsa(pair), private_der.as_ref(), public_der, jwk)
    }

    fn from_ec(pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        // An uncompressed point: 4, then 32 bytes of x and 32 of y (SEC 1 section 2.3.3).
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(KeyError::Unsupported);
        };
        let mut jwk = Jwk::new("EC".to_owned());
        jwk.crv = "P-256".into();
        jwk.x = BASE64_URL_SAFE_NO_PAD.encode(x).into();
        jwk.y = BASE64_URL_SAFE_NO_PAD.encode(y).into();
        let public_der = pair
            .public_key()
            .as_der()
            .map_err(|_| KeyError::Unsupported)?
            .as_ref()
            .to_vec();
        let private_der = pair.to_pkcs8v1().map_err(|_| KeyError::Unsupported)?;
        Self::assemble(Pair::Ec(pair), private_der.as_ref(), public_der, jwk)
    }

    fn assemble(
        pair: Pair,
        private_der: &[u8],
        public_der: Vec<u8>,
        jwk: Jwk,
    ) -> Result<Self, KeyError> {
        let thumbprint = thumbprint(&jwk).ok_or(KeyError::Unsupported)?;
        let private_pem = Secret::new(pem::encode("PRIVATE KEY", private_der));
        Ok(Self(
            Arc::new(Parts {
                pair,
                private_pem,
                public_der,
                jwk,
                thumbprint,
            }),
            None,
        ))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SigningKey({} {})",
            self.algorithm().as_str(),
            self.kid()
        )
    }
}

/// RFC 7638 section 3: SHA-256 over the members that the key type needs, in order of their names.
pub(crate) fn thumbprint(jwk: &Jwk) -> Option<String> {
    let text = match jwk.kty.as_str() {
        "RSA" => format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            jwk.e.get()?,
            jwk.n.get()?
        ),
        "EC" => {
            let (crv, x, y) = (jwk.crv.get()?, jwk.x.get()?, jwk.y.get()?);
            format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        _ => return None,
    };
    Some(BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests;
