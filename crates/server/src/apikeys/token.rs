//! The token: `kw_`, then the tenant and 256 random bits in base64url. Only its hash is stored.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::TenantId;

const PREFIX: &str = "kw_";

/// A token of the tenant.
pub(super) fn make(tenant: TenantId, random: [u8; 32]) -> SecretString {
    let bytes = [tenant.0.as_bytes().as_slice(), random.as_slice()].concat();
    SecretString::from(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// The tenant a token claims to be of; `None` when it is no token of ours. Says nothing about its being valid.
pub(super) fn tenant(token: &SecretString) -> Option<TenantId> {
    let encoded = token.expose_secret().strip_prefix(PREFIX)?;
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .ok()
        .filter(|bytes| bytes.len() == 48)?;
    Uuid::from_slice(&bytes[..16]).ok().map(TenantId)
}

/// What is stored of it: SHA-256, enough for 256 random bits.
pub(super) fn hash(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret().as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_its_tenant_and_nothing_else_is_a_token() {
        let tenant_id = TenantId(Uuid::from_u128(7));
        let token = make(tenant_id, [9; 32]);
        assert_eq!(token.expose_secret().len(), 3 + 64);
        assert_eq!(tenant(&token), Some(tenant_id));
        for wrong in [
            "",
            "kw_",
            "kw_x",
            "kw_!!!!",
            &token.expose_secret()[3..],
            &format!("{}A", token.expose_secret()),
        ] {
            assert_eq!(tenant(&SecretString::from(wrong)), None, "{wrong}");
        }
        assert_ne!(hash(&token), hash(&make(tenant_id, [8; 32])));
    }
}
