//! What an address needs of who asks.

use crate::actor::Permission;

/// What an operation of the API or a page needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: anybody may call it.
    Nothing,
    /// A valid credential.
    Credential,
    /// This permission.
    Permission(Permission),
}

impl Need {
    /// Reads a permission's name, `self` for any valid credential, or `none`; `None` for what it cannot say.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::Nothing),
            "self" => Some(Self::Credential),
            name => name.parse().ok().map(Self::Permission),
        }
    }
}

impl From<Permission> for Need {
    fn from(permission: Permission) -> Self {
        Self::Permission(permission)
    }
}
