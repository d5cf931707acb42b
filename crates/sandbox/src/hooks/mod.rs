//! Event hooks: their life, the proof that an endpoint wants them, and deliveries (FACTS section 9).

mod deliver;
mod verify;

pub(crate) use deliver::run;

use serde_json::{Map, Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

const HOOK: Kind = Kind("who");

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/eventHooks", list)
        .post("/api/v1/eventHooks", create)
        .get("/api/v1/eventHooks/{eventHookId}", one)
        .put("/api/v1/eventHooks/{eventHookId}", replace)
        .delete("/api/v1/eventHooks/{eventHookId}", delete)
        .post(
            "/api/v1/eventHooks/{eventHookId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/eventHooks/{eventHookId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
    verify::routes(routes);
}

fn print(org: &Org, call: &Call, serial: u32, hook: &Doc) -> Value {
    let id = org.tail.id(HOOK, serial);
    let here = call.url(&format!("/api/v1/eventHooks/{id}"));
    let post = |name: &str| json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    let links = if hook.active {
        json!({ "self": { "href": here }, "verify": post("verify"), "deactivate": post("deactivate") })
    } else {
        json!({
            "activate": post("activate"), "self": { "href": here },
            "delete": { "href": here, "hints": { "allow": ["DELETE"] } },
        })
    };
    json!({
        "id": id, "status": hook.status(), "verificationStatus": hook.text("verification"), "name": hook.text("name"),
        "description": hook.body.get("description"), "created": hook.created, "createdBy": org.tail.id(Kind::USER, 0),
        "lastUpdated": hook.last_updated, "events": hook.body.get("events"), "channel": hook.body.get("channel"),
        "_links": links,
    })
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("eventHookId");
    let serial = org
        .tail
        .serial(HOOK, id)
        .filter(|serial| org.hooks.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "Webhook"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let hook = org
        .hooks
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("eventHookId"), "Webhook"))?;
    Ok(Reply::json(&print(org, call, serial, hook)))
}

fn list(org: &Org, call: &Call) -> Answer {
    Ok(Reply::json(
        &org.hooks
            .iter()
            .map(|(serial, hook)| print(org, call, serial, hook))
            .collect::<Vec<_>>(),
    ))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn blank(name: &str) -> Fail {
    Fail::validation(name, [format!("{name}: The field cannot be left blank")])
}

fn given(call: &Call) -> Result<Map<String, Value>, Fail> {
    let body = call.object()?;
    let whole = Value::Object(body);
    let text = |path: &str| {
        whole
            .pointer(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    if text("/name").is_empty() {
        return Err(blank("name"));
    }
    let items = whole
        .pointer("/events/items")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if items.is_empty() {
        return Err(blank("events"));
    }
    let uri = text("/channel/config/uri");
    if !uri.starts_with("https://")
        && !uri.starts_with("http://127.0.0.1")
        && !uri.starts_with("http://localhost")
    {
        return Err(Fail::validation(
            "uri",
            ["uri: The field must be an HTTPS address"],
        ));
    }
    let headers = whole
        .pointer("/channel/config/headers")
        .filter(|list| list.is_array())
        .cloned()
        .unwrap_or_else(|| json!([]));
    let mut events = json!({ "type": "EVENT_TYPE", "items": items });
    events["filter"] = whole.pointer("/events/filter").cloned().unwrap_or_default();
    let scheme = whole.pointer("/channel/config/authScheme");
    let shown =
        scheme.map(|scheme| json!({ "type": scheme.get("type"), "key": scheme.get("key") }));
    Ok(members(json!({
        "name": text("/name"), "description": whole.get("description").cloned().unwrap_or_default(),
        "verification": "UNVERIFIED", "events": events,
        "channel": { "type": "HTTP", "version": "1.0.0", "config": {
            "uri": uri, "headers": headers, "method": "POST", "authScheme": shown,
        } },
        "secret": text("/channel/config/authScheme/value"),
    })))
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .hooks
        .get(serial)
        .map(|hook| hook.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("EventHook", org.tail.id(HOOK, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = given(call)?;
    let serial = org.hooks.push(Doc::new(body, call.now));
    told(org, call, serial, "event_hook.created");
    shown(org, call, serial)
}

/// A change takes the verification away: events stop until it is verified again.
fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = given(call)?;
    if let Some(hook) = org.hooks.get_mut(serial) {
        (hook.body, hook.last_updated) = (body, call.now.whole());
    }
    told(org, call, serial, "event_hook.updated");
    shown(org, call, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    if org.hooks.get(serial).is_some_and(|hook| hook.active) {
        return Err(Fail::validation(
            "eventHook",
            ["The event hook must be deactivated before deletion."],
        ));
    }
    told(org, call, serial, "event_hook.deleted");
    org.hooks.remove(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = find(org, call)?;
    if let Some(hook) = org.hooks.get_mut(serial) {
        (hook.active, hook.last_updated) = (on, call.now.whole());
    }
    told(
        org,
        call,
        serial,
        if on {
            "event_hook.activated"
        } else {
            "event_hook.deactivated"
        },
    );
    shown(org, call, serial)
}
