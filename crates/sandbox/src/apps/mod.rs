//! Apps of every sign-on mode: OAuth clients, SAML, sign-on by password, bookmarks (FACTS sections 1.2, 13 and 15).
//!
//! An app is what was given, laid over the defaults of its sign-on mode.

mod assign;
mod assign_groups;
mod build;
mod change;
mod client;
mod connect;
mod defaults;
mod grants;
mod keys;
mod list;
mod print;
mod push;
mod schema;
mod secrets;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use assign::{UserAssignment, links_of};
pub(crate) use assign_groups::of_group;
pub(crate) use build::{Mode, build};
pub(crate) use keys::print_certificate;
pub(crate) use push::pushes_of_group;

/// An app as a list shows it.
pub(crate) fn print_listed(org: &Org, call: &Call, serial: u32, app: &App) -> Value {
    print::print(org, call, serial, app, print::Secrecy::Hidden)
}

use crate::clock::Time;
use crate::http::{Call, Fail, Routes};
use crate::org::Org;
use crate::schemas::Attributes;
use crate::store::{Docs, Kind, Table};

/// A scope that an app may ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) serial: u32,
    pub(crate) scope: String,
    pub(crate) created: Time,
}

/// A group to which an app is assigned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GroupAssignment {
    pub(crate) priority: i64,
    pub(crate) profile: Value,
    pub(crate) last_updated: Time,
}

/// A secret of an OAuth client.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) serial: u32,
    pub(crate) text: String,
    pub(crate) active: bool,
    pub(crate) created: Time,
}

/// A certificate that signs for an app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) kid: String,
    pub(crate) created: Time,
    pub(crate) years: i64,
}

/// An app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) mode: Mode,
    pub(crate) active: bool,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    /// `accessibility`, `visibility`, `credentials`, `settings` and so on, complete.
    pub(crate) body: Map<String, Value>,
    /// The client id when it is not the id of the app.
    pub(crate) client_id: Option<String>,
    pub(crate) secrets: Vec<Secret>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) groups: BTreeMap<u32, GroupAssignment>,
    pub(crate) users: BTreeMap<u32, UserAssignment>,
    pub(crate) schema: Attributes,
    pub(crate) schema_updated: Time,
    /// Serial of the access policy.
    pub(crate) policy: u32,
    pub(crate) pushes: Docs,
}

impl App {
    /// A member of its settings.
    pub(crate) fn setting(&self, path: &[&str]) -> Option<&Value> {
        path.iter()
            .try_fold(self.body.get("settings")?, |value, part| value.get(*part))
    }

    /// A member of its OAuth settings.
    pub(crate) fn oauth(&self, name: &str) -> Option<&Value> {
        self.setting(&["oauthClient", name])
    }

    /// Whether its access tokens must be bound to a key.
    pub(crate) fn wants_dpop(&self) -> bool {
        self.oauth("dpop_bound_access_tokens") == Some(&Value::Bool(true))
    }

    /// The public keys of the client.
    pub(crate) fn keys(&self) -> &[Value] {
        let keys = self
            .oauth("jwks")
            .and_then(|jwks| jwks.get("keys"))
            .and_then(Value::as_array);
        keys.map(Vec::as_slice).unwrap_or_default()
    }

    /// Its OAuth settings, to change.
    pub(crate) fn oauth_mut(&mut self) -> Option<&mut Map<String, Value>> {
        self.body
            .get_mut("settings")?
            .get_mut("oauthClient")?
            .as_object_mut()
    }
}

