//! Connections by a person's consent: an admin signs in to Okta once, and what they may do we may do within the scopes.
//!
//! ```text
//! ask ─► state (hash kept, bound to who asked), PKCE verifier (sealed) ─► Okta's pages ─► redirect URI ─► finish
//!    finish ─► exchange ─► tokens sealed ─► Stored: the client's store of them, shared by all processes
//! ```
//!
//! Okta: Implement OAuth for Okta; Refresh access tokens and rotate refresh tokens. RFC 6749 4.1, RFC 7636, RFC 9700.

mod ask;
mod scopes;
mod store;
mod stored;
#[cfg(test)]
pub(crate) mod tests;

use serde::Serialize;
use utoipa::ToSchema;

pub(super) use ask::set_secret;
pub use ask::{Asked, ask, finish};
pub(super) use scopes::check as check_scopes;
pub use scopes::{KnownScope, known};
pub(super) use store::{choose, delete};
pub(super) use stored::credentials;

use super::{Connection, Error};
use crate::app::{App, Work};
use crate::db::{ConnectionId, Timestamp};

/// How the consent of a connection stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Standing {
    /// `none`, `alive` or `ended`: then a person must sign in to Okta again.
    pub state: &'static str,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// What was granted.
    pub granted: Vec<String>,
    /// When somebody consented.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub consented_at: Option<Timestamp>,
    /// Where Okta sends the browser back to: to copy into the app's sign-in redirect URIs.
    pub redirect_uri: String,
    /// Whether the client secret is here.
    pub has_secret: bool,
}

/// How the consent of a connection stands.
pub async fn standing(work: &Work, id: ConnectionId) -> Result<Standing, Error> {
    let row = store::find(work, id).await?;
    let redirect_uri = redirect_uri(work.app());
    let Some(row) = row else {
        return Ok(Standing {
            state: "none",
            why: None,
            scopes: Vec::new(),
            granted: Vec::new(),
            consented_at: None,
            redirect_uri,
            has_secret: false,
        });
    };
    Ok(Standing {
        state: row.standing(),
        why: row
            .ended
            .as_deref()
            .map(|word| keywright_okta::Ended::of(word).to_string()),
        scopes: words(&row.scopes),
        granted: words(row.granted.as_deref().unwrap_or_default()),
        consented_at: row.consented_at,
        redirect_uri,
        has_secret: row.client_secret.is_some(),
    })
}

/// The scopes that were granted; none before anybody consented.
pub(super) async fn granted(work: &Work, connection: &Connection) -> Result<Vec<String>, Error> {
    let row = store::find(work, connection.id).await?;
    Ok(row
        .and_then(|row| row.granted)
        .map(|granted| words(&granted))
        .unwrap_or_default())
}

/// [`Error::NoConsent`] for a connection that lives by a consent and has none.
pub(super) async fn must_be(work: &Work, connection: &Connection) -> Result<(), Error> {
    if connection.authentication != super::Authentication::AuthorizationCode {
        return Ok(());
    }
    match store::find(work, connection.id).await? {
        Some(row) if row.standing() != "none" => Ok(()),
        _ => Err(Error::NoConsent),
    }
}

/// `{public}/connections/consent`.
#[must_use]
pub fn redirect_uri(app: &App) -> String {
    format!("{}/connections/consent", super::view::public_url(app))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
