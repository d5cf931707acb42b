//! A resource as a client said it: canonical names, typed values, without what only the server writes.

use serde_json::{Map, Value};

use super::attribute::{Attribute, Kind, Mutability, find};
use super::schemas::{ResourceType, Schema};
use super::{Error, matching};

/// What is kept of a resource: the attributes a client may write, under the names of the schema; extensions under
/// their URN. `id`, `meta`, `schemas`, `groups`, `members` and `password` are never in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource(Map<String, Value>);

impl Resource {
    /// Reads the body of POST or PUT.
    ///
    /// Names are read without regard to case. What we do not know in a core schema is left out; an extension we do not
    /// know is kept as it is. `null` and empty lists stand for no value (RFC 7643 section 2.5). Text stands for a
    /// boolean where Okta sends it so.
    pub fn parse(of: &'static ResourceType, body: &Value) -> Result<Self, Error> {
        let Value::Object(body) = body else {
            return Err(Error::Syntax("a JSON object is wanted".to_owned()));
        };
        check_schemas(of.core.id, body)?;
        let mut resource = Self::default();
        for (name, value) in body {
            if is_urn(name) && !name.eq_ignore_ascii_case(of.core.id) {
                resource.put_extension(of, name, value)?;
            } else if let Some(attribute) = writable(of, name)
                && let Some(value) = typed(attribute, value, attribute.name)?
            {
                resource.0.insert(attribute.name.to_owned(), value);
            }
        }
        resource.complete(of)?;
        Ok(resource)
    }

    /// What the store holds.
    #[must_use]
    pub fn from_stored(members: Map<String, Value>) -> Self {
        Self(members)
    }

    /// For the store.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }

    pub(super) fn members_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// The text of a core attribute.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// The boolean of a core attribute.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// Sets a core attribute that the client left open.
    pub fn set(&mut self, name: &'static str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// The same with all text folded that does not differ by case: what filters are run against in a database.
    #[must_use]
    pub fn folded(&self, of: &'static ResourceType) -> Value {
        let fold_all = |attributes: &'static [Attribute], members: &Map<String, Value>| {
            members
                .iter()
                .map(|(name, value)| (name.clone(), folded(find(attributes, name), value)))
                .collect::<Map<_, _>>()
        };
        let mut made = Map::new();
        for (name, value) in &self.0 {
            let value = match (value, of.extension(name)) {
                (Value::Object(members), Some(schema)) => {
                    Value::Object(fold_all(schema.attributes, members))
                }
                _ => folded(of.attribute(name), value),
            };
            made.insert(name.clone(), value);
        }
        Value::Object(made)
    }

    /// As it is shown: with `schemas`, `id` and `meta`, and what `more` adds (`groups`, `members`).
    #[must_use]
    pub fn shown(
        &self,
        of: &'static ResourceType,
        id: &str,
        more: Map<String, Value>,
        meta: Value,
    ) -> Value {
        let mut shown = Map::new();
        let extensions = self.0.keys().filter(|name| is_urn(name)).cloned();
        let schemas = std::iter::once(of.core.id.to_owned()).chain(extensions);
        shown.insert("schemas".to_owned(), schemas.map(Value::from).collect());
        shown.insert("id".to_owned(), Value::from(id));
        shown.extend(
            self.0
                .iter()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        shown.extend(more);
        shown.insert("meta".to_owned(), meta);
        Value::Object(shown)
    }

    /// Refuses a resource without what its schema requires.
    pub(super) fn complete(&self, of: &'static ResourceType) -> Result<(), Error> {
        let missing = of.core.attributes.iter().filter(|a| a.required).find(|a| {
            self.0
                .get(a.name)
                .is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()))
        });
        missing.map_or(Ok(()), |a| Err(Error::Missing(a.name.to_owned())))
    }

    fn put_extension(
        &mut self,
        of: &'static ResourceType,
        urn: &str,
        value: &Value,
    ) -> Result<(), Error> {
        let (urn, members) = match (of.extension(urn), value) {
            (_, Value::Null) => return Ok(()),
            (Some(schema), _) => (schema.id, known_extension(schema, value)?),
            (None, Value::Object(members)) => {
                let kept = members.iter().filter(|(_, value)| !is_empty(value));
                (
                    urn,
                    kept.map(|(name, value)| (name.clone(), value.clone()))
                        .collect(),
                )
            }
            (None, _) => {
                return Err(Error::Value {
                    attribute: urn.to_owned(),
                    wanted: "an object",
                });
            }
        };
        if !members.is_empty() {
            self.0.insert(urn.to_owned(), Value::Object(members));
        }
        Ok(())
    }
}

