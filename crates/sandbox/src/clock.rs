//! The sandbox's clock: real time, moved as a test likes.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Serialize, Serializer};

/// An instant in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Time(pub(crate) i64);

impl Time {
    /// Whole seconds since 1970.
    pub(crate) fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The same instant without its milliseconds, as users, groups and apps keep time.
    pub(crate) fn whole(self) -> Self {
        Self(self.seconds() * 1000)
    }

    /// Later by so many seconds.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0 + seconds * 1000)
    }

    /// Reads `2026-01-31T12:00:00.000Z` and its shorter forms.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(Self(at.as_millisecond()));
        }
        let day: jiff::civil::DateTime = text.parse().ok()?;
        Some(Self(
            day.to_zoned(jiff::tz::TimeZone::UTC)
                .ok()?
                .timestamp()
                .as_millisecond(),
        ))
    }

    /// `2026-01-31T12:00:00.000Z`.
    pub(crate) fn text(self) -> String {
        self.at().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }

    /// `2026-01-31T12:00:00Z`, the form of group push and rate limits.
    pub(crate) fn short(self) -> String {
        self.at().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// `Fri Mar 27 03:16:15 UTC 2026`, the form of new group owners.
    pub(crate) fn long(self) -> String {
        self.at().strftime("%a %b %d %H:%M:%S UTC %Y").to_string()
    }

    /// The form of the `Date` header.
    pub(crate) fn http(self) -> String {
        self.at().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn at(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Real time plus an offset, or a moment at which it stands still.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
    /// The moment at which the clock stands, in milliseconds; 0 when it goes.
    stands_at: AtomicI64,
}

impl Clock {
    /// What the org takes for now.
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the org reads real time"
    )]
    pub(crate) fn now(&self) -> Time {
        match self.stands_at.load(Ordering::Relaxed) {
            0 => Time(
                jiff::Timestamp::now().as_millisecond() + self.offset_ms.load(Ordering::Relaxed),
            ),
            moment => Time(moment),
        }
    }

    /// Whether it stands still.
    pub(crate) fn is_frozen(&self) -> bool {
        self.stands_at.load(Ordering::Relaxed) != 0
    }

    /// Moves the clock on (or back) by milliseconds.
    pub(crate) fn advance_ms(&self, by: i64) {
        if self.is_frozen() {
            self.stands_at.fetch_add(by, Ordering::Relaxed);
        } else {
            self.offset_ms.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Sets the clock; it goes on from there unless it stands still.
    pub(crate) fn set(&self, to: Time) {
        self.advance_ms(to.0 - self.now().0);
    }

    /// Sets the clock to real time.
    pub(crate) fn right(&self) {
        self.stands_at.store(0, Ordering::Relaxed);
        self.offset_ms.store(0, Ordering::Relaxed);
    }

    /// Stops the clock, or lets it go on from where it stands.
    pub(crate) fn freeze(&self, still: bool) {
        let now = self.now();
        if still {
            self.stands_at.store(now.0, Ordering::Relaxed);
        } else if self.stands_at.swap(0, Ordering::Relaxed) != 0 {
            self.set(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints_oktas_forms() {
        let at = Time::parse("2026-01-31T12:00:00.123Z").unwrap();
        assert_eq!(at.text(), "2026-01-31T12:00:00.123Z");
        assert_eq!(at.whole().text(), "2026-01-31T12:00:00.000Z");
        assert_eq!(at.short(), "2026-01-31T12:00:00Z");
        assert_eq!(at.http(), "Sat, 31 Jan 2026 12:00:00 GMT");
        assert_eq!(
            Time::parse("2026-01-31"),
            Time::parse("2026-01-31T00:00:00Z")
        );
        assert_eq!(Time::parse("soon"), None);
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::default();
        clock.set(Time(1_000_000_000_000));
        clock.freeze(true);
        let at = clock.now();
        clock.advance_ms(1500);
        assert_eq!(clock.now(), Time(at.0 + 1500));
        clock.freeze(false);
        assert!(clock.now() >= Time(at.0 + 1500) && clock.now() < Time(at.0 + 60_000));
    }
}
