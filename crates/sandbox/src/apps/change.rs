//! Making, changing, switching and deleting apps.

use serde_json::json;

use super::print::{Secrecy, print};
use super::{
    App,
    build::{self, build},
    lookup,
};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::roles::Holder;

/// The routes by which apps change.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .post("/api/v1/apps", create)
        .get("/api/v1/apps/{appId}", one)
        .put("/api/v1/apps/{appId}", replace)
        .delete("/api/v1/apps/{appId}", delete)
        .post("/api/v1/apps/{appId}/lifecycle/activate", |org, call| {
            switch(org, call, true)
        })
        .post("/api/v1/apps/{appId}/lifecycle/deactivate", |org, call| {
            switch(org, call, false)
        })
        .put("/api/v1/apps/{appId}/policies/{policyId}", set_policy);
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let target = org.app_target(serial);
    org.record(call, Event::new(event).target(target));
}

fn shown(org: &Org, call: &Call, serial: u32, secrecy: Secrecy) -> Answer {
    let app = org
        .apps
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("appId"), "AppInstance"))?;
    Ok(Reply::json(&print(org, call, serial, app, secrecy)))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let mut app = build(org, &body, None, call.now, &call.opaque(43))?;
    app.active = call.query.flag("activate").unwrap_or(true);
    let serial = org.apps.add(app);
    told(org, call, serial, "application.lifecycle.create");
    shown(org, call, serial, Secrecy::Shown)
}

fn one(org: &Org, call: &Call) -> Answer {
    let (serial, _) = lookup(org, call)?;
    shown(org, call, serial, Secrecy::Hidden)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let (serial, old) = lookup(org, call)?;
    let old: App = old.clone();
    let body = call.object()?;
    let app = build(org, &body, Some(&old), call.now, &call.opaque(43))?;
    if let Some(slot) = org.apps.get_mut(serial) {
        *slot = app;
    }
    told(org, call, serial, "application.lifecycle.update");
    shown(org, call, serial, Secrecy::Shown)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    if app.active {
        return Err(build::still_active());
    }
    told(org, call, serial, "application.lifecycle.delete");
    org.roles.forget(Holder::Client(serial));
    org.apps.rows.remove(serial);
    org.provisioning.forget(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let (serial, _) = lookup(org, call)?;
    if let Some(app) = org.apps.get_mut(serial) {
        app.active = on;
        app.last_updated = call.now.whole();
    }
    told(
        org,
        call,
        serial,
        if on {
            "application.lifecycle.activate"
        } else {
            "application.lifecycle.deactivate"
        },
    );
    Ok(Reply::json(&json!({})))
}

fn set_policy(org: &mut Org, call: &Call) -> Answer {
    let (serial, _) = lookup(org, call)?;
    let policy = org.policies.find(org.tail, call.param("policyId"))?;
    org.policies.may_be_given_to_apps(policy)?;
    if let Some(app) = org.apps.get_mut(serial) {
        app.policy = policy;
    }
    Ok(Reply::no_content())
}
