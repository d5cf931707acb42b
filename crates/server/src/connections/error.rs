//! Why something with a connection was refused or failed.

use super::{Authentication, DomainError};
use crate::db::{self, ConnectionId};
use crate::vault;

/// Why something with a connection was refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such connection in the tenant.
    #[error("there is no connection {0}")]
    NotFound(String),
    /// The address of the org cannot be used.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Name or org are those of another connection.
    #[error("a connection called `{name}`, or one to {domain}, is there already")]
    Taken {
        /// The name.
        name: String,
        /// The org.
        domain: String,
    },
    /// The name cannot be used.
    #[error("`{0}` cannot name a connection: give 1 to 100 characters")]
    BadName(String),
    /// The share cannot be used.
    #[error("a rate share of {0} % cannot be used: give 1 to 100")]
    BadShare(u32),
    /// The client id cannot be used.
    #[error(
        "`{0}` is no client id; it is shown on the app's General tab and looks like 0oa1bcde2FGHIJ3kl4m5"
    )]
    BadClientId(String),
    /// The API token cannot be used.
    #[error(
        "this is no API token: it is one word of about 42 letters and digits, shown once when it is made"
    )]
    BadToken,
    /// A field is given that the way of authentication does not know.
    #[error("{field} does not go with {}", authentication.word())]
    DoesNotGo {
        /// The field.
        field: &'static str,
        /// The way of authentication.
        authentication: Authentication,
    },
    /// A field is missing that the way of authentication needs.
    #[error("{field} is missing: {} needs it", authentication.word())]
    Missing {
        /// The field.
        field: &'static str,
        /// The way of authentication.
        authentication: Authentication,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] super::KeyError),
    /// The web app's secret cannot be used.
    #[error(
        "this is no client secret: it is one word of 64 letters, digits, - and _, shown on the app's General tab"
    )]
    BadSecret,
    /// A scope cannot be asked for.
    #[error("`{0}` is no scope of Okta's")]
    BadScope(String),
    /// An address to come back to that is not of this machine.
    #[error("`{0}` is no address of this machine such as http://127.0.0.1:8765/callback")]
    BadRedirect(String),
    /// What came back was not begun here, by this caller, in the last ten minutes.
    #[error("this sign-in was not begun here by you in the last ten minutes, or was used already")]
    StateUnknown,
    /// Okta gave no refresh token.
    #[error("Okta gave no refresh token")]
    NoRefreshToken,
    /// Nobody has consented yet.
    #[error("nobody has consented at Okta yet")]
    NoConsent,
    /// Another process refreshes, and does not come to an end.
    #[error("another process is refreshing the tokens and does not come to an end")]
    StillRefreshing,
    /// There is no new key that waits to take over.
    #[error("no new key waits: start with `connection rotate`")]
    NothingToFinish,
    /// The org does not take the new key yet; the old one stays in force.
    #[error("Okta does not take the new key yet ({0}); the old one stays in force")]
    NewKeyRefused(String),
    /// People have roles through it, or are about to get some.
    #[error(
        "the connection {name} is in use: {mappings} mappings, {grants} roles that people have through it"
    )]
    InUse {
        /// Its name.
        name: String,
        /// Mappings of its groups.
        mappings: usize,
        /// Grants that came by them.
        grants: i64,
    },
    /// It is not removed by force: its org answers.
    #[error(
        "the connection {0} works: what people have through it is ended by runs, under the guard"
    )]
    StillWorks(String),
    /// It takes a person's own credential.
    #[error("removing a connection by force takes a person's own credential")]
    NotPersonal,
    /// Mappings or grants could not be looked at.
    #[error(transparent)]
    Directory(#[from] crate::directory::Error),
    /// The connection is switched off.
    #[error("the connection {0} is switched off")]
    Disabled(String),
    /// The row holds what this program cannot read.
    #[error("the connection {id} has a {what} that this program cannot read")]
    Unreadable {
        /// Which one.
        id: ConnectionId,
        /// Which field.
        what: String,
    },
    /// A secret does not open.
    #[error("a secret of the connection does not open")]
    Sealed(#[from] vault::Error),
    /// The client for the org cannot be made.
    #[error("the client for the org cannot be made")]
    Client(#[source] Box<keywright_okta::Error>),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}
