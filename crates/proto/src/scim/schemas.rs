//! The schemas we serve: User, Group, `EnterpriseUser` (RFC 7643 section 4), with what is true of this server.
//!
//! No `password`: it is taken and thrown away. No nested groups: members are people.

use serde_json::{Value, json};

use super::attribute::{Attribute, Kind, find};

/// A schema: a URN and its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it describes.
    pub description: &'static str,
    /// Its attributes.
    pub attributes: &'static [Attribute],
}

/// A type of resource: a core schema and its extensions at one endpoint (RFC 7643 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// `User` or `Group`.
    pub name: &'static str,
    /// Its endpoint below the base: `/Users`.
    pub endpoint: &'static str,
    /// What it is, for people.
    pub description: &'static str,
    /// Its core schema.
    pub core: &'static Schema,
    /// Extensions that we know the attributes of. Others are kept and returned as they come.
    pub extensions: &'static [&'static Schema],
}

const META: &[Attribute] = &[
    Attribute::text("resourceType", "The type of the resource.")
        .case_exact()
        .read_only(),
    Attribute::new("created", Kind::DateTime, "When it was made.").read_only(),
    Attribute::new("lastModified", Kind::DateTime, "When it last changed.").read_only(),
    Attribute::new("location", Kind::Reference, "Its address.")
        .read_only()
        .references(&["uri"]),
    Attribute::text("version", "Its version, as in the ETag header.")
        .case_exact()
        .read_only(),
];

/// What every resource has (RFC 7643 section 3.1), beside its schemas.
pub const COMMON: &[Attribute] = &[
    Attribute::new("schemas", Kind::Reference, "The schemas of the resource.")
        .multi()
        .required()
        .always()
        .references(&["uri"]),
    Attribute::text(
        "id",
        "The id we gave the resource; never given to another one.",
    )
    .case_exact()
    .read_only()
    .always()
    .unique(),
    Attribute::text(
        "externalId",
        "The id at the provisioning client; Okta sends its user id.",
    )
    .case_exact(),
    Attribute::complex("meta", "About the resource.", META).read_only(),
];

const NAME: &[Attribute] = &[
    Attribute::text("formatted", "The full name."),
    Attribute::text("familyName", "The family name, or last name."),
    Attribute::text("givenName", "The given name, or first name."),
    Attribute::text("middleName", "Middle names."),
    Attribute::text("honorificPrefix", "A title before the name."),
    Attribute::text("honorificSuffix", "A suffix after the name."),
];

const PRIMARY: Attribute = Attribute::new(
    "primary",
    Kind::Boolean,
    "Whether this is the preferred one; true at most once.",
);
const DISPLAY: Attribute = Attribute::text("display", "A text to show.");

/// Sub-attributes of a list whose values are text.
macro_rules! listed {
    ($value:expr, [$($kind:literal),*]) => {
        &[$value, DISPLAY, Attribute::text("type", "What it is used for.").canonical(&[$($kind),*]), PRIMARY]
    };
}

const EMAILS: &[Attribute] = listed!(
    Attribute::text("value", "The mail address."),
    ["work", "home", "other"]
);
const PHONES: &[Attribute] = listed!(
    Attribute::text("value", "The phone number."),
    ["work", "home", "mobile", "fax", "pager", "other"]
);
const IMS: &[Attribute] = listed!(Attribute::text("value", "The address."), []);
const PHOTOS: &[Attribute] = listed!(
    Attribute::new("value", Kind::Reference, "The address of the picture.")
        .references(&["external"]),
    ["photo", "thumbnail"]
);
const PLAIN: &[Attribute] = listed!(Attribute::text("value", "The value."), []);
const CERTIFICATES: &[Attribute] = listed!(
    Attribute::new("value", Kind::Binary, "The certificate, DER in base64."),
    []
);
const ADDRESSES: &[Attribute] = &[
    Attribute::text("formatted", "The whole address."),
    Attribute::text("streetAddress", "Street and number."),
    Attribute::text("locality", "The town."),
    Attribute::text("region", "The region."),
    Attribute::text("postalCode", "The postal code."),
    Attribute::text("country", "The country, ISO 3166-1 alpha-2."),
    Attribute::text("type", "What it is used for.").canonical(&["work", "home", "other"]),
    PRIMARY,
];
const USER_GROUPS: &[Attribute] = &[
    Attribute::text("value", "The id of the group.")
        .case_exact()
        .read_only(),
    Attribute::new("$ref", Kind::Reference, "The address of the group.")
        .read_only()
        .references(&["Group"]),
    Attribute::text("display", "The group's name.").read_only(),
    Attribute::text("type", "How the person is in it.")
        .read_only()
        .canonical(&["direct"]),
];

