//! Entries in the words of people.

use serde_json::Value;
use uuid::Uuid;

use super::Row;
use crate::console::{Listing, State as Stated};

/// An entry in words.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The entry itself.
    pub row: Row,
    /// What was done: `Role granted`.
    pub what: String,
    /// To what, by its name where the entry tells it.
    pub target: String,
    /// The page of that; empty when there is none.
    pub href: String,
    /// Everything in the trail about the same thing.
    pub all: String,
    /// How it went.
    pub state: Stated,
    /// What else there is to say, as names and values.
    pub detail: Vec<(String, String)>,
}

impl From<Row> for Shown {
    fn from(row: Row) -> Self {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        Self {
            what: words(&row.action),
            target: target(&row, &detail),
            href: href(&row.target_kind, &row.target_id),
            all: Listing::of("/activity", "since=all").with("target", &row.target_id),
            state: state(&row.action),
            detail: lines(&detail),
            row,
        }
    }
}

/// `role.granted` as people say it: `Role granted`.
fn words(action: &str) -> String {
    let text = action.replace(['.', '-', '_'], " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What was changed: by the name that the entry tells, else by kind and id.
fn target(row: &Row, detail: &Value) -> String {
    let named = ["login", "name", "group"]
        .iter()
        .find_map(|member| detail.get(*member)?.as_str());
    match named {
        Some(name) => name.to_owned(),
        None => format!(
            "{} {}",
            row.target_kind.replace(['-', '_'], " "),
            row.target_id
        ),
    }
}

/// The page of what was changed, where there is one.
fn href(kind: &str, id: &str) -> String {
    let page = match kind {
        "user" => "people",
        "connection" => "connections",
        "role" => "roles",
        "run" => "runs",
        _ => return String::new(),
    };
    id.parse::<Uuid>()
        .map(|id| format!("/{page}/{id}"))
        .unwrap_or_default()
}

fn state(action: &str) -> Stated {
    let says = |words: &[&str]| words.iter().any(|word| action.contains(word));
    if says(&["refused", "failed", "clash"]) {
        Stated::fail("Refused")
    } else if says(&["held"]) {
        Stated::held("Held")
    } else {
        Stated::ok("Done")
    }
}

/// The detail as names and values; what is nested stays JSON.
fn lines(detail: &Value) -> Vec<(String, String)> {
    let Some(members) = detail.as_object() else {
        return Vec::new();
    };
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    members
        .iter()
        .map(|(name, inner)| (name.replace('_', " "), value(inner)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_in_words() {
        assert_eq!(words("role.granted"), "Role granted");
        assert_eq!(
            words("session.ended-everywhere"),
            "Session ended everywhere"
        );
        assert_eq!(state("sign-in.refused"), Stated::fail("Refused"));
        assert_eq!(href("user", "../x"), "");
    }
}
