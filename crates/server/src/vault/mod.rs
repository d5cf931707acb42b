//! Secrets at rest: AES-256-GCM-SIV (RFC 8452) under a key ring that lives outside the database.
//!
//! A sealed value opens only for the tenant, column and row it was sealed for (they are its associated data). Its key's
//! number is in the clear, so that a new key can be made active while old values still open ([`Vault::is_current`]).
//!
//! ```text
//! sealed = version (1) | key id (4, big endian) | nonce (12) | ciphertext and tag
//! ```

mod ring;
mod rotate;
mod routes;

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use aws_lc_rs::hmac;
use secrecy::SecretSlice;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use ring::{KeyRing, RingError};
pub use rotate::{Rotated, SealedColumn, reseal};
pub use routes::routes;

use crate::db::TenantId;

const VERSION: u8 = 1;
const HEAD: usize = 1 + 4 + 12;

/// A sealed secret, as it stands in the database.
#[derive(Clone, PartialEq, Eq, sea_orm::DeriveValueType)]
pub struct Sealed(pub Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed(***)")
    }
}

/// Why a sealed value did not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no sealed value of ours.
    #[error("this is not a sealed value")]
    Malformed,
    /// The key it was sealed with is not on the ring.
    #[error(
        "sealed with key {0}, which is not on the key ring: is this the right master key file?"
    )]
    NoSuchKey(u32),
    /// It was changed, or sealed for another tenant, column or row.
    #[error("the sealed value does not belong here or was changed")]
    Refused,
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    ring: RwLock<KeyRing>,
    // Read again when a value names a key that is not on the ring: another process may have rotated it.
    file: Option<PathBuf>,
}

impl Vault {
    /// A vault over a key ring that is in no file.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(Inner {
            ring: RwLock::new(ring),
            file: None,
        }))
    }

    /// A vault over the key ring file at `path`, which is made with `random` when it is missing.
    pub fn open_file(path: &Path, random: [u8; 32]) -> Result<Self, RingError> {
        let ring = RwLock::new(KeyRing::read_or_make(path, random)?);
        Ok(Self(Arc::new(Inner {
            ring,
            file: Some(path.to_owned()),
        })))
    }

    /// A vault over the key ring file at `path`, which must be there.
    pub fn at(path: &Path) -> Result<Self, RingError> {
        let ring = RwLock::new(KeyRing::read(path)?);
        Ok(Self(Arc::new(Inner {
            ring,
            file: Some(path.to_owned()),
        })))
    }

    /// Adds a key to the ring (first to its file) and seals with it from now on. Old values still open.
    pub fn add_key(&self, random: [u8; 32]) -> Result<u32, RingError> {
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        let next = match &self.0.file {
            Some(path) => {
                let next = KeyRing::read(path)?.rotated(random);
                next.replace(path)?;
                next
            }
            None => ring.rotated(random),
        };
        *ring = next;
        Ok(ring.active().0)
    }

    /// Seals `secret` for one row of one tenant's column. `random` makes the nonce; the mode bears a repeated one.
    #[must_use]
    pub fn seal(
        &self,
        tenant: TenantId,
        column: &str,
        row: Uuid,
        secret: &[u8],
        random: [u8; 12],
    ) -> Sealed {
        let ring = self.ring();
        let (id, key) = ring.active();
        let aad = associated(tenant, column, row);
        let mut out = Vec::with_capacity(HEAD + secret.len() + 16);
        out.push(VERSION);
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(&random);
        // Encryption fails only beyond 64 GiB; an empty value would then refuse to open.
        if let Ok(text) = cipher(key).encrypt(
            &Nonce::from(random),
            Payload {
                msg: secret,
                aad: &aad,
            },
        ) {
            out.extend_from_slice(&text);
        }
        Sealed(out)
    }

    /// Opens what was sealed for this very tenant, column and row.
    pub fn open(
        &self,
        tenant: TenantId,
        column: &str,
        row: Uuid,
        sealed: &Sealed,
    ) -> Result<SecretSlice<u8>, Error> {
        let (id, nonce, text) = split(&sealed.0)?;
        let key = self.key(id).ok_or(Error::NoSuchKey(id))?;
        let aad = associated(tenant, column, row);
        let plain = cipher(&key).decrypt(
            &Nonce::from(nonce),
            Payload {
                msg: text,
                aad: &aad,
            },
        );
        plain.map(SecretSlice::from).map_err(|_| Error::Refused)
    }

    /// Whether it was sealed with the active key (if not, rotation has it to do yet).
    #[must_use]
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        split(&sealed.0).is_ok_and(|(id, ..)| id == self.active_key())
    }

    /// The active key's number.
    #[must_use]
    pub fn active_key(&self) -> u32 {
        self.ring().active().0
    }

    /// An authentication code over `message`, under a key made from ring key `key` for `purpose` alone. Nothing when
    /// the ring lacks the key.
    #[must_use]
    pub fn mac(&self, key: u32, purpose: &str, message: &[u8]) -> Option<[u8; 32]> {
        let key = self.key(key)?;
        let derived = Zeroizing::new(code(&key, purpose.as_bytes()));
        Some(code(&derived, message))
    }

    fn ring(&self) -> RwLockReadGuard<'_, KeyRing> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn key(&self, number: u32) -> Option<Zeroizing<[u8; 32]>> {
        let known = self.ring().key(number).copied();
        if let (None, Some(path)) = (known, &self.0.file) {
            let fresh = KeyRing::read(path).ok()?;
            let found = fresh.key(number).copied();
            *self.0.ring.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            return found.map(Zeroizing::new);
        }
        known.map(Zeroizing::new)
    }
}

