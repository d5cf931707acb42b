//! Policies and their rules, with priorities (FACTS section 11).

mod change;
mod kind;
mod print;
mod rule_form;
mod rules;
mod sign_on;

pub(crate) use sign_on::sign_on;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Time;
use crate::http::{Call, Fail, Routes};
use crate::org::Org;
use crate::store::{Doc, Docs, Kind, Tail, members};

/// A rule of a policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) policy: u32,
    pub(crate) priority: i64,
    pub(crate) doc: Doc,
}

/// All policies and rules.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Policies {
    rows: Docs,
    rules: crate::store::Table<Rule>,
    /// The access policy that new apps get, and the policy of self-service enrolment.
    for_apps: u32,
    enrollment: u32,
}

impl Policies {
    /// The policies of a new org; `everyone` is the id of the group of that name.
    pub(crate) fn new(everyone: &str, now: Time) -> Self {
        let mut policies = Self::default();
        for (kind, name, description, system) in kind::INITIAL {
            let mut body = json!({ "type": kind, "name": name, "description": description });
            if *kind == "PASSWORD" {
                // Only the first policy acts on passwords that became known; whoever saves it without a word on that
                // switches it off.
                let known = json!({ "expireAfterDays": 0, "logoutEnabled": true, "delegatedWorkflowId": null });
                body["settings"] = json!({ "password": { "breachedProtection": known } });
            }
            let mut doc = Doc::system(body, now);
            doc.system = *system;
            kind::complete(&mut doc, everyone);
            doc.body.insert("priority".to_owned(), 1.into());
            let serial = policies.rows.push(doc);
            match *name {
                "Any two factors" => policies.for_apps = serial,
                "Default Policy" if *kind == "PROFILE_ENROLLMENT" => policies.enrollment = serial,
                _ => {}
            }
            policies.add_first_rule(serial, kind, now);
            policies.add_last_rule(serial, kind, now);
        }
        policies
    }

    /// Adds the rule that a policy has from the beginning, and that admins may change.
    fn add_first_rule(&mut self, policy: u32, kind: &str, now: Time) {
        if let Some(body) = kind::first_rule(kind) {
            self.rules.push(Rule {
                policy,
                priority: 1,
                doc: Doc::new(members(body), now),
            });
        }
    }

    /// Adds the rule that catches everything else, where a policy has one.
    fn add_last_rule(&mut self, policy: u32, kind: &str, now: Time) {
        if let Some(body) = kind::last_rule(kind) {
            self.rules.push(Rule {
                policy,
                priority: 99,
                doc: Doc::system(body, now),
            });
        }
    }

    /// The access policy of new apps.
    pub(crate) fn for_new_apps(&self) -> u32 {
        self.for_apps
    }

    /// The policy of self-service enrolment.
    pub(crate) fn enrollment(&self) -> u32 {
        self.enrollment
    }

    /// The id of a policy.
    pub(crate) fn id(&self, tail: Tail, serial: u32) -> String {
        let kind = self
            .rows
            .get(serial)
            .map(|doc| kind::of_policies(doc.text("type")));
        tail.id(kind.unwrap_or(Kind("rst")), serial)
    }

    /// The policy with an id.
    pub(crate) fn find(&self, tail: Tail, id: &str) -> Result<u32, Fail> {
        let serial = tail
            .serial(Kind("rst"), id)
            .or_else(|| tail.serial(Kind("00p"), id));
        let known = serial
            .filter(|serial| self.rows.get(*serial).is_some() && self.id(tail, *serial) == id);
        known.ok_or_else(|| Fail::not_found(id, "Policy"))
    }

    /// Refuses policies that apps cannot have.
    pub(crate) fn may_be_given_to_apps(&self, serial: u32) -> Result<(), Fail> {
        let Some(doc) = self.rows.get(serial) else {
            return Ok(());
        };
        if doc.text("type") != "ACCESS_POLICY" && doc.text("type") != "PROFILE_ENROLLMENT" {
            return Err(Fail::validation(
                "Policy",
                ["The policy cannot be assigned to an app"],
            ));
        }
        let name = doc.text("name");
        if name == "Okta Admin Console" {
            let why = format!(
                "This policy belongs to \"{name}\", and re-assignment of this policy is not allowed"
            );
            return Err(Fail::validation("Policy", [why]));
        }
        Ok(())
    }

    /// Whether an enrollment policy offers an authenticator; nothing when no policy names it.
    pub(crate) fn enrolls(&self, key: &str) -> Option<bool> {
        let named = self
            .of_type("MFA_ENROLL")
            .into_iter()
            .filter_map(|(_, doc)| {
                let all = doc.at(&["settings", "authenticators"])?.as_array()?;
                let one = all
                    .iter()
                    .find(|one| one.get("key").and_then(Value::as_str) == Some(key))?;
                Some(one.pointer("/enroll/self").and_then(Value::as_str) != Some("NOT_ALLOWED"))
            });
        named.reduce(|one, other| one || other)
    }

    /// The policies of a type, first to last.
    fn of_type(&self, wanted: &str) -> Vec<(u32, &Doc)> {
        let mut found: Vec<_> = self
            .rows
            .iter()
            .filter(|(_, doc)| doc.text("type") == wanted)
            .collect();
        found.sort_by_key(|(serial, doc)| (priority(doc), *serial));
        found
    }

    /// The rules of a policy, first to last.
    fn rules_of(&self, policy: u32) -> Vec<(u32, &Rule)> {
        let mut found: Vec<_> = self
            .rules
            .iter()
            .filter(|(_, rule)| rule.policy == policy)
            .collect();
        found.sort_by_key(|(serial, rule)| (rule.priority, *serial));
        found
    }
}

/// The place of a policy among those of its type.
fn priority(doc: &Doc) -> i64 {
    doc.body
        .get("priority")
        .and_then(Value::as_i64)
        .unwrap_or(1)
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    change::routes(routes);
    rules::routes(routes);
}

/// The policy that `policyId` in a path names.
fn lookup(org: &Org, call: &Call) -> Result<u32, Fail> {
    org.policies.find(org.tail, call.param("policyId"))
}
