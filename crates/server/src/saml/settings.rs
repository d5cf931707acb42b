//! What is set for signing in through a connection.

use keywright_proto::saml;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::certificates::Pinned;
use super::{Error, Result, store};
use crate::app::Work;
use crate::connections;
use crate::db::{ConnectionId, Timestamp};
use crate::directory::RoleId;

/// The attribute in which Okta's user id is looked for when nobody says otherwise.
pub(super) const OKTA_ID: &str = "oktaId";

/// How the browser takes our question to the identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// In an address (HTTP-Redirect).
    #[default]
    Redirect,
    /// In a form (HTTP-POST).
    Post,
}

impl Binding {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Redirect => "redirect",
            Self::Post => "post",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        if word == "post" {
            Self::Post
        } else {
            Self::Redirect
        }
    }
}

/// What must be signed. An assertion is never taken without a verified signature over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    /// The response or the assertion: Okta's usual app signs the response alone.
    #[default]
    Either,
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// Both: the strictest.
    Both,
}

impl Demand {
    pub(super) const ALL: [Self; 4] = [Self::Either, Self::Response, Self::Assertion, Self::Both];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Either => "either",
            Self::Response => "response",
            Self::Assertion => "assertion",
            Self::Both => "both",
        }
    }

    /// What cannot be read is the strictest.
    pub(super) fn of(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|one| one.word() == word);
        found.unwrap_or(Self::Both)
    }
}

impl From<Demand> for saml::Demand {
    fn from(demand: Demand) -> Self {
        match demand {
            Demand::Either => Self::Either,
            Demand::Response => Self::Response,
            Demand::Assertion => Self::Assertion,
            Demand::Both => Self::Both,
        }
    }
}

/// The identity provider, without its certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Idp {
    /// Its entity id (Okta: Issuer).
    pub entity_id: String,
    /// Where questions go by HTTP-Redirect (Okta: Sign-On URL).
    pub redirect_url: Option<String>,
    /// Where questions go by HTTP-POST (Okta: Sign-On URL).
    pub post_url: Option<String>,
}

/// What is set for signing in through a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The connection.
    pub connection: ConnectionId,
    /// Whether people may sign in this way.
    pub enabled: bool,
    /// The identity provider; none while its values are awaited.
    pub idp: Option<Idp>,
    /// How questions travel.
    pub binding: Binding,
    /// Where the identity provider's metadata came from, when it was fetched.
    pub metadata_url: Option<String>,
    /// When it was fetched last.
    pub metadata_at: Option<Timestamp>,
    /// What must be signed.
    pub demand: Demand,
    /// By how many seconds clocks may differ, 0 to 60.
    pub skew_seconds: i32,
    /// The attribute that carries Okta's user id.
    pub okta_id_attribute: String,
    /// Whether who is not known yet becomes a user by signing in.
    pub jit: bool,
    /// The role that they get.
    pub jit_role: Option<RoleId>,
    /// The names of the attributes that the last answer brought.
    pub attributes: Vec<String>,
    /// When somebody signed in last.
    pub signed_in_at: Option<Timestamp>,
    /// Rises with each change.
    pub version: i64,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Settings {
    pub(super) fn new(connection: ConnectionId, now: Timestamp) -> Self {
        Self {
            connection,
            enabled: true,
            idp: None,
            binding: Binding::default(),
            metadata_url: None,
            metadata_at: None,
            demand: Demand::default(),
            skew_seconds: 60,
            okta_id_attribute: OKTA_ID.to_owned(),
            jit: false,
            jit_role: None,
            attributes: Vec::new(),
            signed_in_at: None,
            version: 0,
            created_at: now,
            updated_at: now,
        }
    }

    /// Where the question goes by the binding that is set.
    pub(super) fn destination(&self) -> Option<&str> {
        let idp = self.idp.as_ref()?;
        match self.binding {
            Binding::Redirect => idp.redirect_url.as_deref(),
            Binding::Post => idp.post_url.as_deref(),
        }
    }

    /// The identity provider with its certificates, as answers are held against it. None while it is not complete.
    pub(super) fn provider(&self, pinned: &[Pinned]) -> Option<saml::IdentityProvider> {
        let idp = self.idp.as_ref()?;
        let certificates = pinned
            .iter()
            .filter_map(|one| saml::Certificate::parse(&one.certificate).ok())
            .collect();
        let (redirect, post) = (idp.redirect_url.as_deref(), idp.post_url.as_deref());
        saml::IdentityProvider::new(&idp.entity_id, redirect, post, certificates).ok()
    }
}

/// The settings of a connection; none before it was set up.
pub async fn find(work: &Work, connection: ConnectionId) -> Result<Option<Settings>> {
    connections::find(work, connection).await?;
    Ok(store::settings(work, connection).await?)
}

/// The settings of a connection that has some.
pub(super) async fn need(work: &Work, connection: ConnectionId) -> Result<Settings> {
    find(work, connection).await?.ok_or(Error::NotSetUp)
}
