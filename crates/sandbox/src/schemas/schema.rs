//! Schema documents of users and groups.

use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of schema documents.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/meta/schemas/user/{schemaId}", user)
        .post("/api/v1/meta/schemas/user/{schemaId}", change_user)
        .get("/api/v1/meta/schemas/group/default", group)
        .post("/api/v1/meta/schemas/group/default", change_group);
}

/// The members that all schema documents share.
pub(crate) fn document(id: &str, name: &str, title: &str, definitions: &Value) -> Value {
    json!({
        "id": id, "$schema": "http://json-schema.org/draft-04/schema#", "name": name, "title": title,
        "lastUpdated": null, "created": null, "definitions": definitions, "type": "object",
        "properties": { "profile": { "allOf": [{ "$ref": "#/definitions/custom" }, { "$ref": "#/definitions/base" }] } },
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("schemaId");
    let serial = if id == "default" {
        Some(0)
    } else {
        org.tail.serial(Kind::SCHEMA, id)
    };
    let known = serial.filter(|serial| org.schemas.types.get(*serial).is_some());
    known.ok_or_else(|| Fail::not_found(id, "GetUserSchema"))
}

fn print_user(org: &Org, call: &Call, serial: u32) -> Value {
    let Some(kind) = org.schemas.types.get(serial) else {
        return Value::Null;
    };
    let (schema, of) = (
        org.tail.id(Kind::SCHEMA, serial),
        org.tail.id(Kind::USER_TYPE, serial),
    );
    let end = if serial == 0 {
        "default".to_owned()
    } else {
        schema.clone()
    };
    let mut body = document(
        &call.url(&format!("/meta/schemas/user/{end}")),
        &kind.name,
        &kind.display_name,
        &kind.schema.definitions(),
    );
    body["description"] = json!(kind.description);
    body["lastUpdated"] = json!(kind.schema_updated);
    body["created"] = json!(kind.created);
    let link = |relation: &str, path: String| json!({ "rel": relation, "href": call.url(&path), "method": "GET" });
    body["_links"] = json!({
        "self": link("self", format!("/api/v1/meta/schemas/user/{schema}")),
        "type": link("type", format!("/api/v1/meta/types/user/{of}")),
    });
    body
}

fn user(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    Ok(Reply::json(&print_user(org, call, serial)))
}

/// What is wrong with the attributes that an admin gave.
pub(crate) fn fault(definitions: &Value) -> Option<Fail> {
    const TYPES: [&str; 5] = ["string", "boolean", "number", "integer", "array"];
    let properties = definitions.get("custom")?.get("properties")?.as_object()?;
    properties
        .iter()
        .filter(|(_, given)| !given.is_null())
        .find_map(|(name, given)| {
            let kind = given
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let title = given
                .get("title")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if !TYPES.contains(&kind) {
                Some(Fail::validation(
                    "type",
                    [format!("type: '{name}' has no valid type")],
                ))
            } else if title.is_empty() {
                Some(Fail::validation(
                    "title",
                    ["title: The field cannot be left blank"],
                ))
            } else {
                None
            }
        })
}

fn change_user(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = call.object()?;
    let definitions = body.get("definitions").cloned().unwrap_or_default();
    if let Some(fail) = fault(&definitions) {
        return Err(fail);
    }
    if let Some(kind) = org.schemas.types.get_mut(serial) {
        kind.schema.merge(&definitions);
        kind.schema_updated = call.now.whole();
    }
    Ok(Reply::json(&print_user(org, call, serial)))
}

fn print_group(org: &Org, call: &Call) -> Value {
    let schemas = &org.schemas;
    let mut body = document(
        &call.url("/meta/schemas/group/default"),
        "group",
        "Okta group",
        &schemas.groups.definitions(),
    );
    body["description"] = "Okta group profile template".into();
    body["lastUpdated"] = json!(schemas.groups_updated);
    body["created"] = json!(org.created);
    let here = call.url("/api/v1/meta/schemas/group/default");
    body["_links"] = json!({ "self": { "rel": "self", "href": here, "method": "GET" } });
    body
}

fn group(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(&print_group(org, call)))
}

fn change_group(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let definitions = body.get("definitions").cloned().unwrap_or_default();
    if let Some(fail) = fault(&definitions) {
        return Err(fail);
    }
    org.schemas.groups.merge(&definitions);
    org.schemas.groups_updated = call.now.whole();
    Ok(Reply::json(&print_group(org, call)))
}
