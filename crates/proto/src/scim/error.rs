//! Why a message was refused, as RFC 7644 section 3.12 tells it.

use serde_json::{Value, json};

/// The `scimType` of an error (RFC 7644 table 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScimType {
    /// The filter cannot be read, or uses what we do not filter by.
    InvalidFilter,
    /// The filter would give more than we are willing to.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// A read-only attribute, or the end of a required one.
    Mutability,
    /// The body is not of the form it should be.
    InvalidSyntax,
    /// The path of a PATCH operation cannot be read or names no attribute.
    InvalidPath,
    /// The path of a PATCH operation has no target.
    NoTarget,
    /// A value is missing or of the wrong type.
    InvalidValue,
    /// The version of the protocol is not ours.
    InvalidVers,
}

impl ScimType {
    /// The word on the wire.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
        }
    }
}

/// Why a message was refused. All of them are the client's to mend (400), except [`Error::TooLong`] (413).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The filter cannot be read.
    #[error("the filter cannot be used: {0}")]
    Filter(String),
    /// The path cannot be read.
    #[error("the path `{path}` cannot be used: {why}")]
    Path {
        /// The path as sent.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The path of an operation has no target.
    #[error("`{0}` has no target in this resource")]
    NoTarget(String),
    /// An attribute is read only, or may not be changed once given.
    #[error("`{0}` cannot be changed by a client")]
    ReadOnly(String),
    /// A required attribute would be gone.
    #[error("`{0}` is required and cannot be removed")]
    Required(String),
    /// A required attribute is missing or empty.
    #[error("`{0}` is missing: it is required")]
    Missing(String),
    /// A value is of the wrong type.
    #[error("`{attribute}` must be {wanted}")]
    Value {
        /// The attribute.
        attribute: String,
        /// What it takes.
        wanted: &'static str,
    },
    /// The body is not of the form it should be.
    #[error("the body cannot be understood: {0}")]
    Syntax(String),
    /// More than is taken at once.
    #[error("too much at once: at most {limit} {what}")]
    TooLong {
        /// How many are taken.
        limit: usize,
        /// Of what.
        what: &'static str,
    },
}

impl Error {
    /// The `scimType`, where table 9 has one.
    #[must_use]
    pub fn scim_type(&self) -> Option<ScimType> {
        Some(match self {
            Self::Filter(_) => ScimType::InvalidFilter,
            Self::Path { .. } => ScimType::InvalidPath,
            Self::NoTarget(_) => ScimType::NoTarget,
            Self::ReadOnly(_) | Self::Required(_) => ScimType::Mutability,
            Self::Missing(_) | Self::Value { .. } => ScimType::InvalidValue,
            Self::Syntax(_) => ScimType::InvalidSyntax,
            Self::TooLong { .. } => return None,
        })
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLong { .. } => 413,
            _ => 400,
        }
    }
}

/// The body of an error (RFC 7644 section 3.12): `status` is text there.
#[must_use]
pub fn body(status: u16, scim_type: Option<ScimType>, detail: &str) -> Value {
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": status.to_string(),
        "detail": detail,
    });
    if let (Some(scim_type), Some(members)) = (scim_type, body.as_object_mut()) {
        members.insert("scimType".to_owned(), json!(scim_type.wire()));
    }
    body
}
