//! What an attribute is (RFC 7643 section 2 and section 7).

use serde_json::{Value, json};

/// The type of an attribute's values (RFC 7643 section 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// An instant, RFC 3339.
    DateTime,
    /// A URI.
    Reference,
    /// Base64.
    Binary,
    /// An object of sub-attributes.
    Complex,
}

impl Kind {
    fn wire(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Binary => "binary",
            Self::Complex => "complex",
        }
    }
}

/// Who may write an attribute (RFC 7643 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// The server only.
    ReadOnly,
    /// The client at any time.
    ReadWrite,
    /// The client once, with the value it belongs to.
    Immutable,
}

/// When an attribute is in an answer (RFC 7643 section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// In every answer.
    Always,
    /// Unless left out on request.
    Default,
}

/// One attribute of a schema.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the traits of RFC 7643 section 7 are booleans"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name as the RFC spells it.
    pub name: &'static str,
    /// The type of its values.
    pub kind: Kind,
    /// Whether it holds a list.
    pub multi: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether its text differs by case.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is in an answer.
    pub returned: Returned,
    /// Whether no two resources of a connection share a value.
    pub unique: bool,
    /// What it is, for people.
    pub description: &'static str,
    /// Values that are usual (others are taken too).
    pub canonical: &'static [&'static str],
    /// What a reference points to.
    pub references: &'static [&'static str],
    /// The sub-attributes of a complex attribute.
    pub sub: &'static [Attribute],
}

impl Attribute {
    /// A readable and writable attribute of one value; the other traits by the methods below.
    #[must_use]
    pub const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi: false,
            required: false,
            case_exact: matches!(kind, Kind::Reference | Kind::Binary | Kind::DateTime),
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            unique: false,
            description,
            canonical: &[],
            references: &[],
            sub: &[],
        }
    }

    /// A text without regard to case.
    #[must_use]
    pub const fn text(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    /// A complex attribute.
    #[must_use]
    pub const fn complex(
        name: &'static str,
        description: &'static str,
        sub: &'static [Attribute],
    ) -> Self {
        let mut made = Self::new(name, Kind::Complex, description);
        made.sub = sub;
        made
    }

    /// Holding a list.
    #[must_use]
    pub const fn multi(mut self) -> Self {
        self.multi = true;
        self
    }

    /// Required in a resource.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Differing by case.
    #[must_use]
    pub const fn case_exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// Written by the server only.
    #[must_use]
    pub const fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self
    }

    /// Written with the value it belongs to, and not again.
    #[must_use]
    pub const fn immutable(mut self) -> Self {
        self.mutability = Mutability::Immutable;
        self
    }

    /// In every answer.
    #[must_use]
    pub const fn always(mut self) -> Self {
        self.returned = Returned::Always;
        self
    }

    /// Unique in a connection.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// With usual values.
    #[must_use]
    pub const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical = values;
        self
    }

    /// Pointing to these.
    #[must_use]
    pub const fn references(mut self, types: &'static [&'static str]) -> Self {
        self.references = types;
        self
    }

    /// The sub-attribute of that name, without regard to case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }

    /// Its description in a `/Schemas` document (RFC 7643 section 7).
    #[must_use]
    pub fn document(&self) -> Value {
        let mut document = json!({
            "name": self.name,
            "type": self.kind.wire(),
            "multiValued": self.multi,
            "description": self.description,
            "required": self.required,
            "mutability": match self.mutability {
                Mutability::ReadOnly => "readOnly",
                Mutability::ReadWrite => "readWrite",
                Mutability::Immutable => "immutable",
            },
            "returned": match self.returned {
                Returned::Always => "always",
                Returned::Default => "default",
            },
        });
        let mut put = |name: &str, value: Value| {
            if let Some(members) = document.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        if matches!(self.kind, Kind::String | Kind::Reference | Kind::Binary) {
            put("caseExact", json!(self.case_exact));
            put(
                "uniqueness",
                json!(if self.unique { "server" } else { "none" }),
            );
        }
        if !self.canonical.is_empty() {
            put("canonicalValues", json!(self.canonical));
        }
        if self.kind == Kind::Reference {
            put("referenceTypes", json!(self.references));
        }
        if self.kind == Kind::Complex {
            put(
                "subAttributes",
                self.sub.iter().map(Self::document).collect(),
            );
        }
        document
    }
}

/// The attribute of that name, without regard to case (RFC 7643 section 2.1).
#[must_use]
pub fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}
