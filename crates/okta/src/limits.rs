//! How long and how large an answer may be.

use std::time::Duration;

/// Bounds of a client. The defaults suit an org of any size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect, TLS included.
    pub connect: Duration,
    /// Time from the request to the answer's last byte.
    pub answer: Duration,
    /// Largest answer in bytes, after decompression.
    pub answer_bytes: usize,
    /// Longest wait for the rate limit, in all, before a call gives up.
    pub rate_wait: Duration,
    /// Tries of a call that may safely be repeated (at least 1).
    pub tries: u32,
    /// Wait before the second try; doubled for each one after.
    pub first_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(60),
            answer_bytes: 32 * 1024 * 1024,
            rate_wait: Duration::from_secs(15 * 60),
            tries: 4,
            first_pause: Duration::from_millis(500),
        }
    }
}
