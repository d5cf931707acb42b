//! PATCH (RFC 7644 section 3.5.2) on a resource, pure: all operations or none.
//!
//! Okta's and other clients' ways are taken too: operations without a path whose value holds many attributes (also as
//! `name.givenName`), verbs in any case, booleans as text, `remove` with the values to remove.

use serde_json::{Map, Value};

use super::attribute::Mutability;
use super::path::Target;
use super::resource::is_urn;
use super::schemas::ResourceType;
use super::{Error, Path};

mod apply;

pub use apply::apply;

/// Most operations in one PATCH, counting each attribute of an operation without a path.
pub const MAX_OPERATIONS: usize = 10_000;
const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Adds to what is there.
    Add,
    /// Takes away.
    Remove,
    /// Puts in the place of what is there.
    Replace,
}

/// One operation on one target.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub verb: Verb,
    /// On what.
    pub target: Target,
    /// With which value; `null` when there is none.
    pub value: Value,
}

/// Reads the body of a PATCH. An operation without a path becomes one operation for each attribute in its value;
/// there (as in POST and PUT) read-only and unknown attributes are passed over, with a path they are refused.
pub fn parse(of: &'static ResourceType, body: &Value) -> Result<Vec<Operation>, Error> {
    let Value::Object(body) = body else {
        return Err(Error::Syntax("a JSON object is wanted".to_owned()));
    };
    let schemas = member(body, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|all| all.iter().any(|urn| urn.as_str() == Some(MESSAGE))) {
        return Err(Error::Syntax(format!("`schemas` must name {MESSAGE}")));
    }
    let Some(Value::Array(raw)) = member(body, "Operations") else {
        return Err(Error::Syntax("`Operations` must be a list".to_owned()));
    };
    if raw.is_empty() {
        return Err(Error::Syntax("`Operations` is empty".to_owned()));
    }
    let mut operations = Vec::new();
    for raw in raw {
        read(of, raw, &mut operations)?;
        if operations.len() > MAX_OPERATIONS {
            return Err(Error::TooLong {
                limit: MAX_OPERATIONS,
                what: "operations",
            });
        }
    }
    Ok(operations)
}

fn member<'a>(of: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    of.iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn read(of: &'static ResourceType, raw: &Value, into: &mut Vec<Operation>) -> Result<(), Error> {
    let Value::Object(raw) = raw else {
        return Err(Error::Syntax("an operation must be an object".to_owned()));
    };
    let verb = match member(raw, "op")
        .and_then(Value::as_str)
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("add") => Verb::Add,
        Some("remove") => Verb::Remove,
        Some("replace") => Verb::Replace,
        _ => {
            return Err(Error::Syntax(
                "`op` must be add, remove or replace".to_owned(),
            ));
        }
    };
    let value = member(raw, "value").cloned().unwrap_or(Value::Null);
    match member(raw, "path") {
        None | Some(Value::Null) => without_path(of, verb, value, into),
        Some(Value::String(path)) if path.eq_ignore_ascii_case("password") => Ok(()),
        Some(Value::String(path)) => {
            if verb != Verb::Remove && member(raw, "value").is_none() {
                return Err(Error::Missing("value".to_owned()));
            }
            let target = Target::parse(of, path)?;
            refuse_read_only(&target)?;
            into.push(Operation {
                verb,
                target,
                value,
            });
            Ok(())
        }
        Some(_) => Err(Error::Path {
            path: String::new(),
            why: "it must be a text".to_owned(),
        }),
    }
}

fn without_path(
    of: &'static ResourceType,
    verb: Verb,
    value: Value,
    into: &mut Vec<Operation>,
) -> Result<(), Error> {
    if verb == Verb::Remove {
        return Err(Error::NoTarget("remove without a path".to_owned()));
    }
    let Value::Object(members) = value else {
        return Err(Error::Value {
            attribute: "value".to_owned(),
            wanted: "an object, as there is no path",
        });
    };
    for (name, value) in members {
        let target = if is_urn(&name) && value.is_object() && !known_attribute(of, &name) {
            let urn = of
                .extension(&name)
                .map_or(name, |schema| schema.id.to_owned());
            Target::Extension(urn)
        } else {
            match Target::parse(of, &name) {
                Ok(target) if refuse_read_only(&target).is_ok() => target,
                Ok(_) | Err(Error::Path { .. }) => continue,
                Err(other) => return Err(other),
            }
        };
        into.push(Operation {
            verb,
            target,
            value,
        });
    }
    Ok(())
}

/// Whether a URN names an attribute of a schema that we know (and not a schema).
fn known_attribute(of: &'static ResourceType, urn: &str) -> bool {
    Path::parse(of, urn).is_ok_and(|path| path.attribute.is_some())
}

fn refuse_read_only(target: &Target) -> Result<(), Error> {
    let (Target::Attribute(path) | Target::Values { path, .. }) = target else {
        return Ok(());
    };
    let read_only = [path.attribute, path.sub_attribute]
        .into_iter()
        .flatten()
        .any(|attribute| {
            attribute.mutability == Mutability::ReadOnly || attribute.name == "schemas"
        });
    if read_only {
        Err(Error::ReadOnly(path.to_string()))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
