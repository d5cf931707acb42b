//! Identity providers, and the certificates of those that speak SAML (FACTS section 10).

mod keys;
mod people;
mod provider;
mod signing;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, Kind};

/// Identity providers share their prefix with apps, so their numbers start where those of apps never reach.
const FIRST: u32 = 1 << 31;

pub(crate) use people::IdpUser;

/// A certificate of an identity provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IdpKey {
    pub(crate) kid: String,
    pub(crate) x5c: Vec<String>,
    pub(crate) created: Time,
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/idps", list)
        .post("/api/v1/idps", create)
        .get("/api/v1/idps/{idpId}", one)
        .put("/api/v1/idps/{idpId}", replace)
        .delete("/api/v1/idps/{idpId}", delete)
        .get("/api/v1/idps/{idpId}/metadata.xml", provider::metadata)
        .post("/api/v1/idps/{idpId}/lifecycle/activate", |org, call| {
            switch(org, call, true)
        })
        .post("/api/v1/idps/{idpId}/lifecycle/deactivate", |org, call| {
            switch(org, call, false)
        });
    keys::routes(routes);
    signing::routes(routes);
    people::routes(routes);
}

/// The id of an identity provider.
pub(crate) fn id(org: &Org, serial: u32) -> String {
    org.tail.id(Kind::APP, FIRST + serial)
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    find_id(org, call.param("idpId"))
}

/// The identity provider with an id.
fn find_id(org: &Org, id: &str) -> Result<u32, Fail> {
    let serial = org
        .tail
        .serial(Kind::APP, id)
        .and_then(|serial| serial.checked_sub(FIRST));
    serial
        .filter(|serial| org.idps.get(*serial).is_some())
        .ok_or_else(|| Fail::not_found(id, "IdpTrust"))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let idp = org
        .idps
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("idpId"), "IdpTrust"))?;
    Ok(Reply::json(&provider::print(org, call, serial, idp)))
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 20, 200)?;
    let q = call.query.get("q").unwrap_or_default().to_lowercase();
    let kind = call.query.get("type").filter(|kind| !kind.is_empty());
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::APP, after)?.checked_sub(FIRST));
    let mut found: Vec<_> = org
        .idps
        .from(after.map_or(0, |serial| serial + 1))
        .filter(|(_, idp)| {
            idp.text("name").to_lowercase().contains(&q)
                && kind.is_none_or(|kind| idp.text("type") == kind)
        })
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| id(org, *serial));
    let body: Vec<_> = found
        .into_iter()
        .map(|(serial, idp)| provider::print(org, call, serial, idp))
        .collect();
    Ok(page.links(Reply::json(&body), call, &["type"], next.as_deref()))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn given(org: &Org, call: &Call, own: Option<u32>) -> Result<Map<String, Value>, Fail> {
    let body = call.object()?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(Fail::validation(
            "name",
            ["name: The field cannot be left blank"],
        ));
    }
    if org
        .idps
        .iter()
        .any(|(serial, idp)| Some(serial) != own && idp.text("name") == name)
    {
        let why = "name: An object with this field already exists in the current organization";
        return Err(Fail::validation("identityProvider", [why]));
    }
    provider::complete(org, call, &body)
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .idps
        .get(serial)
        .map(|idp| idp.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("IdentityProvider", id(org, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = given(org, call, None)?;
    let serial = org.idps.push(Doc::new(body, call.now));
    crate::mappings::for_idp(org, serial, call.now);
    told(org, call, serial, "system.idp.lifecycle.create");
    shown(org, call, serial)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = given(org, call, Some(serial))?;
    if let Some(idp) = org.idps.get_mut(serial) {
        (idp.body, idp.last_updated) = (body, call.now.whole());
    }
    told(org, call, serial, "system.idp.lifecycle.update");
    shown(org, call, serial)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    told(org, call, serial, "system.idp.lifecycle.delete");
    crate::mappings::forget(org, &id(org, serial));
    org.idps.remove(serial);
    org.idp_signing.remove(&serial);
    org.idp_users.retain(|held| held.idp != serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = find(org, call)?;
    if let Some(idp) = org.idps.get_mut(serial) {
        (idp.active, idp.last_updated) = (on, call.now.whole());
    }
    told(
        org,
        call,
        serial,
        if on {
            "system.idp.lifecycle.activate"
        } else {
            "system.idp.lifecycle.deactivate"
        },
    );
    shown(org, call, serial)
}
