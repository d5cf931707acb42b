//! User types.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Attributes, UserType};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The most user types beside the default one.
const MOST: usize = 10;

/// The routes of user types.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/meta/types/user", list)
        .post("/api/v1/meta/types/user", create)
        .get("/api/v1/meta/types/user/{typeId}", one)
        .post("/api/v1/meta/types/user/{typeId}", update)
        .put("/api/v1/meta/types/user/{typeId}", update)
        .delete("/api/v1/meta/types/user/{typeId}", delete);
}

fn print(org: &Org, call: &Call, serial: u32, kind: &UserType) -> Value {
    let link = |relation: &str, path: String| json!({ "rel": relation, "href": call.url(&path), "method": "GET" });
    let (id, schema) = (
        org.tail.id(Kind::USER_TYPE, serial),
        org.tail.id(Kind::SCHEMA, serial),
    );
    let admin = org.tail.id(Kind::USER, 0);
    json!({
        "id": id, "displayName": kind.display_name, "name": kind.name, "description": kind.description,
        "createdBy": admin, "lastUpdatedBy": admin, "created": kind.created, "lastUpdated": kind.last_updated,
        "default": serial == 0,
        "_links": {
            "schema": link("schema", format!("/api/v1/meta/schemas/user/{schema}")),
            "self": link("self", format!("/api/v1/meta/types/user/{id}")),
        },
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("typeId");
    org.schemas
        .find_type(&org.tail, id)
        .ok_or_else(|| Fail::not_found(id, "CVDType"))
}

fn list(org: &Org, call: &Call) -> Answer {
    let all: Vec<_> = org
        .schemas
        .types
        .iter()
        .map(|(serial, kind)| print(org, call, serial, kind))
        .collect();
    Ok(Reply::json(&all))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let kind = org
        .schemas
        .types
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("typeId"), "CVDType"))?;
    Ok(Reply::json(&print(org, call, serial, kind)))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn text(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let blank =
        |name: &str| Fail::validation(name, [format!("{name}: The field cannot be left blank")]);
    let name = text(&body, "name").ok_or_else(|| blank("name"))?;
    let display_name = text(&body, "displayName").ok_or_else(|| blank("displayName"))?;
    if org.schemas.types.iter().any(|(_, kind)| kind.name == name) {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("name", [why]));
    }
    if org.schemas.types.len() > MOST {
        return Err(Fail::validation(
            "userType",
            ["The maximum number of user types has been reached."],
        ));
    }
    let now = call.now.whole();
    let description = text(&body, "description");
    let serial = org.schemas.types.push(UserType {
        name,
        display_name,
        description,
        created: now,
        last_updated: now,
        schema_updated: now,
        schema: Attributes::of_users(),
    });
    shown(org, call, serial)
}

fn update(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = call.object()?;
    let name = org
        .schemas
        .types
        .get(serial)
        .map(|kind| kind.name.clone())
        .unwrap_or_default();
    if text(&body, "name").is_some_and(|given| given != name) {
        return Err(Fail::validation(
            "name",
            ["name: The name of a user type cannot be changed"],
        ));
    }
    if let Some(kind) = org.schemas.types.get_mut(serial) {
        if let Some(display) = text(&body, "displayName") {
            kind.display_name = display;
        }
        if body.contains_key("description") {
            kind.description = text(&body, "description");
        }
        kind.last_updated = call.now.whole();
    }
    shown(org, call, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let used = org
        .people
        .from(0)
        .any(|(_, person)| person.user_type == serial);
    if serial == 0 || used {
        let why = "This User Type cannot be deleted.";
        return Err(Fail::new(StatusCode::FORBIDDEN, "E0000142", why));
    }
    org.schemas.types.remove(serial);
    Ok(Reply::no_content())
}
