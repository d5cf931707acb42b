//! Group push mappings (FACTS section 15).

use http::StatusCode;
use serde_json::{Value, json};

use super::{App, find, lookup};
use crate::groups::{self, Group, Origin};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::provisioning;
use crate::store::{Doc, Kind, members};

const PUSH: Kind = Kind("gPm");

/// The routes of group push.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/group-push/mappings", list)
        .post("/api/v1/apps/{appId}/group-push/mappings", create)
        .get("/api/v1/apps/{appId}/group-push/mappings/{mappingId}", one)
        .patch(
            "/api/v1/apps/{appId}/group-push/mappings/{mappingId}",
            change,
        )
        .delete(
            "/api/v1/apps/{appId}/group-push/mappings/{mappingId}",
            delete,
        );
}

/// How many group pushes a group takes part in.
pub(crate) fn pushes_of_group(org: &Org, group: u32) -> usize {
    let id = org.tail.id(Kind::GROUP, group);
    let mine = |app: &App| {
        app.pushes
            .iter()
            .filter(|(_, push)| push.text("sourceGroupId") == id)
            .count()
    };
    org.apps.rows.iter().map(|(_, app)| mine(app)).sum()
}

fn print(org: &Org, call: &Call, app: u32, serial: u32, push: &Doc) -> Value {
    let link = |path: &str, id: &str| json!({ "href": call.url(&format!("/api/v1/{path}/{id}")) });
    let (source, target) = (push.text("sourceGroupId"), push.text("targetGroupId"));
    let mut shown = json!({
        "created": push.created.short(), "id": push_id(org, app, serial), "lastUpdated": push.last_updated.short(),
        "sourceGroupId": source, "status": push.status(), "targetGroupId": target,
        "_links": {
            "app": link("apps", &org.tail.id(Kind::APP, app)), "sourceGroup": link("groups", source),
            "targetGroup": link("groups", target),
        },
    });
    provisioning::link_shown(org, app, serial, &mut shown);
    shown
}

/// Each app counts its own pushes, so the id holds both numbers.
fn push_id(org: &Org, app: u32, serial: u32) -> String {
    org.tail
        .id(PUSH, app.wrapping_mul(4096).wrapping_add(serial))
}

fn push_serial(org: &Org, app: u32, id: &str) -> Option<u32> {
    org.tail
        .serial(PUSH, id)?
        .checked_sub(app.wrapping_mul(4096))
        .filter(|serial| *serial < 4096)
}

fn held(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let (app, found) = lookup(org, call)?;
    let id = call.param("mappingId");
    let serial = push_serial(org, app, id).filter(|serial| found.pushes.get(*serial).is_some());
    serial
        .map(|serial| (app, serial))
        .ok_or_else(|| Fail::not_found(id, "GroupPushMapping"))
}

fn shown(org: &Org, call: &Call, app: u32, serial: u32) -> Answer {
    let push = org.apps.get(app).and_then(|app| app.pushes.get(serial));
    let push = push.ok_or_else(|| Fail::not_found(call.param("mappingId"), "GroupPushMapping"))?;
    Ok(Reply::json(&print(org, call, app, serial, push)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let body: Vec<_> = app
        .pushes
        .iter()
        .map(|(number, push)| print(org, call, serial, number, push))
        .collect();
    Ok(Page::of(call, 100, 1000)?.links(Reply::json(&body), call, &[], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (app, serial) = held(org, call)?;
    shown(org, call, app, serial)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let app = find(org, call.param("appId"))?;
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let source = text("sourceGroupId").to_owned();
    groups::find(org, &source)?;
    let taken = org.apps.get(app).is_some_and(|app| {
        app.pushes
            .iter()
            .any(|(_, push)| push.text("sourceGroupId") == source)
    });
    if taken {
        return Err(Fail::validation(
            "groupPushMapping",
            ["sourceGroupId: The group is already pushed to this app"],
        ));
    }
    let target = match (text("targetGroupId"), text("targetGroupName")) {
        ("", "") => {
            return Err(Fail::validation(
                "groupPushMapping",
                ["targetGroupName: The field cannot be left blank"],
            ));
        }
        ("", name) => new_target(org, call, name),
        (id, _) => {
            groups::find(org, id)?;
            id.to_owned()
        }
    };
    let mut body = members(json!({ "sourceGroupId": source, "targetGroupId": target }));
    // A group that is pushed under its own name is renamed with it; one with another name at the app keeps that.
    if own_name(org, &source, &target) {
        body.insert("ownName".to_owned(), true.into());
    }
    let mut push = Doc::new(body, call.now);
    push.active = text("status") != "INACTIVE";
    let serial = org
        .apps
        .get_mut(app)
        .map(|app| app.pushes.push(push))
        .unwrap_or_default();
    let (target, source) = (
        org.app_target(app),
        org.tail.serial(Kind::GROUP, &source).unwrap_or_default(),
    );
    let source = org.group_target(source);
    org.record(
        call,
        Event::new("application.provision.group_push.mapping.created")
            .target(target)
            .target(source),
    );
    shown(org, call, app, serial)
}

fn own_name(org: &Org, source: &str, target: &str) -> bool {
    let name = |id: &str| {
        let serial = org.tail.serial(Kind::GROUP, id)?;
        org.groups.get(serial).map(|group| group.name.clone())
    };
    name(source) != name(target)
}

/// The group that the app makes on its side, as Okta imports it.
fn new_target(org: &mut Org, call: &Call, name: &str) -> String {
    let now = call.now.whole();
    let serial = org.groups.add(Group {
        origin: Origin::App,
        created: now,
        last_updated: now,
        last_membership_updated: now,
        name: name.into(),
        description: None,
        more: Box::default(),
        members: Vec::new(),
    });
    org.tail.id(Kind::GROUP, serial)
}

fn change(org: &mut Org, call: &Call) -> Answer {
    let (app, serial) = held(org, call)?;
    let body = call.object()?;
    let status = body
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !["ACTIVE", "INACTIVE"].contains(&status) {
        return Err(Fail::validation(
            "status",
            ["status: The field must be ACTIVE or INACTIVE"],
        ));
    }
    if let Some(push) = org
        .apps
        .get_mut(app)
        .and_then(|app| app.pushes.get_mut(serial))
    {
        push.active = status == "ACTIVE";
        push.last_updated = call.now.whole();
    }
    shown(org, call, app, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let (app, serial) = held(org, call)?;
    let Some(remove) = call.query.flag("deleteTargetGroup") else {
        return Err(Fail::validation(
            "deleteTargetGroup",
            ["deleteTargetGroup: The field cannot be left blank"],
        ));
    };
    let push = org
        .apps
        .get(app)
        .and_then(|app| app.pushes.get(serial))
        .cloned();
    if push.as_ref().is_some_and(|push| push.active) {
        return Err(Fail::validation(
            "groupPushMapping",
            ["The mapping must be inactive before it is deleted."],
        ));
    }
    if let Some(app) = org.apps.get_mut(app) {
        app.pushes.remove(serial);
    }
    provisioning::unpush(org, app, serial, remove);
    if remove
        && let Some(target) =
            push.and_then(|push| org.tail.serial(Kind::GROUP, push.text("targetGroupId")))
    {
        groups::remove(org, target);
    }
    Ok(Reply::empty(StatusCode::OK))
}
