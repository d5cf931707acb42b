//! Things of which there are few: kept as the JSON that was given, completed by the rules of their family.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Table;
use crate::clock::Time;

/// A thing with a life: made, changed, switched on and off.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Doc {
    pub(crate) body: Map<String, Value>,
    pub(crate) active: bool,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    /// Made by Okta itself: it cannot be deleted.
    pub(crate) system: bool,
}

/// All things of one kind.
pub(crate) type Docs = Table<Doc>;

impl Doc {
    /// A new one that is switched on.
    pub(crate) fn new(body: Map<String, Value>, now: Time) -> Self {
        Self {
            body,
            active: true,
            created: now.whole(),
            last_updated: now.whole(),
            system: false,
        }
    }

    /// One made by Okta itself.
    pub(crate) fn system(body: Value, now: Time) -> Self {
        let body = match body {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Self {
            system: true,
            ..Self::new(body, now)
        }
    }

    /// A member that is a text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A part deeper inside.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.body.get(*first)?, |value, part| value.get(*part))
    }

    /// `ACTIVE` or `INACTIVE`.
    pub(crate) fn status(&self) -> &'static str {
        if self.active { "ACTIVE" } else { "INACTIVE" }
    }
}

/// Puts defaults under what was given, however deep: given members win, also null.
pub(crate) fn under(defaults: Value, given: &Value) -> Value {
    match (defaults, given) {
        (Value::Object(mut all), Value::Object(given)) => {
            for (name, value) in given {
                let merged = match all.shift_remove(name) {
                    Some(default) => under(default, value),
                    None => value.clone(),
                };
                all.insert(name.clone(), merged);
            }
            Value::Object(all)
        }
        (_, given) => given.clone(),
    }
}

/// The object in a value; an empty one for anything else.
pub(crate) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_lie_under_what_is_given() {
        let defaults = json!({ "a": 1, "b": { "c": 2, "d": 3 }, "e": [1] });
        let given = json!({ "b": { "c": null, "x": 4 }, "e": [], "f": 5 });
        assert_eq!(
            under(defaults, &given),
            json!({ "a": 1, "b": { "c": null, "d": 3, "x": 4 }, "e": [], "f": 5 })
        );
    }
}
