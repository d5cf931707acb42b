//! What a rule is made of, by the type of its policy.

use serde_json::{Map, Value, json};

use crate::store::{members, under};

/// The members of a rule, completed as Okta does.
pub(super) fn complete(of: &str, given: &Map<String, Value>) -> Map<String, Value> {
    let part = |name: &str| given.get(name).cloned().unwrap_or_default();
    let (mut conditions, mut actions) = (part("conditions"), part("actions"));
    match of {
        "ACCESS_POLICY" => {
            if conditions.is_object() {
                conditions = access_conditions(&conditions);
            }
            actions = access_actions(&actions);
        }
        "OKTA_SIGN_ON" => {
            let defaults = json!({ "people": { "users": { "exclude": [] } }, "network": { "connection": "ANYWHERE" }, "risk": { "behaviors": [] } });
            conditions = under(defaults, &non_null(conditions));
            actions = under(
                json!({ "signon": { "primaryFactor": "PASSWORD_IDP_ANY_FACTOR" } }),
                &non_null(actions),
            );
        }
        "PASSWORD" => {
            let defaults = json!({ "people": { "users": { "exclude": [] } }, "network": { "connection": "ANYWHERE" } });
            conditions = under(defaults, &non_null(conditions));
        }
        "IDP_DISCOVERY" => {
            let defaults = json!({
                "network": { "connection": "ANYWHERE" }, "userIdentifier": { "patterns": [] },
                "app": { "include": [], "exclude": [] },
            });
            conditions = under(defaults, &non_null(conditions));
            idp_actions(&mut actions);
        }
        _ => {}
    }
    members(json!({ "name": given.get("name"), "conditions": conditions, "actions": actions }))
}

fn non_null(value: Value) -> Value {
    if value.is_object() { value } else { json!({}) }
}

fn access_conditions(given: &Value) -> Value {
    let defaults = json!({
        "people": { "users": { "exclude": [] } }, "riskScore": { "level": "ANY" },
        "userType": { "include": [], "exclude": [] },
    });
    let mut whole = under(defaults, given);
    if let Some(map) = whole.as_object_mut() {
        if map
            .get("platform")
            .is_some_and(|platform| *platform == json!({}))
        {
            map.shift_remove("platform");
        }
        if let Some(Value::Object(platform)) = map.get_mut("platform") {
            platform.entry("exclude").or_insert_with(|| json!([]));
            tidy_platforms(platform.get_mut("include"));
        }
        map.retain(|_, value| !value.is_null());
    }
    whole
}

/// An operating system without an expression has no such member, save for those named only by one.
fn tidy_platforms(include: Option<&mut Value>) {
    for one in include.and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(Value::Object(os)) = one.get_mut("os") {
            os.retain(|_, value| !value.is_null());
        }
    }
}

fn access_actions(given: &Value) -> Value {
    let mut whole = under(
        json!({ "appSignOn": { "keepMeSignedIn": { "postAuth": "NOT_ALLOWED" } } }),
        given,
    );
    if let Some(Value::Object(method)) = whole.pointer_mut("/appSignOn/verificationMethod") {
        if method.get("type").and_then(Value::as_str) == Some("AUTH_METHOD_CHAIN") {
            for unused in ["factorMode", "inactivityPeriod", "constraints"] {
                method.shift_remove(unused);
            }
            if !method.contains_key("reauthenticateIn") {
                method.insert("reauthenticateIn".to_owned(), "PT12H".into());
            }
        } else {
            method
                .entry("reauthenticateIn")
                .or_insert_with(|| "PT12H".into());
            require(method.get_mut("constraints"));
        }
    }
    whole
}

/// Constraints that are named are required. What only a chain of methods knows is no part of them.
fn require(constraints: Option<&mut Value>) {
    for constraint in constraints
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        constraint.retain(|name, _| ["knowledge", "possession"].contains(&name.as_str()));
        for part in constraint.values_mut().filter_map(Value::as_object_mut) {
            part.retain(|_, value| !value.is_null());
            part.entry("required").or_insert(Value::Bool(true));
        }
    }
}

fn idp_actions(actions: &mut Value) {
    if let Some(Value::Object(idp)) = actions.get_mut("idp") {
        if idp.get("shouldFallBackToOkta") == Some(&Value::Bool(false)) {
            idp.shift_remove("shouldFallBackToOkta");
        }
        for criterion in idp
            .get_mut("matchCriteria")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if criterion.get("propertyName").is_none_or(Value::is_null) {
                criterion["propertyName"] = "name".into();
            }
        }
    }
}
