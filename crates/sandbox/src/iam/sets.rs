//! Resource sets: what a custom role may reach, and who holds it there.

use serde_json::{Value, json};

use super::labelled::Labelled;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

pub(super) const SETS: Labelled = Labelled {
    kind: Kind("iam"),
    param: "resourceSetIdOrLabel",
    name: "IAMPolicy",
    taken: "label: There is already a resource set with this name.",
    all: |org| &org.resource_sets,
    all_mut: |org| &mut org.resource_sets,
};
const RESOURCE: Kind = Kind("ire");

/// The routes of resource sets.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/iam/resource-sets", list)
        .post("/api/v1/iam/resource-sets", create)
        .get("/api/v1/iam/resource-sets/{resourceSetIdOrLabel}", one)
        .put("/api/v1/iam/resource-sets/{resourceSetIdOrLabel}", replace)
        .delete(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}",
            |org, call| SETS.delete(org, call),
        )
        .get(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources",
            resources,
        )
        .patch(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources",
            add_resources,
        )
        .delete(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources/{resourceId}",
            drop_resource,
        )
        .post(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources",
            add_one,
        )
        .get(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources/{resourceId}",
            resource,
        )
        .put(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/resources/{resourceId}",
            set_conditions,
        );
}

/// Whether there is a resource set with this id.
pub(crate) fn exists(org: &Org, id: &str) -> bool {
    SETS.by_id(org, id).is_some()
}

/// What is in a resource set, as it was named.
pub(crate) fn resources_of(org: &Org, id: &str) -> Vec<String> {
    let Some((serial, _)) = SETS.by_id(org, id) else {
        return Vec::new();
    };
    let held = SETS.held(org, serial, "resources").into_iter();
    held.filter_map(|one| one.get("orn")?.as_str().map(str::to_owned))
        .collect()
}

/// The address of a resource set.
pub(super) fn address(org: &Org, call: &Call, serial: u32) -> String {
    call.url(&format!(
        "/api/v1/iam/resource-sets/{}",
        org.tail.id(SETS.kind, serial)
    ))
}

fn print(org: &Org, call: &Call, serial: u32, set: &Doc) -> Value {
    let here = address(org, call, serial);
    json!({
        "id": org.tail.id(SETS.kind, serial), "label": set.text("label"), "description": set.text("description"),
        "created": set.created, "lastUpdated": set.last_updated,
        "_links": {
            "bindings": { "href": format!("{here}/bindings") }, "self": { "href": here },
            "resources": { "href": format!("{here}/resources") },
        },
    })
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let set = org
        .resource_sets
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("resourceSetIdOrLabel"), "IAMPolicy"))?;
    Ok(Reply::json(&print(org, call, serial, set)).link(&address(org, call, serial), "self"))
}

fn list(org: &Org, call: &Call) -> Answer {
    let sets: Vec<_> = org
        .resource_sets
        .iter()
        .map(|(serial, set)| print(org, call, serial, set))
        .collect();
    Ok(Page::of(call, 100, 200)?.links(
        Reply::json(&json!({ "resource-sets": sets })),
        call,
        &[],
        None,
    ))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, SETS.find(org, call)?.0)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let label = SETS.label(org, &body, None)?;
    let given = body
        .get("resources")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let mut number = 0;
    let resources: Vec<_> = given
        .into_iter()
        .map(|orn| {
            number += 1;
            json!({ "orn": orn, "number": number, "created": call.now.whole() })
        })
        .collect();
    let set = json!({
        "label": label, "description": body.get("description").cloned().unwrap_or_default(), "resources": resources,
        "number": number,
    });
    let serial = org.resource_sets.push(Doc::new(members(set), call.now));
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.rename(org, call)?;
    shown(org, call, serial)
}

fn resource_id(org: &Org, serial: u32, resource: &Value) -> String {
    let number = resource
        .get("number")
        .and_then(Value::as_u64)
        .and_then(|number| u32::try_from(number).ok());
    org.tail.id(
        RESOURCE,
        serial
            .wrapping_mul(10_000)
            .wrapping_add(number.unwrap_or(0)),
    )
}

/// The address of what an ORN or URL names.
fn target(call: &Call, orn: &str) -> String {
    if orn.starts_with("http") {
        return orn.to_owned();
    }
    let parts: Vec<&str> = orn.split(':').collect();
    match parts.as_slice() {
        [_, _, _, _, "apps", _, id] => call.url(&format!("/api/v1/apps/{id}")),
        [_, _, _, _, family, id, ..] => call.url(&format!("/api/v1/{family}/{id}")),
        [_, _, _, _, family] => call.url(&format!("/api/v1/{family}")),
        _ => orn.to_owned(),
    }
}

