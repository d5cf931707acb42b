//! Randomness of the client: token ids and jitter.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use std::time::Duration;

/// A generator shared by a client's calls.
#[derive(Clone, Debug)]
pub(crate) struct Random(Arc<Mutex<StdRng>>);

impl Random {
    /// Seeded by the operating system.
    pub(crate) fn from_os() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }

    /// Seeded by a number, for tests.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// 128 random bits as text: a `jti`.
    pub(crate) fn token_id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// A time from zero to `most`.
    pub(crate) fn up_to(&self, most: Duration) -> Duration {
        let share: f64 = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .random();
        most.mul_f64(share)
    }
}
