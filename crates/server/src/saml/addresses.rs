//! Where the service provider of a connection is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::db::ConnectionId;
use crate::web::Options;

/// What the identity provider is told of us. Okta's words for it stand behind each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Addresses {
    /// Our entity id (Okta: Audience URI, SP Entity ID). It is also where our metadata is.
    pub entity_id: String,
    /// Where answers go (Okta: Single sign-on URL, Recipient URL, Destination URL).
    pub acs_url: String,
    /// Where people begin to sign in.
    pub login_url: String,
    /// Our metadata.
    pub metadata_url: String,
}

impl Addresses {
    /// Of a connection, below the public address.
    #[must_use]
    pub fn of(app: &App, connection: ConnectionId) -> Self {
        Self::below(&Options::of(app).public_url, connection)
    }

    pub(super) fn below(public_url: &str, connection: ConnectionId) -> Self {
        let base = format!("{public_url}/connections/{connection}/saml");
        Self {
            entity_id: format!("{base}/metadata"),
            acs_url: format!("{base}/acs"),
            login_url: format!("{public_url}{}", login_path(connection)),
            metadata_url: format!("{base}/metadata"),
        }
    }
}

/// Where people begin to sign in, below the public address.
pub(super) fn login_path(connection: ConnectionId) -> String {
    format!("/connections/{connection}/saml/login")
}
