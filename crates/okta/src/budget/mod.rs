//! The rate budget of a connection: a share of each limit Okta sends, drawn from by all work on it.
//!
//! Okta limits buckets of endpoints per minute and tells, with every answer, the bucket's limit, what remains and when
//! the window ends. It does not tell which endpoints share a bucket, so state is kept per kind of call, and kinds whose
//! limit and end of window are equal are counted together: at worst too careful, never over the share.
//!
//! Source: `Okta: Rate limits`; the recordings (reset 0 to 60 s ahead, at times a few seconds in the past).

mod state;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::random::Random;
use crate::wire::Answer;
use crate::{Clock, Error};
use state::{Admission, Kinds};

/// The share of each limit used where nothing else is set, percent.
pub const DEFAULT_SHARE: u8 = 50;

/// Spread of calls that waited for the same window: each wakes up to this much later than the window's end.
const SPREAD: Duration = Duration::from_secs(3);

/// Added to each wait, as Okta's windows end in whole seconds.
const MARGIN: Duration = Duration::from_secs(1);

/// What Okta's headers said about the bucket a call drew from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RateHeaders {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// End of the window, epoch seconds.
    pub(crate) reset: i64,
    /// Seconds from the answer's own `Date` to the end of the window; zero or less if it has passed.
    pub(crate) ahead: i64,
}

impl RateHeaders {
    pub(crate) fn read(
        headers: &HeaderMap,
        date: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Self> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let reset = number("x-rate-limit-reset")?;
        Some(Self {
            limit: u32::try_from(number("x-rate-limit-limit")?).ok()?,
            remaining: u32::try_from(number("x-rate-limit-remaining")?.max(0)).ok()?,
            reset,
            ahead: reset.saturating_sub(date.unwrap_or(now).as_second()),
        })
    }
}

/// Calls that wait for the rate limit, for people to see.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many wait now.
    pub calls: usize,
    /// How many have waited since the budget was made.
    pub waits: u64,
    /// Calls Okta refused with 429 since the budget was made.
    pub refused: u64,
}

/// One kind of call as last seen, for people to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketState {
    /// Method and path, ids as `*`.
    pub kind: String,
    /// `X-Rate-Limit-Limit`.
    pub limit: u32,
    /// What remained for everyone, less what we have started since.
    pub remaining: u32,
    /// What we have used in this window.
    pub used: u32,
    /// How long until the window ends.
    pub ends_in: Duration,
}

/// The rate budget of one connection. Share it (`Arc`) between all clients of that connection.
#[derive(Debug)]
pub struct RateBudget {
    kinds: Mutex<Kinds>,
    answered: Notify,
    waiting: watch::Sender<Waiting>,
}

impl Default for RateBudget {
    fn default() -> Self {
        Self::new(DEFAULT_SHARE)
    }
}

impl RateBudget {
    /// A budget that uses at most `share` percent (1 to 100) of each limit.
    #[must_use]
    pub fn new(share: u8) -> Self {
        Self {
            kinds: Mutex::new(Kinds::new(share.clamp(1, 100))),
            answered: Notify::new(),
            waiting: watch::Sender::new(Waiting::default()),
        }
    }

    /// The share, percent.
    #[must_use]
    pub fn share(&self) -> u8 {
        self.kinds().share
    }

    /// Changes the share, for calls from now on.
    pub fn set_share(&self, share: u8) {
        self.kinds().share = share.clamp(1, 100);
        self.answered.notify_waiters();
    }

    /// What waits, now and whenever it changes.
    pub fn watch(&self) -> watch::Receiver<Waiting> {
        self.waiting.subscribe()
    }

    /// What waits now.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        *self.waiting.borrow()
    }

    /// The kinds of calls made, as last seen, by name.
    #[must_use]
    pub fn buckets(&self) -> Vec<BucketState> {
        self.kinds().show(Instant::now())
    }

    /// Waits until a call of this kind may start; refused if that would take longer than `most` in all.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        kind: &str,
        waited: &mut Duration,
        most: Duration,
        random: &Random,
    ) -> Result<Pass, TooLate> {
        let start = Instant::now();
        let before = *waited;
        let mut turn: Option<Turn<'_>> = None;
        loop {
            // Registered before looking, so that an answer in between is not missed.
            let answered = self.answered.notified();
            let admission = self.kinds().admit(kind, Instant::now());
            let until = match admission {
                Admission::Go => {
                    return Ok(Pass {
                        budget: Arc::clone(self),
                        kind: kind.to_owned(),
                    });
                }
                Admission::WhenAnswered => Instant::now() + MARGIN,
                Admission::At(ends) => wake(ends, random),
            };
            turn.get_or_insert_with(|| Turn::take(&self.waiting));
            *waited = before + (until - start);
            if *waited > most {
                let needs = until - Instant::now();
                return Err(TooLate {
                    waited: before + start.elapsed(),
                    needs,
                });
            }
            match admission {
                Admission::WhenAnswered => drop(timeout_at(until, answered).await),
                Admission::Go | Admission::At(_) => tokio::time::sleep_until(until).await,
            }
            *waited = before + start.elapsed();
        }
    }

    /// Takes in what an answer told.
    pub(crate) fn note(&self, pass: &Pass, answer: &Answer, clock: &Clock) {
        let headers = RateHeaders::read(&answer.headers, answer.date, clock.okta());
        self.take_in(
            pass,
            headers,
            answer.status == StatusCode::TOO_MANY_REQUESTS,
        );
    }

    fn take_in(&self, pass: &Pass, headers: Option<RateHeaders>, refused: bool) {
        if refused {
            self.waiting.send_modify(|waiting| waiting.refused += 1);
        }
        self.kinds()
            .note(&pass.kind, headers, refused, Instant::now());
        self.answered.notify_waiters();
    }

    fn kinds(&self) -> MutexGuard<'_, Kinds> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that would be longer than the caller has time.
#[derive(Debug)]
pub(crate) struct TooLate {
    waited: Duration,
    needs: Duration,
}

impl TooLate {
    pub(crate) fn into_error(self, call: &str) -> Error {
        Error::RateLimited {
            call: call.to_owned(),
            waited: self.waited,
            needs: self.needs,
            said: None,
        }
    }
}

/// When to look again after a window has ended: not all at once.
fn wake(ends: Instant, random: &Random) -> Instant {
    ends + MARGIN + random.up_to(SPREAD)
}

/// Leave to make one call; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    budget: Arc<RateBudget>,
    kind: String,
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.budget.kinds().leave(&self.kind);
        self.budget.answered.notify_waiters();
    }
}

/// A place among those who wait, given up however the wait ends.
struct Turn<'a>(&'a watch::Sender<Waiting>);

impl<'a> Turn<'a> {
    fn take(waiting: &'a watch::Sender<Waiting>) -> Self {
        waiting.send_modify(|waiting| {
            waiting.calls += 1;
            waiting.waits += 1;
        });
        Self(waiting)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0
            .send_modify(|waiting| waiting.calls = waiting.calls.saturating_sub(1));
    }
}

/// The kind of a call: method and path, with ids and logins as `*`.
pub(crate) fn kind_of(method: &str, path: &str) -> String {
    let segment = |text: &str| {
        let digits = text.chars().any(|c| c.is_ascii_digit());
        let is_id = (text.len() >= 12 && digits) || text.contains(['@', '%']) || text.len() > 40;
        if is_id {
            "*".to_owned()
        } else {
            text.to_owned()
        }
    };
    let path: Vec<String> = path.split('/').map(segment).collect();
    format!("{method} {}", path.join("/"))
}
