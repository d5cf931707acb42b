//! Bindings: who holds a custom role on a resource set, seen from the set.

use serde_json::{Value, json};

use super::label_of;
use super::sets::{SETS, address};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::roles::{Assignment, Holder};
use crate::store::Kind;

/// The routes of bindings.
pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings";
    let one = "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings/{roleIdOrLabel}";
    let members =
        "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings/{roleIdOrLabel}/members";
    let member = "/api/v1/iam/resource-sets/{resourceSetIdOrLabel}/bindings/{roleIdOrLabel}/members/{memberId}";
    routes.get(all, bindings).post(all, bind);
    routes.get(one, binding).delete(one, unbind);
    routes
        .get(members, list_members)
        .patch(members, add_members);
    routes.get(member, show_member).delete(member, drop_member);
    routes.get("/api/v1/iam/assignees/users", assignees);
}

/// A binding as a path names it: the set, its id, and the id of the role.
fn named(org: &Org, call: &Call) -> Result<(u32, String, String), Fail> {
    let serial = SETS.find(org, call)?.0;
    let role = super::roles::ROLES.find(org, call)?.0;
    let role = org.tail.id(super::roles::ROLES.kind, role);
    Ok((serial, org.tail.id(SETS.kind, serial), role))
}

/// Who holds the role on the set.
fn members<'a>(org: &'a Org, set: &str, role: &str) -> Vec<(Holder, &'a Assignment)> {
    let wanted = Some((role.to_owned(), set.to_owned()));
    let all = org.roles.holders();
    let held = all.flat_map(|(holder, list)| list.iter().map(move |held| (holder, held)));
    held.filter(|(_, held)| held.custom == wanted).collect()
}

fn links(org: &Org, call: &Call, serial: u32, role: &str) -> Value {
    let set = address(org, call, serial);
    json!({
        "self": { "href": format!("{set}/bindings/{role}") },
        "members": { "href": format!("{set}/bindings/{role}/members") }, "resource-set": { "href": set },
    })
}

fn binding(org: &Org, call: &Call) -> Answer {
    let (serial, set, role) = named(org, call)?;
    if members(org, &set, &role).is_empty() {
        return Err(Fail::not_found(&role, "RoleAssignment"));
    }
    let body = json!({ "id": role, "_links": links(org, call, serial, &role) });
    Ok(Reply::json(&body))
}

fn unbind(org: &mut Org, call: &Call) -> Answer {
    let (_, set, role) = named(org, call)?;
    let held: Vec<_> = members(org, &set, &role)
        .into_iter()
        .map(|(holder, held)| (holder, held.id.clone()))
        .collect();
    if held.is_empty() {
        return Err(Fail::not_found(&role, "RoleAssignment"));
    }
    for (holder, id) in held {
        crate::roles::take(org, call, holder, &id);
    }
    Ok(Reply::no_content())
}

fn print_member(org: &Org, call: &Call, holder: Holder, held: &Assignment) -> Value {
    let path = match holder {
        Holder::User(serial) => format!("/api/v1/users/{}", org.tail.id(Kind::USER, serial)),
        Holder::Group(serial) => format!("/api/v1/groups/{}", org.tail.id(Kind::GROUP, serial)),
        Holder::Client(serial) => format!("/oauth2/v1/clients/{}", org.tail.id(Kind::APP, serial)),
    };
    json!({
        "id": held.id, "created": held.created, "lastUpdated": held.created,
        "_links": { "self": { "href": call.url(&path) } },
    })
}

fn list_members(org: &Org, call: &Call) -> Answer {
    let (serial, set, role) = named(org, call)?;
    let list: Vec<_> = members(org, &set, &role)
        .into_iter()
        .map(|(holder, held)| print_member(org, call, holder, held))
        .collect();
    let here = format!("{}/bindings/{role}", address(org, call, serial));
    let end = format!("{here}/members");
    let body = json!({ "members": list, "_links": { "self": { "href": end }, "binding": { "href": here } } });
    Ok(Reply::json(&body).link(&end, "self"))
}

fn add_members(org: &mut Org, call: &Call) -> Answer {
    let (serial, set, role) = named(org, call)?;
    let label = label_of(org, &role).unwrap_or_default();
    let body = call.object()?;
    let additions = body.get("additions").and_then(Value::as_array);
    for member in additions.into_iter().flatten().filter_map(Value::as_str) {
        crate::roles::assign_custom(org, call, member, (&role, &label), &set)?;
    }
    Ok(Reply::json(&bound(org, call, serial, &role)))
}

/// The member that a path names.
fn member<'a>(org: &'a Org, call: &Call) -> Result<(Holder, &'a Assignment), Fail> {
    let (_, set, role) = named(org, call)?;
    let id = call.param("memberId");
    let found = members(org, &set, &role).into_iter();
    let mut found = found.filter(|(_, held)| held.id == id);
    found
        .next()
        .ok_or_else(|| Fail::not_found(id, "RoleAssignment"))
}

fn show_member(org: &Org, call: &Call) -> Answer {
    let (holder, held) = member(org, call)?;
    Ok(Reply::json(&print_member(org, call, holder, held)))
}

fn drop_member(org: &mut Org, call: &Call) -> Answer {
    let (holder, held) = member(org, call)?;
    let id = held.id.clone();
    crate::roles::take(org, call, holder, &id);
    Ok(Reply::no_content())
}

/// All users with a role of their own.
fn assignees(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 100, 100)?;
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::USER, after));
    let mut users: Vec<u32> = org
        .roles
        .holders()
        .filter(|(_, list)| !list.is_empty())
        .filter_map(|(holder, _)| match holder {
            Holder::User(serial) => Some(serial),
            _ => None,
        })
        .filter(|serial| after.is_none_or(|after| *serial > after))
        .collect();
    users.sort_unstable();
    let more = users.len() > page.limit;
    users.truncate(page.limit);
    let next = users.last().filter(|_| more).map(|last| {
        let last = org.tail.id(Kind::USER, *last);
        json!({ "href": call.url(&format!("/api/v1/iam/assignees/users?after={last}&limit={}", page.limit)) })
    });
    let value: Vec<_> = users
        .into_iter()
        .map(|serial| {
            let id = org.tail.id(Kind::USER, serial);
            let here = call.url(&format!("/api/v1/users/{id}"));
            json!({
                "id": id, "orn": format!("orn:okta:directory:{}:users:{id}", org.tail.id(Kind::ORG, 0)),
                "_links": { "self": { "href": here }, "roles": { "href": format!("{here}/roles") } },
            })
        })
        .collect();
    let links = next.map_or_else(|| json!({}), |next| json!({ "next": next }));
    Ok(Reply::json(&json!({ "value": value, "_links": links })))
}

/// What the calls that bind answer.
fn bound(org: &Org, call: &Call, serial: u32, role: &str) -> Value {
    let set = address(org, call, serial);
    json!({ "id": role, "_links": {
        "self": { "href": format!("{set}/bindings/{role}") }, "bindings": { "href": format!("{set}/bindings") },
        "resource-set": { "href": set },
    } })
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
    let label = label_of(org, &role).ok_or_else(|| Fail::not_found(&role, "CustomRole"))?;
    let set = org.tail.id(SETS.kind, serial);
    let named = body
        .get("members")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    for member in named.iter().filter_map(Value::as_str) {
        crate::roles::assign_custom(org, call, member, (&role, &label), &set)?;
    }
    Ok(Reply::json(&bound(org, call, serial, &role)))
}
