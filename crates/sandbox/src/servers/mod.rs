//! Custom authorization servers: `/oauth2/default` and those that are made (Okta: Authorization Servers API).
//!
//! A server has scopes, claims, and policies with rules that say who gets a token and how long it lives. Its signing keys
//! are made when they are first needed. The endpoints beneath `/oauth2/{id}/` are in `oauth/`.

mod claims;
mod evaluate;
mod keys;
mod policies;
mod rules;
mod scopes;
mod server;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::http::{Call, Fail, Routes};
use crate::org::Org;
use crate::store::{Doc, Kind, Table, Tail, members};

pub(crate) use evaluate::{Denied, Lives, Seen, Wish, claims_for, evaluate, group_fits};
pub(crate) use keys::{active as active_key, public as public_keys};

const SERVER: Kind = Kind("aus");
const SCOPE: Kind = Kind("scp");
const CLAIM: Kind = Kind("ocl");
const POLICY: Kind = Kind("00p");
const RULE: Kind = Kind("0pr");

/// Policies and rules of servers take serials of their own, as policies of the org share their prefixes.
const FIRST: u32 = 1_000_000;

/// The serial of `/oauth2/default`.
pub(crate) const DEFAULT: u32 = 0;

/// An authorization server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) doc: Doc,
    /// How often its signing key was rotated.
    pub(crate) generation: u32,
    pub(crate) rotated: Time,
}

/// Something that belongs to a server or to a policy of one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) of: u32,
    pub(crate) doc: Doc,
}

/// All authorization servers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Servers {
    rows: Table<Server>,
    scopes: Table<Part>,
    claims: Table<Part>,
    policies: Table<Part>,
    rules: Table<Part>,
}

/// The scopes that every server has.
const SYSTEM_SCOPES: [(&str, &str, &str); 7] = [
    (
        "openid",
        "openid",
        "Signals that a request is an OpenID request.",
    ),
    (
        "profile",
        "View your profile information.",
        "The exact data varies based on what profile information you have provided, such as: name, time zone, picture, or birthday.",
    ),
    (
        "email",
        "View your email address.",
        "This allows the app to view your email address.",
    ),
    (
        "address",
        "View your address.",
        "This allows the app to view your address, such as: street address, city, state, and zip code.",
    ),
    (
        "phone",
        "View your phone number.",
        "This allows the app to view your phone number.",
    ),
    (
        "offline_access",
        "Keep you signed in to the app.",
        "This keeps you signed in to the app, even when you are not using it.",
    ),
    (
        "device_sso",
        "Allows clients to share the user's login session.",
        "Request sessions across apps on the same device",
    ),
];

impl Servers {
    /// The servers of a new org: `default`, with its policy.
    pub(crate) fn new(now: Time) -> Self {
        let mut servers = Self::default();
        let body = json!({
            "name": "default", "description": "Default Authorization Server for your Applications",
            "audiences": ["api://default"], "issuerMode": "ORG_URL",
        });
        let serial = servers.add(members(body), now);
        if let Some(server) = servers.rows.get_mut(serial) {
            server.doc.system = true;
        }
        let policy = json!({
            "name": "Default Policy", "description": "Default policy description", "priority": 1,
            "conditions": { "clients": { "include": ["ALL_CLIENTS"] } },
        });
        let policy = servers.policies.push(Part {
            of: serial,
            doc: Doc::new(members(policy), now),
        });
        let rule = rules::completed(&json!({
            "name": "Default Policy Rule", "priority": 1,
            "conditions": {
                "people": { "users": { "include": [], "exclude": [] }, "groups": { "include": ["EVERYONE"], "exclude": [] } },
                "grantTypes": { "include": [
                    "implicit", "client_credentials", "authorization_code", "password",
                    "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
                ] },
                "scopes": { "include": ["*"] },
            },
        }));
        servers.rules.push(Part {
            of: policy,
            doc: Doc::new(rule, now),
        });
        servers
    }

    /// Adds a server with the scopes and claims that every server has.
    fn add(&mut self, body: Map<String, Value>, now: Time) -> u32 {
        let serial = self.rows.push(Server {
            doc: Doc::new(body, now),
            generation: 0,
            rotated: now.whole(),
        });
        for (name, title, description) in SYSTEM_SCOPES {
            let body = json!({
                "name": name, "displayName": title, "description": description, "consent": "IMPLICIT",
                "metadataPublish": "ALL_CLIENTS", "default": false, "optional": false,
            });
            self.scopes.push(Part {
                of: serial,
                doc: Doc::system(body, now),
            });
        }
        let body = json!({
            "name": "sub", "claimType": "RESOURCE", "valueType": "EXPRESSION",
            "value": "(appuser != null) ? appuser.userName : app.clientId",
            "conditions": { "scopes": [] }, "alwaysIncludeInToken": true, "apiResourceId": null,
        });
        self.claims.push(Part {
            of: serial,
            doc: Doc::system(body, now),
        });
        serial
    }

