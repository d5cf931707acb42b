//! What of a large run stands prepared. A plan that others overtook is made anew; where its rows come out the same, as
//! they do when what changed is no matter of this run, they are not written again.

use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use super::write::Writes;

/// Rows that stand prepared under the claim of a run, as long as it holds that claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Staged([u8; 32]);

/// Tells one sequence of chunks from another.
#[derive(Default)]
pub(super) struct Rows(Sha256);

impl Rows {
    pub(super) fn add(&mut self, some: &Writes) {
        some.prepared().hash(self);
    }

    pub(super) fn staged(self) -> Staged {
        Staged(self.0.finalize().into())
    }
}

/// Only for what is written to it: a collision that somebody seeks must not pass for the same rows.
impl Hasher for Rows {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
