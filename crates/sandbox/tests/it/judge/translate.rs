//! OpenAPI 3.0 schemas as JSON Schema: `nullable`, `discriminator`, and what is only for requests.
//!
//! `oneOf` becomes `anyOf`, as the specification's kinds are open objects of which several fit; where they are the kinds
//! of one discriminated schema, that schema stands in their place.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

/// How references of one document are read.
pub(crate) struct Names {
    prefix: String,
    /// The discriminated schema of which a schema is a kind.
    parents: BTreeMap<String, String>,
}

impl Names {
    /// The names in a document's schemas.
    pub(crate) fn of(all: &Value, prefix: &str) -> Self {
        let mut parents = BTreeMap::new();
        for (name, body) in all.as_object().into_iter().flatten() {
            for kind in body["discriminator"]["mapping"]
                .as_object()
                .into_iter()
                .flat_map(Map::values)
            {
                if let Some(kind) = kind.as_str().and_then(|kind| kind.rsplit('/').next()) {
                    parents.insert(kind.to_owned(), name.clone());
                }
            }
        }
        Self {
            prefix: prefix.to_owned(),
            parents,
        }
    }

    fn local(&self, reference: &str) -> String {
        format!(
            "#/$defs/{}{}",
            self.prefix,
            reference.rsplit('/').next().unwrap_or_default()
        )
    }

    /// The schema whose kinds these alternatives are.
    fn common(&self, alternatives: &[Value]) -> Option<&String> {
        let parent = |one: &Value| self.parents.get(one["$ref"].as_str()?.rsplit('/').next()?);
        let first = parent(alternatives.first()?)?;
        alternatives
            .iter()
            .all(|one| parent(one) == Some(first))
            .then_some(first)
    }
}

/// All schemas of a document. A schema with a discriminator becomes two: what is common (`X.base`), to which its kinds
/// refer, and `X`, which also wants the kind that is named.
pub(crate) fn schemas(all: Value, names: &Names) -> Map<String, Value> {
    let all = match all {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    let parents: BTreeSet<String> = all
        .iter()
        .filter(|(_, body)| body.get("discriminator").is_some() && body.get("oneOf").is_none())
        .map(|(name, _)| name.clone())
        .collect();
    let mut made = Map::new();
    for (name, mut body) in all {
        let mut choice = body
            .get("discriminator")
            .cloned()
            .filter(|_| parents.contains(&name));
        // A value that leads to the parent itself asks for no more than what is common.
        let own = format!("#/components/schemas/{name}");
        if let Some(Value::Object(kinds)) = choice.as_mut().map(|choice| &mut choice["mapping"]) {
            kinds.retain(|_, kind| *kind != own);
        }
        for parent in &parents {
            extends(&mut body, parent);
        }
        let prefix = &names.prefix;
        let body = schema(body, names);
        match choice {
            Some(choice) => {
                let base = format!("{prefix}{name}.base");
                made.insert(
                    format!("{prefix}{name}"),
                    chosen(&choice, Some(&base), names),
                );
                made.insert(base, body);
            }
            None => {
                made.insert(format!("{prefix}{name}"), body);
            }
        }
    }
    made
}

/// A kind refers to what is common, as it would refer to itself otherwise.
fn extends(body: &mut Value, parent: &str) {
    let name = format!("#/components/schemas/{parent}");
    if let Some(Value::Array(parts)) = body.get_mut("allOf") {
        for part in parts
            .iter_mut()
            .filter(|part| part["$ref"] == name.as_str())
        {
            part["$ref"] = format!("{name}.base").into();
        }
    }
}

fn chosen(choice: &Value, base: Option<&str>, names: &Names) -> Value {
    let property = choice["propertyName"].as_str().unwrap_or_default();
    let mut all: Vec<Value> = base
        .iter()
        .map(|base| json!({ "$ref": format!("#/$defs/{base}") }))
        .collect();
    for (value, kind) in choice["mapping"].as_object().into_iter().flatten() {
        let kind = names.local(kind.as_str().unwrap_or_default());
        all.push(json!({
            "if": { "type": "object", "properties": { property: { "const": value } }, "required": [property] },
            "then": { "$ref": kind },
        }));
    }
    json!({ "allOf": all })
}

/// One schema, or anything that holds schemas.
pub(crate) fn schema(value: Value, names: &Names) -> Value {
    match value {
        Value::Object(members) => object(members, names),
        Value::Array(list) => list.into_iter().map(|one| schema(one, names)).collect(),
        other => other,
    }
}

fn object(mut members: Map<String, Value>, names: &Names) -> Value {
    if let Some(Value::String(reference)) = members.get("$ref") {
        return json!({ "$ref": names.local(reference) });
    }
    if let Some(Value::Array(alternatives)) = members.get("oneOf") {
        if let Some(parent) = names.common(alternatives) {
            return json!({ "$ref": names.local(parent) });
        }
        if members
            .get("discriminator")
            .is_some_and(|choice| choice.get("mapping").is_some())
        {
            return chosen(&members["discriminator"], None, names);
        }
        if let Some(alternatives) = members.remove("oneOf") {
            members.insert("anyOf".to_owned(), alternatives);
        }
    }
    let nullable = members.get("nullable") == Some(&Value::Bool(true));
    let secret: Vec<String> = members
        .get("properties")
        .and_then(Value::as_object)
        .map(|all| {
            all.iter()
                .filter(|(_, one)| one["writeOnly"] == true)
                .map(|(name, _)| name.clone())
                .collect()
        })
        .unwrap_or_default();
    let mut made = Map::new();
    for (name, value) in members {
        let aside = [
            "nullable",
            "discriminator",
            "example",
            "examples",
            "description",
            "default",
            "xml",
            "externalDocs",
            "deprecated",
            "title",
        ];
        let keep_names = name == "properties";
        if keep_names {
            let all: Map<String, Value> = match value {
                Value::Object(all) => all
                    .into_iter()
                    .map(|(name, one)| (name, schema(one, names)))
                    .collect(),
                _ => Map::new(),
            };
            made.insert(name, Value::Object(all));
        } else if name == "required" {
            let list: Vec<Value> = value.as_array().cloned().unwrap_or_default();
            let list = list
                .into_iter()
                .filter(|one| !secret.iter().any(|name| one == name))
                .collect();
            made.insert(name, Value::Array(list));
        } else if name == "enum" {
            made.insert(name, value);
        } else if !aside.contains(&name.as_str()) && !name.starts_with("x-") {
            made.insert(name, schema(value, names));
        }
    }
    if nullable {
        json!({ "anyOf": [made, { "type": "null" }] })
    } else {
        Value::Object(made)
    }
}

/// A validator of a schema, with only the schemas that it reaches.
pub(crate) fn compile(root: &Value, all: &Value) -> Option<Validator> {
    let mut reached = Map::new();
    let mut open = vec![root.clone()];
    while let Some(one) = open.pop() {
        let mut names = Vec::new();
        references(&one, &mut names);
        for name in names {
            if !reached.contains_key(&name) {
                let body = all.get(&name).cloned().unwrap_or(Value::Bool(true));
                reached.insert(name, body.clone());
                open.push(body);
            }
        }
    }
    let whole = json!({ "allOf": [root], "$defs": reached });
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&whole)
        .ok()
}

fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                names.extend(reference.strip_prefix("#/$defs/").map(str::to_owned));
            }
            members.values().for_each(|one| references(one, names));
        }
        Value::Array(list) => list.iter().for_each(|one| references(one, names)),
        _ => {}
    }
}
