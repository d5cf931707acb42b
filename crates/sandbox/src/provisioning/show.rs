//! What is shown of provisioning: on assignments, mappings and connections, and by the control.

use serde_json::{Value, json};

use super::side::{Side, Subject};
use crate::clock::Time;
use crate::http::Call;
use crate::org::Org;
use crate::store::Kind;

/// Adds to an assignment what provisioning knows of it.
pub(crate) fn account_shown(org: &Org, app: u32, user: u32, shown: &mut Value) {
    let Some(side) = org.provisioning.of(app).filter(|side| side.on) else {
        return;
    };
    let own = org
        .apps
        .get(app)
        .is_some_and(|app| app.users.contains_key(&user));
    if !own {
        shown["scope"] = json!("GROUP");
    }
    let Some(account) = side.accounts.get(&user) else {
        return;
    };
    shown["externalId"] = json!(account.external_id);
    if let Some(at) = account.last_sync {
        shown["lastSync"] = json!(at);
    }
    shown["status"] = json!(if account.external_id.is_some() {
        "PROVISIONED"
    } else {
        "STAGED"
    });
    shown["syncState"] = json!(match (&account.failed, account.busy) {
        (Some(_), _) => "ERROR",
        (None, true) => "SYNCING",
        (None, false) if account.external_id.is_some() => "SYNCHRONIZED",
        (None, false) => "OUT_OF_SYNC",
    });
    if let Some(failure) = &account.failed {
        shown["errors"] = json!([{ "errorSummary": failure.text, "failedOn": failure.at }]);
    }
}

/// Adds to a group push mapping what came of it.
pub(crate) fn link_shown(org: &Org, app: u32, mapping: u32, shown: &mut Value) {
    let link = org
        .provisioning
        .of(app)
        .and_then(|side| side.links.get(&mapping));
    let Some(link) = link else { return };
    if let Some(at) = link.last_push {
        shown["lastPush"] = json!(at.short());
    }
    if let Some(failure) = &link.failed {
        shown["status"] = json!("ERROR");
        shown["errorSummary"] = json!(failure.text);
    }
}

/// The provisioning connection of an app.
pub(crate) fn connection(side: &Side, call: &Call, app: &str) -> Value {
    let here = call.url(&format!("/api/v1/apps/{app}/connections/default"));
    let (status, name) = if side.on {
        ("ENABLED", "deactivate")
    } else {
        ("DISABLED", "activate")
    };
    let mut links = json!({ "self": { "href": here, "hints": { "allow": ["POST", "GET"] } } });
    links[name] =
        json!({ "href": format!("{here}/lifecycle/{name}"), "hints": { "allow": ["POST"] } });
    json!({
        "authScheme": "TOKEN", "status": status, "baseUrl": side.base_url,
        "profile": { "authScheme": "TOKEN" }, "_links": links,
    })
}

/// Everything about everything that is pushed; `failed` lists all tasks that failed.
pub(super) fn state(org: &Org, now: Time) -> Value {
    let sides = org.provisioning.all();
    sides
        .map(|(app, side)| state_of(org, app, side, now))
        .collect()
}

fn state_of(org: &Org, app: u32, side: &Side, now: Time) -> Value {
    let id = org.tail.id(Kind::APP, app);
    let label = org.apps.get(app).map(|app| app.label.as_str());
    let known = |active: bool| {
        side.accounts
            .values()
            .filter(|one| one.external_id.is_some() && one.active == active)
            .count()
    };
    let waiting: Vec<Value> = side
        .queue
        .iter()
        .take(20)
        .map(|subject| subject_shown(org, app, *subject))
        .collect();
    json!({
        "app": id, "label": label, "base_url": side.base_url, "dialect": side.dialect, "on": side.on,
        "pending": side.queue.len(), "next": waiting, "running": side.running, "done": side.done,
        "requests": side.requests, "struck": side.struck,
        "active": known(true), "inactive": known(false),
        "groups": side.links.values().filter(|link| link.external_id.is_some()).count(),
        "not_pushed": side.accounts.values().filter(|one| one.not_asked).count(),
        "paused_until": side.pause.filter(|pause| pause.until > now).map(|pause| pause.until),
        "failed": failed(org, app, side),
    })
}

fn subject_shown(org: &Org, app: u32, subject: Subject) -> Value {
    match subject {
        Subject::Person(user) => json!({ "user": org.tail.id(Kind::USER, user) }),
        Subject::Group(mapping) => {
            let push = org.apps.get(app).and_then(|app| app.pushes.get(mapping));
            json!({ "group": push.map(|push| push.text("sourceGroupId").to_owned()) })
        }
    }
}

fn failed(org: &Org, app: u32, side: &Side) -> Vec<Value> {
    let people = side.accounts.iter().filter_map(|(user, account)| {
        let failure = account.failed.as_ref()?;
        Some((Subject::Person(*user), failure))
    });
    let groups = side.links.iter().filter_map(|(mapping, link)| {
        let failure = link.failed.as_ref()?;
        Some((Subject::Group(*mapping), failure))
    });
    people
        .chain(groups)
        .map(|(subject, failure)| {
            let mut shown = subject_shown(org, app, subject);
            shown["error"] = json!(failure.text);
            shown["at"] = json!(failure.at);
            shown
        })
        .collect()
}
