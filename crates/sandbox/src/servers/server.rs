//! Servers: made, changed, switched, deleted.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Servers, address, blank, choice, hint, lookup, text, wrong};
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::{Event, Target};
use crate::org::Org;

const ALL: &str = "/api/v1/authorizationServers";

/// The routes of servers.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .list(ALL, list)
        .post(ALL, create)
        .get("/api/v1/authorizationServers/{authServerId}", one)
        .put("/api/v1/authorizationServers/{authServerId}", replace)
        .delete("/api/v1/authorizationServers/{authServerId}", delete)
        .post(
            "/api/v1/authorizationServers/{authServerId}/lifecycle/activate",
            |org, call| switch(org, call, true),
        )
        .post(
            "/api/v1/authorizationServers/{authServerId}/lifecycle/deactivate",
            |org, call| switch(org, call, false),
        );
}

fn print(org: &Org, call: &Call, serial: u32) -> Value {
    let Some(server) = org.servers.get(serial) else {
        return Value::Null;
    };
    let doc = &server.doc;
    let here = address(org, call, serial);
    let issuer = call.url(&format!("/oauth2/{}", Servers::name(org.tail, serial)));
    let metadata = ["oauth-authorization-server", "openid-configuration"].map(|name| {
        json!({ "name": name, "href": format!("{issuer}/.well-known/{name}"), "hints": { "allow": ["GET"] } })
    });
    let manual = doc.text("rotation") == "MANUAL";
    let signing = json!({
        "rotationMode": if manual { "MANUAL" } else { "AUTO" }, "lastRotated": server.rotated,
        "nextRotation": (!manual).then(|| server.rotated.plus(90 * 86_400)), "kid": super::keys::active_kid(org, serial),
    });
    let mut links = json!({
        "self": hint(&here, &["GET", "DELETE", "PUT"]), "metadata": metadata,
        "scopes": hint(&format!("{here}/scopes"), &["GET"]), "claims": hint(&format!("{here}/claims"), &["GET"]),
        "policies": hint(&format!("{here}/policies"), &["GET"]),
        "rotateKey": hint(&format!("{here}/credentials/lifecycle/keyRotate"), &["POST"]),
    });
    let other = if doc.active { "deactivate" } else { "activate" };
    links[other] = hint(&format!("{here}/lifecycle/{other}"), &["POST"]);
    json!({
        "id": org.tail.id(super::SERVER, serial), "name": doc.text("name"), "description": doc.body.get("description"),
        "audiences": doc.body.get("audiences"), "issuer": issuer, "issuerMode": doc.text("issuerMode"),
        "status": doc.status(), "created": doc.created, "lastUpdated": doc.last_updated, "default": doc.system,
        "credentials": { "signing": signing }, "_links": links,
    })
}

fn told(org: &mut Org, call: &Call, serial: u32, event: &'static str) {
    let name = org
        .servers
        .get(serial)
        .map(|server| server.doc.text("name").to_owned())
        .unwrap_or_default();
    let target = Target::new(
        "AuthorizationServer",
        org.tail.id(super::SERVER, serial),
        "unknown",
        name,
    );
    org.record(call, Event::new(event).target(target));
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 200, 200)?;
    let wanted = call.query.get("q").unwrap_or_default().to_lowercase();
    let fits = |text: &str| text.to_lowercase().contains(&wanted);
    let found = org.servers.rows.iter().filter(|(_, server)| {
        let audience = server
            .doc
            .body
            .get("audiences")
            .map(Value::to_string)
            .unwrap_or_default();
        fits(server.doc.text("name")) || fits(&audience)
    });
    let body: Vec<_> = found.map(|(serial, _)| print(org, call, serial)).collect();
    Ok(page.links(Reply::json(&body), call, &["q"], None))
}

/// Checks a body and takes what may be given of a server.
fn given(
    org: &Org,
    body: &Map<String, Value>,
    own: Option<u32>,
) -> Result<Map<String, Value>, Fail> {
    let name = text(body, "name")?;
    let description = body
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let audiences = body
        .get("audiences")
        .and_then(Value::as_array)
        .filter(|list| !list.is_empty());
    let audiences = audiences.ok_or_else(|| blank("audiences"))?;
    if audiences.len() != 1
        || !audiences
            .iter()
            .all(|one| one.as_str().is_some_and(|text| !text.is_empty()))
    {
        return Err(wrong(
            "audiences",
            "The field must have exactly one audience",
        ));
    }
    let taken = org
        .servers
        .rows
        .iter()
        .any(|(serial, server)| Some(serial) != own && server.doc.text("name") == name);
    if taken {
        return Err(wrong(
            "name",
            "An object with this field already exists in the current organization",
        ));
    }
    let mode = choice(body, "issuerMode", &["ORG_URL", "CUSTOM_URL", "DYNAMIC"])?;
    let rotation = body
        .get("credentials")
        .and_then(|one| one.pointer("/signing/rotationMode"));
    let rotation = match rotation.and_then(Value::as_str) {
        None | Some("AUTO") => "AUTO",
        Some("MANUAL") => "MANUAL",
        Some(_) => return Err(wrong("rotationMode", "The field is invalid")),
    };
    let body = json!({
        "name": name, "description": description, "audiences": audiences, "issuerMode": mode, "rotation": rotation,
    });
    Ok(crate::store::members(body))
}

fn create(org: &mut Org, call: &Call) -> Answer {
    let body = given(org, &call.object()?, None)?;
    let serial = org.servers.add(body, call.now);
    told(org, call, serial, "oauth2.as.created");
    Ok(Reply::json(&print(org, call, serial)).status(StatusCode::CREATED))
}

fn one(org: &Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    Ok(Reply::json(&print(org, call, serial)))
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    let body = given(org, &call.object()?, Some(serial))?;
    if let Some(server) = org.servers.rows.get_mut(serial) {
        server.doc.body = body;
        server.doc.last_updated = call.now.whole();
    }
    told(org, call, serial, "oauth2.as.updated");
    Ok(Reply::json(&print(org, call, serial)))
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let serial = lookup(org, call)?;
    if org
        .servers
        .get(serial)
        .is_some_and(|server| server.doc.system)
    {
        return Err(Fail::forbidden());
    }
    told(org, call, serial, "oauth2.as.deleted");
    org.servers.remove(serial);
    org.sign_ins.end_server(serial);
    Ok(Reply::no_content())
}

fn switch(org: &mut Org, call: &Call, on: bool) -> Answer {
    let serial = lookup(org, call)?;
    if let Some(server) = org.servers.rows.get_mut(serial) {
        server.doc.active = on;
        server.doc.last_updated = call.now.whole();
    }
    told(
        org,
        call,
        serial,
        if on {
            "oauth2.as.activated"
        } else {
            "oauth2.as.deactivated"
        },
    );
    Ok(Reply::no_content())
}
