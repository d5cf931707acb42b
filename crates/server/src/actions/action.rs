//! What an action is: one row of the table. Everything else (API, command, plan, settling) is made from it.

use http::Method;
use keywright_okta::model::OktaTime;
use serde_json::{Map, Value};

use super::look::{Seen, Thing};

/// One action.
pub struct Action {
    /// Its name, as in addresses and commands.
    pub name: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// What there is to know about it: what Okta does, what comes back.
    pub about: &'static str,
    /// The least Okta scope it needs.
    pub scope: &'static str,
    /// The least of Okta's standard admin roles that may do it.
    pub role: &'static str,
    /// Whether it takes something away that does not come back by itself.
    pub destructive: bool,
    /// JSON Schema of what goes in.
    pub input: fn() -> Value,
    /// JSON Schema of what comes out; of one item, for a list.
    pub output: fn() -> Value,
    /// What it does.
    pub does: Does,
}

/// What an action does.
pub enum Does {
    /// Reads one thing.
    Get(fn(&Input) -> Call),
    /// Reads a list, page by page.
    List(fn(&Input) -> Call, Items),
    /// Changes something.
    Change(Change),
}

/// What a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Items {
    /// People.
    Users,
    /// Groups.
    Groups,
    /// Tiles of a person.
    AppLinks,
    /// Events of the system log.
    Events,
    /// Factors of a person.
    Factors,
    /// Group rules.
    Rules,
}

/// A change: one call that changes something, and how to tell whether it was done.
pub struct Change {
    /// The call.
    pub call: fn(&Input) -> Call,
    /// What is looked at: for a plan, to settle what became of a call, and before it when [`Change::looks_first`].
    pub things: &'static [Thing],
    /// Whether what is there must be known before the call to tell afterwards whether it was done.
    pub looks_first: bool,
    /// The statuses of the person in which Okta does it; all of them when empty.
    pub from: &'static [&'static str],
    /// Whether what is wanted is so; none when that cannot be seen. Before the call, where it was looked at, and now.
    pub reached: fn(&Input, Option<&Seen>, &Seen) -> Option<bool>,
    /// Whether doing it a second time does no more than doing it once.
    pub repeatable: bool,
    /// What comes back.
    pub back: Back,
}

/// What comes back of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// The person as they are now, and these members of Okta's answer.
    User(&'static [&'static str]),
    /// The person, as Okta answered.
    AnsweredUser,
    /// The group, as Okta answered.
    Group,
    /// The group rule as it is now.
    Rule,
    /// Which of the two steps of a deletion was done.
    Deleted,
    /// Whether the person is in the group.
    Member(bool),
    /// Whether the person has the app.
    Assigned(bool),
    /// That it was done.
    Done,
}

/// One call of Okta's API.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Its path, encoded.
    pub path: String,
    /// Its query.
    pub query: Vec<(&'static str, String)>,
    /// Its body.
    pub body: Option<Value>,
}

impl Call {
    /// A call of a path whose `{}` are filled with these parts, encoded.
    pub fn new(method: Method, path: &str, parts: &[&str]) -> Self {
        let mut filled = String::with_capacity(path.len() + 40);
        let mut parts = parts.iter();
        for (n, piece) in path.split("{}").enumerate() {
            if n > 0 {
                filled.push_str(&keywright_okta::segment(
                    parts.next().copied().unwrap_or_default(),
                ));
            }
            filled.push_str(piece);
        }
        Self {
            method,
            path: filled,
            query: Vec::new(),
            body: None,
        }
    }

    /// A `GET`.
    pub fn get(path: &str, parts: &[&str]) -> Self {
        Self::new(Method::GET, path, parts)
    }

    /// A `POST`.
    pub fn post(path: &str, parts: &[&str]) -> Self {
        Self::new(Method::POST, path, parts)
    }

    /// With a member of the query.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.query.push((name, format!("{value}")));
        self
    }

    /// With a member of the query when the input has one of this name.
    #[must_use]
    pub fn given(self, name: &'static str, input: &Input) -> Self {
        match input.get(name) {
            Some(Value::String(text)) => self.with(name, text),
            Some(Value::Null) | None => self,
            Some(other) => self.with(name, other),
        }
    }

    /// With points in time of the input, as Okta writes them.
    #[must_use]
    pub fn times(self, names: &[&'static str], input: &Input) -> Self {
        names
            .iter()
            .fold(self, |call, name| match input.text(name).parse() {
                Ok(at) => call.with(name, OktaTime::millis(at)),
                Err(_) => call,
            })
    }

    /// With a body.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The query as the client takes it.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.query
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
}

/// What goes into an action; it has passed the action's schema.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input(pub Map<String, Value>);

impl Input {
    /// A member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A yes or no.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    /// These members as an object, without those that are missing.
    pub fn only(&self, names: &[&str]) -> Value {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.get(name)?.clone())))
            .collect::<Map<_, _>>()
            .into()
    }
}

impl Action {
    /// Whether it changes something.
    #[must_use]
    pub fn changes(&self) -> bool {
        matches!(self.does, Does::Change(_))
    }

    /// Whether it gives a list.
    #[must_use]
    pub fn lists(&self) -> bool {
        matches!(self.does, Does::List(..))
    }
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Action").field(&self.name).finish()
    }
}
