//! Certificates that are pinned: of the identity provider's signatures, and our own.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use x509_parser::{prelude::FromDer, public_key::PublicKey};

/// Longest certificate that is read, in bytes of DER.
const LIMIT: usize = 16 * 1024;
/// RSA keys that are taken, in bits: below they are weak, above they only cost time.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Why a certificate was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Neither PEM nor base64 of DER.
    #[error("this is not a certificate: paste it from -----BEGIN to -----END, or its base64 alone")]
    NotACertificate,
    /// A key that is not RSA.
    #[error("the certificate's key is not RSA, and RSA is all that is used here")]
    NotRsa,
    /// An RSA key that is too short or too long, in bits.
    #[error("the certificate's key has {0} bits; 2048 to 8192 are taken")]
    KeySize(usize),
}

/// An X.509 certificate with an RSA key. It is trusted because it is pinned: neither chain nor dates are judged, but
/// the dates are known, so that one about to run out can be warned of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    subject: String,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Certificate {
    /// Reads PEM, or base64 as it stands in metadata; blanks do not matter.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let body = text.trim();
        let body = body
            .strip_prefix("-----BEGIN CERTIFICATE-----")
            .unwrap_or(body);
        let body = body.split("-----END").next().unwrap_or_default();
        let body: String = body
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(2 * LIMIT)
            .collect();
        let der = STANDARD
            .decode(body)
            .map_err(|_| CertificateError::NotACertificate)?;
        Self::from_der(der)
    }

    /// Reads DER.
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        const NOT: CertificateError = CertificateError::NotACertificate;
        if der.len() > LIMIT {
            return Err(NOT);
        }
        let (rest, read) =
            x509_parser::certificate::X509Certificate::from_der(&der).map_err(|_| NOT)?;
        if !rest.is_empty() {
            return Err(NOT);
        }
        match read.public_key().parsed() {
            Ok(PublicKey::RSA(key)) if BITS.contains(&key.key_size()) => {}
            Ok(PublicKey::RSA(key)) => return Err(CertificateError::KeySize(key.key_size())),
            _ => return Err(CertificateError::NotRsa),
        }
        let at = |time: i64| Timestamp::from_second(time).map_err(|_| NOT);
        let (not_before, not_after) = (
            at(read.validity().not_before.timestamp())?,
            at(read.validity().not_after.timestamp())?,
        );
        let subject = read.subject().to_string();
        Ok(Self {
            der,
            subject,
            not_before,
            not_after,
        })
    }

    /// DER, as it was read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Base64 of DER, as it stands in metadata.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    /// Whom it names, for example `CN=acme, OU=SSOProvider, O=Okta`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// From when it is said to be valid.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when it is said to be valid. A pinned certificate goes on working; the admin is warned.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// SHA-256 of DER in hexadecimal, the fingerprint that people compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.der);
        let pairs: Vec<String> = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        pairs.concat()
    }
}
