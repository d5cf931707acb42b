//! Ids as types: UUID v7, `uuid` in PostgreSQL and 16 bytes in SQLite.

/// Declares an id newtype over a UUID that is a column type, prints as lower-case hyphenated text and parses back.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType, serde::Serialize,
            serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                uuid::Uuid::parse_str(text).map(Self)
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }
    };
}
pub(crate) use id;

id! {
    /// One organisation that uses a deployment; leads every key.
    TenantId
}
id! {
    /// A person of our directory.
    UserId
}
id! {
    /// One Okta org joined to a tenant.
    ConnectionId
}
id! {
    /// One job of the queue.
    JobId
}
id! {
    /// One signed-in browser.
    SessionId
}
