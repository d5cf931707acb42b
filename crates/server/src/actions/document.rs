//! Each action as an operation of the OpenAPI document, made from its row of the table.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::Paths;

use super::action::{Action, Does};

/// What kind of action it is, in one word.
pub(super) fn kind(action: &Action) -> &'static str {
    match action.does {
        Does::Get(_) => "read",
        Does::List(..) => "list",
        Does::Change(_) => "change",
    }
}

/// The operation of an action.
pub(super) fn paths(action: &Action) -> Paths {
    let path = format!("/connections/{{connection}}/actions/{}", action.name);
    let described = json!({ path: {"post": operation(action)} });
    serde_json::from_value(described).unwrap_or_default()
}

fn operation(action: &Action) -> Value {
    let about = format!(
        "{} Needs the scope `{}` and at least the admin role `{}`.",
        action.about, action.scope, action.role
    );
    json!({
        "tags": ["actions"],
        "operationId": action.name.replace('-', "_"),
        "summary": format!("{}.", action.title),
        "description": about,
        "parameters": parameters(action),
        "requestBody": {"required": true, "content": {"application/json": {"schema": plain((action.input)())}}},
        "responses": responses(action),
        "x-permission": "actions.run",
    })
}

fn parameters(action: &Action) -> Value {
    let query = |name: &str, schema: Value, about: &str| json!({"name": name, "in": "query", "required": false, "schema": schema, "description": about});
    let mut all = vec![
        json!({"name": "connection", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}, "description": "the connection"}),
        query(
            "plan",
            json!({"type": "boolean"}),
            "only say what would be done",
        ),
    ];
    match action.does {
        Does::List(..) => {
            all.push(query("limit", json!({"type": "integer", "minimum": 1, "maximum": 200}), "items of a page"));
            all.push(query("after", json!({"type": "string"}), "`next` of the page before"));
        }
        Does::Change(_) => all.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false, "schema": {"type": "string", "maxLength": 255},
            "description": "the same key never does it twice within 24 hours",
        })),
        Does::Get(_) => {}
    }
    all.into()
}

fn responses(action: &Action) -> Value {
    let output = plain((action.output)());
    let mut properties = json!({
        "action": {"type": "string"},
        "outcome": {"type": "string", "enum": ["done", "planned"]},
        "plan": {"type": "object", "description": "what would be done, with `plan`", "required": ["would", "changes", "possible"], "properties": {
            "would": {"type": "string"}, "changes": {"type": "boolean"}, "possible": {"type": "boolean"}, "why": {"type": "string"}, "call": {"type": "object"},
        }},
        "notes": {"type": "array", "items": {"type": "string"}},
    });
    if action.lists() {
        properties["items"] = json!({"type": "array", "items": output});
        properties["next"] = json!({"type": "string", "description": "send as `after` for the next page; missing on the last"});
    } else {
        properties["output"] = output;
    }
    let done =
        json!({"type": "object", "required": ["action", "outcome"], "properties": properties});
    let mut content = json!({"application/json": {"schema": done}});
    if action.lists() {
        // A line for each item, then one that says the end.
        content["application/x-ndjson"] = json!({"schema": {"type": "string"}});
    }
    let refusal = |about: &str| json!({"description": about});
    json!({
        "200": {"description": "done, or planned", "content": content},
        "404": refusal("no such connection, or no such thing at Okta"),
        "409": refusal("in the present state it cannot be done, or it is being done, or whether it was done is not known"),
        "422": refusal("the input will not do: `errors` has field, message and mend"),
        "502": refusal("Okta refused the connection, or failed: `mend` says what to do"),
    })
}

/// The schema without the rules that tie members to each other: generators of clients do not know them. The service
/// checks them all the same.
fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(all) => {
            let typed = all.contains_key("type");
            all.into_iter()
                .filter(|(name, value)| match name.as_str() {
                    "anyOf" | "allOf" | "not" | "dependentRequired" => !typed,
                    "required" => value.as_array().is_none_or(|names| !names.is_empty()),
                    _ => true,
                })
                .map(|(name, value)| (name, plain(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(all) => all.into_iter().map(plain).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_operation_is_lost_on_its_way_into_the_document() {
        for action in crate::actions::all() {
            let path = format!("/connections/{{connection}}/actions/{}", action.name);
            let printed = serde_json::to_value(paths(action)).unwrap();
            assert_eq!(printed[&path]["post"], operation(action), "{}", action.name);
        }
    }
}
