//! Apps: for now service apps (OAuth clients with keys, scopes and roles); the other kinds follow.

mod grants;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::clock::Time;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::org::Org;
use crate::store::{Kind, Table};

/// A scope that an app may ask for.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) serial: u32,
    pub(crate) scope: String,
    pub(crate) created: Time,
}

/// An app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) active: bool,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    /// `credentials.oauthClient` as given.
    pub(crate) client: Map<String, Value>,
    /// `settings.oauthClient` as given.
    pub(crate) settings: Map<String, Value>,
    /// Public keys of the client.
    pub(crate) keys: Vec<Value>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) groups: BTreeSet<u32>,
    pub(crate) users: BTreeMap<u32, Time>,
}

impl App {
    /// Whether its access tokens must be bound to a key.
    pub(crate) fn wants_dpop(&self) -> bool {
        self.settings.get("dpop_bound_access_tokens") == Some(&Value::Bool(true))
    }

    /// A text of its OAuth settings.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }
}

/// All apps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Apps {
    rows: Table<App>,
    granted: u32,
}

impl Apps {
    /// Adds an app and gives its serial.
    pub(crate) fn add(&mut self, app: App) -> u32 {
        self.rows.push(app)
    }

    /// The app with this serial.
    pub(crate) fn get(&self, serial: u32) -> Option<&App> {
        self.rows.get(serial)
    }

    /// The app with this serial, to change.
    pub(crate) fn get_mut(&mut self, serial: u32) -> Option<&mut App> {
        self.rows.get_mut(serial)
    }

    /// The app with this client id.
    pub(crate) fn by_client_id(&self, org: &Org, client_id: &str) -> Option<u32> {
        org.tail
            .serial(Kind::APP, client_id)
            .filter(|serial| self.rows.get(*serial).is_some())
    }

    /// The client id of an app.
    pub(crate) fn client_id(org: &Org, serial: u32) -> String {
        org.tail.id(Kind::APP, serial)
    }

    /// A number for a new grant.
    pub(crate) fn next_grant(&mut self) -> u32 {
        self.granted += 1;
        self.granted
    }

    /// How many apps a group is assigned to.
    pub(crate) fn count_of_group(&self, group: u32) -> usize {
        self.rows
            .iter()
            .filter(|(_, app)| app.groups.contains(&group))
            .count()
    }

    /// Takes a user out of all apps.
    pub(crate) fn forget_user(&mut self, user: u32) {
        let held: Vec<u32> = self
            .rows
            .iter()
            .filter(|(_, app)| app.users.contains_key(&user))
            .map(|(at, _)| at)
            .collect();
        for serial in held {
            if let Some(app) = self.rows.get_mut(serial) {
                app.users.remove(&user);
            }
        }
    }

    /// Takes a group out of all apps.
    pub(crate) fn forget_group(&mut self, group: u32) {
        let held: Vec<u32> = self
            .rows
            .iter()
            .filter(|(_, app)| app.groups.contains(&group))
            .map(|(at, _)| at)
            .collect();
        for serial in held {
            if let Some(app) = self.rows.get_mut(serial) {
                app.groups.remove(&group);
            }
        }
    }
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/apps", list)
        .get("/api/v1/apps/{appId}", one);
    grants::routes(routes);
}

/// The app that a path names.
pub(crate) fn find(org: &Org, id: &str) -> Result<u32, Fail> {
    org.apps
        .by_client_id(org, id)
        .ok_or_else(|| Fail::not_found(id, "AppInstance"))
}

/// The app of a client id in a path.
pub(crate) fn find_client(org: &Org, id: &str) -> Result<u32, Fail> {
    org.apps
        .by_client_id(org, id)
        .ok_or_else(|| Fail::not_found(id, "PublicClientApp"))
}

/// The apps that a group is assigned to.
pub(crate) fn of_group(org: &Org, call: &Call, group: u32) -> Answer {
    let found = org
        .apps
        .rows
        .iter()
        .filter(|(_, app)| app.groups.contains(&group));
    let found: Vec<_> = found
        .map(|(serial, app)| print(org, call, serial, app))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&found), call, &[], None))
}

/// How many group pushes a group takes part in.
pub(crate) fn pushes_of_group(_org: &Org, _group: u32) -> usize {
    0
}

/// The tiles of a user.
pub(crate) fn links_of(_org: &Org, _call: &Call, _user: u32) -> Vec<Value> {
    Vec::new()
}

/// An app of the catalogue as the target of a role.
pub(crate) fn catalogue(org: &Org, call: &Call, name: &str, app: Option<u32>) -> Value {
    let mut body = json!({ "name": name, "displayName": name, "status": "ACTIVE" });
    if let Some(serial) = app {
        body["id"] = org.tail.id(Kind::APP, serial).into();
    }
    body["_links"] =
        json!({ "self": { "href": call.url(&format!("/api/v1/catalog/apps/{name}")) } });
    body
}

fn print(org: &Org, call: &Call, serial: u32, app: &App) -> Value {
    let id = org.tail.id(Kind::APP, serial);
    let here = call.url(&format!("/api/v1/apps/{id}"));
    let mut client = app.client.clone();
    client.insert("client_id".to_owned(), id.as_str().into());
    json!({
        "id": id,
        "orn": format!("orn:okta:idp:{}:apps:oidc_client:{id}", org.tail.id(Kind::ORG, 0)),
        "name": app.name, "label": app.label, "status": if app.active { "ACTIVE" } else { "INACTIVE" },
        "lastUpdated": app.last_updated, "created": app.created,
        "credentials": { "oauthClient": client },
        "settings": { "app": {}, "oauthClient": app.settings },
        "signOnMode": "OPENID_CONNECT",
        "_links": { "self": { "href": here } },
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let all: Vec<_> = org
        .apps
        .rows
        .iter()
        .map(|(serial, app)| print(org, call, serial, app))
        .collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&all), call, &["q", "filter"], None))
}

fn one(org: &Org, call: &Call) -> Answer {
    let serial = find(org, call.param("appId"))?;
    let app = org
        .apps
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("appId"), "AppInstance"))?;
    Ok(Reply::json(&print(org, call, serial, app)))
}
