//! Custom roles and their permissions.

use serde_json::{Value, json};

use super::labelled::Labelled;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

pub(super) const ROLES: Labelled = Labelled {
    kind: Kind("cr0"),
    param: "roleIdOrLabel",
    name: "CustomRole",
    taken: "label: There is already an admin role with this name.",
    all: |org| &org.custom_roles,
    all_mut: |org| &mut org.custom_roles,
};

/// The routes of custom roles.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/iam/roles", list)
        .post("/api/v1/iam/roles", create)
        .get("/api/v1/iam/roles/{roleIdOrLabel}", one)
        .put("/api/v1/iam/roles/{roleIdOrLabel}", replace)
        .delete("/api/v1/iam/roles/{roleIdOrLabel}", |org, call| {
            ROLES.delete(org, call)
        })
        .get("/api/v1/iam/roles/{roleIdOrLabel}/permissions", permissions)
        .get(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            permission,
        )
        .post(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            allow,
        )
        .put(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            condition,
        )
        .delete(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            forbid,
        );
}

/// The label of the custom role with an id.
pub(crate) fn label_of(org: &Org, id: &str) -> Option<String> {
    ROLES
        .by_id(org, id)
        .map(|(_, role)| role.text("label").to_owned())
}

/// The permissions of a custom role, by name.
pub(crate) fn permissions_of(org: &Org, id: &str) -> Vec<String> {
    let Some((serial, _)) = ROLES.by_id(org, id) else {
        return Vec::new();
    };
    let held = ROLES.held(org, serial, "permissions").into_iter();
    held.filter_map(|one| one.get("label")?.as_str().map(str::to_owned))
        .collect()
}

fn address(org: &Org, call: &Call, serial: u32) -> String {
    call.url(&format!(
        "/api/v1/iam/roles/{}",
        org.tail.id(ROLES.kind, serial)
    ))
}

fn print(org: &Org, call: &Call, serial: u32, role: &Doc) -> Value {
    let here = address(org, call, serial);
    json!({
        "id": org.tail.id(ROLES.kind, serial), "label": role.text("label"), "isCloneable": false,
        "description": role.text("description"), "created": role.created, "lastUpdated": role.last_updated,
        "_links": { "permissions": { "href": format!("{here}/permissions") }, "self": { "href": here } },
    })
}

fn shown(org: &Org, call: &Call, serial: u32, role: &Doc) -> Answer {
    Ok(Reply::json(&print(org, call, serial, role)).link(&address(org, call, serial), "self"))
}

fn list(org: &Org, call: &Call) -> Answer {
    let roles: Vec<_> = org
        .custom_roles
        .iter()
        .map(|(serial, role)| print(org, call, serial, role))
        .collect();
    let body =
        json!({ "roles": roles, "_links": { "self": { "href": call.url("/api/v1/iam/roles") } } });
    Ok(Page::of(call, 100, 200)?.links(Reply::json(&body), call, &[], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (serial, role) = ROLES.find(org, call)?;
    shown(org, call, serial, role)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let label = ROLES.label(org, &body, None)?;
    let permissions = body
        .get("permissions")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if permissions.is_empty() {
        return Err(Fail::validation(
            "permissions",
            ["permissions: At least one permission must be specified"],
        ));
    }
    let stamped: Vec<_> = permissions
        .into_iter()
        .map(|name| json!({ "label": name, "created": call.now.whole() }))
        .collect();
    let role = json!({ "label": label, "description": body.get("description").cloned().unwrap_or_default(), "permissions": stamped });
    let role = Doc::new(members(role), call.now);
    let serial = org.custom_roles.push(role.clone());
    shown(org, call, serial, &role)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = ROLES.rename(org, call)?;
    let role = org.custom_roles.get(serial);
    let mut body = role.map_or(Value::Null, |role| print(org, call, serial, role));
    // Only who reads or makes a role is told whether it can be copied.
    if let Some(body) = body.as_object_mut() {
        body.shift_remove("isCloneable");
    }
    Ok(Reply::json(&body).link(&address(org, call, serial), "self"))
}

fn print_permission(org: &Org, call: &Call, serial: u32, held: &Value) -> Value {
    let here = address(org, call, serial);
    let label = held
        .get("label")
        .and_then(Value::as_str)
        .unwrap_or_default();
    json!({
        "label": label, "created": held.get("created"), "lastUpdated": held.get("created"), "conditions": held.get("conditions"),
        "_links": { "role": { "href": here }, "self": { "href": format!("{here}/permissions/{label}") } },
    })
}

fn permissions(org: &Org, call: &Call) -> Answer {
    let serial = ROLES.find(org, call)?.0;
    let list: Vec<_> = ROLES
        .held(org, serial, "permissions")
        .iter()
        .map(|one| print_permission(org, call, serial, one))
        .collect();
    Ok(Reply::json(&json!({ "permissions": list })))
}

fn permission(org: &Org, call: &Call) -> Answer {
    let serial = ROLES.find(org, call)?.0;
    let name = call.param("permissionType");
    let all = ROLES.held(org, serial, "permissions");
    let one = all
        .iter()
        .find(|one| one.get("label").and_then(Value::as_str) == Some(name));
    let one = one.ok_or_else(|| Fail::not_found(name, "Permission"))?;
    let here = format!("{}/permissions/{name}", address(org, call, serial));
    Ok(Reply::json(&print_permission(org, call, serial, one)).link(&here, "self"))
}

fn allow(org: &mut Org, call: &Call) -> Answer {
    let serial = ROLES.find(org, call)?.0;
    let name = call.param("permissionType").to_owned();
    let mut all = ROLES.held(org, serial, "permissions");
    if !all
        .iter()
        .any(|one| one.get("label").and_then(Value::as_str) == Some(name.as_str()))
    {
        let conditions = call.object_or_empty()?.get("conditions").cloned();
        all.push(json!({ "label": name, "created": call.now.whole(), "conditions": conditions }));
        all.sort_by_key(|one| {
            one.get("label")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        });
    }
    ROLES.hold(org, serial, "permissions", all);
    Ok(Reply::no_content())
}

/// Narrows a permission, or widens it again.
fn condition(org: &mut Org, call: &Call) -> Answer {
    let serial = ROLES.find(org, call)?.0;
    let name = call.param("permissionType");
    let conditions = call.object()?.get("conditions").cloned();
    let mut all = ROLES.held(org, serial, "permissions");
    let one = all
        .iter_mut()
        .find(|one| one.get("label").and_then(Value::as_str) == Some(name));
    one.ok_or_else(|| Fail::not_found(name, "Permission"))?["conditions"] =
        conditions.unwrap_or_default();
    ROLES.hold(org, serial, "permissions", all);
    permission(org, call)
}

fn forbid(org: &mut Org, call: &Call) -> Answer {
    let serial = ROLES.find(org, call)?.0;
    let name = call.param("permissionType");
    let mut all = ROLES.held(org, serial, "permissions");
    let before = all.len();
    all.retain(|one| one.get("label").and_then(Value::as_str) != Some(name));
    if all.len() == before {
        return Err(Fail::not_found(name, "Permission"));
    }
    ROLES.hold(org, serial, "permissions", all);
    Ok(Reply::no_content())
}
