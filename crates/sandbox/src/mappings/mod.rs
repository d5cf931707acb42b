//! Profile mappings: how members of one profile come from another.

use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::expression::parse;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Doc, Docs, Kind, Tail, members};

const MAPPING: Kind = Kind("prm");

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/mappings", list)
        .get("/api/v1/mappings/{mappingId}", one)
        .post("/api/v1/mappings/{mappingId}", change);
}

/// What each kind of identity provider maps to users by default.
fn defaults(kind: &str) -> (&'static str, Value) {
    let same = |names: &[&str], from: &str| -> Map<String, Value> {
        names
            .iter()
            .map(|name| {
                (
                    (*name).to_owned(),
                    json!({ "expression": format!("{from}.{name}"), "pushStatus": "DONT_PUSH" }),
                )
            })
            .collect()
    };
    let login = |of: &str| json!({ "expression": of, "pushStatus": "DONT_PUSH" });
    let common = [
        "email",
        "firstName",
        "middleName",
        "lastName",
        "displayName",
    ];
    match kind {
        "SAML2" => {
            let mut map = same(&["firstName", "lastName", "email", "mobilePhone"], "source");
            map.insert("login".to_owned(), login("source.userName"));
            ("saml_idp", Value::Object(map))
        }
        "OIDC" => {
            let mut map = same(&common, "appuser");
            map.insert("login".to_owned(), login("appuser.email"));
            map.insert("nickName".to_owned(), login("appuser.nickname"));
            map.insert("profileUrl".to_owned(), login("appuser.profile"));
            map.insert("mobilePhone".to_owned(), login("appuser.phone_number"));
            ("oidc_idp", Value::Object(map))
        }
        other => {
            let mut map = same(&common, "appuser");
            map.extend(same(
                &["honorificPrefix", "honorificSuffix", "profileUrl"],
                "appuser",
            ));
            map.insert("login".to_owned(), login("appuser.email"));
            let name = match other {
                "GOOGLE" => "google_idp",
                "FACEBOOK" => "facebook_idp",
                "MICROSOFT" => "microsoft_idp",
                "APPLE" => "apple_idp",
                _ => "social_idp",
            };
            (name, Value::Object(map))
        }
    }
}

/// Apps that every org has for itself; admins do not see them in the list of apps.
const SYSTEM: [&str; 10] = [
    "Okta_Authenticator",
    "okta_enduser",
    "okta_browser_plugin",
    "saasure",
    "okta_access_requests_resource_catalog",
    "okta_iga_reviewer",
    "okta_flow_sso",
    "okta_atspoke_sso",
    "okta_oin_submission_tester_app",
    "okta_personal_sync",
];
/// Where the numbers of those apps begin.
const SYSTEM_FIRST: u32 = 1 << 30;

/// The mappings of a new org: from each app of its own to users, and back.
pub(crate) fn initial(tail: Tail, now: Time) -> Docs {
    let mut docs = Docs::default();
    let user =
        json!({ "id": tail.id(Kind::USER_TYPE, 0), "name": "user", "type": "user", "serial": 0 });
    for (name, serial) in SYSTEM.iter().zip(SYSTEM_FIRST..) {
        let app = json!({ "id": tail.id(Kind::APP, serial), "name": name, "type": "appuser" });
        let properties =
            json!({ "email": { "expression": "appuser.userName", "pushStatus": "DONT_PUSH" } });
        docs.push(Doc::new(
            members(json!({ "source": app, "target": user, "properties": properties })),
            now,
        ));
        docs.push(Doc::new(
            members(json!({ "source": user, "target": app, "properties": {} })),
            now,
        ));
    }
    docs
}

/// Makes the mappings of a new identity provider: one to each user type.
pub(crate) fn for_idp(org: &mut Org, idp: u32, now: Time) {
    let Some(kind) = org.idps.get(idp).map(|idp| idp.text("type").to_owned()) else {
        return;
    };
    let id = crate::idps::id(org, idp);
    let (name, properties) = defaults(&kind);
    let types: Vec<(u32, String)> = org
        .schemas
        .types
        .iter()
        .map(|(serial, kind)| (serial, kind.name.clone()))
        .collect();
    for (serial, kind) in types {
        let body = json!({
            "source": { "id": id, "name": name, "type": "appuser" },
            "target": { "id": org.tail.id(Kind::USER_TYPE, serial), "name": kind, "type": "user", "serial": serial },
            "properties": properties,
        });
        org.mappings.push(Doc::new(members(body), now));
    }
}

