//! Okta's specification as a judge of answers: each is checked against the schema of its operation and status by the
//! jsonschema crate.

pub(crate) mod translate;
pub(crate) mod watched;

mod proof;
mod replay;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

/// A difference between an answer and the specification: operation, status, place and rule.
pub(crate) type Difference = String;

/// Where fixtures of Okta lie.
pub(crate) fn fixtures(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/okta")).join(path)
}

/// The specification.
pub(crate) struct Spec {
    operations: Vec<Operation>,
    schemas: Value,
    responses: Value,
    made: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

struct Operation {
    method: String,
    template: String,
    parts: Vec<String>,
    responses: Value,
}

/// An answer to judge.
pub(crate) struct Answer<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u16,
    /// Nothing when there is no body; a text when it is no JSON.
    pub(crate) body: Option<&'a Value>,
}

static SPEC: LazyLock<Spec> = LazyLock::new(Spec::load);

/// The specification, read once.
pub(crate) fn spec() -> &'static Spec {
    &SPEC
}

impl Spec {
    fn load() -> Self {
        let mut spec = Self {
            operations: Vec::new(),
            schemas: json!({}),
            responses: json!({}),
            made: Mutex::default(),
        };
        for (file, prefix) in [("okta-management.json", "m."), ("okta-oauth.json", "o.")] {
            let text = std::fs::read_to_string(fixtures("openapi").join(file)).unwrap();
            let document: Value = serde_json::from_str(&text).unwrap();
            spec.add(document, prefix);
        }
        // The longest fixed part wins, as in a router.
        spec.operations.sort_by_key(|one| {
            one.parts
                .iter()
                .map(|part| part.starts_with('{'))
                .collect::<Vec<_>>()
        });
        spec
    }

    fn add(&mut self, mut document: Value, prefix: &str) {
        let names = translate::Names::of(&document["components"]["schemas"], prefix);
        let schemas = translate::schemas(document["components"]["schemas"].take(), &names);
        self.schemas.as_object_mut().unwrap().extend(schemas);
        let responses = document["components"]["responses"].take();
        for (name, body) in responses.as_object().unwrap() {
            self.responses[format!("{prefix}{name}")] = translate::schema(body.clone(), &names);
        }
        for (template, item) in document["paths"].as_object().unwrap() {
            for method in ["get", "post", "put", "patch", "delete"] {
                let Some(operation) = item.get(method) else {
                    continue;
                };
                let mut responses = operation["responses"].clone();
                for response in responses.as_object_mut().unwrap().values_mut() {
                    if let Some(name) = response
                        .get("$ref")
                        .and_then(Value::as_str)
                        .and_then(|name| name.rsplit('/').next())
                    {
                        *response = self.responses[format!("{prefix}{name}")].clone();
                    } else {
                        *response = translate::schema(response.take(), &names);
                    }
                }
                self.operations.push(Operation {
                    method: method.to_uppercase(),
                    template: template.clone(),
                    parts: template.split('/').map(str::to_owned).collect(),
                    responses,
                });
            }
        }
    }

    fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let parts: Vec<&str> = path.split('/').collect();
        self.operations.iter().find(|one| {
            one.method == method
                && one.parts.len() == parts.len()
                && one.parts.iter().zip(&parts).all(|(known, part)| {
                    known.starts_with('{') && !part.is_empty() || known == part
                })
        })
    }

    /// All differences of an answer from what the specification says; none for calls that it does not know.
    pub(crate) fn judge(&self, answer: &Answer<'_>) -> BTreeSet<Difference> {
        let mut found = BTreeSet::new();
        let Some(operation) = self.find(answer.method, answer.path) else {
            return found;
        };
        let here = format!(
            "{} {} {}",
            operation.method, operation.template, answer.status
        );
        let Some(response) = operation.responses.get(answer.status.to_string()) else {
            if answer.status < 400 {
                found.insert(format!("{here}: status"));
            } else if answer.path.starts_with("/api/")
                && let Some(body) = answer.body
            {
                self.against(
                    &json!({ "$ref": "#/$defs/m.Error" }),
                    "error",
                    &here,
                    body,
                    &mut found,
                );
            }
            return found;
        };
        let content = response.get("content").and_then(Value::as_object);
        let json = content
            .and_then(|content| content.get("application/json"))
            .and_then(|media| media.get("schema"));
        match (json, answer.body) {
            (Some(schema), Some(body)) => {
                let key = format!(
                    "{} {} {}",
                    operation.method, operation.template, answer.status
                );
                self.against(schema, &key, &here, body, &mut found);
            }
            (Some(_), None) if answer.status < 400 => {
                found.insert(format!("{here}: no body"));
            }
            (None, Some(body))
                if answer.status < 300
                    && content.is_none_or(serde_json::Map::is_empty)
                    && *body != json!({}) =>
            {
                found.insert(format!("{here}: a body"));
            }
            _ => {}
        }
        found
    }

    fn against(
        &self,
        schema: &Value,
        key: &str,
        here: &str,
        body: &Value,
        found: &mut BTreeSet<Difference>,
    ) {
        let validator = {
            let mut made = self.made.lock().unwrap();
            let known = made
                .entry(key.to_owned())
                .or_insert_with(|| translate::compile(schema, &self.schemas).map(Arc::new));
            known.clone()
        };
        let Some(validator) = validator else {
            panic!("the schema of {key} cannot be used");
        };
        for error in validator.iter_errors(body) {
            let place: String = error
                .instance_path
                .to_string()
                .split('/')
                .skip(1)
                .map(plain)
                .collect();
            let schema = error.schema_path.to_string();
            let rule = schema
                .rsplit('/')
                .find(|part| part.parse::<usize>().is_err())
                .unwrap_or_default();
            let detail = match rule {
                "required" => format!(" {}", missing(&error.to_string())),
                "enum" | "type" | "format" => format!(" {}", short(&error.instance)),
                _ => String::new(),
            };
            found.insert(format!("{here}: {place} {rule}{detail}"));
        }
    }
}

/// A part of a place: positions in lists are all the same, and so are names that somebody gave.
fn plain(part: &str) -> String {
    if part.parse::<usize>().is_ok() || part.chars().filter(char::is_ascii_digit).count() > 3 {
        "/*".to_owned()
    } else {
        format!("/{part}")
    }
}

fn missing(text: &str) -> &str {
    text.split('"').nth(1).unwrap_or_default()
}

/// A value, or for what is different each time, of what kind it is.
fn short(value: &Value) -> String {
    match value {
        Value::String(text)
            if text.len() <= 40
                && text
                    .chars()
                    .all(|c| c.is_ascii_uppercase() || "_-:".contains(c)) =>
        {
            text.clone()
        }
        Value::String(_) => "(text)".to_owned(),
        Value::Array(_) => "(list)".to_owned(),
        Value::Object(_) => "(object)".to_owned(),
        Value::Number(_) => "(number)".to_owned(),
        other => other.to_string(),
    }
}
