//! Group rules: an expression puts people into groups, and takes them out again when it no longer holds.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{find, join, leave};
use crate::clock::Time;
use crate::expression::{Subject, parse, truth};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::{Doc, Kind};
use crate::users::Status;

/// The routes of group rules.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/groups/rules", list)
        .post("/api/v1/groups/rules", create)
        .get("/api/v1/groups/rules/{groupRuleId}", one)
        .put("/api/v1/groups/rules/{groupRuleId}", replace)
        .delete("/api/v1/groups/rules/{groupRuleId}", delete)
        .post(
            "/api/v1/groups/rules/{groupRuleId}/lifecycle/activate",
            activate,
        )
        .post(
            "/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate",
            deactivate,
        );
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn groups_of(org: &Org, rule: &Doc) -> Vec<u32> {
    let ids = texts(rule.at(&["actions", "assignUserToGroups", "groupIds"]));
    ids.iter().filter_map(|id| find(org, id).ok()).collect()
}

/// Whether all groups of a rule are still there.
fn is_valid(org: &Org, rule: &Doc) -> bool {
    let given = texts(rule.at(&["actions", "assignUserToGroups", "groupIds"])).len();
    groups_of(org, rule).len() == given
}

fn print(org: &Org, serial: u32, rule: &Doc) -> Value {
    let valid = is_valid(org, rule);
    json!({
        "type": "group_rule", "id": org.tail.id(Kind::GROUP_RULE, serial),
        "status": if valid { rule.status() } else { "INVALID" }, "name": rule.text("name"),
        "created": rule.created, "lastUpdated": rule.last_updated, "conditions": rule.body.get("conditions"),
        "actions": rule.body.get("actions"), "allGroupsValid": valid,
    })
}

fn lookup(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("groupRuleId");
    let serial = org
        .tail
        .serial(Kind::GROUP_RULE, id)
        .filter(|serial| org.rules.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "PolicyRule"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let rule = org
        .rules
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("groupRuleId"), "PolicyRule"))?;
    Ok(Reply::json(&print(org, serial, rule)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 50, 200)?;
    let search = call.query.get("search").unwrap_or_default().to_lowercase();
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::GROUP_RULE, after));
    let found = org.rules.from(after.map_or(0, |serial| serial + 1));
    let mut found: Vec<_> = found
        .filter(|(_, rule)| rule.text("name").to_lowercase().contains(&search))
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(Kind::GROUP_RULE, *serial));
    let body: Vec<_> = found
        .iter()
        .map(|(serial, rule)| print(org, *serial, rule))
        .collect();
    Ok(page.links(Reply::json(&body), call, &["search"], next.as_deref()))
}

/// Reads a rule of a body.
fn given(org: &Org, call: &Call, own: Option<u32>) -> Result<Map<String, Value>, Fail> {
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, kind) = (text("name"), text("type"));
    if name.is_empty() || name.chars().count() > 50 {
        return Err(Fail::validation(
            "name",
            ["name: The field must be between 1 and 50 characters"],
        ));
    }
    if kind != "group_rule" {
        return Err(Fail::validation(
            "type",
            ["type: The field must be 'group_rule'"],
        ));
    }
    if org
        .rules
        .iter()
        .any(|(serial, rule)| Some(serial) != own && rule.text("name") == name)
    {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("name", [why]));
    }
    let conditions = body.get("conditions").cloned().unwrap_or_default();
    let expression = conditions
        .pointer("/expression/value")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if parse(expression).is_none() {
        return Err(Fail::validation(
            "expression",
            ["expression: Invalid property or syntax in expression"],
        ));
    }
    let actions = body.get("actions").cloned().unwrap_or_default();
    let ids = texts(actions.pointer("/assignUserToGroups/groupIds"));
    if ids.is_empty() || ids.len() > 100 {
        return Err(Fail::validation(
            "groupIds",
            ["groupIds: The field must name between 1 and 100 groups"],
        ));
    }
    for id in &ids {
        let serial = find(org, id)?;
        if !org.groups.takes_members(serial) {
            return Err(Fail::validation(
                "groupIds",
                [format!(
                    "groupIds: The group '{id}' cannot be assigned by a rule"
                )],
            ));
        }
    }
    let excluded = |who: &str| texts(conditions.pointer(&format!("/people/{who}/exclude")));
    let rule = json!({
        "name": name,
        "conditions": {
            "people": { "users": { "exclude": excluded("users") }, "groups": { "exclude": excluded("groups") } },
            "expression": { "value": expression, "type": "urn:okta:expression:1.0" },
        },
        "actions": { "assignUserToGroups": { "groupIds": ids } },
    });
    Ok(crate::store::members(rule))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = given(org, call, None)?;
    let serial = org.rules.push(Doc {
        active: false,
        ..Doc::new(body, call.now)
    });
    told(org, call, serial, "group.rule.create");
    shown(org, call, serial)
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .rules
        .get(serial)
        .map(|rule| rule.text("name").to_owned())
        .unwrap_or_default();
    let target = crate::log::Target::new(
        "GroupRule",
        org.tail.id(Kind::GROUP_RULE, serial),
        "unknown",
        name,
    );
    org.record(call, Event::new(event).target(target));
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    if org.rules.get(serial).is_some_and(|rule| rule.active) {
        return Err(Fail::validation(
            "rule",
            ["An active rule cannot be changed. Deactivate it first."],
        ));
    }
    let body = given(org, call, Some(serial))?;
    if let Some(rule) = org.rules.get_mut(serial) {
        rule.body = body;
        rule.last_updated = call.now.whole();
    }
    told(org, call, serial, "group.rule.update");
    shown(org, call, serial)
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, lookup(org, call)?)
}

