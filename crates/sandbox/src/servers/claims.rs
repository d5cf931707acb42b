//! Claims that a server puts into its tokens.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{CLAIM, Part, address, blank, choice, hint, lookup, part, parts, text, wrong};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::store::{Doc, members};

const ALL: &str = "/api/v1/authorizationServers/{authServerId}/claims";
const ONE: &str = "/api/v1/authorizationServers/{authServerId}/claims/{claimId}";

/// Claims that Okta makes itself.
const RESERVED: [&str; 12] = [
    "aud",
    "iss",
    "jti",
    "exp",
    "iat",
    "ver",
    "cid",
    "uid",
    "scp",
    "nonce",
    "auth_time",
    "at_hash",
];

/// The routes of claims.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get(ALL, list)
        .post(ALL, create)
        .get(ONE, one)
        .put(ONE, replace)
        .delete(ONE, delete);
}

fn print(org: &Org, call: &Call, server: u32, serial: u32, doc: &Doc) -> Value {
    let id = org.tail.id(CLAIM, serial);
    let here = format!("{}/claims/{id}", address(org, call, server));
    let mut body = doc.body.clone();
    body.insert("id".to_owned(), id.into());
    body.insert("status".to_owned(), doc.status().into());
    body.insert("system".to_owned(), doc.system.into());
    body.insert(
        "_links".to_owned(),
        json!({ "self": hint(&here, &["GET", "PUT", "DELETE"]) }),
    );
    Value::Object(body)
}

fn list(org: &Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let found = parts(&org.servers.claims, server);
    let body: Vec<_> = found
        .into_iter()
        .map(|(serial, doc)| print(org, call, server, serial, doc))
        .collect();
    Ok(Reply::json(&body))
}

fn find<'a>(org: &'a Org, call: &Call, server: u32) -> Result<(u32, &'a Doc), Fail> {
    let id = call.param("claimId");
    part(
        &org.servers.claims,
        org.tail.serial(CLAIM, id),
        server,
        id,
        "OAuth2Claim",
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
    let claim_type = choice(body, "claimType", &["RESOURCE", "IDENTITY"])?;
    let value_type = choice(body, "valueType", &["EXPRESSION", "GROUPS", "SYSTEM"])?;
    let value = body
        .get("value")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| blank("value"))?;
    if RESERVED.contains(&name.as_str()) {
        return Err(wrong("name", "The claim name is reserved."));
    }
    if value_type == "EXPRESSION" && crate::expression::parse(value).is_none() {
        return Err(wrong("value", "Invalid expression."));
    }
    let taken = parts(&org.servers.claims, server)
        .iter()
        .any(|(serial, doc)| {
            Some(*serial) != own && doc.text("name") == name && doc.text("claimType") == claim_type
        });
    if taken {
        return Err(wrong(
            "name",
            "An object with this field already exists in the current organization",
        ));
    }
    let scopes = body
        .get("conditions")
        .and_then(|one| one.get("scopes"))
        .cloned()
        .unwrap_or_else(|| json!([]));
    let mut whole = json!({
        "name": name, "claimType": claim_type, "valueType": value_type, "value": value,
        "conditions": { "scopes": scopes },
        "alwaysIncludeInToken": body.get("alwaysIncludeInToken").and_then(Value::as_bool).unwrap_or(true),
    });
    if value_type == "GROUPS" {
        let how = choice(
            body,
            "group_filter_type",
            &["STARTS_WITH", "EQUALS", "CONTAINS", "REGEX"],
        )?;
        whole["group_filter_type"] = how.into();
    }
    Ok(members(whole))
}

fn active(body: &Map<String, Value>) -> bool {
    body.get("status").and_then(Value::as_str) != Some("INACTIVE")
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .servers
        .claims
        .get(serial)
        .map(|part| part.doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new("OAuth2Claim", org.tail.id(CLAIM, serial), "unknown", name);
    org.record(call, Event::new(event).target(target));
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let body = call.object()?;
    let mut doc = Doc::new(given(org, server, &body, None)?, call.now);
    doc.active = active(&body);
    let serial = org.servers.claims.push(Part { of: server, doc });
    told(org, call, serial, "oauth2.claim.created");
    let shown = org
        .servers
        .claims
        .get(serial)
        .map(|part| print(org, call, server, serial, &part.doc));
    Ok(Reply::json(&shown).status(StatusCode::CREATED))
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    let body = call.object()?;
    if doc.system {
        return Err(Fail::forbidden());
    }
    let new = given(org, server, &body, Some(serial))?;
    if let Some(part) = org.servers.claims.get_mut(serial) {
        part.doc.body = new;
        part.doc.active = active(&body);
        part.doc.last_updated = call.now.whole();
    }
    told(org, call, serial, "oauth2.claim.updated");
    one(org, call)
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let server = lookup(org, call)?;
    let (serial, doc) = find(org, call, server)?;
    if doc.system {
        return Err(Fail::forbidden());
    }
    told(org, call, serial, "oauth2.claim.deleted");
    org.servers.claims.remove(serial);
    Ok(Reply::no_content())
}
