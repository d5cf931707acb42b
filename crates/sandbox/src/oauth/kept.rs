//! The org's signing keys in a state file: tokens that were given out stay good after a restart.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::{Certified, Made};
use super::{Keys, PrivateKey};

/// Keys as PEM; those that were not needed so far are missing.
#[derive(Serialize, Deserialize)]
struct Kept {
    own: Option<String>,
    /// Server, generation, key.
    servers: Vec<((u32, u32), String)>,
    /// Id of the key, key, certificate.
    #[serde(default)]
    certificates: Vec<(String, String, Made)>,
}

/// Writes them.
pub(crate) fn serialize<S: Serializer>(keys: &Arc<Keys>, to: S) -> Result<S::Ok, S::Error> {
    let servers = keys.made_for_servers().into_iter();
    let kept = Kept {
        own: keys.made().map(|key| key.pem.clone()),
        servers: servers.map(|(of, key)| (of, key.pem.clone())).collect(),
        certificates: keys
            .made_with_certificates()
            .into_iter()
            .map(|(kid, one)| (kid, one.key.pem.clone(), one.shown))
            .collect(),
    };
    kept.serialize(to)
}

/// Reads them.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Keys>, D::Error> {
    let kept = Kept::deserialize(from)?;
    let key = |pem: &str| PrivateKey::from_pem(pem).ok_or_else(|| D::Error::custom("no RSA key"));
    let own = kept.own.as_deref().map(key).transpose()?;
    let servers = kept.servers.iter().map(|(of, pem)| Ok((*of, key(pem)?)));
    let certified = kept.certificates.into_iter().map(|(kid, pem, shown)| {
        let key = Arc::new(key(&pem)?);
        Ok((kid, Certified { key, shown }))
    });
    Ok(Arc::new(Keys::with(
        own,
        servers.collect::<Result<_, _>>()?,
        certified.collect::<Result<_, _>>()?,
    )))
}
