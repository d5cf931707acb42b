//! What the org sent to people: codes by text message, call and mail. No real Okta shows them; a sandbox must, as nothing
//! leaves it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Time;
use crate::org::Org;
use crate::store::Kind;

/// So many are kept; older ones are dropped.
const MOST: usize = 1000;

/// One message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) at: Time,
    /// `sms`, `call` or `email`.
    pub(crate) channel: String,
    /// A phone number or an address.
    pub(crate) to: String,
    /// The user (serial).
    pub(crate) user: u32,
    pub(crate) code: String,
}

/// All that are kept, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Messages(VecDeque<Message>);

impl Messages {
    /// Sends one.
    pub(super) fn send(&mut self, message: Message) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(message);
    }
}

/// The messages as JSON, newest last.
pub(crate) fn list(org: &Org) -> Value {
    let shown = org.messages.0.iter().map(|one| {
        json!({
            "at": one.at, "channel": one.channel, "to": one.to, "userId": org.tail.id(Kind::USER, one.user),
            "code": one.code,
        })
    });
    shown.collect()
}
