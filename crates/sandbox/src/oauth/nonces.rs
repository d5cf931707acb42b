//! What the server remembers between calls: nonces, and the ids of tokens that may be used once.

use std::collections::HashMap;

use crate::clock::Time;
use crate::store::mix;

/// A nonce is renewed every day and taken for three (FACTS section 1.5).
const NONCE_FRESH: i64 = 86_400;
const NONCE_TAKEN: i64 = 3 * 86_400;

/// Nonces and used ids.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    nonces: Vec<(String, Time)>,
    used: HashMap<String, Time>,
    made: u64,
    /// The last answer by SAML to each app.
    answers: HashMap<u32, String>,
}

impl Memory {
    /// The nonce that clients should use now.
    pub(crate) fn nonce(&mut self, now: Time) -> String {
        self.nonces.retain(|(_, made)| made.plus(NONCE_TAKEN) > now);
        match self.nonces.last() {
            Some((nonce, made)) if made.plus(NONCE_FRESH) > now => nonce.clone(),
            _ => self.renew(now, false),
        }
    }

    /// Makes a new nonce; with `forget`, the old ones are refused from now on.
    pub(crate) fn renew(&mut self, now: Time, forget: bool) -> String {
        if forget {
            self.nonces.clear();
        }
        self.made += 1;
        let seed = mix(u64::try_from(now.0).unwrap_or_default() ^ mix(self.made));
        let nonce = super::jws::encode(
            &[
                seed.to_be_bytes(),
                mix(seed).to_be_bytes(),
                mix(!seed).to_be_bytes(),
            ]
            .concat(),
        );
        self.nonces.push((nonce.clone(), now));
        nonce
    }

    /// Whether a nonce is taken.
    pub(crate) fn takes(&self, nonce: &str, now: Time) -> bool {
        self.nonces
            .iter()
            .any(|(known, made)| known == nonce && made.plus(NONCE_TAKEN) > now)
    }

    /// Notes an answer by SAML to an app. Gives the one before.
    pub(crate) fn answered(&mut self, app: u32, text: &str) -> Option<String> {
        self.answers.insert(app, text.to_owned())
    }

    /// Notes that an id was used. Gives whether it was new.
    pub(crate) fn first_use(&mut self, family: &str, id: &str, until: Time, now: Time) -> bool {
        if self.used.len() > 10_000 {
            self.used.retain(|_, until| *until > now);
        }
        self.used
            .insert(format!("{family} {id}"), until)
            .is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_renewed_daily_and_taken_for_three_days() {
        let mut memory = Memory::default();
        let start = Time(1_000_000);
        let first = memory.nonce(start);
        assert_eq!(memory.nonce(start.plus(86_399)), first);
        let second = memory.nonce(start.plus(86_400));
        assert_ne!(second, first);
        assert!(memory.takes(&first, start.plus(3 * 86_400 - 1)));
        assert!(!memory.takes(&first, start.plus(3 * 86_400)));
        memory.renew(start.plus(90_000), true);
        assert!(!memory.takes(&second, start.plus(90_000)));
    }

    #[test]
    fn an_id_is_used_once() {
        let mut memory = Memory::default();
        assert!(memory.first_use("assertion", "a", Time(5), Time(0)));
        assert!(!memory.first_use("assertion", "a", Time(5), Time(1)));
        assert!(memory.first_use("proof", "a", Time(5), Time(1)));
    }
}
