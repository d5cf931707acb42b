//! Sign-ins that are under way, and session tokens that wait to be used.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::clock::Time;

/// A step must be done within so many seconds, and a session token used.
const LIFE: i64 = 300;

/// Where a sign-in stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Step {
    /// The password was right, but is over.
    Password,
    /// A factor is to be chosen.
    Factor,
    /// A policy asks for a factor, and the user has none.
    Enroll,
    /// A factor (serial) was asked; with a phone, the transaction that waits.
    Challenge {
        factor: u32,
        transaction: Option<String>,
    },
}

/// A sign-in that is under way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) user: u32,
    pub(super) step: Step,
    pub(super) relay: Option<String>,
    pub(super) until: Time,
}

impl State {
    pub(super) fn new(user: u32, step: Step, relay: Option<String>, now: Time) -> Self {
        Self {
            user,
            step,
            relay,
            until: now.plus(LIFE),
        }
    }
}

/// What a session token stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) user: u32,
    /// When a second factor was proved.
    pub(crate) factor: Option<Time>,
    until: Time,
}

/// All of them, by token.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Authn {
    states: HashMap<String, State>,
    tickets: HashMap<String, Ticket>,
}

impl Authn {
    /// The sign-in of a state token, while it lives.
    pub(super) fn state(&self, token: &str, now: Time) -> Option<&State> {
        self.states.get(token).filter(|state| state.until > now)
    }

    /// Keeps a sign-in under a token.
    pub(super) fn keep(&mut self, token: &str, state: State, now: Time) {
        self.states.retain(|_, old| old.until > now);
        self.states.insert(token.to_owned(), state);
    }

    /// Forgets a sign-in.
    pub(super) fn forget(&mut self, token: &str) {
        self.states.remove(token);
    }

    /// Keeps a session token; gives when it is over.
    pub(super) fn issue(
        &mut self,
        token: &str,
        user: u32,
        factor: Option<Time>,
        now: Time,
    ) -> Time {
        self.tickets.retain(|_, old| old.until > now);
        let until = now.plus(LIFE);
        let ticket = Ticket {
            user,
            factor,
            until,
        };
        self.tickets.insert(token.to_owned(), ticket);
        until
    }

    /// Uses a session token up.
    pub(crate) fn redeem(&mut self, token: &str, now: Time) -> Option<Ticket> {
        let ticket = self.tickets.remove(token)?;
        (ticket.until > now).then_some(ticket)
    }
}
