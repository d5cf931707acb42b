//! AAGUIDs that an admin adds: models of security keys that no public list names.

use serde_json::{Map, Value, json};

use super::{AUTHENTICATOR, find, gone};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;

/// The routes of custom AAGUIDs.
pub(super) fn routes(routes: &mut Routes) {
    let all = "/api/v1/authenticators/{authenticatorId}/aaguids";
    let one = "/api/v1/authenticators/{authenticatorId}/aaguids/{aaguid}";
    routes
        .get(all, list)
        .post(all, create)
        .get(one, read)
        .put(one, |org, call| change(org, call, true))
        .patch(one, |org, call| change(org, call, false))
        .delete(one, delete);
}

/// The security key authenticator that a path names; no other has models.
fn security_key(org: &Org, call: &Call) -> Result<u32, Fail> {
    let serial = find(org, call)?;
    let doc = org.authenticators.get(serial).ok_or_else(|| gone(call))?;
    if doc.text("key") == "webauthn" {
        Ok(serial)
    } else {
        Err(Fail::no_feature())
    }
}

fn held(org: &Org, serial: u32) -> &[Value] {
    let doc = org.authenticators.get(serial);
    doc.and_then(|doc| doc.body.get("aaguids")?.as_array())
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn print(org: &Org, call: &Call, serial: u32, one: &Value) -> Value {
    let here = call.url(&format!(
        "/api/v1/authenticators/{}/aaguids/{}",
        org.tail.id(AUTHENTICATOR, serial),
        one["aaguid"].as_str().unwrap_or_default()
    ));
    let mut body = one.clone();
    body["_links"] =
        json!({ "self": { "href": here, "hints": { "allow": ["GET", "PUT", "DELETE"] } } });
    body
}

fn list(org: &Org, call: &Call) -> Answer {
    let serial = security_key(org, call)?;
    let all = held(org, serial).iter();
    let all: Vec<_> = all.map(|one| print(org, call, serial, one)).collect();
    Ok(Reply::json(&all))
}

/// The authenticator that a path names, and the place of its AAGUID.
fn named(org: &Org, call: &Call) -> Result<(u32, usize), Fail> {
    let serial = security_key(org, call)?;
    let wanted = call.param("aaguid");
    let at = held(org, serial)
        .iter()
        .position(|one| one["aaguid"] == wanted);
    at.map(|at| (serial, at))
        .ok_or_else(|| Fail::not_found(wanted, "CustomAAGUID"))
}

fn shown(org: &Org, call: &Call, serial: u32, at: usize) -> Answer {
    let one = held(org, serial).get(at);
    Ok(Reply::json(&one.map(|one| print(org, call, serial, one))))
}

fn read(org: &Org, call: &Call) -> Answer {
    let (serial, at) = named(org, call)?;
    shown(org, call, serial, at)
}

/// Changes the AAGUIDs of an authenticator.
fn with(org: &mut Org, call: &Call, serial: u32, change: impl FnOnce(&mut Vec<Value>)) {
    let Some(doc) = org.authenticators.get_mut(serial) else {
        return;
    };
    doc.last_updated = call.now.whole();
    let all = doc.body.entry("aaguids").or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        change(all);
    }
}

/// 32 hexadecimal digits in five groups.
fn is_aaguid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').map(str::len).collect();
    let digits = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    digits && groups == [8, 4, 4, 4, 12]
}

/// The members that an admin can say.
fn given(body: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for name in [
        "name",
        "authenticatorCharacteristics",
        "attestationRootCertificates",
    ] {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            kept.insert(name.to_owned(), value.clone());
        }
    }
    kept
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let serial = security_key(org, call)?;
    let body = call.object()?;
    let aaguid = body
        .get("aaguid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !is_aaguid(aaguid) {
        let why = "aaguid: The field must be a valid AAGUID";
        return Err(Fail::validation("aaguid", [why]));
    }
    let aaguid = aaguid.to_lowercase();
    if held(org, serial).iter().any(|one| one["aaguid"] == *aaguid) {
        let why = "aaguid: An object with this field already exists in the current organization";
        return Err(Fail::validation("aaguid", [why]));
    }
    let mut one = Map::new();
    one.insert("aaguid".to_owned(), aaguid.into());
    one.extend(given(&body));
    with(org, call, serial, |all| all.push(Value::Object(one)));
    let last = held(org, serial).len().saturating_sub(1);
    shown(org, call, serial, last)
}

/// Replaces what is said of an AAGUID, or some of it.
fn change(org: &mut Org, call: &Call, whole: bool) -> Answer {
    let (serial, at) = named(org, call)?;
    let body = call.object()?;
    with(org, call, serial, |all| {
        if let Some(Value::Object(one)) = all.get_mut(at) {
            one.retain(|name, _| !whole || name == "aaguid");
            for name in body.iter().filter(|(_, value)| value.is_null()) {
                one.shift_remove(name.0);
            }
            one.extend(given(&body));
        }
    });
    shown(org, call, serial, at)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let (serial, at) = named(org, call)?;
    with(org, call, serial, |all| {
        all.remove(at);
    });
    Ok(Reply::no_content())
}
