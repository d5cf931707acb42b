//! Our own keys: one per connection signs questions and opens encrypted assertions; two while one takes over.

use keywright_proto::saml::{Certificate, SpKey};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{Error, Result, change, settings, store};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::db::{ConnectionId, TenantId, Timestamp};
use crate::vault::{self, Sealed};

/// What the sealed private halves are bound to.
const COLUMN: &str = "saml_keys.private_key";
/// How long our certificates say to be valid, in days: identity providers pin them, so only a rotation ends one.
const DAYS: i64 = 3_650;

/// Which of a connection's keys it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Signs now.
    Current,
    /// Stands in the metadata beside the current one until it takes over.
    Next,
}

impl KeyState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Next => "next",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        if word == "next" {
            Self::Next
        } else {
            Self::Current
        }
    }
}

/// One of our keys. Its private half is sealed.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its row.
    pub id: Uuid,
    /// Whether it signs now.
    pub state: KeyState,
    /// Its certificate: base64 of DER.
    pub certificate: String,
    /// When it was made.
    pub created_at: Timestamp,
    pub(super) sealed: Sealed,
}

impl Key {
    pub(super) fn open(&self, app: &App, tenant: TenantId) -> Result<SpKey> {
        let secret = app.vault().open(tenant, COLUMN, self.id, &self.sealed)?;
        let pem =
            std::str::from_utf8(secret.expose_secret()).map_err(|_| vault::Error::Malformed)?;
        Ok(SpKey::parse(pem, Certificate::parse(&self.certificate)?)?)
    }
}

/// The keys of a connection: the current one first.
pub async fn keys(work: &Work, connection: ConnectionId) -> Result<Vec<Key>> {
    let mut keys = store::keys(work, connection).await?;
    keys.sort_by_key(|key| key.state != KeyState::Current);
    Ok(keys)
}

/// Makes the first key of a connection, if it has none.
pub(super) async fn ensure(work: &Work, connection: ConnectionId) -> Result<()> {
    if store::keys(work, connection).await?.is_empty() {
        let key = make(work, connection, KeyState::Current)?;
        store::insert_key(work, connection, &key).await?;
    }
    Ok(())
}

/// Makes a new key and puts its certificate into the metadata beside the current one's. An earlier one that waits is replaced.
pub async fn rotate_start(work: &mut Work, connection: ConnectionId) -> Result<Key> {
    work.actor.need(Permission::ConnectionsManage)?;
    settings::need(work, connection).await?;
    store::delete_key(work, connection, KeyState::Next).await?;
    let key = make(work, connection, KeyState::Next)?;
    store::insert_key(work, connection, &key).await?;
    let detail = json!({ "certificate": fingerprint(&key)? });
    let reason = "a new key was put beside the current one";
    change::record(work, connection, "saml.key-added", reason, detail).await?;
    Ok(key)
}

/// Lets the new key sign; the old one is gone. The identity provider must have the new certificate by then.
pub async fn rotate_finish(work: &mut Work, connection: ConnectionId) -> Result<Key> {
    work.actor.need(Permission::ConnectionsManage)?;
    settings::need(work, connection).await?;
    let waiting = keys(work, connection).await?;
    let mut key = waiting
        .into_iter()
        .find(|key| key.state == KeyState::Next)
        .ok_or(Error::NothingToFinish)?;
    store::delete_key(work, connection, KeyState::Current).await?;
    store::promote_key(work, connection).await?;
    key.state = KeyState::Current;
    let detail = json!({ "certificate": fingerprint(&key)? });
    let reason = "the new key took over, the old one was dropped";
    change::record(work, connection, "saml.key-rotated", reason, detail).await?;
    Ok(key)
}

fn fingerprint(key: &Key) -> Result<String> {
    Ok(Certificate::parse(&key.certificate)?.fingerprint())
}

/// RSA 2048, which every identity provider takes, with a certificate of its own signature.
fn make(work: &Work, connection: ConnectionId, state: KeyState) -> Result<Key> {
    let pair =
        KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(Error::KeyMaking)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Keywright");
    name.push(DnType::CommonName, format!("saml {connection}"));
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.serial_number = Some(work.random::<16>().to_vec().into());
    let (from, until) = (work.now.seconds(), work.now.seconds() + DAYS * 86_400);
    params.not_before =
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds(from));
    params.not_after =
        rcgen::date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds(until));
    let certificate = params.self_signed(&pair).map_err(Error::KeyMaking)?;
    let id: Uuid = work.id();
    let pem = Zeroizing::new(pair.serialize_pem());
    let sealed = work.seal(COLUMN, id, pem.as_bytes());
    Ok(Key {
        id,
        state,
        certificate: Certificate::from_der(certificate.der().to_vec())?.base64(),
        created_at: work.now,
        sealed,
    })
}

fn seconds(at: i64) -> u64 {
    u64::try_from(at).unwrap_or_default()
}
