//! Network zones: addresses, places and proxies.

use serde_json::{Map, Value, json};

use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, Kind, members};

const ZONE: Kind = Kind("nzo");

/// The routes of zones.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/zones", list)
        .post("/api/v1/zones", create)
        .get("/api/v1/zones/{zoneId}", one)
        .put("/api/v1/zones/{zoneId}", replace)
        .delete("/api/v1/zones/{zoneId}", delete)
        .post("/api/v1/zones/{zoneId}/lifecycle/activate", |org, call| {
            switch(org, call, true)
        })
        .post(
            "/api/v1/zones/{zoneId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn print(org: &Org, call: &Call, serial: u32, zone: &Doc) -> Value {
    let id = org.tail.id(ZONE, serial);
    let here = call.url(&format!("/api/v1/zones/{id}"));
    let mut body = json!({
        "type": zone.text("type"), "id": id, "name": zone.text("name"), "status": zone.status(),
        "usage": zone.text("usage"), "created": zone.created, "lastUpdated": zone.last_updated, "system": zone.system,
    });
    for (name, value) in zone
        .body
        .iter()
        .filter(|(name, _)| !["type", "name", "usage"].contains(&name.as_str()))
    {
        body[name.as_str()] = value.clone();
    }
    let name = if zone.active {
        "deactivate"
    } else {
        "activate"
    };
    body["_links"] =
        json!({ "self": { "href": here, "hints": { "allow": ["GET", "PUT", "DELETE"] } } });
    body["_links"][name] =
        json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    body
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("zoneId");
    let serial = org
        .tail
        .serial(ZONE, id)
        .filter(|serial| org.zones.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "NetworkZone"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let zone = org
        .zones
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("zoneId"), "NetworkZone"))?;
    Ok(Reply::json(&print(org, call, serial, zone)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let body: Vec<_> = org
        .zones
        .iter()
        .map(|(serial, zone)| print(org, call, serial, zone))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &["filter"], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

/// A place without a region has a null there; places are sorted by country, those with a region first.
fn places(given: Option<&Value>) -> Value {
    let Some(Value::Array(list)) = given else {
        return Value::Null;
    };
    let mut list: Vec<Value> = list
        .iter()
        .map(|place| json!({ "country": place.get("country"), "region": place.get("region") }))
        .collect();
    list.sort_by_key(|place| place["region"].is_null());
    Value::Array(list)
}

fn given(org: &Org, call: &Call, own: Option<u32>) -> Result<(Map<String, Value>, bool), Fail> {
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    if name.is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    if org
        .zones
        .iter()
        .any(|(serial, zone)| Some(serial) != own && zone.text("name") == name)
    {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("name", [why]));
    }
    let usage = if text("usage").is_empty() {
        "POLICY"
    } else {
        text("usage")
    };
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    let side =
        |name: &str, which: &str| part(name).get(which).cloned().unwrap_or_else(|| json!([]));
    let mut zone = json!({ "type": text("type"), "name": name, "usage": usage });
    match text("type") {
        "IP" => {
            zone["gateways"] = part("gateways");
            zone["proxies"] = part("proxies");
        }
        "DYNAMIC" => {
            zone["locations"] = places(body.get("locations"));
            zone["proxyType"] = part("proxyType");
            if body.contains_key("asns") {
                zone["asns"] = part("asns");
            }
        }
        "DYNAMIC_V2" => {
            let where_to = |which: &str| match part("locations").get(which) {
                Some(list) => places(Some(list)),
                None => json!([]),
            };
            zone["locations"] =
                json!({ "include": where_to("include"), "exclude": where_to("exclude") });
            for name in ["ipServiceCategories", "asns"] {
                zone[name] =
                    json!({ "include": side(name, "include"), "exclude": side(name, "exclude") });
            }
        }
        _ => {
            return Err(Fail::validation(
                "type",
                ["type: The field must be IP, DYNAMIC or DYNAMIC_V2"],
            ));
        }
    }
    Ok((members(zone), text("status") != "INACTIVE"))
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .zones
        .get(serial)
        .map(|zone| zone.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("NetworkZone", org.tail.id(ZONE, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let (body, active) = given(org, call, None)?;
    let serial = org.zones.push(Doc {
        active,
        ..Doc::new(body, call.now)
    });
    told(org, call, serial, "zone.create");
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let (body, active) = given(org, call, Some(serial))?;
    if let Some(zone) = org.zones.get_mut(serial) {
        (zone.body, zone.active, zone.last_updated) = (body, active, call.now.whole());
    }
    told(org, call, serial, "zone.update");
    shown(org, call, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    told(org, call, serial, "zone.delete");
    org.zones.remove(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = find(org, call)?;
    if let Some(zone) = org.zones.get_mut(serial) {
        (zone.active, zone.last_updated) = (on, call.now.whole());
    }
    told(
        org,
        call,
        serial,
        if on {
            "zone.activate"
        } else {
            "zone.deactivate"
        },
    );
    shown(org, call, serial)
}