/// Takes away the mappings of what is gone.
pub(crate) fn forget(org: &mut Org, id: &str) {
    let gone: Vec<u32> = org
        .mappings
        .iter()
        .filter(|(_, mapping)| {
            side(mapping, "source", "id") == id || side(mapping, "target", "id") == id
        })
        .map(|(serial, _)| serial)
        .collect();
    for serial in gone {
        org.mappings.remove(serial);
    }
}

fn side<'a>(mapping: &'a Doc, which: &str, name: &str) -> &'a str {
    mapping
        .at(&[which, name])
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn end(org: &Org, call: &Call, mapping: &Doc, which: &str) -> Value {
    let (id, kind) = (side(mapping, which, "id"), side(mapping, which, "type"));
    let links = if kind == "user" {
        let serial = mapping
            .at(&[which, "serial"])
            .and_then(Value::as_u64)
            .and_then(|serial| u32::try_from(serial).ok());
        let schema = org.tail.id(Kind::SCHEMA, serial.unwrap_or(0));
        json!({
            "self": { "href": call.url(&format!("/api/v1/meta/types/user/{id}")) },
            "schema": { "href": call.url(&format!("/api/v1/meta/schemas/user/{schema}")) },
        })
    } else {
        json!({
            "self": { "href": call.url(&format!("/api/v1/apps/{id}")) },
            "schema": { "href": call.url(&format!("/api/v1/meta/schemas/apps/{id}/default")) },
        })
    };
    json!({ "id": id, "name": side(mapping, which, "name"), "type": kind, "_links": links })
}

fn print(org: &Org, call: &Call, serial: u32, mapping: &Doc, whole: bool) -> Value {
    let id = org.tail.id(MAPPING, serial);
    let mut body = json!({ "id": id, "source": end(org, call, mapping, "source"), "target": end(org, call, mapping, "target") });
    if whole {
        body["properties"] = mapping
            .body
            .get("properties")
            .cloned()
            .unwrap_or_else(|| json!({}));
    }
    body["_links"] = json!({ "self": { "href": call.url(&format!("/api/v1/mappings/{id}")) } });
    body
}

fn find(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("mappingId");
    let serial = org
        .tail
        .serial(MAPPING, id)
        .filter(|serial| org.mappings.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "ProfileMapping"))
}

fn list(org: &Org, call: &Call) -> Answer {
    let page = Page::of(call, 20, 200)?;
    let wanted = |name: &str| call.query.get(name).filter(|id| !id.is_empty());
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(MAPPING, after));
    let mut found: Vec<_> = org
        .mappings
        .from(after.map_or(0, |serial| serial + 1))
        .filter(|(_, mapping)| {
            wanted("sourceId").is_none_or(|id| side(mapping, "source", "id") == id)
        })
        .filter(|(_, mapping)| {
            wanted("targetId").is_none_or(|id| side(mapping, "target", "id") == id)
        })
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(MAPPING, *serial));
    let body: Vec<_> = found
        .into_iter()
        .map(|(serial, mapping)| print(org, call, serial, mapping, false))
        .collect();
    // The links of this list lose the filter, as Okta's do.
    Ok(page.links(Reply::json(&body), call, &[], next.as_deref()))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let mapping = org
        .mappings
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("mappingId"), "ProfileMapping"))?;
    Ok(Reply::json(&print(org, call, serial, mapping, true)))
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, find(org, call)?)
}

fn change(org: &mut Org, call: &Call) -> Answer {
    let serial = find(org, call)?;
    let body = call.object()?;
    let Some(Value::Object(given)) = body.get("properties").cloned() else {
        return Err(Fail::validation(
            "properties",
            ["properties: The field cannot be left blank"],
        ));
    };
    let kind = org
        .mappings
        .get(serial)
        .and_then(|mapping| mapping.at(&["target", "serial"]).and_then(Value::as_u64));
    let kind = kind.and_then(|kind| u32::try_from(kind).ok()).unwrap_or(0);
    for (name, value) in &given {
        if org.schemas.of_type(kind).get(name).is_none() {
            return Err(Fail::validation(
                "updateMapping",
                [format!("Invalid target field {name}")],
            ));
        }
        let text = value.get("expression").and_then(Value::as_str);
        if text.is_some_and(|text| parse(text).is_none()) {
            return Err(Fail::validation(
                "updateMapping",
                [format!("Invalid expression for {name}")],
            ));
        }
    }
    if let Some(mapping) = org.mappings.get_mut(serial)
        && let Some(Value::Object(properties)) = mapping.body.get_mut("properties")
    {
        for (name, value) in given {
            if value.is_null() {
                properties.shift_remove(&name);
            } else {
                properties.insert(name, value);
            }
        }
    }
    shown(org, call, serial)
}
