//! What was already tried again, each for its own reason and with its own end.

use std::time::Duration;

use jiff::SignedDuration;

use crate::clock::NOTABLE_SKEW;
use crate::random::Random;
use crate::{Error, Limits};

/// How often a server may ask for another nonce before we take it for broken.
const MOST_NONCES: u32 = 3;

/// The tries of one call, or of one token request.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    renewed: bool,
    clock: bool,
    nonces: u32,
    failures: u32,
    /// Waited for the rate limit, in all.
    pub(crate) waited: Duration,
}

impl Tries {
    /// Once more with the nonce that was just told.
    pub(crate) const fn another_nonce(&mut self) -> bool {
        self.nonces += 1;
        self.nonces <= MOST_NONCES
    }

    /// Once more, if the answer showed that our idea of Okta's time was wrong.
    pub(crate) fn clock_learned(&mut self, before: SignedDuration, now: SignedDuration) -> bool {
        (now - before).abs() > NOTABLE_SKEW && !std::mem::replace(&mut self.clock, true)
    }

    /// Once more with another access token.
    pub(crate) const fn renewed(&mut self) -> bool {
        !std::mem::replace(&mut self.renewed, true)
    }

    /// Waits before another try after a failure; `false` if there have been enough.
    pub(crate) async fn pause(&mut self, limits: &Limits, random: &Random) -> bool {
        self.failures += 1;
        if self.failures >= limits.tries {
            return false;
        }
        let pause = limits.first_pause * 2_u32.pow(self.failures.min(6) - 1);
        tokio::time::sleep(pause + random.up_to(pause)).await;
        true
    }
}

impl Error {
    /// Whether the server asks for a `DPoP` nonce (RFC 9449 section 8).
    pub(crate) fn is_about_nonce(&self) -> bool {
        matches!(self, Self::InvalidDpopProof(said) if said.code.as_deref() == Some("use_dpop_nonce"))
    }
}