    /// The server with this serial.
    pub(crate) fn get(&self, serial: u32) -> Option<&Server> {
        self.rows.get(serial)
    }

    /// The server that a path names: by id, or `default`.
    pub(crate) fn find(&self, tail: Tail, name: &str) -> Option<u32> {
        let serial = if name == "default" {
            Some(DEFAULT)
        } else {
            tail.serial(SERVER, name)
        };
        serial.filter(|serial| self.rows.get(*serial).is_some())
    }

    /// The last part of a server's issuer.
    pub(crate) fn name(tail: Tail, serial: u32) -> String {
        match serial {
            DEFAULT => "default".to_owned(),
            _ => tail.id(SERVER, serial),
        }
    }

    /// The scopes of a server, oldest first.
    pub(crate) fn scopes_of(&self, server: u32) -> Vec<&Doc> {
        parts(&self.scopes, server)
            .into_iter()
            .map(|(_, doc)| doc)
            .collect()
    }

    /// Takes a server with all that belongs to it.
    fn remove(&mut self, serial: u32) {
        for (policy, _) in parts(&self.policies, serial) {
            clear(&mut self.rules, policy);
        }
        for table in [&mut self.policies, &mut self.scopes, &mut self.claims] {
            clear(table, serial);
        }
        self.rows.remove(serial);
    }
}

/// What belongs to something, by `priority` and age.
fn parts(table: &Table<Part>, of: u32) -> Vec<(u32, &Doc)> {
    let mut found: Vec<_> = table
        .iter()
        .filter(|(_, part)| part.of == of)
        .map(|(serial, part)| (serial, &part.doc))
        .collect();
    found.sort_by_key(|(serial, doc)| (place(doc), *serial));
    found
}

fn clear(table: &mut Table<Part>, of: u32) {
    let gone: Vec<u32> = table
        .iter()
        .filter(|(_, part)| part.of == of)
        .map(|(serial, _)| serial)
        .collect();
    for serial in gone {
        table.remove(serial);
    }
}

fn place(doc: &Doc) -> i64 {
    doc.body
        .get("priority")
        .and_then(Value::as_i64)
        .unwrap_or(0)
}

/// Numbers the parts of something anew; `moved` goes before others of its number.
fn reorder(table: &mut Table<Part>, of: u32, moved: u32) {
    let mut order: Vec<_> = parts(table, of)
        .into_iter()
        .map(|(serial, doc)| (place(doc), serial != moved, serial))
        .collect();
    order.sort_unstable();
    for (at, (_, _, serial)) in order.into_iter().enumerate() {
        if let Some(part) = table.get_mut(serial) {
            part.doc.body.insert("priority".to_owned(), (at + 1).into());
        }
    }
}

/// The part of a server or policy that an id in the path names.
fn part<'a>(
    table: &'a Table<Part>,
    serial: Option<u32>,
    of: u32,
    id: &str,
    kind: &str,
) -> Result<(u32, &'a Doc), Fail> {
    let found = serial.and_then(|serial| Some((serial, table.get(serial)?)));
    found
        .filter(|(_, part)| part.of == of)
        .map(|(serial, part)| (serial, &part.doc))
        .ok_or_else(|| Fail::not_found(id, kind))
}

/// The server that `authServerId` in a path names.
fn lookup(org: &Org, call: &Call) -> Result<u32, Fail> {
    let id = call.param("authServerId");
    org.servers
        .find(org.tail, id)
        .ok_or_else(|| Fail::not_found(id, "AuthorizationServer"))
}

/// The address of a server in the management API.
fn address(org: &Org, call: &Call, server: u32) -> String {
    call.url(&format!(
        "/api/v1/authorizationServers/{}",
        Servers::name(org.tail, server)
    ))
}

fn blank(name: &str) -> Fail {
    Fail::validation(name, [format!("{name}: The field cannot be left blank")])
}

fn wrong(name: &str, why: &str) -> Fail {
    Fail::validation(name, [format!("{name}: {why}")])
}

/// A member that must be a text.
fn text(body: &Map<String, Value>, name: &str) -> Result<String, Fail> {
    let given = body
        .get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty());
    given.map(str::to_owned).ok_or_else(|| blank(name))
}

/// A member that is one of these, or the first of them.
fn choice(body: &Map<String, Value>, name: &str, of: &[&str]) -> Result<String, Fail> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(of.first().copied().unwrap_or_default().to_owned()),
        Some(Value::String(text)) if of.contains(&text.as_str()) => Ok(text.clone()),
        Some(_) => Err(wrong(name, "The field is invalid")),
    }
}

fn hint(href: &str, allow: &[&str]) -> Value {
    json!({ "href": href, "hints": { "allow": allow } })
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    server::routes(routes);
    keys::routes(routes);
    scopes::routes(routes);
    claims::routes(routes);
    policies::routes(routes);
    rules::routes(routes);
}
