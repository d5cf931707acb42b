//! `attributes` and `excludedAttributes` (RFC 7644 section 3.9).

use serde_json::{Map, Value};

use super::schemas::ResourceType;
use super::{Error, path::Target};

/// Which attributes an answer has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Projection {
    only: Option<Vec<Part>>,
    without: Vec<Part>,
}

/// A place in a shown resource: an extension, an attribute, a sub-attribute.
type Part = Vec<String>;

/// What is in every answer.
const ALWAYS: &[&str] = &["schemas", "id"];

impl Projection {
    /// Reads both lists. When both are given, `attributes` decides. A name that no attribute has chooses nothing.
    pub fn parse<'a>(
        of: &'static ResourceType,
        attributes: impl IntoIterator<Item = &'a str>,
        excluded: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Error> {
        let mut only = names(attributes).peekable();
        if only.peek().is_some() {
            let only = Some(parts(of, only)?);
            return Ok(Self {
                only,
                without: Vec::new(),
            });
        }
        let without = parts(of, names(excluded))?;
        Ok(Self {
            only: None,
            without,
        })
    }

    /// Whether the core attribute, or a part of it, is wanted. What is not wanted need not be read.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        match &self.only {
            Some(only) => only
                .iter()
                .any(|part| part.first().is_some_and(|first| first == name)),
            None => !self
                .without
                .iter()
                .any(|part| part.len() == 1 && part.first().is_some_and(|first| first == name)),
        }
    }

    /// What is left of a shown resource.
    #[must_use]
    pub fn apply(&self, shown: Value) -> Value {
        let Value::Object(members) = shown else {
            return shown;
        };
        let Some(only) = &self.only else {
            let mut left = Value::Object(members);
            for part in self.without.iter().filter(|part| !is_always(part)) {
                remove(&mut left, part);
            }
            return left;
        };
        let kept = members.into_iter().filter_map(|(name, value)| {
            if ALWAYS.contains(&name.as_str()) {
                return Some((name, value));
            }
            let parts: Vec<&[String]> = only
                .iter()
                .filter(|part| part.first() == Some(&name))
                .filter_map(|part| part.get(1..))
                .collect();
            Some((name, keep(value, &parts)?))
        });
        Value::Object(kept.collect::<Map<_, _>>())
    }
}

fn names<'a>(given: impl IntoIterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    given
        .into_iter()
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

fn parts<'a>(
    of: &'static ResourceType,
    names: impl Iterator<Item = &'a str>,
) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    for name in names {
        match part(of, name) {
            Ok(part) => parts.extend(part),
            Err(Error::Path { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(parts)
}

fn is_always(part: &[String]) -> bool {
    part.first()
        .is_some_and(|first| ALWAYS.contains(&first.as_str()))
}

fn part(of: &'static ResourceType, name: &str) -> Result<Option<Part>, Error> {
    Ok(match Target::parse(of, name)? {
        Target::Extension(urn) => Some(vec![urn]),
        Target::Attribute(path) => Some(
            [path.extension, Some(path.name), path.sub]
                .into_iter()
                .flatten()
                .collect(),
        ),
        Target::Values { .. } => None,
    })
}

fn keep(value: Value, parts: &[&[String]]) -> Option<Value> {
    if parts.is_empty() {
        return None;
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Some(value);
    }
    match value {
        Value::Array(items) => {
            let kept: Vec<Value> = items
                .into_iter()
                .filter_map(|item| keep(item, parts))
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .into_iter()
                .filter_map(|(name, value)| {
                    let deeper: Vec<&[String]> = parts
                        .iter()
                        .filter(|part| part.first() == Some(&name))
                        .filter_map(|part| part.get(1..))
                        .collect();
                    Some((name, keep(value, &deeper)?))
                })
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        _ => None,
    }
}

fn remove(value: &mut Value, part: &[String]) {
    match (value, part) {
        (Value::Array(items), part) => items.iter_mut().for_each(|item| remove(item, part)),
        (Value::Object(members), [last]) => {
            members.shift_remove(last);
        }
        (Value::Object(members), [first, rest @ ..]) => {
            if let Some(inner) = members.get_mut(first) {
                remove(inner, rest);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::schemas::USER;
    use super::*;

    #[test]
    fn answers_have_what_was_asked_for() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let shown = json!({"schemas": ["s"], "id": "1", "userName": "u", "name": {"givenName": "g", "familyName": "f"},
            "emails": [{"value": "a", "type": "work"}, {"type": "home"}], enterprise: {"department": "d", "division": "v"}});
        for (only, without, want) in [
            (
                "USERNAME",
                "",
                json!({"schemas": ["s"], "id": "1", "userName": "u"}),
            ),
            (
                "name.givenName,emails.value",
                "userName",
                json!({"schemas": ["s"], "id": "1", "name": {"givenName": "g"}, "emails": [{"value": "a"}]}),
            ),
            ("nothing", "", json!({"schemas": ["s"], "id": "1"})),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "",
                json!({"schemas": ["s"], "id": "1", enterprise: {"department": "d"}}),
            ),
            (
                "",
                "id,schemas,emails,name.familyName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
                json!({"schemas": ["s"], "id": "1", "userName": "u", "name": {"givenName": "g"}}),
            ),
        ] {
            let projection = Projection::parse(&USER, only.split(','), without.split(',')).unwrap();
            assert_eq!(projection.apply(shown.clone()), want, "{only} / {without}");
        }
        let bare = Projection::parse(&USER, ["userName"], []).unwrap();
        assert!(
            bare.wants("userName")
                && !bare.wants("groups")
                && Projection::default().wants("groups")
        );
    }
}
