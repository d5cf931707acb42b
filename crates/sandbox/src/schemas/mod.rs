//! Profile schemas and user types: what members a profile may have.

mod attribute;

use serde_json::{Map, Value};

pub(crate) use attribute::Attributes;

use crate::clock::Time;
use crate::store::{Kind, Table, Tail};

/// A user type with its schema.
#[derive(Clone, Debug)]
pub(crate) struct UserType {
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
    pub(crate) schema: Attributes,
}

/// All schemas of the org.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemas {
    pub(crate) types: Table<UserType>,
    groups: Attributes,
}

static NONE: std::sync::LazyLock<Attributes> = std::sync::LazyLock::new(Attributes::default);

impl Schemas {
    /// The schemas of a new org: the default user type, and groups with name and description.
    pub(crate) fn new(now: Time) -> Self {
        let mut schemas = Self::default();
        schemas.types.push(UserType {
            name: "user".to_owned(),
            display_name: "User".to_owned(),
            description: Some(
                "Okta user profile template with default permission settings".to_owned(),
            ),
            created: now.whole(),
            last_updated: now.whole(),
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

    /// What profiles of groups may hold beyond name and description.
    pub(crate) fn of_groups(&self) -> &Attributes {
        &self.groups
    }

    /// What profiles of groups may hold, to change.
    pub(crate) fn of_groups_mut(&mut self) -> &mut Attributes {
        &mut self.groups
    }
}

/// The `properties` object of a set of attributes.
pub(crate) type Properties = Map<String, Value>;
