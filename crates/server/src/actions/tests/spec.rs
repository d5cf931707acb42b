//! Okta's specification as the judge of what we send: operation, query and body.

use std::sync::LazyLock;

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::wire::Sent;

static SPEC: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/okta/openapi/okta-management.json"
    );
    let mut spec: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let schemas = spec["components"]["schemas"].take();
    spec["components"]["schemas"] = translated(schemas);
    spec
});

/// What the specification finds wrong with a request; nothing when it is as it should be.
pub(super) fn judge(sent: &Sent) -> Vec<String> {
    let here = format!("{} {}", sent.method, sent.path);
    let Some((item, operation)) = find(&sent.method, &sent.path) else {
        return vec![format!("{here}: no such operation")];
    };
    let mut wrong = Vec::new();
    let parameters: Vec<Value> = [&item["parameters"], &operation["parameters"]]
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .map(resolved)
        .filter(|one| one["in"] == "query")
        .collect();
    for (name, value) in &sent.query {
        match parameters.iter().find(|one| one["name"] == name.as_str()) {
            None => wrong.push(format!("{here}: `{name}` is no parameter")),
            Some(known) => {
                let kind = &known["schema"]["type"];
                let fits = match kind.as_str().unwrap_or("string") {
                    "boolean" => value == "true" || value == "false",
                    "integer" => value.parse::<i64>().is_ok(),
                    _ => true,
                };
                if !fits {
                    wrong.push(format!("{here}: `{name}` is no {kind}"));
                }
            }
        }
    }
    for needed in parameters.iter().filter(|one| one["required"] == true) {
        let name = needed["name"].as_str().unwrap();
        if !sent.query.iter().any(|(given, _)| given == name) {
            wrong.push(format!("{here}: `{name}` is missing"));
        }
    }
    wrong.extend(body(&here, operation, sent));
    wrong
}

fn body(here: &str, operation: &Value, sent: &Sent) -> Vec<String> {
    let wanted = resolved(&operation["requestBody"]);
    let schema = &wanted["content"]["application/json"]["schema"];
    match (&sent.body, schema) {
        (None, _) if wanted["required"] == true => vec![format!("{here}: the body is missing")],
        (None, _) => Vec::new(),
        (Some(_), Value::Null) => vec![format!("{here}: a body where none is wanted")],
        (Some(body), schema) => {
            let whole = json!({"allOf": [translated(schema.clone())], "unevaluatedProperties": false, "components": SPEC["components"]});
            let validator = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&whole)
                .unwrap();
            validator
                .iter_errors(body)
                .map(|error| format!("{here}: {error}"))
                .collect()
        }
    }
}

fn find(method: &str, path: &str) -> Option<(&'static Value, &'static Value)> {
    let parts: Vec<&str> = path.split('/').collect();
    let mut fitting: Vec<(&String, &Value)> = SPEC["paths"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(template, item)| {
            let known: Vec<&str> = template.split('/').collect();
            item.get(method.to_lowercase()).is_some()
                && known.len() == parts.len()
                && known
                    .iter()
                    .zip(&parts)
                    .all(|(known, part)| known.starts_with('{') || known == part)
        })
        .collect();
    // The one with fewest holes fits best.
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    let (_, item) = fitting.first()?;
    Some((item, &item[method.to_lowercase()]))
}

fn resolved(value: &Value) -> Value {
    match value["$ref"].as_str() {
        Some(reference) => SPEC
            .pointer(reference.trim_start_matches('#'))
            .unwrap()
            .clone(),
        None => value.clone(),
    }
}

/// OpenAPI 3.0 as JSON Schema: `nullable`; what is only in answers need not be there; a discriminator is no schema.
fn translated(value: Value) -> Value {
    match value {
        Value::Object(all) => object(all),
        Value::Array(all) => all.into_iter().map(translated).collect(),
        other => other,
    }
}

fn object(all: Map<String, Value>) -> Value {
    if all.get("$ref").is_some_and(Value::is_string) {
        return json!({ "$ref": all["$ref"] });
    }
    let nullable = all.get("nullable") == Some(&Value::Bool(true));
    let read_only: Vec<String> = all
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, one)| one["readOnly"] == true)
        .map(|(name, _)| name.clone())
        .collect();
    let mut made = Map::new();
    for (name, value) in all {
        match name.as_str() {
            "nullable" | "discriminator" | "example" | "examples" | "description" | "default"
            | "xml" => {}
            "properties" => {
                let members = value.as_object().cloned().unwrap_or_default();
                let members: Map<String, Value> = members
                    .into_iter()
                    .map(|(name, one)| (name, translated(one)))
                    .collect();
                made.insert(name, members.into());
            }
            "required" if value.is_array() => {
                let needed = value.as_array().cloned().unwrap_or_default();
                let needed: Vec<Value> = needed
                    .into_iter()
                    .filter(|one| !read_only.iter().any(|name| one == name))
                    .collect();
                made.insert(name, needed.into());
            }
            "enum" => {
                made.insert(name, value);
            }
            _ => {
                made.insert(name, translated(value));
            }
        }
    }
    if nullable {
        return json!({"anyOf": [made, {"type": "null"}]});
    }
    made.into()
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let sent = |method: &str, path: &str, query: &[(&str, &str)], body: Option<Value>| Sent {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        body,
    };
    let profile = json!({"profile": {"login": "a@b.example", "email": "a@b.example"}});
    for (good, request) in [
        (
            true,
            sent(
                "POST",
                "/api/v1/users",
                &[("activate", "true")],
                Some(profile.clone()),
            ),
        ),
        (
            false,
            sent(
                "POST",
                "/api/v1/users",
                &[("activate", "yes")],
                Some(profile.clone()),
            ),
        ),
        (
            false,
            sent(
                "POST",
                "/api/v1/users",
                &[("active", "true")],
                Some(profile.clone()),
            ),
        ),
        (false, sent("POST", "/api/v1/users", &[], None)),
        (
            false,
            sent(
                "POST",
                "/api/v1/users",
                &[],
                Some(json!({"profile": {"login": 7}})),
            ),
        ),
        (
            false,
            sent(
                "POST",
                "/api/v1/users",
                &[],
                Some(json!({"profile": profile["profile"], "surprise": 1})),
            ),
        ),
        (
            false,
            sent(
                "POST",
                "/api/v1/users/00u1/lifecycle/reset_password",
                &[],
                None,
            ),
        ),
        (
            true,
            sent(
                "POST",
                "/api/v1/users/00u1/lifecycle/reset_password",
                &[("sendEmail", "false")],
                None,
            ),
        ),
        (
            false,
            sent("POST", "/api/v1/users/00u1/lifecycle/suspended", &[], None),
        ),
    ] {
        let wrong = judge(&request);
        assert_eq!(wrong.is_empty(), good, "{request:?}: {wrong:?}");
    }
}
