//! Policies and rules as JSON.

use serde_json::{Value, json};

use super::{Rule, kind};
use crate::http::Call;
use crate::org::Org;
use crate::store::Doc;

fn action(base: &str, name: &str) -> Value {
    json!({ "href": format!("{base}/lifecycle/{name}"), "hints": { "allow": ["POST"] } })
}

/// A policy.
pub(super) fn policy(org: &Org, call: &Call, serial: u32, doc: &Doc) -> Value {
    let id = org.policies.id(org.tail, serial);
    let here = call.url(&format!("/api/v1/policies/{id}"));
    let mut body = json!({ "id": id, "status": doc.status(), "name": doc.text("name") });
    if let Some(description) = doc.body.get("description") {
        body["description"] = description.clone();
    }
    body["priority"] = super::priority(doc).into();
    body["system"] = doc.system.into();
    body["conditions"] = doc.body.get("conditions").cloned().unwrap_or_default();
    body["created"] = json!(doc.created);
    body["lastUpdated"] = json!(doc.last_updated);
    if let Some(settings) = doc.body.get("settings") {
        body["settings"] = settings.clone();
    }
    let mut links = json!({});
    let allowed: &[&str] = if doc.system {
        &["GET", "PUT"]
    } else {
        &["GET", "PUT", "DELETE"]
    };
    if !doc.system {
        links["mappings"] =
            json!({ "href": format!("{here}/mappings"), "hints": { "allow": ["GET", "POST"] } });
    }
    links["self"] = json!({ "href": here, "hints": { "allow": allowed } });
    links["rules"] =
        json!({ "href": format!("{here}/rules"), "hints": { "allow": ["GET", "POST"] } });
    if !doc.system {
        let name = if doc.active { "deactivate" } else { "activate" };
        links[name] = action(&here, name);
    }
    body["_links"] = links;
    body["type"] = doc.text("type").into();
    body
}

/// A rule.
pub(super) fn rule(org: &Org, call: &Call, serial: u32, rule: &Rule) -> Value {
    let doc = &rule.doc;
    let of = org
        .policies
        .rows
        .get(rule.policy)
        .map(|policy| policy.text("type").to_owned())
        .unwrap_or_default();
    let id = org.tail.id(kind::of_rules(&of), serial);
    let here = call.url(&format!(
        "/api/v1/policies/{}/rules/{id}",
        org.policies.id(org.tail, rule.policy)
    ));
    let allowed: &[&str] = if doc.system {
        &["GET", "PUT"]
    } else {
        &["GET", "PUT", "DELETE"]
    };
    let mut links = json!({ "self": { "href": here, "hints": { "allow": allowed } } });
    if !doc.system {
        let name = if doc.active { "deactivate" } else { "activate" };
        links[name] = action(&here, name);
    }
    json!({
        "id": id, "status": doc.status(), "name": doc.text("name"), "priority": rule.priority, "created": doc.created,
        "lastUpdated": doc.last_updated, "system": doc.system, "conditions": doc.body.get("conditions"),
        "actions": doc.body.get("actions"), "_links": links, "type": kind::rule_type(&of),
    })
}