/// `urn:ietf:params:scim:schemas:core:2.0:User` (RFC 7643 section 4.1).
pub static USER_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:User",
    name: "User",
    description: "A person's account.",
    attributes: &[
        Attribute::text(
            "userName",
            "The login; unique in a connection, without regard to case.",
        )
        .required()
        .unique(),
        Attribute::complex("name", "The parts of the name.", NAME),
        Attribute::text("displayName", "The name to show."),
        Attribute::text("nickName", "The casual name."),
        Attribute::new("profileUrl", Kind::Reference, "A page about the person.")
            .references(&["external"]),
        Attribute::text("title", "The title, such as \"Vice President\"."),
        Attribute::text("userType", "The relation to the organisation."),
        Attribute::text(
            "preferredLanguage",
            "The preferred language, as in Accept-Language.",
        ),
        Attribute::text("locale", "The locale, such as en-US."),
        Attribute::text("timezone", "The time zone, such as Europe/Berlin."),
        Attribute::new(
            "active",
            Kind::Boolean,
            "Whether the person may sign in and hold roles.",
        ),
        Attribute::complex("emails", "Mail addresses.", EMAILS).multi(),
        Attribute::complex("phoneNumbers", "Phone numbers.", PHONES).multi(),
        Attribute::complex("ims", "Instant messaging addresses.", IMS).multi(),
        Attribute::complex("photos", "Pictures.", PHOTOS).multi(),
        Attribute::complex("addresses", "Postal addresses.", ADDRESSES).multi(),
        Attribute::complex("groups", "The groups the person is in.", USER_GROUPS)
            .multi()
            .read_only(),
        Attribute::complex(
            "entitlements",
            "Entitlements; kept, without effect here.",
            PLAIN,
        )
        .multi(),
        Attribute::complex(
            "roles",
            "Roles elsewhere; kept, without effect here.",
            PLAIN,
        )
        .multi(),
        Attribute::complex("x509Certificates", "Certificates.", CERTIFICATES).multi(),
    ],
};

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The id of the manager."),
    Attribute::new("$ref", Kind::Reference, "The address of the manager.").references(&["User"]),
    Attribute::text("displayName", "The manager's name."),
];

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User` (RFC 7643 section 4.3).
pub static ENTERPRISE_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "A person's place in an organisation.",
    attributes: &[
        Attribute::text("employeeNumber", "The number the organisation gave."),
        Attribute::text("costCenter", "The cost center."),
        Attribute::text("organization", "The organisation."),
        Attribute::text("division", "The division."),
        Attribute::text("department", "The department."),
        Attribute::complex("manager", "The manager.", MANAGER),
    ],
};

const MEMBERS: &[Attribute] = &[
    Attribute::text("value", "The id of the person.")
        .case_exact()
        .immutable(),
    Attribute::new("$ref", Kind::Reference, "The address of the person.")
        .immutable()
        .references(&["User"]),
    Attribute::text("display", "The person's name.").immutable(),
    Attribute::text("type", "Always User.")
        .immutable()
        .canonical(&["User"]),
];

/// `urn:ietf:params:scim:schemas:core:2.0:Group` (RFC 7643 section 4.2).
pub static GROUP_SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "A group of people.",
    attributes: &[
        Attribute::text(
            "displayName",
            "The group's name; unique in a connection, without regard to case.",
        )
        .required()
        .unique(),
        Attribute::complex("members", "The people in the group.", MEMBERS).multi(),
    ],
};

/// People.
pub static USER: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "People's accounts.",
    core: &USER_SCHEMA,
    extensions: &[&ENTERPRISE_SCHEMA],
};

/// Groups.
pub static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Groups of people.",
    core: &GROUP_SCHEMA,
    extensions: &[],
};

impl ResourceType {
    /// The attribute of that name in the core schema or among the common ones.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.core.attributes, name).or_else(|| find(COMMON, name))
    }

    /// The extension with that URN, without regard to case.
    #[must_use]
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions
            .iter()
            .copied()
            .find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }
}

impl Schema {
    /// Its document at `/Schemas/{id}` below `base` (RFC 7643 section 7).
    #[must_use]
    pub fn document(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::document).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}
