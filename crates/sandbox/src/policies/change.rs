//! Making, changing and deleting policies.

use serde_json::{Map, Value, json};

use super::{Rule, kind, lookup, print};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, Kind};

/// The routes of policies.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/policies", list)
        .post("/api/v1/policies", create)
        .ask("/api/v1/policies/simulate", simulate)
        .get("/api/v1/policies/{policyId}", one)
        .put("/api/v1/policies/{policyId}", replace)
        .delete("/api/v1/policies/{policyId}", delete)
        .get("/api/v1/policies/{policyId}/app", apps)
        .post("/api/v1/policies/{policyId}/clone", copy)
        .get("/api/v1/policies/{policyId}/mappings", mappings)
        .post("/api/v1/policies/{policyId}/mappings", map)
        .get("/api/v1/policies/{policyId}/mappings/{mappingId}", mapping)
        .delete(
            "/api/v1/policies/{policyId}/mappings/{mappingId}",
            |org, call| mapping(org, call),
        )
        .post(
            "/api/v1/policies/{policyId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/policies/{policyId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn list(org: &Org, call: &Call) -> Answer {
    let Some(wanted) = call.query.get("type").filter(|text| !text.is_empty()) else {
        return Err(Fail::validation(
            "type",
            ["type: The field cannot be left blank"],
        ));
    };
    let status = call.query.get("status");
    let body: Vec<_> = org
        .policies
        .of_type(wanted)
        .into_iter()
        .filter(|(_, doc)| status.is_none_or(|status| status == doc.status()))
        .map(|(serial, doc)| {
            let mut body = print::policy(org, call, serial, doc);
            if wanted == "ACCESS_POLICY" {
                body["_embedded"] = json!({ "resourceType": "APP" });
            }
            body
        })
        .collect();
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for name in ["type", "status"] {
        if let Some(value) = call.query.get(name) {
            form.append_pair(name, value);
        }
    }
    Ok(Reply::json(&body).link(
        &format!("{}{}?{}", call.base, call.path, form.finish()),
        "self",
    ))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let doc = org
        .policies
        .rows
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("policyId"), "Policy"))?;
    let mut body = print::policy(org, call, serial, doc);
    if call.query.get("expand") == Some("rules") {
        let rules: Vec<_> = org
            .policies
            .rules_of(serial)
            .into_iter()
            .map(|(number, rule)| print::rule(org, call, number, rule))
            .collect();
        body["_embedded"] = json!({ "rules": rules });
    }
    Ok(Reply::json(&body))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, lookup(org, call)?)
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .policies
        .rows
        .get(serial)
        .map(|doc| doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new(
        "PolicyEntity",
        org.policies.id(org.tail, serial),
        "unknown",
        name,
    );
    org.record(call, Event::new(event).target(target));
}

fn everyone(org: &Org) -> String {
    org.tail.id(Kind::GROUP, crate::groups::EVERYONE)
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> &'a str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Takes what may be given of a policy.
fn given(body: &Map<String, Value>) -> Map<String, Value> {
    let known = ["type", "name", "description", "conditions", "settings"];
    let members = body
        .iter()
        .filter(|(name, value)| known.contains(&name.as_str()) && !value.is_null());
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let (of, name) = (
        text(&body, "type").to_owned(),
        text(&body, "name").to_owned(),
    );
    if !kind::can_be_made(&of) {
        return Err(Fail::validation(
            "type",
            ["type: The policy type is not valid"],
        ));
    }
    if name.is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    if org
        .policies
        .of_type(&of)
        .iter()
        .any(|(_, doc)| doc.text("name") == name)
    {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("policy", [why]));
    }
    let mut doc = Doc::new(given(&body), call.now);
    doc.active = text(&body, "status") != "INACTIVE" && call.query.flag("activate") != Some(false);
    kind::complete(&mut doc, &everyone(org));
    let own = org
        .policies
        .of_type(&of)
        .iter()
        .filter(|(_, doc)| !doc.system)
        .count();
    let last = i64::try_from(own).unwrap_or(0) + 1;
    let place = body
        .get("priority")
        .and_then(Value::as_i64)
        .filter(|place| (1..last).contains(place))
        .unwrap_or(last);
    let place = if kind::is_ordered(&of) { place } else { 1 };
    doc.body.insert("priority".to_owned(), place.into());
    let serial = org.policies.rows.push(doc);
    reorder(org, &of, serial);
    org.policies.add_last_rule(serial, &of, call.now);
    told(org, call, serial, "policy.lifecycle.create");
    shown(org, call, serial)
}