/// The attributes of an extension that we know.
pub(super) fn known_extension(
    schema: &'static Schema,
    value: &Value,
) -> Result<Map<String, Value>, Error> {
    let Value::Object(members) = value else {
        return Err(Error::Value {
            attribute: schema.id.to_owned(),
            wanted: "an object",
        });
    };
    let mut kept = Map::new();
    for (name, value) in members {
        if let Some(attribute) = find(schema.attributes, name)
            && let Some(value) = typed(attribute, value, attribute.name)?
        {
            kept.insert(attribute.name.to_owned(), value);
        }
    }
    Ok(kept)
}

/// The attribute of that name, when a client may write it here; members of groups are written elsewhere.
pub(super) fn writable(of: &'static ResourceType, name: &str) -> Option<&'static Attribute> {
    of.attribute(name).filter(|attribute| {
        attribute.mutability != Mutability::ReadOnly
            && !matches!(attribute.name, "schemas" | "members")
    })
}

/// Whether a name is that of a schema.
pub(super) fn is_urn(name: &str) -> bool {
    name.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
}

/// Whether a value stands for none (RFC 7643 section 2.5).
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// A value in the type of its attribute; nothing for no value.
pub(super) fn typed(
    attribute: &'static Attribute,
    value: &Value,
    name: &str,
) -> Result<Option<Value>, Error> {
    if is_empty(value) {
        return Ok(None);
    }
    if !attribute.multi {
        return single(attribute, value, name);
    }
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        // A bare text among complex values is its `value`.
        let item = match item {
            Value::String(text) if attribute.kind == Kind::Complex => {
                single(attribute, &serde_json::json!({ "value": text }), name)?
            }
            Value::Null => None,
            item => single(attribute, item, name)?,
        };
        kept.extend(item);
    }
    one_primary(&mut kept, None);
    Ok((!kept.is_empty()).then_some(Value::Array(kept)))
}

fn single(
    attribute: &'static Attribute,
    value: &Value,
    name: &str,
) -> Result<Option<Value>, Error> {
    let refuse = |wanted| {
        Err(Error::Value {
            attribute: name.to_owned(),
            wanted,
        })
    };
    match (attribute.kind, value) {
        (Kind::Complex, Value::Object(members)) => complex(attribute, members, name),
        (Kind::Complex, _) => refuse("an object"),
        (Kind::Boolean, Value::Bool(_))
        | (Kind::String | Kind::Reference | Kind::Binary | Kind::DateTime, Value::String(_)) => {
            Ok(Some(value.clone()))
        }
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("true") => {
            Ok(Some(Value::Bool(true)))
        }
        (Kind::Boolean, Value::String(text)) if text.eq_ignore_ascii_case("false") => {
            Ok(Some(Value::Bool(false)))
        }
        (Kind::Boolean, _) => refuse("true or false"),
        (Kind::Integer, Value::Number(number)) if number.is_i64() => Ok(Some(value.clone())),
        (Kind::Integer, _) => refuse("a whole number"),
        (Kind::String | Kind::Reference | Kind::Binary | Kind::DateTime, _) => refuse("a text"),
    }
}

fn complex(
    attribute: &'static Attribute,
    members: &Map<String, Value>,
    name: &str,
) -> Result<Option<Value>, Error> {
    let mut kept = Map::new();
    for (member, value) in members {
        if let Some(sub) = attribute.sub(member)
            && let Some(value) = typed(sub, value, &format!("{name}.{}", sub.name))?
        {
            kept.insert(sub.name.to_owned(), value);
        }
    }
    Ok((!kept.is_empty()).then_some(Value::Object(kept)))
}

/// `primary` is true at most once (RFC 7643 section 2.4): at `chosen`, or at the first that says so.
pub(super) fn one_primary(items: &mut [Value], chosen: Option<usize>) {
    let is_primary = |item: &Value| item.get("primary") == Some(&Value::Bool(true));
    let Some(keep) = chosen.or_else(|| items.iter().position(is_primary)) else {
        return;
    };
    for (at, item) in items.iter_mut().enumerate() {
        if at != keep
            && is_primary(item)
            && let Some(members) = item.as_object_mut()
        {
            members.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

fn folded(attribute: Option<&'static Attribute>, value: &Value) -> Value {
    match value {
        Value::String(text) if attribute.is_none_or(|a| !a.case_exact) => {
            Value::from(matching::fold(text))
        }
        Value::Array(items) => items.iter().map(|item| folded(attribute, item)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let sub = attribute.and_then(|attribute| attribute.sub(name));
                (name.clone(), folded(sub, value))
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// A body may leave `schemas` out; when it names some, ours is among them.
fn check_schemas(core: &str, body: &Map<String, Value>) -> Result<(), Error> {
    let named = body
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("schemas"));
    let fits = match named {
        None | Some((_, Value::Null)) => true,
        Some((_, Value::Array(all))) => all.iter().any(|urn| {
            urn.as_str()
                .is_some_and(|urn| urn.eq_ignore_ascii_case(core))
        }),
        Some(_) => false,
    };
    if fits {
        Ok(())
    } else {
        Err(Error::Syntax(format!("`schemas` must name {core}")))
    }
}

#[cfg(test)]
mod tests;
