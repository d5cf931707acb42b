//! The org's own signing key, and keys for the service apps that a sandbox starts with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DistinguishedName, DnType, date_time_ymd};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::jws::{encode, thumbprint};
use crate::apps::Certificate;
use crate::clock::Time;

/// An RSA key pair.
#[derive(Debug)]
pub(crate) struct PrivateKey {
    pair: RsaKeyPair,
    pub(crate) pem: String,
    pub(crate) kid: String,
    n: String,
    e: String,
}

impl PrivateKey {
    /// A new key of 2048 bits.
    ///
    /// Fails only when the machine has no randomness.
    pub(crate) fn generate() -> Option<Self> {
        Self::of(RsaKeyPair::generate(KeySize::Rsa2048).ok()?)
    }

    /// The key in a PEM that [`Self::generate`] wrote.
    pub(crate) fn from_pem(pem: &str) -> Option<Self> {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self::of(RsaKeyPair::from_pkcs8(&STANDARD.decode(body).ok()?).ok()?)
    }

    fn of(pair: RsaKeyPair) -> Option<Self> {
        let der = pair.as_der().ok()?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        let text = STANDARD.encode(der.as_ref());
        for line in text.as_bytes().chunks(64) {
            pem.push_str(&String::from_utf8_lossy(line));
            pem.push('\n');
        }
        pem.push_str("-----END PRIVATE KEY-----\n");
        let public = pair.public_key();
        let trimmed = |bytes: &[u8]| encode(bytes.strip_prefix(&[0]).unwrap_or(bytes));
        let n = trimmed(public.modulus().big_endian_without_leading_zero());
        let e = trimmed(public.exponent().big_endian_without_leading_zero());
        let kid = thumbprint(&json!({ "kty": "RSA", "n": n, "e": e }))?;
        Some(Self {
            pair,
            pem,
            kid,
            n,
            e,
        })
    }

    /// The public half as a JWK.
    pub(crate) fn jwk(&self) -> Value {
        json!({ "kty": "RSA", "alg": "RS256", "kid": self.kid, "use": "sig", "e": self.e, "n": self.n })
    }

    /// A compact JWS over these claims.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // A key of 2048 bits always signs; an empty signature would be refused by everybody.
        let _ = self.pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        );
        format!("{signed}.{}", encode(&signature))
    }
}

/// The keys of an org, made when they are first needed, as making one takes a while.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    signing: OnceLock<Option<Arc<PrivateKey>>>,
    /// Keys of custom servers, by server and generation.
    servers: Mutex<HashMap<(u32, u32), Arc<PrivateKey>>>,
    /// Certificates that sign for apps, by the id of their key.
    certificates: Mutex<HashMap<String, Made>>,
}

/// A certificate, as its parts are shown.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    /// The certificate in base64.
    pub(crate) x5c: String,
    /// The SHA-256 of the certificate in base64url.
    pub(crate) thumbprint: String,
    pub(crate) n: String,
    pub(crate) e: String,
}

impl Keys {
    /// Keys that were made before: the org's own, and those of custom servers.
    pub(crate) fn with(own: Option<PrivateKey>, servers: Vec<((u32, u32), PrivateKey)>) -> Self {
        let servers = servers.into_iter().map(|(of, key)| (of, Arc::new(key)));
        Self {
            signing: own.map_or_else(OnceLock::new, |key| OnceLock::from(Some(Arc::new(key)))),
            servers: Mutex::new(servers.collect()),
            certificates: Mutex::default(),
        }
    }

    /// The key that signs access tokens, if one was made.
    pub(super) fn made(&self) -> Option<Arc<PrivateKey>> {
        self.signing.get()?.clone()
    }

    /// The keys of custom servers that were made, by server and generation.
    pub(super) fn made_for_servers(&self) -> Vec<((u32, u32), Arc<PrivateKey>)> {
        let made = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = made
            .iter()
            .map(|(of, key)| (*of, Arc::clone(key)))
            .collect();
        all.sort_by_key(|(of, _)| *of);
        all
    }

    /// The key that signs access tokens.
    pub(crate) fn signing(&self) -> Option<Arc<PrivateKey>> {
        self.signing
            .get_or_init(|| PrivateKey::generate().map(Arc::new))
            .clone()
    }

    /// The key of a custom server after it was rotated so often. Made once.
    pub(crate) fn of_server(&self, server: u32, generation: u32) -> Option<Arc<PrivateKey>> {
        let mut made = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = made.get(&(server, generation)) {
            return Some(Arc::clone(key));
        }
        let key = Arc::new(PrivateKey::generate()?);
        made.insert((server, generation), Arc::clone(&key));
        Some(key)
    }

    /// The certificate of an app: self-signed by the org's key, as Okta's are. Made once.
    pub(crate) fn certificate(&self, wanted: &Certificate, subdomain: &str) -> Option<Made> {
        let mut made = self
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&wanted.kid) {
            return Some(known.clone());
        }
        let key = self.signing()?;
        let pair = rcgen::KeyPair::from_pem(&key.pem).ok()?;
        let der = params(wanted, subdomain)
            .self_signed(&pair)
            .ok()?
            .der()
            .to_vec();
        let new = Made {
            x5c: STANDARD.encode(&der),
            thumbprint: encode(&Sha256::digest(&der)),
            n: key.n.clone(),
            e: key.e.clone(),
        };
        made.insert(wanted.kid.clone(), new.clone());
        Some(new)
    }
}

fn params(wanted: &Certificate, subdomain: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    let mut name = DistinguishedName::new();
    for (part, text) in [
        (DnType::CountryName, "US"),
        (DnType::StateOrProvinceName, "California"),
        (DnType::LocalityName, "San Francisco"),
        (DnType::OrganizationName, "Okta"),
        (DnType::OrganizationalUnitName, "SSOProvider"),
        (DnType::CommonName, subdomain),
    ] {
        name.push(part, text);
    }
    params.distinguished_name = name;
    let year = |at: Time| i32::try_from(1970 + at.seconds() / 31_556_952).unwrap_or(2026);
    params.not_before = date_time_ymd(year(wanted.created), 1, 1);
    params.not_after = date_time_ymd(year(wanted.created.plus(wanted.years * 31_556_952)), 12, 31);
    params
}
