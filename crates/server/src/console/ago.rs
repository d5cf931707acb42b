//! Times in words, beside the exact instant.

use crate::db::Timestamp;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// How far `at` lies from `now`: `40 s ago`, `3 min ago`, `in 6 days`. Beyond 60 days the date.
pub(super) fn words(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.seconds() - at.seconds();
    let far = seconds.abs();
    if far < 5 {
        return "just now".to_owned();
    }
    if far > 60 * DAY {
        return at.to_jiff().strftime("%-d %b %Y").to_string();
    }
    let distance = distance(far);
    if seconds < 0 {
        format!("in {distance}")
    } else {
        format!("{distance} ago")
    }
}

/// A span in one unit: `40 s`, `3 min`, `5 h`, `2 days`.
pub(super) fn distance(seconds: i64) -> String {
    match seconds.abs() {
        s if s < MINUTE => format!("{s} s"),
        s if s < HOUR => format!("{} min", s / MINUTE),
        s if s < DAY => format!("{} h", s / HOUR),
        s if s < 2 * DAY => "1 day".to_owned(),
        s => format!("{} days", s / DAY),
    }
}

/// The exact instant for people, to the second.
pub(super) fn exact(at: Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let now = Timestamp(1_767_600_000_000_000);
        for (seconds, want) in [
            (0, "just now"),
            (40, "40 s ago"),
            (-40, "in 40 s"),
            (61, "1 min ago"),
            (2 * HOUR, "2 h ago"),
            (DAY, "1 day ago"),
            (-6 * DAY - 5, "in 6 days"),
            (100 * DAY, "27 Sep 2025"),
        ] {
            assert_eq!(words(now.plus_seconds(-seconds), now), want);
        }
        assert_eq!(exact(now), "2026-01-05 08:00:00 UTC");
    }
}
