//! Profile schemas, user types and linked objects: what members a profile may have (FACTS section 12).

mod attribute;
mod linked;
mod links;
mod schema;
mod types;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(crate) use attribute::Attributes;
pub(crate) use schema::{document, fault};

use crate::clock::Time;
use crate::http::Routes;
use crate::store::{Kind, Table, Tail};

/// A user type with its schema.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserType {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    /// When the schema was changed last.
    pub(crate) schema_updated: Time,
    pub(crate) schema: Attributes,
}

/// All schemas of the org.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Schemas {
    pub(crate) types: Table<UserType>,
    groups: Attributes,
    groups_updated: Time,
    /// Linked object definitions by the name of their primary side, in the order they were made.
    linked: Vec<Value>,
    /// Who is tied to whom by them.
    links: Vec<links::Link>,
}

static NONE: std::sync::LazyLock<Attributes> = std::sync::LazyLock::new(Attributes::default);

impl Schemas {
    /// The schemas of a new org: the default user type, and groups with name and description.
    pub(crate) fn new(now: Time) -> Self {
        let mut schemas = Self {
            groups: Attributes::of_groups(),
            groups_updated: now.whole(),
            ..Self::default()
        };
        schemas.types.push(UserType {
            name: "user".to_owned(),
            display_name: "User".to_owned(),
            description: Some(
                "Okta user profile template with default permission settings".to_owned(),
            ),
            created: now.whole(),
            last_updated: now.whole(),
            schema_updated: now.whole(),
            schema: Attributes::of_users(),
        });
        schemas
    }

    /// The user type with this id.
    pub(crate) fn find_type(&self, tail: &Tail, id: &str) -> Option<u32> {
        let serial = if id == "default" {
            Some(0)
        } else {
            tail.serial(Kind::USER_TYPE, id)
        };
        serial.filter(|serial| self.types.get(*serial).is_some())
    }

    /// What profiles of this user type may hold.
    pub(crate) fn of_type(&self, serial: u32) -> &Attributes {
        self.types.get(serial).map_or(&NONE, |kind| &kind.schema)
    }

    /// What profiles of groups may hold.
    pub(crate) fn of_groups(&self) -> &Attributes {
        &self.groups
    }
}

/// The `properties` object of a set of attributes.
pub(crate) type Properties = Map<String, Value>;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    schema::routes(routes);
    types::routes(routes);
    linked::routes(routes);
    links::routes(routes);
}
