//! Why the directory refused.

use crate::actor::{Forbidden, Permission};
use crate::db;

/// Why the directory refused, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such thing in this tenant. Holds its kind: `user`.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The actor lacks a permission.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The actor would give away permissions that they do not hold themselves.
    #[error("nobody can give what they do not hold: you lack {}", join(.0))]
    Delegation(Vec<Permission>),
    /// A value will not do. Holds what and how to mend it.
    #[error("{0}")]
    Invalid(String),
    /// A name is taken already.
    #[error("there is a {kind} named `{name}` already")]
    Taken {
        /// Of what kind.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// Built-in roles are fixed.
    #[error("`{0}` is built in and cannot be changed; make a custom role instead")]
    BuiltIn(String),
    /// The role is still mapped.
    #[error("the role is used by {0} mappings: take it out of them first")]
    RoleMapped(i64),
    /// Nobody would be left to administer.
    #[error("this is the last admin able to sign in: give another person `admin` first")]
    LastAdmin,
    /// The grant comes from a mapping: the next run would give it again.
    #[error("this role comes from a mapping: change the mapping, or the group in Okta")]
    FromMapping,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The result of a directory call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn join(permissions: &[Permission]) -> String {
    permissions
        .iter()
        .map(|permission| permission.wire())
        .collect::<Vec<_>>()
        .join(", ")
}