fn print_resource(org: &Org, call: &Call, serial: u32, one: &Value) -> Value {
    let id = resource_id(org, serial, one);
    let orn = one.get("orn").and_then(Value::as_str).unwrap_or_default();
    let here = format!("{}/resources/{id}", address(org, call, serial));
    let mut body = json!({ "id": id, "orn": orn, "created": one.get("created"), "lastUpdated": one.get("created") });
    if let Some(conditions) = one.get("conditions") {
        body["conditions"] = conditions.clone();
    }
    body["_links"] = json!({ "self": { "href": target(call, orn) }, "resource": { "href": here } });
    body
}

fn resources(org: &Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let here = address(org, call, serial);
    let list: Vec<_> = SETS
        .held(org, serial, "resources")
        .iter()
        .map(|one| print_resource(org, call, serial, one))
        .collect();
    let end = format!("{here}/resources");
    let body = json!({ "resources": list, "_links": { "resource-set": { "href": here }, "self": { "href": end } } });
    Ok(Reply::json(&body).link(&end, "self"))
}

/// The resource that a path names: the set, all resources, and its place among them.
fn held(org: &Org, call: &Call) -> Result<(u32, Vec<Value>, usize), Fail> {
    let serial = SETS.find(org, call)?.0;
    let all = SETS.held(org, serial, "resources");
    let id = call.param("resourceId");
    let at = all
        .iter()
        .position(|one| resource_id(org, serial, one) == id);
    at.map(|at| (serial, all, at))
        .ok_or_else(|| Fail::not_found(id, "IAMResource"))
}

fn resource(org: &Org, call: &Call) -> Answer {
    let (serial, all, at) = held(org, call)?;
    let shown = all
        .get(at)
        .map(|one| print_resource(org, call, serial, one));
    Ok(Reply::json(&shown))
}

fn set_conditions(org: &mut Org, call: &Call) -> Answer {
    let (serial, mut all, at) = held(org, call)?;
    let conditions = call.object()?.get("conditions").cloned();
    if let Some(Value::Object(one)) = all.get_mut(at) {
        match conditions.filter(|conditions| !conditions.is_null()) {
            Some(conditions) => one.insert("conditions".to_owned(), conditions),
            None => one.shift_remove("conditions"),
        };
    }
    SETS.hold(org, serial, "resources", all);
    resource(org, call)
}

/// Adds resources, each with a number of its own.
fn add(org: &mut Org, serial: u32, call: &Call, additions: Vec<Value>) {
    let Some(set) = org.resource_sets.get_mut(serial) else {
        return;
    };
    let mut number = set.body.get("number").and_then(Value::as_u64).unwrap_or(0);
    if let Some(Value::Array(list)) = set.body.get_mut("resources") {
        for mut one in additions {
            number += 1;
            one["number"] = number.into();
            one["created"] = json!(call.now.whole());
            list.push(one);
        }
    }
    set.body.insert("number".to_owned(), number.into());
    set.last_updated = call.now.whole();
}

fn add_one(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let body = call.object()?;
    let Some(orn) = body
        .get("resourceOrnOrUrl")
        .and_then(Value::as_str)
        .filter(|orn| !orn.is_empty())
    else {
        let why = "resourceOrnOrUrl: The field cannot be left blank";
        return Err(Fail::validation("resourceOrnOrUrl", [why]));
    };
    let mut one = json!({ "orn": orn });
    if let Some(conditions) = body
        .get("conditions")
        .filter(|conditions| !conditions.is_null())
    {
        one["conditions"] = conditions.clone();
    }
    add(org, serial, call, vec![one]);
    let all = SETS.held(org, serial, "resources");
    let shown = all.last().map(|one| print_resource(org, call, serial, one));
    Ok(Reply::json(&shown))
}

fn add_resources(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let body = call.object()?;
    let additions = body.get("additions").and_then(Value::as_array);
    let additions = additions.into_iter().flatten();
    let additions = additions.map(|orn| json!({ "orn": orn })).collect();
    add(org, serial, call, additions);
    shown(org, call, serial)
}

fn drop_resource(org: &mut Org, call: &Call) -> Answer {
    let (serial, mut all, at) = held(org, call)?;
    all.remove(at);
    SETS.hold(org, serial, "resources", all);
    Ok(Reply::no_content())
}
