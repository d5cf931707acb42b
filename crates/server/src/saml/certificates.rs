//! The certificates of the identity provider that are pinned: several while it changes from one to another.

use keywright_proto::saml::Certificate;
use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Error, Result, change, settings, store};
use crate::app::Work;
use crate::connections;
use crate::db::{ConnectionId, Timestamp};

/// Most certificates of one identity provider.
const MOST: usize = 8;

/// A pinned certificate. It is trusted because it was put here, whatever its dates: they are warned of.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
pub struct Pinned {
    /// Its id with us.
    pub id: Uuid,
    /// The certificate: base64 of DER.
    pub certificate: String,
    /// SHA-256 of DER, in hexadecimal.
    pub fingerprint: String,
    /// Whom it names.
    pub subject: String,
    /// From when it says to be valid.
    #[schema(value_type = String, format = DateTime)]
    pub not_before: Timestamp,
    /// Until when.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
    /// When it was pinned.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
    /// The last warning that was given of its end, in days before it.
    #[serde(skip)]
    pub told_days: Option<i32>,
}

impl Pinned {
    pub(super) fn new(work: &Work, certificate: &Certificate) -> Self {
        Self {
            id: work.id(),
            certificate: certificate.base64(),
            fingerprint: certificate.fingerprint(),
            subject: certificate.subject().chars().take(500).collect(),
            not_before: Timestamp::from_jiff(certificate.not_before()),
            not_after: Timestamp::from_jiff(certificate.not_after()),
            added_at: work.now,
            told_days: None,
        }
    }
}

/// The pinned certificates of a connection, newest first.
pub async fn list(work: &Work, connection: ConnectionId) -> Result<Vec<Pinned>> {
    connections::find(work, connection).await?;
    Ok(store::certificates(work, connection).await?)
}

/// Pins one more: the identity provider is about to change to it.
pub async fn add(work: &mut Work, connection: ConnectionId, text: &str) -> Result<Pinned> {
    change::need_everything(&work.actor)?;
    settings::need(work, connection).await?;
    let pinned = Pinned::new(work, &Certificate::parse(text)?);
    let there = store::certificates(work, connection).await?;
    if there
        .iter()
        .any(|one| one.fingerprint == pinned.fingerprint)
    {
        return Err(Error::CertificateThere(pinned.fingerprint));
    }
    if there.len() >= MOST {
        return Err(Error::Invalid(format!(
            "at most {MOST} certificates are pinned at once: remove an old one first"
        )));
    }
    store::pin(work, connection, &pinned).await?;
    record(work, connection, "saml.certificate-added", &pinned).await?;
    Ok(pinned)
}

/// Takes one away; answers signed by it are refused from now on.
pub async fn remove(work: &mut Work, connection: ConnectionId, id: Uuid) -> Result<()> {
    change::need_everything(&work.actor)?;
    settings::need(work, connection).await?;
    let there = store::certificates(work, connection).await?;
    let Some(pinned) = there.iter().find(|one| one.id == id) else {
        return Err(Error::NoSuchCertificate);
    };
    if there.len() == 1 {
        return Err(Error::LastCertificate);
    }
    store::unpin(work, connection, id).await?;
    record(work, connection, "saml.certificate-removed", pinned).await
}

async fn record(
    work: &mut Work,
    connection: ConnectionId,
    action: &'static str,
    pinned: &Pinned,
) -> Result<()> {
    let detail = serde_json::json!({
        "fingerprint": pinned.fingerprint, "subject": pinned.subject, "not_after": pinned.not_after,
    });
    change::record(work, connection, action, "by hand", detail).await
}