fn code(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    bytes
}

fn cipher(key: &[u8; 32]) -> Aes256GcmSiv {
    Aes256GcmSiv::new(key.into())
}

fn associated(tenant: TenantId, column: &str, row: Uuid) -> Vec<u8> {
    format!("keywright/1/{tenant}/{column}/{row}").into_bytes()
}

fn split(bytes: &[u8]) -> Result<(u32, [u8; 12], &[u8]), Error> {
    let (version, rest) = bytes.split_first().ok_or(Error::Malformed)?;
    let (id, rest) = rest.split_first_chunk::<4>().ok_or(Error::Malformed)?;
    let (nonce, text) = rest.split_first_chunk::<12>().ok_or(Error::Malformed)?;
    if *version == VERSION {
        Ok((u32::from_be_bytes(*id), *nonce, text))
    } else {
        Err(Error::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn tenant(n: u128) -> TenantId {
        TenantId(Uuid::from_u128(n))
    }

    #[test]
    fn opens_only_where_it_was_sealed() {
        let vault = Vault::new(KeyRing::generate([7; 32]));
        let row = Uuid::from_u128(9);
        let sealed = vault.seal(tenant(1), "connections.token", row, b"00secret", [1; 12]);
        assert!(!sealed.0.windows(8).any(|w| w == b"00secret"));
        assert_eq!(
            vault
                .open(tenant(1), "connections.token", row, &sealed)
                .unwrap()
                .expose_secret(),
            b"00secret"
        );
        let refused = Some(Error::Refused);
        assert_eq!(
            vault
                .open(tenant(2), "connections.token", row, &sealed)
                .err(),
            refused
        );
        assert_eq!(
            vault.open(tenant(1), "connections.key", row, &sealed).err(),
            refused
        );
        assert_eq!(
            vault
                .open(tenant(1), "connections.token", Uuid::nil(), &sealed)
                .err(),
            refused
        );
        for at in 5..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert_eq!(
                vault
                    .open(tenant(1), "connections.token", row, &changed)
                    .err(),
                refused,
                "byte {at}"
            );
        }
        assert_eq!(
            vault.open(tenant(1), "x", row, &Sealed(vec![1, 2])).err(),
            Some(Error::Malformed)
        );
    }

    #[test]
    fn a_rotated_ring_opens_old_values_and_seals_with_the_new_key() {
        let ring = KeyRing::generate([7; 32]);
        let old = Vault::new(ring.clone()).seal(tenant(1), "c", Uuid::nil(), b"x", [0; 12]);
        let vault = Vault::new(ring.rotated([8; 32]));
        assert!(vault.open(tenant(1), "c", Uuid::nil(), &old).is_ok());
        assert!(!vault.is_current(&old));
        let new = vault.seal(tenant(1), "c", Uuid::nil(), b"x", [0; 12]);
        assert!(vault.is_current(&new));
        let other = Vault::new(KeyRing::generate([7; 32]));
        assert_eq!(
            other.open(tenant(1), "c", Uuid::nil(), &new).err(),
            Some(Error::NoSuchKey(2))
        );
    }
}