/// Numbers the policies of a type anew: own ones first, those of Okta last; `moved` goes before others of its number.
fn reorder(org: &mut Org, of: &str, moved: u32) {
    if !kind::is_ordered(of) {
        return;
    }
    let mut order: Vec<(bool, i64, bool, u32)> = org
        .policies
        .of_type(of)
        .into_iter()
        .map(|(serial, doc)| (doc.system, super::priority(doc), serial != moved, serial))
        .collect();
    order.sort_unstable();
    for (place, (_, _, _, serial)) in order.into_iter().enumerate() {
        if let Some(doc) = org.policies.rows.get_mut(serial) {
            doc.body.insert("priority".to_owned(), (place + 1).into());
        }
    }
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    let body = call.object()?;
    let everyone = everyone(org);
    let Some(doc) = org.policies.rows.get_mut(serial) else {
        return Err(Fail::not_found(call.param("policyId"), "Policy"));
    };
    let of = doc.text("type").to_owned();
    let priority = super::priority(doc);
    let mut members = given(&body);
    members.insert("type".to_owned(), of.as_str().into());
    if text(&body, "name").is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    doc.body = members;
    kind::complete(doc, &everyone);
    let wanted = body
        .get("priority")
        .and_then(Value::as_i64)
        .filter(|_| kind::is_ordered(&of) && !doc.system);
    doc.body
        .insert("priority".to_owned(), wanted.unwrap_or(priority).into());
    doc.last_updated = call.now.whole();
    reorder(org, &of, serial);
    told(org, call, serial, "policy.lifecycle.update");
    shown(org, call, serial)
}

fn kept(org: &Org, serial: u32) -> Result<(), Fail> {
    let system = org.policies.rows.get(serial).is_some_and(|doc| doc.system);
    if system {
        Err(Fail::forbidden())
    } else {
        Ok(())
    }
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    kept(org, serial)?;
    if org.apps.rows.iter().any(|(_, app)| app.policy == serial) {
        return Err(Fail::validation(
            "policy",
            ["The policy is assigned to an app and cannot be deleted"],
        ));
    }
    told(org, call, serial, "policy.lifecycle.delete");
    let of = org
        .policies
        .rows
        .get(serial)
        .map(|doc| doc.text("type").to_owned())
        .unwrap_or_default();
    let rules: Vec<u32> = org
        .policies
        .rules_of(serial)
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    for rule in rules {
        org.policies.rules.remove(rule);
    }
    org.policies.rows.remove(serial);
    reorder(org, &of, u32::MAX);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = lookup(org, call)?;
    kept(org, serial)?;
    if let Some(doc) = org.policies.rows.get_mut(serial) {
        doc.active = on;
        doc.last_updated = call.now.whole();
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

fn apps(org: &Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    let found = org.apps.rows.iter().filter(|(_, app)| app.policy == serial);
    let body: Vec<_> = found
        .map(|(number, app)| crate::apps::print_listed(org, call, number, app))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &[], None))
}

fn copy(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    let Some(mut doc) = org.policies.rows.get(serial).cloned() else {
        return Err(Fail::not_found(call.param("policyId"), "Policy"));
    };
    if doc.text("type") != "ACCESS_POLICY" {
        return Err(Fail::validation(
            "policy",
            ["Only authentication policies can be cloned"],
        ));
    }
    let name = format!("[cloned] {}", doc.text("name"));
    doc.body.insert("name".to_owned(), name.into());
    (doc.system, doc.created, doc.last_updated) = (false, call.now.whole(), call.now.whole());
    let new = org.policies.rows.push(doc.clone());
    let rules: Vec<Rule> = org
        .policies
        .rules_of(serial)
        .into_iter()
        .map(|(_, rule)| rule.clone())
        .collect();
    for rule in rules {
        org.policies.rules.push(Rule {
            policy: new,
            ..rule
        });
    }
    let mut body = print::policy(org, call, new, &doc);
    // Okta's answer to a clone does not say when it was made.
    body["created"] = Value::Null;
    body["lastUpdated"] = Value::Null;
    Ok(Reply::json(&body))
}

fn mappings(org: &Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Ok(Reply::json(&json!([])))
}

/// As policies have no mappings, none has this id.
fn mapping(org: &Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Err(Fail::not_found(call.param("mappingId"), "PolicyMapping"))
}

fn map(org: &mut Org, call: &Call) -> Answer {
    lookup(org, call)?;
    Err(Fail::validation(
        "Policy mappings are no longer supported on this endpoint.",
        Vec::<String>::new(),
    ))
}

fn simulate(_org: &Org, call: &Call) -> Answer {
    call.object()?;
    Ok(Reply::json(&json!([])))
}