/// All apps.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Apps {
    pub(crate) rows: Table<App>,
    counted: u32,
    /// How many apps of the org's own were ever named after a label.
    named: BTreeMap<String, u32>,
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
        let by_id = org
            .tail
            .serial(Kind::APP, client_id)
            .filter(|serial| self.rows.get(*serial).is_some());
        by_id.or_else(|| {
            let found = self
                .rows
                .iter()
                .find(|(_, app)| app.client_id.as_deref() == Some(client_id));
            found.map(|(serial, _)| serial)
        })
    }

    /// The client id of an app.
    pub(crate) fn client_id(org: &Org, serial: u32) -> String {
        let own = org.apps.get(serial).and_then(|app| app.client_id.clone());
        own.unwrap_or_else(|| org.tail.id(Kind::APP, serial))
    }

    /// The name of an app that is in no catalogue: `{subdomain}_{label}_{number}`. Numbers are never used twice.
    pub(crate) fn own_name(&mut self, subdomain: &str, label: &str) -> String {
        let plain: String = label
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let stem = format!("{subdomain}_{plain}");
        let number = self.named.entry(stem.clone()).or_default();
        *number += 1;
        format!("{stem}_{number}")
    }

    /// A number for something new that hangs on an app.
    pub(crate) fn next_number(&mut self) -> u32 {
        self.counted += 1;
        self.counted
    }

    /// How many apps a group is assigned to.
    pub(crate) fn count_of_group(&self, group: u32) -> usize {
        self.rows
            .iter()
            .filter(|(_, app)| app.groups.contains_key(&group))
            .count()
    }

    fn forget(&mut self, held: impl Fn(&App) -> bool, forget: impl Fn(&mut App)) {
        let held: Vec<u32> = self
            .rows
            .iter()
            .filter(|(_, app)| held(app))
            .map(|(serial, _)| serial)
            .collect();
        for serial in held {
            if let Some(app) = self.rows.get_mut(serial) {
                forget(app);
            }
        }
    }

    /// Takes a user out of all apps.
    pub(crate) fn forget_user(&mut self, user: u32) {
        self.forget(
            |app| app.users.contains_key(&user),
            |app| {
                app.users.remove(&user);
            },
        );
    }

    /// Takes a group out of all apps.
    pub(crate) fn forget_group(&mut self, group: u32) {
        self.forget(
            |app| app.groups.contains_key(&group),
            |app| {
                app.groups.remove(&group);
            },
        );
    }
}

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    list::routes(routes);
    change::routes(routes);
    assign::routes(routes);
    assign_groups::routes(routes);
    connect::routes(routes);
    grants::routes(routes);
    keys::routes(routes);
    push::routes(routes);
    schema::routes(routes);
    secrets::routes(routes);
}

/// The app that a path names.
pub(crate) fn find(org: &Org, id: &str) -> Result<u32, Fail> {
    let serial = org
        .tail
        .serial(Kind::APP, id)
        .filter(|serial| org.apps.get(*serial).is_some());
    serial.ok_or_else(|| Fail::not_found(id, "AppInstance"))
}

/// The app of a client id in a path.
pub(crate) fn find_client(org: &Org, id: &str) -> Result<u32, Fail> {
    org.apps
        .by_client_id(org, id)
        .ok_or_else(|| Fail::not_found(id, "PublicClientApp"))
}

/// The app that `appId` in a path names, with its data.
fn lookup<'a>(org: &'a Org, call: &Call) -> Result<(u32, &'a App), Fail> {
    let id = call.param("appId");
    let serial = find(org, id)?;
    org.apps
        .get(serial)
        .map(|app| (serial, app))
        .ok_or_else(|| Fail::not_found(id, "AppInstance"))
}

/// An app of the catalogue, or one instance of it, as the target of a role.
pub(crate) fn catalogue(org: &Org, call: &Call, name: &str, app: Option<u32>) -> Value {
    match app.and_then(|serial| org.apps.get(serial).map(|app| (serial, app))) {
        Some((serial, app)) => {
            let id = org.tail.id(Kind::APP, serial);
            json!({
                "name": app.label, "status": if app.active { "ACTIVE" } else { "INACTIVE" }, "id": id,
                "_links": { "self": { "href": call.url(&format!("/api/v1/apps/{id}")) } },
            })
        }
        None => json!({
            "name": name, "displayName": name, "status": "ACTIVE", "lastUpdated": org.created,
            "category": "", "verificationStatus": "OKTA_VERIFIED", "signOnModes": [],
            "_links": { "self": { "href": call.url(&format!("/api/v1/catalog/apps/{name}")) } },
        }),
    }
}
