//! Access policies of a server: for which clients their rules count.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    FIRST, POLICY, Part, address, clear, hint, lookup, part, parts, place, reorder, text, wrong,
};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, members};

const ALL: &str = "/api/v1/authorizationServers/{authServerId}/policies";
const ONE: &str = "/api/v1/authorizationServers/{authServerId}/policies/{policyId}";

/// The routes of policies.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get(ALL, list)
        .post(ALL, create)
        .get(ONE, one)
        .put(ONE, replace)
        .delete(ONE, delete)
        .post(
            "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

/// The id of a policy.
pub(super) fn id(org: &Org, serial: u32) -> String {
    org.tail.id(POLICY, FIRST + serial)
}

fn print(org: &Org, call: &Call, server: u32, serial: u32, doc: &Doc) -> Value {
    let id = id(org, serial);
    let here = format!("{}/policies/{id}", address(org, call, server));
    let other = if doc.active { "deactivate" } else { "activate" };
    let mut links = json!({
        "self": hint(&here, &["GET", "PUT", "DELETE"]), "rules": hint(&format!("{here}/rules"), &["GET"]),
    });
    links[other] = hint(&format!("{here}/lifecycle/{other}"), &["POST"]);
    json!({
        "id": id, "type": "OAUTH_AUTHORIZATION_POLICY", "status": doc.status(), "name": doc.text("name"),
        "description": doc.body.get("description"), "priority": place(doc), "system": doc.system,
        "conditions": doc.body.get("conditions"), "created": doc.created, "lastUpdated": doc.last_updated,
        "_links": links,
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let found = parts(&org.servers.policies, server);
    let body: Vec<_> = found
        .into_iter()
        .map(|(serial, doc)| print(org, call, server, serial, doc))
        .collect();
    Ok(Reply::json(&body))
}

/// The policy that `policyId` in a path names.
pub(super) fn find<'a>(org: &'a Org, call: &Call, server: u32) -> Result<(u32, &'a Doc), Fail> {
    let id = call.param("policyId");
    let serial = org
        .tail
        .serial(POLICY, id)
        .and_then(|serial| serial.checked_sub(FIRST));
    part(&org.servers.policies, serial, server, id, "Policy")
}

fn one(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    Ok(Reply::json(&print(org, call, server, serial, doc)))
}

fn given(
    org: &Org,
    server: u32,
    body: &Map<String, Value>,
    own: Option<u32>,
) -> Result<Map<String, Value>, Fail> {
    let name = text(body, "name")?;
    let description = text(body, "description")?;
    if body
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind != "OAUTH_AUTHORIZATION_POLICY")
    {
        return Err(wrong("type", "The policy type is not valid"));
    }
    let taken = parts(&org.servers.policies, server)
        .iter()
        .any(|(serial, doc)| Some(*serial) != own && doc.text("name") == name);
    if taken {
        return Err(wrong("name", "Policy name already in use"));
    }
    let include = body
        .get("conditions")
        .and_then(|one| one.pointer("/clients/include"))
        .and_then(Value::as_array);
    let include = include
        .cloned()
        .unwrap_or_else(|| vec!["ALL_CLIENTS".into()]);
    let unknown = include
        .iter()
        .filter_map(Value::as_str)
        .find(|id| *id != "ALL_CLIENTS" && org.apps.by_client_id(org, id).is_none());
    if let Some(id) = unknown {
        return Err(wrong(
            "conditions.clients.include",
            &format!("Invalid client '{id}'"),
        ));
    }
    Ok(members(json!({
        "name": name, "description": description, "conditions": { "clients": { "include": include } },
    })))
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .servers
        .policies
        .get(serial)
        .map(|part| part.doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("PolicyEntity", id(org, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

/// Puts a part where its body wants it, or last.
pub(super) fn wanted(body: &Map<String, Value>, last: usize) -> i64 {
    let last = i64::try_from(last).unwrap_or(i64::MAX);
    body.get("priority")
        .and_then(Value::as_i64)
        .filter(|place| (1..last).contains(place))
        .unwrap_or(last)
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let asked = call.object()?;
    let mut body = given(org, server, &asked, None)?;
    let last = parts(&org.servers.policies, server).len() + 1;
    body.insert("priority".to_owned(), wanted(&asked, last).into());
    let mut doc = Doc::new(body, call.now);
    doc.active = asked.get("status").and_then(Value::as_str) != Some("INACTIVE");
    let serial = org.servers.policies.push(Part { of: server, doc });
    reorder(&mut org.servers.policies, server, serial);
    told(org, call, serial, "policy.lifecycle.create");
    let shown = org
        .servers
        .policies
        .get(serial)
        .map(|part| print(org, call, server, serial, &part.doc));
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    let old = place(doc);
    let asked = call.object()?;
    let mut body = given(org, server, &asked, Some(serial))?;
    let place = asked.get("priority").and_then(Value::as_i64).unwrap_or(old);
    body.insert("priority".to_owned(), place.into());
    if let Some(part) = org.servers.policies.get_mut(serial) {
        part.doc.body = body;
        part.doc.last_updated = call.now.whole();
    }
    reorder(&mut org.servers.policies, server, serial);
    told(org, call, serial, "policy.lifecycle.update");
    one(org, call)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, _) = find(org, call, server)?;
    told(org, call, serial, "policy.lifecycle.delete");
    clear(&mut org.servers.rules, serial);
    org.servers.policies.remove(serial);
    reorder(&mut org.servers.policies, server, u32::MAX);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let server = lookup(org, call)?;
    let (serial, _) = find(org, call, server)?;
    if let Some(part) = org.servers.policies.get_mut(serial) {
        part.doc.active = on;
        part.doc.last_updated = call.now.whole();
    }
    told(
        org,
        call,
        serial,
        if on {
            "policy.lifecycle.activate"
        } else {
            "policy.lifecycle.deactivate"
        },
    );
    Ok(Reply::no_content())
}
