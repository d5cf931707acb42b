//! PEM in and out (RFC 7468).

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, SubjectPublicKeyInfoDer};

use super::KeyError;

pub(super) enum PrivateKey {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

pub(super) fn private_key(pem: &str) -> Result<PrivateKey, KeyError> {
    if pem.contains("ENCRYPTED") {
        return Err(KeyError::Encrypted);
    }
    let rsa =
        |pair: Result<RsaKeyPair, _>| pair.map(PrivateKey::Rsa).map_err(|_| KeyError::Unsupported);
    let ec = |der: &[u8]| {
        EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map(PrivateKey::Ec)
    };
    match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::NotAPrivateKey)? {
        PrivateKeyDer::Pkcs1(der) => rsa(RsaKeyPair::from_der(der.secret_pkcs1_der())),
        PrivateKeyDer::Sec1(der) => ec(der.secret_sec1_der()).map_err(|_| KeyError::Unsupported),
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            rsa(RsaKeyPair::from_pkcs8(der)).or_else(|_| ec(der).map_err(|_| KeyError::Unsupported))
        }
        _ => Err(KeyError::NotAPrivateKey),
    }
}

/// The `SubjectPublicKeyInfo` of a PEM public key.
pub(super) fn public_key(pem: &str) -> Result<Vec<u8>, KeyError> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| KeyError::NotAPublicKey)?;
    Ok(der.as_ref().to_vec())
}

pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}
