//! The sandbox's clock: real time, moved as a test likes.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The same as bytes. Written by hand, as a page of 200 people holds a thousand times.
    pub(crate) fn bytes(self) -> [u8; 24] {
        let mut out = *b"0000-00-00T00:00:00.000Z";
        let (days, rest) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil(days);
        let parts = [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, rest / 3_600_000),
            (14, 2, rest / 60_000 % 60),
            (17, 2, rest / 1000 % 60),
            (20, 3, rest % 1000),
        ];
        for (at, digits, mut number) in parts {
            for slot in out.iter_mut().skip(at).take(digits).rev() {
                *slot = b'0' + u8::try_from(number % 10).unwrap_or(0);
                number /= 10;
            }
        }
        out
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

const DAY_MS: i64 = 86_400_000;

/// Year, month and day of a day counted from 1970 (Howard Hinnant: chrono-compatible low-level date algorithms).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no time")))
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

/// How a clock differs from real time, as a state file keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    offset_ms: i64,
    stands_at: i64,
}

impl Clock {
    /// How it differs from real time.
    pub(crate) fn moved(&self) -> Moved {
        Moved {
            offset_ms: self.offset_ms.load(Ordering::Relaxed),
            stands_at: self.stands_at.load(Ordering::Relaxed),
        }
    }

    /// A clock that differs so.
    pub(crate) fn of(moved: Moved) -> Self {
        Self {
            offset_ms: AtomicI64::new(moved.offset_ms),
            stands_at: AtomicI64::new(moved.stands_at),
        }
    }

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
    fn prints_every_day_as_the_library_does() {
        let day = 86_400_000_i64;
        for days in (-25_000..80_000)
            .step_by(7)
            .chain([0, 59, 60, 11_016, 11_017])
        {
            let at = Time(days * day + (days * 7919).rem_euclid(day));
            let want = at.at().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            assert_eq!(at.text(), want);
            assert_eq!(Time::parse(&want), Some(at));
        }
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
