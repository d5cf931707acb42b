//! What admins see of the SAML settings of a connection.

use keywright_proto::saml::{Certificate, ServiceProvider};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::addresses::Addresses;
use super::certificates::Pinned;
use super::keys::{Key, KeyState};
use super::settings::{Binding, Demand, Idp, Settings};
use super::{Error, Result, desk, store};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections;
use crate::db::{ConnectionId, TenantId, Timestamp};
use crate::sessions;

/// How signing in through a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not set up.
    None,
    /// Set up, but the identity provider's values are awaited.
    Waits,
    /// People can sign in.
    Ready,
    /// Switched off here, or for the whole tenant.
    Off,
}

/// One of our keys, as the identity provider is given it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KeyView {
    /// Its id.
    pub id: Uuid,
    /// Whether it signs now.
    pub state: KeyState,
    /// Its certificate as PEM.
    pub certificate_pem: String,
    /// SHA-256 of the certificate, in hexadecimal.
    pub fingerprint: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Signing in through a connection: what to give the identity provider, and what is set.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct View {
    /// How it stands.
    pub standing: Standing,
    /// What to give the identity provider.
    #[serde(flatten)]
    pub addresses: Addresses,
    /// Whether people may sign in this way.
    pub enabled: bool,
    /// Whether the tenant lets people in through Okta at all (Settings, Sign-in rules).
    pub sso_allowed: bool,
    /// The identity provider; none while its values are awaited.
    pub idp: Option<Idp>,
    /// How questions travel.
    pub binding: Binding,
    /// Where the identity provider's metadata was fetched from.
    pub idp_metadata_url: Option<String>,
    /// When it was fetched last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub idp_metadata_at: Option<Timestamp>,
    /// What must be signed.
    pub demand: Demand,
    /// By how many seconds clocks may differ.
    pub clock_skew_seconds: i32,
    /// The attribute in which Okta's user id is looked for (Okta: Attribute Statements, value `user.id`).
    pub okta_id_attribute: String,
    /// Whether who is not known yet becomes a user by signing in.
    pub jit: bool,
    /// The role that they get.
    #[schema(value_type = Option<Uuid>)]
    pub jit_role: Option<crate::directory::RoleId>,
    /// The names of the attributes that the last answer brought.
    pub attributes: Vec<String>,
    /// When somebody signed in last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signed_in_at: Option<Timestamp>,
    /// The identity provider's certificates that are pinned, newest first.
    pub certificates: Vec<Pinned>,
    /// Our keys: the current one first.
    pub keys: Vec<KeyView>,
    /// Rises with each change; 0 when nothing is set.
    pub version: i64,
}

/// Signing in through a connection, as admins see it.
pub async fn view(work: &Work, connection: ConnectionId) -> Result<View> {
    connections::find(work, connection).await?;
    let found = store::settings(work, connection).await?;
    let certificates = store::certificates(work, connection).await?;
    let keys = super::keys(work, connection).await?;
    let sso_allowed = sessions::rules(work).await?.sso;
    let standing = match &found {
        None => Standing::None,
        Some(settings) if !settings.enabled || !sso_allowed => Standing::Off,
        Some(settings) if settings.idp.is_none() => Standing::Waits,
        Some(_) => Standing::Ready,
    };
    let settings = found.unwrap_or_else(|| Settings::new(connection, work.now));
    Ok(View {
        standing,
        addresses: Addresses::of(work.app(), connection),
        enabled: settings.enabled,
        sso_allowed,
        idp: settings.idp,
        binding: settings.binding,
        idp_metadata_url: settings.metadata_url,
        idp_metadata_at: settings.metadata_at,
        demand: settings.demand,
        clock_skew_seconds: settings.skew_seconds,
        okta_id_attribute: settings.okta_id_attribute,
        jit: settings.jit,
        jit_role: settings.jit_role,
        attributes: settings.attributes,
        signed_in_at: settings.signed_in_at,
        certificates,
        keys: keys.iter().map(key).collect::<Result<_>>()?,
        version: settings.version,
    })
}

fn key(key: &Key) -> Result<KeyView> {
    Ok(KeyView {
        id: key.id,
        state: key.state,
        certificate_pem: pem(&key.certificate),
        fingerprint: Certificate::parse(&key.certificate)?.fingerprint(),
        created_at: key.created_at,
    })
}

/// PEM as RFC 7468 section 2 has it: 64 signs a line.
fn pem(base64: &str) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for (at, sign) in base64.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            text.push('\n');
        }
        text.push(sign);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

/// Our metadata: what an identity provider reads of us. During a rotation both certificates sign, the new one is for
/// encryption already, as both keys can open what is encrypted.
pub async fn metadata(work: &Work, connection: ConnectionId) -> Result<String> {
    let settings = super::settings::need(work, connection).await?;
    let keys = super::keys(work, connection).await?;
    let certificates = keys
        .iter()
        .map(|key| Certificate::parse(&key.certificate))
        .collect::<Result<Vec<_>, _>>()?;
    let addresses = Addresses::of(work.app(), connection);
    let signing: Vec<&Certificate> = certificates.iter().collect();
    let provider = ServiceProvider {
        entity_id: &addresses.entity_id,
        acs: &addresses.acs_url,
        signing: &signing,
        encryption: certificates.last(),
        want_assertions_signed: matches!(settings.demand, Demand::Assertion | Demand::Both),
    };
    Ok(provider.metadata())
}

/// The same for everybody, at its address. A connection without SAML has none.
pub(super) async fn public_metadata(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<String, Error> {
    let work = app.read(&Actor::system(tenant, desk::ACTOR)).await?;
    metadata(&work, connection).await
}
