//! Scopes of a server.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Part, SCOPE, address, choice, hint, lookup, part, parts, text, wrong};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, members};

const ALL: &str = "/api/v1/authorizationServers/{authServerId}/scopes";
const ONE: &str = "/api/v1/authorizationServers/{authServerId}/scopes/{scopeId}";

/// The routes of scopes.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get(ALL, list)
        .post(ALL, create)
        .get(ONE, one)
        .put(ONE, replace)
        .delete(ONE, delete);
}

fn print(org: &Org, call: &Call, server: u32, serial: u32, doc: &Doc) -> Value {
    let id = org.tail.id(SCOPE, serial);
    let here = format!("{}/scopes/{id}", address(org, call, server));
    let mut body = doc.body.clone();
    body.insert("id".to_owned(), id.into());
    body.insert("system".to_owned(), doc.system.into());
    body.insert(
        "_links".to_owned(),
        json!({ "self": hint(&here, &["GET", "PUT", "DELETE"]) }),
    );
    Value::Object(body)
}

fn list(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let wanted = call.query.get("q").unwrap_or_default().to_lowercase();
    let found = parts(&org.servers.scopes, server);
    let fits = |doc: &Doc| doc.text("name").to_lowercase().starts_with(&wanted);
    let body: Vec<_> = found
        .into_iter()
        .filter(|(_, doc)| fits(doc))
        .map(|(serial, doc)| print(org, call, server, serial, doc))
        .collect();
    Ok(Reply::json(&body))
}

fn find<'a>(org: &'a Org, call: &Call, server: u32) -> Result<(u32, &'a Doc), Fail> {
    let id = call.param("scopeId");
    part(
        &org.servers.scopes,
        org.tail.serial(SCOPE, id),
        server,
        id,
        "OAuth2Scope",
    )
}

fn one(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    Ok(Reply::json(&print(org, call, server, serial, doc)))
}

fn given(
    org: &Org,
    server: u32,
    body: &Map<String, Value>,
    own: Option<u32>,
) -> Result<Map<String, Value>, Fail> {
    let name = text(body, "name")?;
    if name.contains(char::is_whitespace) || name.starts_with("okta.") || name == "okta" {
        return Err(wrong(
            "name",
            "Invalid scope name. The name must not contain whitespace or start with 'okta.'.",
        ));
    }
    let taken = parts(&org.servers.scopes, server)
        .iter()
        .any(|(serial, doc)| Some(*serial) != own && doc.text("name") == name);
    if taken {
        return Err(wrong(
            "name",
            "An object with this field already exists in the current organization",
        ));
    }
    let flag = |name: &str| body.get(name).and_then(Value::as_bool).unwrap_or(false);
    let consent = choice(body, "consent", &["IMPLICIT", "REQUIRED", "FLEXIBLE"])?;
    let publish = choice(body, "metadataPublish", &["NO_CLIENTS", "ALL_CLIENTS"])?;
    let mut whole = json!({
        "name": name, "displayName": body.get("displayName"), "description": body.get("description"),
        "consent": consent, "metadataPublish": publish, "default": flag("default"), "optional": flag("optional"),
    });
    if let Some(whole) = whole.as_object_mut() {
        whole.retain(|_, value| !value.is_null());
    }
    Ok(members(whole))
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .servers
        .scopes
        .get(serial)
        .map(|part| part.doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("OAuth2Scope", org.tail.id(SCOPE, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let body = given(org, server, &call.object()?, None)?;
    let serial = org.servers.scopes.push(Part {
        of: server,
        doc: Doc::new(body, call.now),
    });
    told(org, call, serial, "oauth2.scope.created");
    let doc = org
        .servers
        .scopes
        .get(serial)
        .map(|part| print(org, call, server, serial, &part.doc));
    Ok(Reply::json(&doc).status(StatusCode::CREATED))
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    if doc.system {
        return Err(Fail::forbidden());
    }
    let body = given(org, server, &call.object()?, Some(serial))?;
    if let Some(part) = org.servers.scopes.get_mut(serial) {
        part.doc.body = body;
        part.doc.last_updated = call.now.whole();
    }
    told(org, call, serial, "oauth2.scope.updated");
    one(org, call)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    if doc.system {
        return Err(Fail::forbidden());
    }
    told(org, call, serial, "oauth2.scope.deleted");
    org.servers.scopes.remove(serial);
    Ok(Reply::no_content())
}
