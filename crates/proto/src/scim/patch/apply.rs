//! What the operations of a PATCH leave of a resource.

use serde_json::{Map, Value};

use super::super::attribute::{Attribute, Kind};
use super::super::filter::{Operand, Operator};
use super::super::path::Target;
use super::super::resource::{is_empty, known_extension, one_primary, typed};
use super::super::schemas::ResourceType;
use super::super::{Error, Filter, Path, Resource};
use super::{Operation, Verb};

/// The resource after all operations.
pub fn apply(
    of: &'static ResourceType,
    operations: &[Operation],
    resource: &Resource,
) -> Result<Resource, Error> {
    let mut after = resource.clone();
    for operation in operations {
        one(of, operation, &mut after)?;
    }
    after.complete(of).map_err(|error| match error {
        Error::Missing(name) => Error::Required(name),
        other => other,
    })?;
    Ok(after)
}

fn one(
    of: &'static ResourceType,
    operation: &Operation,
    resource: &mut Resource,
) -> Result<(), Error> {
    let Operation {
        verb,
        target,
        value,
    } = operation;
    match target {
        Target::Extension(urn) => whole_extension(of, *verb, urn, value, resource),
        Target::Attribute(path) => {
            within(resource, path, |place| attribute(place, path, *verb, value))
        }
        Target::Values { path, filter, sub } => within(resource, path, |place| {
            chosen(place, path, filter, sub.as_deref(), *verb, value)
        }),
    }
}

/// Runs a change in the object that holds the path's attribute; an extension left empty goes.
fn within(
    resource: &mut Resource,
    path: &Path,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), Error>,
) -> Result<(), Error> {
    let root = resource.members_mut();
    let Some(urn) = &path.extension else {
        return change(root);
    };
    let mut inside = match root.get(urn) {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    };
    change(&mut inside)?;
    put(root, urn, Some(Value::Object(inside)));
    Ok(())
}

fn put(place: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) if !is_empty(&value) => {
            place.insert(name.to_owned(), value);
        }
        // `remove` would move the last member into the gap.
        _ => {
            place.shift_remove(name);
        }
    }
}

fn whole_extension(
    of: &'static ResourceType,
    verb: Verb,
    urn: &str,
    value: &Value,
    resource: &mut Resource,
) -> Result<(), Error> {
    if verb == Verb::Remove || value.is_null() {
        put(resource.members_mut(), urn, None);
        return Ok(());
    }
    let Value::Object(members) = value else {
        return Err(Error::Value {
            attribute: urn.to_owned(),
            wanted: "an object",
        });
    };
    let new = match of.extension(urn) {
        Some(schema) => known_extension(schema, value)?,
        None => members.clone(),
    };
    let root = resource.members_mut();
    let mut merged = match root.get(urn) {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    };
    // A member that was sent without a value is taken away.
    for name in members.keys() {
        let known: Vec<String> = merged
            .keys()
            .filter(|key| key.eq_ignore_ascii_case(name))
            .cloned()
            .collect();
        for key in &known {
            put(&mut merged, key, None);
        }
    }
    for (name, value) in new {
        put(&mut merged, &name, Some(value));
    }
    put(root, urn, Some(Value::Object(merged)));
    Ok(())
}

fn attribute(
    place: &mut Map<String, Value>,
    path: &Path,
    verb: Verb,
    value: &Value,
) -> Result<(), Error> {
    let before = place.get(&path.name).cloned();
    let after = match (&path.sub, path.attribute) {
        (Some(sub), definition) => with_sub(before, definition, path, sub, verb, value)?,
        (None, Some(definition)) if definition.multi => list(before, definition, verb, value)?,
        (None, Some(definition)) => {
            let new = match verb {
                Verb::Remove => None,
                Verb::Add | Verb::Replace => typed(definition, value, definition.name)?,
            };
            match (definition.kind, verb, before) {
                (Kind::Complex, Verb::Add | Verb::Replace, Some(Value::Object(before))) => {
                    Some(merge(definition, before, value, new))
                }
                _ => new,
            }
        }
        (None, None) => match (verb, before) {
            (Verb::Remove, _) => None,
            (Verb::Add, Some(Value::Array(items))) => Some(appended(items, value)),
            (Verb::Add | Verb::Replace, _) => Some(value.clone()),
        },
    };
    put(place, &path.name, after);
    Ok(())
}

/// Sub-attributes that are not named stay (RFC 7644 section 3.5.2.3); named without a value, they go.
fn merge(
    definition: &'static Attribute,
    mut before: Map<String, Value>,
    sent: &Value,
    new: Option<Value>,
) -> Value {
    let named = sent.as_object().into_iter().flat_map(Map::keys);
    for sub in named.filter_map(|name| definition.sub(name)) {
        put(&mut before, sub.name, None);
    }
    if let Some(Value::Object(new)) = new {
        for (name, value) in new {
            put(&mut before, &name, Some(value));
        }
    }
    Value::Object(before)
}

