//! Deliveries of event hooks and the System Log's events in them, taken apart. Pure.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Error;
use crate::db::Timestamp;

/// Most events in one delivery.
const MOST: usize = 1_000;
/// Longest id, type and outcome, in bytes.
const LONGEST: usize = 255;

/// How an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CameBy {
    /// Okta's event hook delivered it.
    Hook,
    /// It was read from the System Log.
    Poll,
}

impl CameBy {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Poll => "poll",
        }
    }
}

/// An event that came: what it is found by, and all of it as Okta sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its id in Okta, the same on every way.
    pub uuid: String,
    /// Its type, such as `user.lifecycle.suspend`.
    pub event_type: String,
    /// When Okta published it.
    pub published: Timestamp,
    /// Who did it.
    pub actor_id: Option<String>,
    /// How it ended, such as `SUCCESS`.
    pub outcome: Option<String>,
    /// The `LogEvent` as JSON.
    pub body: String,
}

/// What we read of a `LogEvent` (Okta: System Log API).
#[derive(Deserialize)]
struct Event {
    uuid: String,
    #[serde(rename = "eventType")]
    kind: String,
    published: jiff::Timestamp,
    actor: Option<Actor>,
    outcome: Option<Outcome>,
}

#[derive(Deserialize)]
struct Actor {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Outcome {
    result: Option<String>,
}

impl Incoming {
    /// One `LogEvent`. The words say what is wrong with it.
    pub fn parse(body: &RawValue) -> Result<Self, Error> {
        let malformed = |words: String| Error::Malformed(words);
        let event: Event = serde_json::from_str(body.get())
            .map_err(|error| malformed(format!("this is no event of the System Log: {error}")))?;
        let named = [Some(&event.uuid), Some(&event.kind)];
        let actor_id = event.actor.and_then(|actor| actor.id);
        let outcome = event.outcome.and_then(|outcome| outcome.result);
        let all = named
            .into_iter()
            .chain([actor_id.as_ref(), outcome.as_ref()]);
        if all
            .flatten()
            .any(|text| text.len() > LONGEST || text.contains('\0'))
        {
            return Err(malformed(format!(
                "an id, a type or an outcome has more than {LONGEST} bytes"
            )));
        }
        if event.uuid.is_empty() || event.kind.is_empty() {
            return Err(malformed(
                "an event needs `uuid` and `eventType`".to_owned(),
            ));
        }
        Ok(Self {
            uuid: event.uuid,
            event_type: event.kind,
            published: Timestamp::from_jiff(event.published),
            actor_id,
            outcome,
            body: body.get().to_owned(),
        })
    }
}

/// A delivery (Okta: event hooks, request).
#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    events: Vec<&'a RawValue>,
}

/// The events of a delivery. One that cannot be read does not lose the others; their number is the second.
pub(super) fn delivery(body: &[u8]) -> Result<(Vec<Incoming>, usize), Error> {
    let delivery: Delivery<'_> = serde_json::from_slice(body).map_err(|error| {
        Error::Malformed(format!(
            "an event hook's request is wanted, with `data.events`: {error}"
        ))
    })?;
    let events = delivery.data.events;
    if events.len() > MOST {
        return Err(Error::Malformed(format!(
            "at most {MOST} events are taken at once"
        )));
    }
    let (mut taken, mut bad) = (Vec::with_capacity(events.len()), Vec::new());
    for event in events {
        match Incoming::parse(event) {
            Ok(event) => taken.push(event),
            Err(error) => bad.push(error),
        }
    }
    match bad.pop() {
        Some(error) if taken.is_empty() => Err(error),
        last => Ok((taken, bad.len() + usize::from(last.is_some()))),
    }
}
