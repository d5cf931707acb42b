//! Who may call when: the budget's arithmetic, without waiting.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{BucketState, RateHeaders};

/// Calls of one kind under way while nothing is known of its limit.
const UNKNOWN_AT_ONCE: u32 = 4;

/// A window is a minute; a reset further away than this is not believed.
const LONGEST_WINDOW: i64 = 120;

/// First and longest pause after a 429 that tells no window (too many at once, or no headers).
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Whether a call may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Go,
    /// The limit is not known yet: once a call under way is answered.
    WhenAnswered,
    /// Not before this instant.
    At(Instant),
}

#[derive(Debug)]
pub(super) struct Kinds {
    pub(super) share: u8,
    kinds: BTreeMap<String, Kind>,
}

#[derive(Debug, Default)]
struct Kind {
    window: Option<Window>,
    in_flight: u32,
    paused_until: Option<Instant>,
    /// 429s without a window, one after the other.
    pauses: u32,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    limit: u32,
    remaining: u32,
    used: u32,
    reset: i64,
    ends: Instant,
}

impl Kinds {
    pub(super) fn new(share: u8) -> Self {
        Self {
            share,
            kinds: BTreeMap::new(),
        }
    }

    pub(super) fn admit(&mut self, name: &str, now: Instant) -> Admission {
        let kind = self.kinds.entry(name.to_owned()).or_default();
        if let Some(until) = kind.paused_until.filter(|until| *until > now) {
            return Admission::At(until);
        }
        kind.window = kind.window.filter(|window| window.ends > now);
        let Some(window) = kind.window else {
            if kind.in_flight >= UNKNOWN_AT_ONCE {
                return Admission::WhenAnswered;
            }
            kind.in_flight += 1;
            return Admission::Go;
        };
        let (used, remaining) = self.together(&window);
        if used >= allowance(window.limit, self.share) || remaining == 0 {
            return Admission::At(window.ends);
        }
        if let Some(kind) = self.kinds.get_mut(name) {
            kind.in_flight += 1;
            kind.window = Some(Window {
                used: window.used + 1,
                remaining: window.remaining.saturating_sub(1),
                ..window
            });
        }
        Admission::Go
    }

    /// What was used of, and what remains in, all kinds that look like one bucket.
    fn together(&self, window: &Window) -> (u32, u32) {
        let same = |other: &&Window| other.limit == window.limit && other.reset == window.reset;
        let windows = self
            .kinds
            .values()
            .filter_map(|kind| kind.window.as_ref())
            .filter(same);
        windows.fold((0, u32::MAX), |(used, remaining), window| {
            (
                used.saturating_add(window.used),
                remaining.min(window.remaining),
            )
        })
    }

    pub(super) fn note(
        &mut self,
        name: &str,
        headers: Option<RateHeaders>,
        refused: bool,
        now: Instant,
    ) {
        let kind = self.kinds.entry(name.to_owned()).or_default();
        let headers = headers.filter(|headers| headers.limit > 0);
        match headers {
            Some(headers) if headers.ahead > 0 => {
                kind.window = Some(merged(kind, headers, refused, now));
            }
            // The window has ended by the time of its own answer: the next call finds out about the new one.
            Some(_) if !refused => kind.window = None,
            _ => {}
        }
        let stopped = kind
            .window
            .is_some_and(|window| window.remaining == 0 && window.ends > now);
        if refused && !stopped {
            kind.pauses = (kind.pauses + 1).min(8);
            let pause = FIRST_PAUSE
                .saturating_mul(1 << (kind.pauses - 1))
                .min(LONGEST_PAUSE);
            kind.paused_until = Some(now + pause);
        } else if !refused {
            kind.pauses = 0;
        }
    }

    pub(super) fn leave(&mut self, name: &str) {
        if let Some(kind) = self.kinds.get_mut(name) {
            kind.in_flight = kind.in_flight.saturating_sub(1);
        }
    }

    pub(super) fn show(&self, now: Instant) -> Vec<BucketState> {
        let known = self
            .kinds
            .iter()
            .filter_map(|(name, kind)| Some((name, kind.window?)));
        known
            .filter(|(_, window)| window.ends > now)
            .map(|(name, window)| BucketState {
                kind: name.clone(),
                limit: window.limit,
                remaining: window.remaining,
                used: window.used,
                ends_in: window.ends - now,
            })
            .collect()
    }
}

/// What we may use of a limit: never nothing.
fn allowance(limit: u32, share: u8) -> u32 {
    let part = u64::from(limit) * u64::from(share) / 100;
    u32::try_from(part).unwrap_or(u32::MAX).max(1)
}

/// The window after an answer: a late answer of an older window does not bring it back.
fn merged(kind: &Kind, headers: RateHeaders, refused: bool, now: Instant) -> Window {
    let remaining = if refused { 0 } else { headers.remaining };
    let ahead = u64::try_from(headers.ahead.min(LONGEST_WINDOW)).unwrap_or_default();
    match kind.window {
        Some(window) if headers.reset < window.reset => window,
        Some(window) if headers.reset == window.reset => Window {
            limit: headers.limit,
            remaining: window.remaining.min(remaining),
            ..window
        },
        // A new window: what is under way, this call included, draws from it.
        _ => Window {
            limit: headers.limit,
            remaining,
            used: kind.in_flight.max(1),
            reset: headers.reset,
            ends: now + Duration::from_secs(ahead),
        },
    }
}
