//! Rules of policies.

use serde_json::Value;

use super::{Rule, kind, lookup, print, rule_form};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::Doc;

/// The routes of rules.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/policies/{policyId}/rules", list)
        .post("/api/v1/policies/{policyId}/rules", create)
        .get("/api/v1/policies/{policyId}/rules/{ruleId}", one)
        .put("/api/v1/policies/{policyId}/rules/{ruleId}", replace)
        .delete("/api/v1/policies/{policyId}/rules/{ruleId}", delete)
        .post(
            "/api/v1/policies/{policyId}/rules/{ruleId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/policies/{policyId}/rules/{ruleId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn list(org: &Org, call: &Call) -> Answer {
    let policy = lookup(org, call)?;
    let rules = org.policies.rules_of(policy);
    Ok(Reply::json(
        &rules
            .into_iter()
            .map(|(serial, rule)| print::rule(org, call, serial, rule))
            .collect::<Vec<_>>(),
    ))
}

fn kind_of(org: &Org, policy: u32) -> String {
    org.policies
        .rows
        .get(policy)
        .map(|doc| doc.text("type").to_owned())
        .unwrap_or_default()
}

fn find(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let policy = lookup(org, call)?;
    let id = call.param("ruleId");
    let serial = org.tail.serial(kind::of_rules(&kind_of(org, policy)), id);
    let known = serial.filter(|serial| {
        org.policies
            .rules
            .get(*serial)
            .is_some_and(|rule| rule.policy == policy)
    });
    known
        .map(|serial| (policy, serial))
        .ok_or_else(|| Fail::not_found(id, "PolicyRule"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let rule = org
        .policies
        .rules
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("ruleId"), "PolicyRule"))?;
    Ok(Reply::json(&print::rule(org, call, serial, rule)))
}

fn one(org: &Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    shown(org, call, serial)
}

fn told(org: &mut Org, call: &Call, policy: u32, serial: u32, event: &'static str) {
    let name = org
        .policies
        .rules
        .get(serial)
        .map(|rule| rule.doc.text("name").to_owned())
        .unwrap_or_default();
    let id = org.tail.id(kind::of_rules(&kind_of(org, policy)), serial);
    org.record(
        call,
        Event::new(event).target(Target::new("PolicyRule", id, "unknown", name)),
    );
}

fn named(org: &Org, policy: u32, name: &str, own: Option<u32>) -> Result<(), Fail> {
    if name.is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    let taken = org
        .policies
        .rules_of(policy)
        .iter()
        .any(|(serial, rule)| Some(*serial) != own && rule.doc.text("name") == name);
    if taken {
        let why = "name: Policy rule name already in use";
        return Err(Fail::validation("policyRule", [why]));
    }
    Ok(())
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let policy = lookup(org, call)?;
    let body = call.object()?;
    let of = kind_of(org, policy);
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    named(org, policy, name, None)?;
    let own = org
        .policies
        .rules_of(policy)
        .iter()
        .filter(|(_, rule)| !rule.doc.system)
        .count();
    let last = i64::try_from(own).unwrap_or(0) + 1;
    let asked = body.get("priority").and_then(Value::as_i64);
    let priority = match asked {
        // Authentication policies keep the number as given; the older types have no gaps.
        Some(place) if !kind::is_ordered(&of) && of != "IDP_DISCOVERY" => place,
        Some(place) if (1..=last).contains(&place) => place,
        None if !kind::is_ordered(&of) && of != "IDP_DISCOVERY" => last - 1,
        _ => last,
    };
    let mut doc = Doc::new(rule_form::complete(&of, &body), call.now);
    doc.active = body.get("status").and_then(Value::as_str) != Some("INACTIVE")
        && call.query.flag("activate") != Some(false);
    make_room(org, policy, &of, priority, None);
    let serial = org.policies.rules.push(Rule {
        policy,
        priority,
        doc,
    });
    told(org, call, policy, serial, "policy.rule.add");
    shown(org, call, serial)
}

/// Moves the rules down that stand where a rule goes.
fn make_room(org: &mut Org, policy: u32, of: &str, place: i64, own: Option<u32>) {
    let rules: Vec<(u32, i64)> = org
        .policies
        .rules_of(policy)
        .into_iter()
        .filter(|(serial, rule)| Some(*serial) != own && !rule.doc.system)
        .map(|(serial, rule)| (serial, rule.priority))
        .collect();
    let ordered = kind::is_ordered(of) || of == "IDP_DISCOVERY" || of == "ACCESS_POLICY";
    let mut free = place + 1;
    for (serial, priority) in rules
        .into_iter()
        .filter(|(_, priority)| ordered && *priority >= place)
    {
        if priority < free
            && let Some(rule) = org.policies.rules.get_mut(serial)
        {
            rule.priority = free;
        }
        free = free.max(priority) + 1;
    }
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let (policy, serial) = find(org, call)?;
    let body = call.object()?;
    let of = kind_of(org, policy);
    let Some(old) = org.policies.rules.get(serial).cloned() else {
        return Err(Fail::not_found(call.param("ruleId"), "PolicyRule"));
    };
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    named(org, policy, name, Some(serial))?;
    let mut new = rule_form::complete(&of, &body);
    if old.doc.system {
        new.insert("conditions".to_owned(), Value::Null);
    }
    let priority = match body.get("priority").and_then(Value::as_i64) {
        Some(place) if !old.doc.system => place,
        _ => old.priority,
    };
    if priority != old.priority {
        make_room(org, policy, &of, priority, Some(serial));
    }
    if let Some(rule) = org.policies.rules.get_mut(serial) {
        rule.doc.body = new;
        rule.doc.last_updated = call.now.whole();
        rule.priority = priority;
        if let Some(status) = body
            .get("status")
            .and_then(Value::as_str)
            .filter(|_| !old.doc.system)
        {
            rule.doc.active = status != "INACTIVE";
        }
    }
    told(org, call, policy, serial, "policy.rule.update");
    shown(org, call, serial)
}

fn kept(org: &Org, serial: u32) -> Result<(), Fail> {
    let system = org
        .policies
        .rules
        .get(serial)
        .is_some_and(|rule| rule.doc.system);
    if system {
        Err(Fail::forbidden())
    } else {
        Ok(())
    }
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let (policy, serial) = find(org, call)?;
    kept(org, serial)?;
    told(org, call, policy, serial, "policy.rule.delete");
    org.policies.rules.remove(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (policy, serial) = find(org, call)?;
    kept(org, serial)?;
    if let Some(rule) = org.policies.rules.get_mut(serial) {
        rule.doc.active = on;
        rule.doc.last_updated = call.now.whole();
    }
    told(
        org,
        call,
        policy,
        serial,
        if on {
            "policy.rule.activate"
        } else {
            "policy.rule.deactivate"
        },
    );
    Ok(Reply::no_content())
}