fn appended(mut items: Vec<Value>, more: &Value) -> Value {
    let more = match more {
        Value::Array(more) => more.as_slice(),
        one => std::slice::from_ref(one),
    };
    for item in more {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    Value::Array(items)
}

fn list(
    before: Option<Value>,
    definition: &'static Attribute,
    verb: Verb,
    value: &Value,
) -> Result<Option<Value>, Error> {
    let new = typed(definition, value, definition.name)?;
    let mut items = match before {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    };
    match (verb, new) {
        (Verb::Replace, new) => return Ok(new),
        (Verb::Remove, None) => return Ok(None),
        (Verb::Remove, Some(gone)) => {
            let gone = gone.as_array().cloned().unwrap_or_default();
            items.retain(|item| !gone.iter().any(|gone| same_value(item, gone)));
        }
        (Verb::Add, None) => {}
        (Verb::Add, Some(more)) => {
            let old = items.len();
            let Value::Array(all) = appended(items, &more) else {
                return Ok(Some(more));
            };
            items = all;
            let primary = |item: &Value| item.get("primary") == Some(&Value::Bool(true));
            let newest = items.iter().skip(old).position(primary).map(|at| at + old);
            one_primary(&mut items, newest);
        }
    }
    Ok(Some(Value::Array(items)))
}

/// Whether a value of a list is the one that `remove` names: by its `value` when it has one, else as a whole.
fn same_value(item: &Value, named: &Value) -> bool {
    match named.get("value") {
        Some(value) => item.get("value") == Some(value),
        None => item == named,
    }
}

fn with_sub(
    before: Option<Value>,
    definition: Option<&'static Attribute>,
    path: &Path,
    sub: &str,
    verb: Verb,
    value: &Value,
) -> Result<Option<Value>, Error> {
    let new = match (verb, path.sub_attribute) {
        (Verb::Remove, _) => None,
        (_, Some(leaf)) => typed(leaf, value, &path.to_string())?,
        (_, None) => Some(value.clone()),
    };
    let mut holder = match before {
        Some(Value::Array(mut items)) => {
            for item in items.iter_mut().filter_map(Value::as_object_mut) {
                put(item, sub, new.clone());
            }
            items.retain(|item| !is_empty(item));
            return Ok(Some(Value::Array(items)));
        }
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    put(&mut holder, sub, new);
    let holder = Value::Object(holder);
    let multi = definition.is_some_and(|definition| definition.multi);
    Ok(Some(if multi && !is_empty(&holder) {
        Value::Array(vec![holder])
    } else {
        holder
    }))
}

fn chosen(
    place: &mut Map<String, Value>,
    path: &Path,
    filter: &Filter,
    sub: Option<&str>,
    verb: Verb,
    value: &Value,
) -> Result<(), Error> {
    let (mut items, listed) = match place.get(&path.name) {
        Some(Value::Array(items)) => (items.clone(), true),
        Some(one @ Value::Object(_)) => (vec![one.clone()], false),
        _ => (Vec::new(), true),
    };
    let mut at: Vec<usize> = (0..items.len())
        .filter(|at| items.get(*at).is_some_and(|item| filter.matches(item)))
        .collect();
    if at.is_empty() {
        match verb {
            Verb::Remove => return Ok(()), // gone already: said again after a repeat
            Verb::Replace => return Err(Error::NoTarget(format!("{path}[{filter}]"))),
            Verb::Add => {
                let Some(seed) = seed(filter) else {
                    return Err(Error::NoTarget(format!("{path}[{filter}]")));
                };
                items.push(seed);
                at.push(items.len() - 1);
            }
        }
    }
    for &index in &at {
        if let Some(item) = items.get_mut(index) {
            change_value(item, path, sub, verb, value)?;
        }
    }
    let is_primary = |item: &Value| item.get("primary") == Some(&Value::Bool(true));
    let primary = at
        .iter()
        .copied()
        .find(|at| items.get(*at).is_some_and(is_primary));
    one_primary(&mut items, primary);
    items.retain(|item| !is_empty(item));
    let after = if listed {
        Some(Value::Array(items))
    } else {
        items.pop()
    };
    put(place, &path.name, after);
    Ok(())
}

fn change_value(
    item: &mut Value,
    path: &Path,
    sub: Option<&str>,
    verb: Verb,
    value: &Value,
) -> Result<(), Error> {
    let Some(sub) = sub else {
        *item = match (verb, &*item, path.attribute) {
            (Verb::Remove, _, _) => Value::Null,
            (_, Value::Object(before), Some(definition)) => {
                let sent = match value {
                    Value::String(text) => serde_json::json!({ "value": text }),
                    other => other.clone(),
                };
                let new = typed(definition, &sent, definition.name)?;
                let new = match new {
                    Some(Value::Array(mut all)) => all.pop(),
                    new => new,
                };
                merge(definition, before.clone(), &sent, new)
            }
            (_, _, _) => value.clone(),
        };
        return Ok(());
    };
    let new = match (
        verb,
        path.attribute.and_then(|definition| definition.sub(sub)),
    ) {
        (Verb::Remove, _) => None,
        (_, Some(leaf)) => typed(leaf, value, &format!("{path}.{sub}"))?,
        (_, None) => Some(value.clone()),
    };
    if let Some(members) = item.as_object_mut() {
        put(members, sub, new);
    }
    Ok(())
}

/// The value that fulfils a filter of equalities joined by `and`: what `add` begins with when there is none yet.
fn seed(filter: &Filter) -> Option<Value> {
    let mut members = Map::new();
    let all = match filter {
        Filter::And(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    for term in all {
        let Filter::Compare {
            path,
            operator: Operator::Eq,
            value,
        } = term
        else {
            return None;
        };
        let value = match value {
            Operand::Text(text) => Value::from(text.as_str()),
            Operand::Bool(flag) => Value::Bool(*flag),
            Operand::Number(number) => Value::Number(number.clone()),
            Operand::Null => return None,
        };
        members.insert(path.name.clone(), value);
    }
    Some(Value::Object(members))
}
