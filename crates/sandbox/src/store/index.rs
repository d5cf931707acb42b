//! Text to serial, in shards so that a copy is cheap.

use std::collections::HashMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;

use foldhash::fast::FixedState;

/// A write copies one shard: of a million logins about 120.
const SHARDS: usize = 8192;

type Shard = HashMap<Box<str>, u32, FixedState>;

/// Finds a row by a text that is unique, such as a login in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    shards: Vec<Arc<Shard>>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: vec![Arc::default(); SHARDS],
        }
    }
}

/// Nobody outside gains by logins that fall together, so a quick hash is good enough.
fn shard_of(key: &str) -> usize {
    let hash = FixedState::with_seed(1).hash_one(key);
    usize::try_from(hash).unwrap_or(0) % SHARDS
}

impl Index {
    /// The serial kept under a key.
    pub(crate) fn get(&self, key: &str) -> Option<u32> {
        self.shards.get(shard_of(key))?.get(key).copied()
    }

    /// Keeps a serial under a key.
    pub(crate) fn insert(&mut self, key: &str, serial: u32) {
        if let Some(shard) = self.shards.get_mut(shard_of(key)) {
            Arc::make_mut(shard).insert(key.into(), serial);
        }
    }

    /// Forgets a key.
    pub(crate) fn remove(&mut self, key: &str) {
        if let Some(shard) = self.shards.get_mut(shard_of(key)) {
            Arc::make_mut(shard).remove(key);
        }
    }
}
