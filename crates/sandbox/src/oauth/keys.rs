//! The org's own signing key, and keys for the service apps that a sandbox starts with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, DistinguishedName, DnType, date_time_ymd};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::jws::{encode, thumbprint};
use super::sha1;
use crate::apps::Certificate;
use crate::clock::Time;

/// With which hash an RSA key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaHash {
    Sha1,
    Sha256,
    Sha512,
}

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
        let signature = self.sign_bytes(RsaHash::Sha256, signed.as_bytes());
        format!("{signed}.{}", encode(&signature))
    }

    /// A signature by RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    pub(crate) fn sign_bytes(&self, hash: RsaHash, bytes: &[u8]) -> Vec<u8> {
        let encoding = match hash {
            RsaHash::Sha1 => {
                let der = self.pair.as_der();
                return der
                    .ok()
                    .and_then(|der| sha1::sign(der.as_ref(), bytes))
                    .unwrap_or_default();
            }
            RsaHash::Sha256 => &RSA_PKCS1_SHA256,
            RsaHash::Sha512 => &RSA_PKCS1_SHA512,
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        // A key of 2048 bits always signs; an empty signature would be refused by everybody.
        let _ = self
            .pair
            .sign(encoding, &SystemRandom::new(), bytes, &mut signature);
        signature
    }
}

/// The keys of an org, made when they are first needed, as making one takes a while.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    signing: OnceLock<Option<Arc<PrivateKey>>>,
    /// Keys of custom servers, by server and generation.
    servers: Mutex<HashMap<(u32, u32), Arc<PrivateKey>>>,
    /// Certificates that sign for apps, by the id of their key.
    certificates: Mutex<HashMap<String, Certified>>,
}

/// A key with its certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certified {
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) shown: Made,
}

impl Certified {
    /// A certificate for a key, signed by itself, as Okta's are.
    pub(crate) fn new(key: Arc<PrivateKey>, wanted: &Certificate, subdomain: &str) -> Option<Self> {
        let pair = rcgen::KeyPair::from_pem(&key.pem).ok()?;
        let der = params(wanted, subdomain)
            .self_signed(&pair)
            .ok()?
            .der()
            .to_vec();
        let shown = Made {
            x5c: STANDARD.encode(&der),
            thumbprint: encode(&Sha256::digest(&der)),
            n: key.n.clone(),
            e: key.e.clone(),
        };
        Some(Self { key, shown })
    }
}

/// A certificate, as its parts are shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The certificate in base64.
    pub(crate) x5c: String,
    /// The SHA-256 of the certificate in base64url.
    pub(crate) thumbprint: String,
    pub(crate) n: String,
    pub(crate) e: String,
}

impl Keys {
    /// Keys that were made before: the org's own, those of custom servers, and those with certificates by their ids.
    pub(crate) fn with(
        own: Option<PrivateKey>,
        servers: Vec<((u32, u32), PrivateKey)>,
        certified: HashMap<String, Certified>,
    ) -> Self {
        let servers = servers.into_iter().map(|(of, key)| (of, Arc::new(key)));
        Self {
            signing: own.map_or_else(OnceLock::new, |key| OnceLock::from(Some(Arc::new(key)))),
            servers: Mutex::new(servers.collect()),
            certificates: Mutex::new(certified),
        }
    }

    /// The keys with certificates that were made, by their ids.
    pub(super) fn made_with_certificates(&self) -> Vec<(String, Certified)> {
        let made = self
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = made
            .iter()
            .map(|(kid, one)| (kid.clone(), one.clone()))
            .collect();
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all
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

    /// What a certificate of an app or an identity provider shows.
    pub(crate) fn certificate(&self, wanted: &Certificate, subdomain: &str) -> Option<Made> {
        Some(self.certified(wanted, subdomain)?.shown)
    }

    /// A certificate with its key: each has its own. Made once.
    pub(crate) fn certified(&self, wanted: &Certificate, subdomain: &str) -> Option<Certified> {
        let mut made = self
            .certificates
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&wanted.kid) {
            return Some(known.clone());
        }
        let key = Arc::new(PrivateKey::generate()?);
        let new = Certified::new(key, wanted, subdomain)?;
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
