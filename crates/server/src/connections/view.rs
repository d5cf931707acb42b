//! A connection as the API shows it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::keys::{Key, KeyState, Purpose};
use super::{Authentication, Connection, Job, Report, Scope, Status, authentication};
use crate::app::App;
use crate::db::{ConnectionId, Timestamp};

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct View {
    #[schema(value_type = uuid::Uuid)]
    id: ConnectionId,
    name: String,
    domain: String,
    /// The org's address and the issuer of its tokens.
    org_url: String,
    api_url: String,
    authorization_url: String,
    token_url: String,
    admin_url: String,
    /// Where Okta can read our public keys; for the app's "Use a URL to fetch keys dynamically".
    jwks_url: Option<String>,
    authentication: Authentication,
    client_id: Option<String>,
    jobs: Vec<Job>,
    /// The scopes that these jobs ask for.
    scopes: Vec<ScopeView>,
    /// Share of the org's rate limits, percent.
    rate_share: u8,
    status: Status,
    #[schema(value_type = String, format = DateTime)]
    status_since: Timestamp,
    status_why: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    tested_at: Option<Timestamp>,
    /// What the last test said.
    test: Option<Report>,
    /// Public halves of its keys.
    keys: Vec<KeyView>,
    version: i64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScopeView {
    name: &'static str,
    purpose: &'static str,
    /// Whether the jobs cannot be done without it.
    needed: bool,
}

/// The public half of a key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KeyView {
    purpose: Purpose,
    state: KeyState,
    kid: String,
    algorithm: String,
    jwk: Value,
    pem: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl KeyView {
    pub(super) fn new(key: Key) -> Self {
        Self {
            purpose: key.purpose,
            state: key.state,
            kid: key.kid,
            algorithm: key.algorithm,
            jwk: key.public_jwk,
            pem: key.public_pem,
            created_at: key.created_at,
        }
    }
}

impl View {
    pub(super) fn new(app: &App, connection: Connection, keys: Vec<Key>) -> Self {
        let scopes = if connection.authentication.has_client() {
            authentication::scopes(&connection.jobs)
        } else {
            Vec::new()
        };
        Self {
            domain: connection.domain.to_string(),
            org_url: connection.domain.org_url().to_owned(),
            api_url: connection.domain.api_url(),
            authorization_url: connection.domain.authorization_url(),
            token_url: connection.domain.token_url(),
            admin_url: connection.domain.admin_url(),
            jwks_url: connection
                .authentication
                .has_keys()
                .then(|| jwks_url(app, connection.id)),
            id: connection.id,
            name: connection.name,
            authentication: connection.authentication,
            client_id: connection.client_id,
            jobs: connection.jobs,
            scopes: scopes
                .into_iter()
                .map(
                    |Scope {
                         name,
                         purpose,
                         needed,
                     }| ScopeView {
                        name,
                        purpose,
                        needed,
                    },
                )
                .collect(),
            rate_share: connection.rate_share,
            status: connection.status,
            status_since: connection.status_since,
            status_why: connection.status_why,
            tested_at: connection.tested_at,
            test: connection.test,
            keys: keys.into_iter().map(KeyView::new).collect(),
            version: connection.version,
            created_at: connection.created_at,
            updated_at: connection.updated_at,
        }
    }
}

/// `{public}/connections/{connection}/jwks.json`.
#[must_use]
pub fn jwks_url(app: &App, id: ConnectionId) -> String {
    format!("{}/connections/{id}/jwks.json", public_url(app))
}

pub(super) fn public_url(app: &App) -> String {
    app.part::<crate::web::Options>()
        .cloned()
        .unwrap_or_default()
        .public_url
}
