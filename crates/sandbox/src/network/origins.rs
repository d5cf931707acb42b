//! Trusted origins.

use serde_json::{Map, Value, json};

use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

const ORIGIN: Kind = Kind("tos");

/// The routes of trusted origins.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/trustedOrigins", list)
        .post("/api/v1/trustedOrigins", create)
        .get("/api/v1/trustedOrigins/{trustedOriginId}", one)
        .put("/api/v1/trustedOrigins/{trustedOriginId}", replace)
        .delete("/api/v1/trustedOrigins/{trustedOriginId}", delete)
        .post(
            "/api/v1/trustedOrigins/{trustedOriginId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/trustedOrigins/{trustedOriginId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn print(org: &Org, call: &Call, serial: u32, origin: &Doc) -> Value {
    let id = org.tail.id(ORIGIN, serial);
    let here = call.url(&format!("/api/v1/trustedOrigins/{id}"));
    let admin = org.tail.id(Kind::USER, 0);
    let name = if origin.active {
        "deactivate"
    } else {
        "activate"
    };
    let mut body = json!({
        "id": id, "name": origin.text("name"), "origin": origin.text("origin"), "scopes": origin.body.get("scopes"),
        "status": origin.status(), "created": origin.created, "createdBy": admin, "lastUpdated": origin.last_updated,
        "lastUpdatedBy": admin,
        "_links": { "self": { "href": here, "hints": { "allow": ["GET", "PUT", "DELETE"] } } },
    });
    body["_links"][name] =
        json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    body
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("trustedOriginId");
    let serial = org
        .tail
        .serial(ORIGIN, id)
        .filter(|serial| org.origins.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "TrustedOrigin"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let origin = org
        .origins
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("trustedOriginId"), "TrustedOrigin"))?;
    Ok(Reply::json(&print(org, call, serial, origin)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let body: Vec<_> = org
        .origins
        .iter()
        .map(|(serial, origin)| print(org, call, serial, origin))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &["q", "filter"], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn given(org: &Org, call: &Call, own: Option<u32>) -> Result<Map<String, Value>, Fail> {
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    for name in ["name", "origin"] {
        if text(name).is_empty() {
            return Err(Fail::validation(
                name,
                [format!("{name}: The field cannot be left blank")],
            ));
        }
    }
    if url::Url::parse(text("origin")).is_err() {
        return Err(Fail::validation(
            "origin",
            ["origin: The field must be a valid URL"],
        ));
    }
    let same = |one: &Doc| one.text("name") == text("name") || one.text("origin") == text("origin");
    if org
        .origins
        .iter()
        .any(|(serial, one)| Some(serial) != own && same(one))
    {
        let why = "origin: An object with this field already exists in the current organization";
        return Err(Fail::validation("trustedOrigin", [why]));
    }
    Ok(members(
        json!({ "name": text("name"), "origin": text("origin"), "scopes": body.get("scopes").cloned().unwrap_or_else(|| json!([])) }),
    ))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = given(org, call, None)?;
    let serial = org.origins.push(Doc::new(body, call.now));
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = given(org, call, Some(serial))?;
    if let Some(origin) = org.origins.get_mut(serial) {
        (origin.body, origin.last_updated) = (body, call.now.whole());
    }
    shown(org, call, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    org.origins.remove(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = find(org, call)?;
    if let Some(origin) = org.origins.get_mut(serial) {
        (origin.active, origin.last_updated) = (on, call.now.whole());
    }
    shown(org, call, serial)
}
