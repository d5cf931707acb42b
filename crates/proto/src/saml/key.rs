//! Our own key: it signs requests and opens encrypted assertions.

use std::fmt;

use aws_lc_rs::{
    digest,
    rand::SystemRandom,
    signature::{self, KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    binding::attribute,
    certificate::Certificate,
    names::{DSIG, ENVELOPED, EXCLUSIVE, RSA_SHA256, SHA256},
};

/// Why a key was refused, or would not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not PEM of an RSA key that is not encrypted.
    #[error("this is not the PEM of an RSA private key without passphrase")]
    NotAKey,
    /// The certificate is of another key.
    #[error("the certificate belongs to another key")]
    OtherCertificate,
    /// The crypto library refused to sign.
    #[error("the key would not sign")]
    Signing,
}

/// An RSA key of ours with its certificate, which the identity provider is given.
pub struct SpKey {
    pair: RsaKeyPair,
    pem: String,
    certificate: Certificate,
}

impl fmt::Debug for SpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpKey(***)")
    }
}

impl SpKey {
    /// Reads a key (PEM, PKCS #8 or PKCS #1) and checks that the certificate is of it.
    pub fn parse(pem: &str, certificate: Certificate) -> Result<Self, KeyError> {
        let der = der(pem).ok_or(KeyError::NotAKey)?;
        let pair = RsaKeyPair::from_pkcs8(&der)
            .or_else(|_| RsaKeyPair::from_der(&der))
            .map_err(|_| KeyError::NotAKey)?;
        let public = pair.public_key().as_ref();
        if !certificate
            .der()
            .windows(public.len())
            .any(|part| part == public)
        {
            return Err(KeyError::OtherCertificate);
        }
        Ok(Self {
            pair,
            pem: pem.to_owned(),
            certificate,
        })
    }

    /// The certificate of this key.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The PEM, for the library that decrypts.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// RSA-SHA256 over bytes, in base64.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<String, KeyError> {
        let mut out = vec![0; self.pair.public_modulus_len()];
        // PKCS #1 v1.5 needs no randomness; the parameter is there for PSS.
        self.pair
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                bytes,
                &mut out,
            )
            .map_err(|_| KeyError::Signing)?;
        Ok(STANDARD.encode(out))
    }

    /// An enveloped signature over an element that is written canonically (exclusive, without the signature) and has
    /// the ID `id`. XML Signature 1.1 sections 3.1 and 4; SAML 2.0 Core section 5.4.
    pub(super) fn enveloped(&self, canonical: &str, id: &str) -> Result<String, KeyError> {
        let digest = digest::digest(&digest::SHA256, canonical.as_bytes());
        let inside = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#{}\"><ds:Transforms><ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform>\
             <ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod>\
             <ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
            attribute(id),
            STANDARD.encode(digest),
        );
        // Canonical form of SignedInfo alone: it declares the prefix that its parent declares in the document.
        let signed = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{inside}");
        Ok(format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{inside}<ds:SignatureValue>{}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
             </ds:Signature>",
            self.sign(signed.as_bytes())?,
            self.certificate.base64(),
        ))
    }
}

/// The bytes of a PEM block.
fn der(pem: &str) -> Option<Vec<u8>> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    if !["PRIVATE KEY", "RSA PRIVATE KEY"].contains(&kind) {
        return None;
    }
    let body: String = body.split_whitespace().collect();
    STANDARD.decode(body).ok()
}
