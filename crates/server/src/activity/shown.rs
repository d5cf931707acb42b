//! Entries in the words of people.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use uuid::Uuid;

use crate::app::Work;
use crate::audit::Row;
use crate::console::{Listing, State as Stated};
use crate::db::UserId;
use crate::web::Problem;
use crate::{connections, directory};

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

/// Names of what entries are about, looked up for a whole page at once.
struct Names {
    users: HashMap<UserId, String>,
    connections: HashMap<Uuid, String>,
}

impl Names {
    async fn of(work: &Work, rows: &[Row]) -> Result<Self, Problem> {
        let ids: BTreeSet<UserId> = rows
            .iter()
            .filter(|row| row.target_kind == "user")
            .filter_map(|row| row.target_id.parse().ok())
            .collect();
        let ids: Vec<UserId> = ids.into_iter().collect();
        let connections = connections::list(work).await?;
        Ok(Self {
            users: directory::logins_of(work, &ids).await?,
            connections: connections
                .into_iter()
                .map(|connection| (connection.id.0, connection.name))
                .collect(),
        })
    }

    fn find(&self, kind: &str, id: &str) -> Option<&str> {
        let id: Uuid = id.parse().ok()?;
        let found = match kind {
            "user" => self.users.get(&UserId(id)),
            "connection" => self.connections.get(&id),
            _ => None,
        };
        found.map(String::as_str)
    }
}

/// Entries in words; two queries for all of them.
pub async fn all(work: &Work, rows: Vec<Row>) -> Result<Vec<Shown>, Problem> {
    let names = Names::of(work, &rows).await?;
    Ok(rows.into_iter().map(|row| one(row, &names)).collect())
}

fn one(row: Row, names: &Names) -> Shown {
    let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
    Shown {
        what: words(&row.action, &detail),
        target: target(&row, &detail, names),
        href: href(&row.target_kind, &row.target_id),
        all: Listing::of("/activity", "since=all").with("target", &row.target_id),
        state: state(&row.action),
        detail: lines(&detail),
        row,
    }
}

/// `role.granted` as people say it: `Role granted: auditor`.
fn words(action: &str, detail: &Value) -> String {
    let mut text = action.replace(['.', '-', '_'], " ");
    for (plain, ours) in [
        ("sign in", "sign-in"),
        ("scim", "SCIM"),
        ("saml", "SAML"),
        ("api key", "API key"),
    ] {
        text = text.replace(plain, ours);
    }
    let mut letters = text.chars();
    let text = letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    });
    match detail.get("role").and_then(Value::as_str) {
        Some(role) => format!("{text}: {role}"),
        None => text,
    }
}

/// What was changed: by the name that the entry tells or that it has now, else by its kind and the end of its id.
fn target(row: &Row, detail: &Value, names: &Names) -> String {
    let told = ["login", "name", "group"]
        .iter()
        .find_map(|member| detail.get(*member)?.as_str());
    if let Some(name) = names.find(&row.target_kind, &row.target_id).or(told) {
        return name.to_owned();
    }
    let kind = row
        .target_kind
        .replace(['-', '_'], " ")
        .replace("scim", "SCIM");
    match row.target_id.rsplit_once('-') {
        _ if row.target_kind == "tenant" => "this organisation".to_owned(),
        Some((_, end)) if row.target_id.len() == 36 => format!("{kind} …{end}"),
        _ => format!("{kind} {}", row.target_id),
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
        let role = serde_json::json!({ "role": "auditor" });
        assert_eq!(words("role.granted", &role), "Role granted: auditor");
        assert_eq!(
            words("sign-in-link.made", &Value::Null),
            "Sign-in link made"
        );
        assert_eq!(
            words("scim.token.created", &Value::Null),
            "SCIM token created"
        );
        assert_eq!(state("sign-in.refused"), Stated::fail("Refused"));
        assert_eq!(href("user", "../x"), "");
    }
}
