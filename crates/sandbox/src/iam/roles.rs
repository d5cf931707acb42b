//! Custom roles and their permissions.

use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

const ROLE: Kind = Kind("cr0");

/// The routes of custom roles.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/iam/roles", list)
        .post("/api/v1/iam/roles", create)
        .get("/api/v1/iam/roles/{roleIdOrLabel}", one)
        .put("/api/v1/iam/roles/{roleIdOrLabel}", replace)
        .delete("/api/v1/iam/roles/{roleIdOrLabel}", delete)
        .get("/api/v1/iam/roles/{roleIdOrLabel}/permissions", permissions)
        .get(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            permission,
        )
        .post(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            allow,
        )
        .delete(
            "/api/v1/iam/roles/{roleIdOrLabel}/permissions/{permissionType}",
            forbid,
        );
}

/// The label of the custom role with an id.
pub(crate) fn label_of(org: &Org, id: &str) -> Option<String> {
    let serial = org.tail.serial(ROLE, id)?;
    org.custom_roles
        .get(serial)
        .map(|role| role.text("label").to_owned())
}

fn address(org: &Org, call: &Call, serial: u32) -> String {
    call.url(&format!("/api/v1/iam/roles/{}", org.tail.id(ROLE, serial)))
}

fn print(org: &Org, call: &Call, serial: u32, role: &Doc) -> Value {
    let here = address(org, call, serial);
    json!({
        "id": org.tail.id(ROLE, serial), "label": role.text("label"), "isCloneable": false,
        "description": role.text("description"), "created": role.created, "lastUpdated": role.last_updated,
        "_links": { "permissions": { "href": format!("{here}/permissions") }, "self": { "href": here } },
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let name = call.param("roleIdOrLabel");
    let by_id = org
        .tail
        .serial(ROLE, name)
        .filter(|serial| org.custom_roles.get(*serial).is_some());
    let by_label = || {
        org.custom_roles
            .iter()
            .find(|(_, role)| role.text("label") == name)
            .map(|(serial, _)| serial)
    };
    by_id
        .or_else(by_label)
        .ok_or_else(|| Fail::not_found(name, "CustomRole"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let role = org
        .custom_roles
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("roleIdOrLabel"), "CustomRole"))?;
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
    shown(org, call, find(org, call)?)
}

fn labelled(
    org: &Org,
    body: &serde_json::Map<String, Value>,
    own: Option<u32>,
) -> Result<String, Fail> {
    let label = body
        .get("label")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if label.is_empty() {
        return Err(Fail::validation(
            "label",
            ["label: Label must be specified"],
        ));
    }
    if org
        .custom_roles
        .iter()
        .any(|(serial, role)| Some(serial) != own && role.text("label") == label)
    {
        return Err(Fail::validation(
            "label",
            ["label: There is already an admin role with this name."],
        ));
    }
    Ok(label.to_owned())
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let label = labelled(org, &body, None)?;
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
    let serial = org.custom_roles.push(Doc::new(members(role), call.now));
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = call.object()?;
    let label = labelled(org, &body, Some(serial))?;
    if let Some(role) = org.custom_roles.get_mut(serial) {
        role.body.insert("label".to_owned(), label.into());
        role.body.insert(
            "description".to_owned(),
            body.get("description").cloned().unwrap_or_default(),
        );
        role.last_updated = call.now.whole();
    }
    let role = org
        .custom_roles
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("roleIdOrLabel"), "CustomRole"))?;
    let mut body = print(org, call, serial, role);
    // Only who reads or makes a role is told whether it can be copied.
    if let Some(body) = body.as_object_mut() {
        body.shift_remove("isCloneable");
    }
    Ok(Reply::json(&body).link(&address(org, call, serial), "self"))
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    org.custom_roles.remove(serial);
    Ok(Reply::no_content())
}

fn print_permission(org: &Org, call: &Call, serial: u32, held: &Value) -> Value {
    let here = address(org, call, serial);
    let label = held
        .get("label")
        .and_then(Value::as_str)
        .unwrap_or_default();
    json!({
        "label": label, "created": held.get("created"), "lastUpdated": held.get("created"), "conditions": null,
        "_links": { "role": { "href": here }, "self": { "href": format!("{here}/permissions/{label}") } },
    })
}

fn held(org: &Org, serial: u32) -> Vec<Value> {
    let role = org.custom_roles.get(serial);
    role.and_then(|role| role.body.get("permissions"))
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

fn permissions(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let list: Vec<_> = held(org, serial)
        .iter()
        .map(|one| print_permission(org, call, serial, one))
        .collect();
    Ok(Reply::json(&json!({ "permissions": list })))
}

fn permission(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let name = call.param("permissionType");
    let all = held(org, serial);
    let one = all
        .iter()
        .find(|one| one.get("label").and_then(Value::as_str) == Some(name));
    let one = one.ok_or_else(|| Fail::not_found(name, "Permission"))?;
    let here = format!("{}/permissions/{name}", address(org, call, serial));
    Ok(Reply::json(&print_permission(org, call, serial, one)).link(&here, "self"))
}

fn set(org: &mut Org, serial: u32, permissions: Vec<Value>) {
    if let Some(role) = org.custom_roles.get_mut(serial) {
        role.body
            .insert("permissions".to_owned(), Value::Array(permissions));
    }
}

fn allow(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let name = call.param("permissionType").to_owned();
    let mut all = held(org, serial);
    if !all
        .iter()
        .any(|one| one.get("label").and_then(Value::as_str) == Some(name.as_str()))
    {
        all.push(json!({ "label": name, "created": call.now.whole() }));
        all.sort_by_key(|one| {
            one.get("label")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        });
    }
    set(org, serial, all);
    Ok(Reply::no_content())
}

fn forbid(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let name = call.param("permissionType");
    let mut all = held(org, serial);
    let before = all.len();
    all.retain(|one| one.get("label").and_then(Value::as_str) != Some(name));
    if all.len() == before {
        return Err(Fail::not_found(name, "Permission"));
    }
    set(org, serial, all);
    Ok(Reply::no_content())
}
