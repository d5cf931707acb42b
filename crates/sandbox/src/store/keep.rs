//! Forms in which a state file keeps what JSON has no form for. Used by `serde(with = ..)`.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::{Deserialize, Deserializer};

/// A text of the program. Under this name `serde` does not take it for one that is borrowed from the file.
pub(crate) type StaticText = &'static str;

/// Names out of a fixed list, such as event types, which the program keeps as its own texts.
pub(crate) fn static_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<StaticText, D::Error> {
    static KNOWN: LazyLock<Mutex<HashSet<&'static str>>> = LazyLock::new(Mutex::default);
    let text = String::deserialize(deserializer)?;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = known.get(text.as_str()) {
        return Ok(kept);
    }
    // There are as many as there are event types, however often a file is read.
    let kept: &'static str = Box::leak(text.into_boxed_str());
    known.insert(kept);
    Ok(kept)
}

/// A digest as base64.
pub(crate) mod digest {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes it.
    pub(crate) fn serialize<S: Serializer>(digest: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD_NO_PAD.encode(digest))
    }

    /// Reads it.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(D::Error::custom)?;
        <[u8; 32]>::try_from(bytes).map_err(|_| D::Error::custom("a digest has 32 bytes"))
    }
}

/// A digest that may be missing.
pub(crate) mod digest_if_any {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Kept(#[serde(with = "super::digest")] [u8; 32]);

    /// Writes it.
    #[allow(clippy::ref_option, reason = "serde calls it so")]
    pub(crate) fn serialize<S: Serializer>(
        digest: &Option<[u8; 32]>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        digest.map(Kept).serialize(to)
    }

    /// Reads it.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<[u8; 32]>, D::Error> {
        Ok(Option::<Kept>::deserialize(from)?.map(|kept| kept.0))
    }
}

/// A shared map as a list of pairs, as its keys are no texts.
pub(crate) mod pairs {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes it.
    pub(crate) fn serialize<S: Serializer, K: Serialize, V: Serialize>(
        map: &Arc<BTreeMap<K, V>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map.iter())
    }

    /// Reads it.
    pub(crate) fn deserialize<'de, D, K, V>(from: D) -> Result<Arc<BTreeMap<K, V>>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
    {
        let list = Vec::<(K, V)>::deserialize(from)?;
        Ok(Arc::new(list.into_iter().collect()))
    }
}

/// A number that copies of the org share.
pub(crate) mod shared_number {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes it.
    pub(crate) fn serialize<S: Serializer>(
        number: &Arc<AtomicI64>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_i64(number.load(Ordering::Relaxed))
    }

    /// Reads it.
    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Arc<AtomicI64>, D::Error> {
        i64::deserialize(from).map(|number| Arc::new(AtomicI64::new(number)))
    }
}
