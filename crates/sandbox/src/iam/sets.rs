//! Resource sets: what a custom role may reach, and who holds it there.

use serde_json::{Value, json};

use super::labelled::Labelled;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

const SETS: Labelled = Labelled {
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
        .get(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings",
            bindings,
        )
        .post(
            "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings",
            bind,
        );
}

/// Whether there is a resource set with this id.
pub(crate) fn exists(org: &Org, id: &str) -> bool {
    SETS.by_id(org, id).is_some()
}

fn address(org: &Org, call: &Call, serial: u32) -> String {
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

fn resources(org: &Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let here = address(org, call, serial);
    let list: Vec<_> = SETS.held(org, serial, "resources")
        .iter()
        .map(|one| {
            let id = resource_id(org, serial, one);
            let orn = one.get("orn").and_then(Value::as_str).unwrap_or_default();
            json!({
                "id": id, "orn": orn, "created": one.get("created"), "lastUpdated": one.get("created"),
                "_links": {
                    "self": { "href": target(call, orn) },
                    "resource": { "href": format!("{here}/resources/{id}") },
                },
            })
        })
        .collect();
    let end = format!("{here}/resources");
    let body = json!({ "resources": list, "_links": { "resource-set": { "href": here }, "self": { "href": end } } });
    Ok(Reply::json(&body).link(&end, "self"))
}

fn add_resources(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let body = call.object()?;
    let additions = body
        .get("additions")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if let Some(set) = org.resource_sets.get_mut(serial) {
        let mut number = set.body.get("number").and_then(Value::as_u64).unwrap_or(0);
        if let Some(Value::Array(list)) = set.body.get_mut("resources") {
            for orn in additions {
                number += 1;
                list.push(json!({ "orn": orn, "number": number, "created": call.now.whole() }));
            }
        }
        set.body.insert("number".to_owned(), number.into());
        set.last_updated = call.now.whole();
    }
    shown(org, call, serial)
}

fn drop_resource(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let id = call.param("resourceId");
    let all = SETS.held(org, serial, "resources");
    let kept: Vec<Value> = all
        .iter()
        .filter(|one| resource_id(org, serial, one) != id)
        .cloned()
        .collect();
    if kept.len() == all.len() {
        return Err(Fail::not_found(id, "IAMResource"));
    }
    SETS.hold(org, serial, "resources", kept);
    Ok(Reply::no_content())
}

fn bindings(org: &Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let here = address(org, call, serial);
    let id = org.tail.id(SETS.kind, serial);
    let mut roles: Vec<String> = org
        .roles
        .holders()
        .flat_map(|(_, list)| list.iter())
        .filter_map(|held| {
            held.custom
                .as_ref()
                .filter(|(_, set)| *set == id)
                .map(|(role, _)| role.clone())
        })
        .collect();
    roles.sort();
    roles.dedup();
    let roles: Vec<_> = roles
        .into_iter()
        .map(|role| {
            json!({ "id": role, "_links": {
            "self": { "href": call.url(&format!("/api/v1/iam/roles/{role}")) },
            "members": { "href": format!("{here}/bindings/{role}/members") },
        } })
        })
        .collect();
    let end = format!("{here}/bindings");
    let body = json!({ "roles": roles, "_links": { "resource-set": { "href": here }, "self": { "href": end } } });
    Ok(Reply::json(&body).link(&end, "self"))
}

fn bind(org: &mut Org, call: &Call) -> Answer {
    let serial = SETS.find(org, call)?.0;
    let body = call.object()?;
    let role = body
        .get("role")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let label = super::label_of(org, &role).ok_or_else(|| Fail::not_found(&role, "CustomRole"))?;
    let set = org.tail.id(SETS.kind, serial);
    let named = body
        .get("members")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for member in named.iter().filter_map(Value::as_str) {
        crate::roles::assign_custom(org, call, member, (&role, &label), &set)?;
    }
    let here = address(org, call, serial);
    let links = json!({ "self": { "href": format!("{here}/bindings/{role}") }, "bindings": { "href": format!("{here}/bindings") }, "resource-set": { "href": here } });
    Ok(Reply::json(&json!({ "id": role, "_links": links })))
}
