//! Text to serial, in shards so that a copy is cheap.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

const SHARDS: usize = 1024;

/// Finds a row by a text that is unique, such as a login in small letters.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    shards: Vec<Arc<HashMap<Box<str>, u32>>>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            shards: vec![Arc::default(); SHARDS],
        }
    }
}

fn shard_of(key: &str) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % 1024).unwrap_or(0)
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
