//! Which groups have an app, in their order (FACTS section 15).

use serde_json::{Value, json};

use super::assign::told;
use super::print::Secrecy;
use super::{GroupAssignment, lookup, print};
use crate::groups;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of groups' assignments.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/groups", list_groups)
        .get("/api/v1/apps/{appId}/groups/{groupId}", one_group)
        .put("/api/v1/apps/{appId}/groups/{groupId}", put_group)
        .patch("/api/v1/apps/{appId}/groups/{groupId}", patch_group)
        .delete("/api/v1/apps/{appId}/groups/{groupId}", drop_group);
}

fn print_group(org: &Org, call: &Call, app: u32, group: u32, held: &GroupAssignment) -> Value {
    let id = org.tail.id(Kind::GROUP, group);
    let here = call.url(&format!("/api/v1/apps/{}", org.tail.id(Kind::APP, app)));
    json!({
        "id": id, "lastUpdated": held.last_updated, "priority": held.priority, "profile": held.profile,
        "_links": {
            "app": { "href": here }, "self": { "href": format!("{here}/groups/{id}") },
            "group": { "href": call.url(&format!("/api/v1/groups/{id}")) },
        },
    })
}

fn list_groups(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let page = Page::of(call, 20, 200)?;
    let mut all: Vec<_> = app.groups.iter().collect();
    all.sort_by_key(|(group, held)| (held.priority, **group));
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::GROUP, after));
    let skip = after
        .and_then(|after| all.iter().position(|(group, _)| **group == after))
        .map_or(0, |at| at + 1);
    let more = all.len() > skip + page.limit;
    let shown: Vec<_> = all.into_iter().skip(skip).take(page.limit).collect();
    let next = shown
        .last()
        .filter(|_| more)
        .map(|(group, _)| org.tail.id(Kind::GROUP, **group));
    let body: Vec<_> = shown
        .into_iter()
        .map(|(group, held)| print_group(org, call, serial, *group, held))
        .collect();
    Ok(page.links(Reply::json(&body), call, &["q"], next.as_deref()))
}

fn one_group(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("groupId");
    let group = org.tail.serial(Kind::GROUP, id);
    let held = group.and_then(|group| app.groups.get(&group).map(|held| (group, held)));
    let (group, held) = held.ok_or_else(|| Fail::not_found(id, "ApplicationGroupAssignment"))?;
    Ok(Reply::json(&print_group(org, call, serial, group, held)))
}

fn put_group(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let group = groups::find(org, call.param("groupId"))?;
    let body = call.object_or_empty()?;
    let new = !app.groups.contains_key(&group);
    // Without a priority a group comes first, and the others move down.
    let priority = body.get("priority").and_then(Value::as_i64);
    let held = GroupAssignment {
        priority: priority.unwrap_or(0),
        profile: body.get("profile").cloned().unwrap_or_else(|| json!({})),
        last_updated: call.now.whole(),
    };
    let shown = print_group(org, call, serial, group, &held);
    if let Some(app) = org.apps.get_mut(serial) {
        let taken = app
            .groups
            .iter()
            .any(|(other, one)| *other != group && one.priority == held.priority);
        if taken {
            for (_, one) in app
                .groups
                .iter_mut()
                .filter(|(other, one)| **other != group && one.priority >= held.priority)
            {
                one.priority += 1;
            }
        }
        app.groups.insert(group, held);
    }
    if new {
        told(
            org,
            call,
            serial,
            "group.application_assignment.add",
            org.group_target(group),
        );
    }
    Ok(Reply::json(&shown))
}

/// Changes priority or profile by operations (RFC 6902: `add`, `replace`, `remove`).
fn patch_group(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("groupId");
    let group = org.tail.serial(Kind::GROUP, id);
    let held = group.and_then(|group| app.groups.get(&group).map(|held| (group, held)));
    let (group, held) = held.ok_or_else(|| Fail::not_found(id, "ApplicationGroupAssignment"))?;
    let operations: Vec<Value> =
        serde_json::from_slice(&call.body).map_err(|_| Fail::malformed())?;
    let mut changed = json!({ "priority": held.priority, "profile": held.profile });
    for operation in &operations {
        apply(&mut changed, operation).ok_or_else(Fail::malformed)?;
    }
    let priority = changed["priority"].as_i64().ok_or_else(Fail::malformed)?;
    let profile = changed["profile"].clone();
    if let Some(app) = org.apps.get_mut(serial)
        && let Some(held) = app.groups.get_mut(&group)
    {
        (held.priority, held.profile) = (priority, profile);
        held.last_updated = call.now.whole();
    }
    one_group(org, call)
}

/// Applies one operation; nothing when it is not understood or leads nowhere.
fn apply(whole: &mut Value, operation: &Value) -> Option<()> {
    let path = operation.get("path")?.as_str()?;
    if path != "/priority" && !path.starts_with("/profile") {
        return None;
    }
    let (parent, name) = path.rsplit_once('/')?;
    let parent = whole.pointer_mut(parent)?.as_object_mut()?;
    match operation.get("op")?.as_str()? {
        "add" | "replace" => {
            let value = operation.get("value")?.clone();
            parent.insert(name.to_owned(), value);
        }
        "remove" if path != "/priority" => {
            parent.shift_remove(name)?;
        }
        _ => return None,
    }
    Some(())
}

fn drop_group(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("groupId");
    let group = org
        .tail
        .serial(Kind::GROUP, id)
        .filter(|group| app.groups.contains_key(group));
    let group = group.ok_or_else(|| Fail::not_found(id, "ApplicationGroupAssignment"))?;
    if let Some(app) = org.apps.get_mut(serial) {
        app.groups.remove(&group);
    }
    told(
        org,
        call,
        serial,
        "group.application_assignment.remove",
        org.group_target(group),
    );
    Ok(Reply::no_content())
}

/// The apps that a group is assigned to.
pub(crate) fn of_group(org: &Org, call: &Call, group: u32) -> Answer {
    let found = org
        .apps
        .rows
        .iter()
        .filter(|(_, app)| app.groups.contains_key(&group));
    let found: Vec<_> = found
        .map(|(serial, app)| print::print(org, call, serial, app, Secrecy::Hidden))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&found), call, &[], None))
}
