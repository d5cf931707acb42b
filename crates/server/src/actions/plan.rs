//! What an action would do, without doing it: what there is is read, nothing is changed.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::action::{Back, Call, Change, Does};
use super::check::masked;
use super::look::{Seen, Thing, look};
use super::run::Ready;
use super::{Error, run, status_of};

/// What an action would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Plan {
    /// In words.
    pub would: String,
    /// Whether anything would be another than it is.
    pub changes: bool,
    /// Whether Okta would do it, as far as can be seen.
    pub possible: bool,
    /// Why not, or why nothing would change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The call that would be sent; secrets are left out.
    pub call: PlannedCall,
}

/// A call that would be sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlannedCall {
    /// Its method.
    pub method: String,
    /// Its path with its query.
    pub path: String,
    /// Its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
}

/// Makes the plan.
pub(super) async fn plan(ready: &Ready) -> Result<Plan, Error> {
    let (call, change) = match &ready.action.does {
        Does::Get(call) | Does::List(call, _) => (call(&ready.input), None),
        Does::Change(change) => ((change.call)(&ready.input), Some(change)),
    };
    let call = shown(ready, &call);
    let Some(change) = change else {
        return Ok(Plan {
            would: format!("{}: reads, changes nothing", ready.action.title),
            changes: false,
            possible: true,
            why: None,
            call,
        });
    };
    let seen = look(&ready.client, &ready.input, change.things)
        .await
        .map_err(|error| ready.refused(error))?;
    if let Some(what) = seen.lacks(change.things) {
        return Err(run::not_there(what));
    }
    let against = against(change, &seen);
    let reached = (change.reached)(&ready.input, Some(&seen), &seen) == Some(true);
    let would = would(ready, change, &seen);
    Ok(Plan {
        would,
        changes: !reached && against.is_none(),
        possible: against.is_none() || reached,
        why: if reached {
            Some("it is so already".to_owned())
        } else {
            against
        },
        call,
    })
}

fn would(ready: &Ready, change: &Change, seen: &Seen) -> String {
    let named: Vec<String> = [("user", "login"), ("group", "name")]
        .iter()
        .filter_map(|(key, attribute)| {
            let thing = seen.0.get(*key)?;
            let name = thing["profile"][attribute].as_str()?;
            Some(match thing["status"].as_str() {
                Some(status) => format!("{name} ({status})"),
                None => name.to_owned(),
            })
        })
        .collect();
    let mut text = ready.action.title.to_owned();
    if !named.is_empty() {
        text = format!("{text}: {}", named.join(", "));
    }
    if change.back == Back::Deleted {
        text.push_str(match status_of(seen) {
            Some("DEPROVISIONED") => "; the second step: the person is deleted for good",
            _ => "; the first step: the person is deactivated and kept",
        });
    }
    text
}

/// What stands against it.
fn against(change: &Change, seen: &Seen) -> Option<String> {
    if let Some(status) = status_of(seen)
        && !change.from.is_empty()
        && !change.from.contains(&status)
    {
        return Some(format!(
            "Okta does it for people who are {}; this one is {status}",
            change.from.join(", ")
        ));
    }
    let there = |key: &str| seen.0.get(key).is_some_and(|value| !value.is_null());
    for (thing, key, what) in [
        (Thing::NewUser, "user", "the login is taken"),
        (Thing::NewGroup, "group", "there is a group of this name"),
        (Thing::NewRule, "rule", "there is a rule of this name"),
    ] {
        if change.things.contains(&thing) && there(key) {
            return Some(what.to_owned());
        }
    }
    let kind = seen.0.get("group")?["type"].as_str()?;
    let filled = matches!(change.back, Back::Member(_)) && kind != "OKTA_GROUP";
    filled.then(|| format!("the group is filled by others ({kind})"))
}

fn shown(ready: &Ready, call: &Call) -> PlannedCall {
    let schema = (ready.action.input)();
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(call.pairs())
        .finish();
    let joint = if query.is_empty() { "" } else { "?" };
    PlannedCall {
        method: call.method.to_string(),
        path: format!("{}{joint}{query}", call.path),
        body: call.body.as_ref().map(|body| masked(&schema, body)),
    }
}
