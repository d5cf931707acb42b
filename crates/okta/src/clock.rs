//! What time it is, here and at Okta.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// Skew beyond which a refused assertion or proof is blamed on the clock, and tried once more with Okta's time.
pub(crate) const NOTABLE_SKEW: SignedDuration = SignedDuration::from_secs(20);

/// A source of the local time. Cheap to clone; copies share what was learned about Okta's clock.
#[derive(Clone)]
pub struct Clock {
    local: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    skew: Arc<Skew>,
}

#[derive(Default)]
struct Skew {
    known: AtomicBool,
    micros: AtomicI64,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the client's time is born"
    )]
    pub fn system() -> Self {
        Self::from_fn(Timestamp::now)
    }

    /// A clock that asks `local`: a test's, or the server's.
    pub fn from_fn(local: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self {
            local: Arc::new(local),
            skew: Arc::default(),
        }
    }

    /// The local time.
    #[must_use]
    pub fn local(&self) -> Timestamp {
        (self.local)()
    }

    /// The time by Okta's clock: the local time, put right by the `Date` of Okta's latest answer.
    #[must_use]
    pub fn okta(&self) -> Timestamp {
        let now = self.local();
        now.checked_add(self.skew()).unwrap_or(now)
    }

    /// How far Okta's clock is ahead of ours (negative: ours is ahead), to the second; zero until Okta has answered.
    #[must_use]
    pub fn skew(&self) -> SignedDuration {
        SignedDuration::from_micros(self.skew.micros.load(Ordering::Relaxed))
    }

    /// Whether an answer of Okta has told its time yet.
    #[must_use]
    pub fn has_met_okta(&self) -> bool {
        self.skew.known.load(Ordering::Relaxed)
    }

    /// Learns from the `Date` of an answer that was just received.
    ///
    /// `Date` has whole seconds and was written before it came here, so the result is late by up to a second and the
    /// answer's way: on the safe side, as Okta refuses what was issued in its future.
    pub(crate) fn learn(&self, date: Timestamp) {
        let skew = date.duration_since(self.local());
        let micros = i64::try_from(skew.as_micros()).unwrap_or_default();
        self.skew.micros.store(micros, Ordering::Relaxed);
        self.skew.known.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock")
            .field("skew", &self.skew())
            .finish_non_exhaustive()
    }
}

/// Reads an HTTP date (RFC 9110 section 5.6.7, the form all servers send).
pub(crate) fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text.trim())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learns_okta_s_time() {
        let local: Timestamp = "2026-03-12T05:07:45Z".parse().unwrap();
        let clock = Clock::from_fn(move || local);
        assert!(!clock.has_met_okta() && clock.okta() == local);
        clock
            .clone()
            .learn(http_date("Thu, 12 Mar 2026 04:57:45 GMT").unwrap());
        assert_eq!(clock.skew(), SignedDuration::from_mins(-10));
        assert_eq!(clock.okta(), "2026-03-12T04:57:45Z".parse().unwrap());
    }
}
