//! What the global session policies say about the sign-in of a user.

use serde_json::Value;

use crate::org::Org;
use crate::store::{Doc, Kind};

/// What is asked of a user who signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignOn {
    pub(crate) denied: bool,
    pub(crate) factor: bool,
}

/// Whether a list of ids in a policy or rule names one of these.
fn names(doc: &Doc, path: &[&str], ids: &[String]) -> Option<bool> {
    let list = doc.at(path)?.as_array()?;
    let mut list = list.iter().filter_map(Value::as_str);
    Some(list.any(|id| ids.iter().any(|own| own == id)))
}

/// The first rule of the first policy that is about a user decides; without one, a password will do.
pub(crate) fn sign_on(org: &Org, user: u32) -> SignOn {
    let person = org.people.get(user);
    let groups = person.map(|person| person.groups.as_slice());
    let groups = groups.unwrap_or_default().iter().copied();
    let groups: Vec<String> = std::iter::once(crate::groups::EVERYONE)
        .chain(groups)
        .map(|serial| org.tail.id(Kind::GROUP, serial))
        .collect();
    let me = [org.tail.id(Kind::USER, user)];
    let policies = org.policies.of_type("OKTA_SIGN_ON");
    let applying = policies.into_iter().filter(|(_, policy)| {
        let included = names(
            policy,
            &["conditions", "people", "groups", "include"],
            &groups,
        );
        policy.active && included.unwrap_or(true)
    });
    for (policy, _) in applying {
        let rules = org.policies.rules_of(policy);
        let rule = rules.into_iter().find(|(_, rule)| {
            let out = names(
                &rule.doc,
                &["conditions", "people", "users", "exclude"],
                &me,
            );
            rule.doc.active && out != Some(true)
        });
        if let Some((_, rule)) = rule {
            let at = |name: &str| rule.doc.at(&["actions", "signon", name]);
            return SignOn {
                denied: at("access").and_then(Value::as_str) == Some("DENY"),
                factor: at("requireFactor") == Some(&Value::Bool(true)),
            };
        }
    }
    SignOn::default()
}
