//! Rules of a policy: who gets which scopes by which grant, and how long tokens live.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::policies::{self, wanted};
use super::{FIRST, Part, RULE, address, hint, lookup, part, parts, place, reorder, text, wrong};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, members, under};

const ALL: &str = "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/rules";
const ONE: &str = "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/rules/{ruleId}";

/// The routes of rules.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get(ALL, list)
        .post(ALL, create)
        .get(ONE, one)
        .put(ONE, replace)
        .delete(ONE, delete)
        .post(
            "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/rules/{ruleId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/authorizationServers/{authServerId}/policies/{policyId}/rules/{ruleId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

/// A rule with everything that was not given.
pub(super) fn completed(given: &Value) -> Map<String, Value> {
    let defaults = json!({
        "conditions": {
            "people": { "users": { "include": [], "exclude": [] }, "groups": { "include": [], "exclude": [] } },
        },
        "actions": { "token": {
            "accessTokenLifetimeMinutes": 60, "refreshTokenLifetimeMinutes": 0, "refreshTokenWindowMinutes": 10_080,
        } },
    });
    members(under(defaults, given))
}

fn print(org: &Org, call: &Call, at: (u32, u32), serial: u32, doc: &Doc) -> Value {
    let id = org.tail.id(RULE, FIRST + serial);
    let here = format!(
        "{}/policies/{}/rules/{id}",
        address(org, call, at.0),
        policies::id(org, at.1)
    );
    let other = if doc.active { "deactivate" } else { "activate" };
    let mut links = json!({ "self": hint(&here, &["GET", "PUT", "DELETE"]) });
    links[other] = hint(&format!("{here}/lifecycle/{other}"), &["POST"]);
    json!({
        "id": id, "type": "RESOURCE_ACCESS", "status": doc.status(), "name": doc.text("name"), "priority": place(doc),
        "system": doc.system, "conditions": doc.body.get("conditions"), "actions": doc.body.get("actions"),
        "created": doc.created, "lastUpdated": doc.last_updated, "_links": links,
    })
}

fn policy(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let server = lookup(org, call)?;
    Ok((server, policies::find(org, call, server)?.0))
}

fn list(org: &Org, call: &Call) -> Answer {
    let at = policy(org, call)?;
    let found = parts(&org.servers.rules, at.1);
    let body: Vec<_> = found
        .into_iter()
        .map(|(serial, doc)| print(org, call, at, serial, doc))
        .collect();
    Ok(Reply::json(&body))
}

fn find<'a>(org: &'a Org, call: &Call, policy: u32) -> Result<(u32, &'a Doc), Fail> {
    let id = call.param("ruleId");
    let serial = org
        .tail
        .serial(RULE, id)
        .and_then(|serial| serial.checked_sub(FIRST));
    part(&org.servers.rules, serial, policy, id, "PolicyRule")
}

fn one(org: &Org, call: &Call) -> Answer {
    let at = policy(org, call)?;
    let (serial, doc) = find(org, call, at.1)?;
    Ok(Reply::json(&print(org, call, at, serial, doc)))
}

fn given(
    org: &Org,
    policy: u32,
    body: &Map<String, Value>,
    own: Option<u32>,
) -> Result<Map<String, Value>, Fail> {
    let name = text(body, "name")?;
    let taken = parts(&org.servers.rules, policy)
        .iter()
        .any(|(serial, doc)| Some(*serial) != own && doc.text("name") == name);
    if taken {
        return Err(wrong("name", "Policy rule name already in use"));
    }
    let conditions = body.get("conditions").filter(|one| one.is_object());
    let list = |path: &str| {
        conditions
            .and_then(|one| one.pointer(path))
            .and_then(Value::as_array)
    };
    for (path, what) in [
        ("/grantTypes/include", "grantTypes"),
        ("/scopes/include", "scopes"),
    ] {
        if list(path).is_none_or(Vec::is_empty) {
            return Err(wrong(
                &format!("conditions.{what}"),
                "The field cannot be left blank",
            ));
        }
    }
    let whole = completed(&json!({
        "name": name, "conditions": conditions, "actions": body.get("actions").cloned().unwrap_or_else(|| json!({})),
    }));
    let minutes = |name: &str| {
        whole
            .get("actions")
            .and_then(|one| one.pointer(&format!("/token/{name}")))
            .and_then(Value::as_i64)
    };
    if !minutes("accessTokenLifetimeMinutes").is_some_and(|life| (5..=1440).contains(&life)) {
        return Err(wrong(
            "accessTokenLifetimeMinutes",
            "The value must be between 5 and 1440",
        ));
    }
    let (life, window) = (
        minutes("refreshTokenLifetimeMinutes"),
        minutes("refreshTokenWindowMinutes"),
    );
    if !window.is_some_and(|window| (5..=2_628_000).contains(&window))
        || life.is_some_and(|life| life != 0 && Some(life) < window)
    {
        return Err(wrong(
            "refreshTokenWindowMinutes",
            "The value must be at least 5 and at most the lifetime of the token",
        ));
    }
    Ok(whole)
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .servers
        .rules
        .get(serial)
        .map(|part| part.doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new(
        "PolicyRule",
        org.tail.id(RULE, FIRST + serial),
        "unknown",
        name,
    );
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let at = policy(org, call)?;
    let asked = call.object()?;
    let mut body = given(org, at.1, &asked, None)?;
    let last = parts(&org.servers.rules, at.1).len() + 1;
    body.insert("priority".to_owned(), wanted(&asked, last).into());
    let mut doc = Doc::new(body, call.now);
    doc.active = asked.get("status").and_then(Value::as_str) != Some("INACTIVE");
    let serial = org.servers.rules.push(Part { of: at.1, doc });
    reorder(&mut org.servers.rules, at.1, serial);
    told(org, call, serial, "policy.rule.add");
    let shown = org
        .servers
        .rules
        .get(serial)
        .map(|part| print(org, call, at, serial, &part.doc));
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let at = policy(org, call)?;
    let (serial, doc) = find(org, call, at.1)?;
    let old = place(doc);
    let asked = call.object()?;
    let mut body = given(org, at.1, &asked, Some(serial))?;
    let place = asked.get("priority").and_then(Value::as_i64).unwrap_or(old);
    body.insert("priority".to_owned(), place.into());
    if let Some(part) = org.servers.rules.get_mut(serial) {
        part.doc.body = body;
        part.doc.last_updated = call.now.whole();
    }
    reorder(&mut org.servers.rules, at.1, serial);
    told(org, call, serial, "policy.rule.update");
    one(org, call)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let at = policy(org, call)?;
    let (serial, _) = find(org, call, at.1)?;
    told(org, call, serial, "policy.rule.delete");
    org.servers.rules.remove(serial);
    reorder(&mut org.servers.rules, at.1, u32::MAX);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let at = policy(org, call)?;
    let (serial, _) = find(org, call, at.1)?;
    if let Some(part) = org.servers.rules.get_mut(serial) {
        part.doc.active = on;
        part.doc.last_updated = call.now.whole();
    }
    told(
        org,
        call,
        serial,
        if on {
            "policy.rule.activate"
        } else {
            "policy.rule.deactivate"
        },
    );
    Ok(Reply::no_content())
}