fn activate(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    if let Some(rule) = org.rules.get_mut(serial) {
        rule.active = true;
    }
    told(org, call, serial, "group.rule.activate");
    let people: Vec<u32> = org.people.from(0).map(|(user, _)| user).collect();
    for user in people {
        judge(org, serial, user, call.now);
    }
    Ok(Reply::no_content())
}

fn deactivate(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    if let Some(rule) = org.rules.get_mut(serial) {
        rule.active = false;
    }
    told(org, call, serial, "group.rule.deactivate");
    Ok(Reply::no_content())
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    // A rule whose group is gone no longer runs, so it need not be deactivated.
    if org
        .rules
        .get(serial)
        .is_some_and(|rule| rule.active && is_valid(org, rule))
    {
        return Err(Fail::validation(
            "rule",
            ["An active rule cannot be deleted. Deactivate it first."],
        ));
    }
    if call.query.flag("removeUsers") == Some(true) {
        let people: Vec<u32> = org.people.from(0).map(|(user, _)| user).collect();
        for user in people {
            forget(org, serial, user, call.now);
        }
    }
    told(org, call, serial, "group.rule.delete");
    org.rules.remove(serial);
    Ok(Reply::json(&json!({})).status(StatusCode::ACCEPTED))
}

/// A user as an expression sees it.
struct Seen<'a> {
    org: &'a Org,
    user: u32,
}

impl Subject for Seen<'_> {
    fn value(&self, path: &[String]) -> Value {
        let Some(person) = self.org.people.get(self.user) else {
            return Value::Null;
        };
        match path {
            [user, name] if user == "user" => match name.as_str() {
                "status" => person.status.text().into(),
                "id" => self.org.tail.id(Kind::USER, self.user).into(),
                _ => person.profile.member(name).unwrap_or_default(),
            },
            [user, profile, name] if user == "user" && profile == "profile" => {
                person.profile.member(name).unwrap_or_default()
            }
            _ => Value::Null,
        }
    }

    fn in_group(&self, id: &str) -> bool {
        let serial = self.org.tail.serial(Kind::GROUP, id);
        let groups = self
            .org
            .people
            .get(self.user)
            .map(|person| person.groups.as_slice())
            .unwrap_or_default();
        serial == Some(super::EVERYONE) || serial.is_some_and(|serial| groups.contains(&serial))
    }

    fn group_names(&self) -> Vec<String> {
        let groups = self
            .org
            .people
            .get(self.user)
            .map(|person| person.groups.as_slice())
            .unwrap_or_default();
        let names = groups
            .iter()
            .filter_map(|serial| self.org.groups.get(*serial));
        names
            .map(|group| group.name.to_string())
            .chain(["Everyone".to_owned()])
            .collect()
    }
}

fn holds(org: &Org, rule: &Doc, user: u32) -> bool {
    let id = org.tail.id(Kind::USER, user);
    if texts(rule.at(&["conditions", "people", "users", "exclude"])).contains(&id) {
        return false;
    }
    let able = org
        .people
        .get(user)
        .is_some_and(|person| person.status != Status::Deprovisioned);
    let seen = Seen { org, user };
    let barred = texts(rule.at(&["conditions", "people", "groups", "exclude"]))
        .iter()
        .any(|group| seen.in_group(group));
    let expression = rule
        .at(&["conditions", "expression", "value"])
        .and_then(Value::as_str)
        .and_then(parse);
    able && !barred && expression.is_some_and(|expression| truth(&expression.of(&seen)))
}

/// Puts a user into the groups of a rule, or takes it out of those that the rule put it into.
fn judge(org: &mut Org, serial: u32, user: u32, now: Time) {
    let Some(rule) = org.rules.get(serial).filter(|rule| rule.active).cloned() else {
        return;
    };
    if !holds(org, &rule, user) {
        forget(org, serial, user, now);
        return;
    }
    for group in groups_of(org, &rule) {
        if join(org, group, user, now) {
            org.ruled.insert((serial, user, group));
        }
    }
}

/// Takes a user out of the groups that a rule put it into.
fn forget(org: &mut Org, serial: u32, user: u32, now: Time) {
    let held: Vec<u32> = org
        .ruled
        .range((serial, user, 0)..=(serial, user, u32::MAX))
        .map(|(_, _, group)| *group)
        .collect();
    for group in held {
        org.ruled.remove(&(serial, user, group));
        leave(org, group, user, now);
    }
}

/// Lets all active rules look at a user whose profile changed or who is new.
pub(crate) fn look_at(org: &mut Org, user: u32, now: Time) {
    let active: Vec<u32> = org
        .rules
        .iter()
        .filter(|(_, rule)| rule.active)
        .map(|(serial, _)| serial)
        .collect();
    for serial in active {
        judge(org, serial, user, now);
    }
}
