//! Notices: what people must hear of (a held run, a failing connection, a key about to expire), by mail and webhook.
//!
//! ```text
//! send(&mut Work, Notice) -> notice + one delivery for each channel and recipient, each with a job   (one transaction)
//!                            job -> mail (SMTP) | webhook (Standard Webhooks, signed) -> sent, later again, failed
//! ```
//!
//! A notice exists exactly when its cause was committed. Webhooks carry `webhook-id`, the notice's id, which stays the
//! same when a delivery is tried again, so that a receiver can drop what it has seen (standardwebhooks.com, section
//! "Webhook headers").

mod channels;
mod deliver;
mod error;
mod mail;
mod routes;
mod store;
#[cfg(test)]
mod tests;
mod webhook;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, id, values};

pub use channels::{Channel, ChannelKind, Draft, Made, add, list, remove};
pub use deliver::{DELIVER_JOB, handlers, test};
pub use error::{Error, Result};
pub use mail::{Mailer, MailerError};
pub use routes::routes;
pub use store::{Delivery, list as deliveries};

id! {
    /// One notice.
    NoticeId
}
id! {
    /// One place of a tenant where notices go.
    ChannelId
}
id! {
    /// One notice on its way to one place.
    DeliveryId
}

/// The same thing is told once in so many hours.
const ONCE_IN_HOURS: i64 = 24;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Topic {
    /// A sync run is held for approval.
    #[serde(rename = "run.held")]
    RunHeld,
    /// A sync run failed.
    #[serde(rename = "run.failed")]
    RunFailed,
    /// A connection began to fail.
    #[serde(rename = "connection.failing")]
    ConnectionFailing,
    /// A connection works again.
    #[serde(rename = "connection.recovered")]
    ConnectionRecovered,
    /// A key, token or certificate will expire soon.
    #[serde(rename = "credential.expiring")]
    CredentialExpiring,
    /// Something else is amiss: a finding.
    #[serde(rename = "finding")]
    Finding,
    /// People's roles changed. Goes only to channels that ask for it by name.
    #[serde(rename = "grants.changed")]
    GrantsChanged,
    /// A test of a channel.
    #[serde(rename = "test")]
    Test,
}

impl Topic {
    /// All topics that a channel can ask for.
    pub const ALL: &[Self] = &[
        Self::RunHeld,
        Self::RunFailed,
        Self::ConnectionFailing,
        Self::ConnectionRecovered,
        Self::CredentialExpiring,
        Self::Finding,
        Self::GrantsChanged,
    ];

    /// Its name on the wire and in the database.
    #[must_use]
    pub fn wire(self) -> &'static str {
        match self {
            Self::RunHeld => "run.held",
            Self::RunFailed => "run.failed",
            Self::ConnectionFailing => "connection.failing",
            Self::ConnectionRecovered => "connection.recovered",
            Self::CredentialExpiring => "credential.expiring",
            Self::Finding => "finding",
            Self::GrantsChanged => "grants.changed",
            Self::Test => "test",
        }
    }

    /// Whether a channel that names no topics gets it.
    fn by_default(self) -> bool {
        !matches!(self, Self::GrantsChanged | Self::Test)
    }
}

/// Something people must hear of.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What it is about.
    pub topic: Topic,
    /// One line, for the mail's subject.
    pub subject: String,
    /// What happened, why, and the mend; plain text.
    pub body: String,
    /// Where in the console to go on, below the public address: `/runs/...`; may be empty.
    pub path: String,
    /// The same for programs: goes into the webhook's `data`. Never a secret.
    pub detail: Value,
    /// While a notice of this key is younger than a day, no second is sent (see [`forget`]).
    pub once: Option<String>,
    /// Mail addresses of those concerned, besides the tenant's channels.
    pub to: Vec<String>,
}

impl Notice {
    /// A notice to the tenant's channels.
    #[must_use]
    pub fn new(topic: Topic, subject: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            topic,
            subject: subject.into(),
            body: body.into(),
            path: String::new(),
            detail: json!({}),
            once: None,
            to: Vec::new(),
        }
    }

    /// With the page where to go on.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// With what programs need to know.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = detail;
        self
    }

    /// Told once a day at most under this key: `connection/<id>/failing`.
    #[must_use]
    pub fn once(mut self, key: impl Into<String>) -> Self {
        self.once = Some(key.into());
        self
    }

    /// Also by mail to these people.
    #[must_use]
    pub fn to(mut self, mails: impl IntoIterator<Item = String>) -> Self {
        self.to.extend(mails);
        self
    }
}

/// Sends a notice when the caller's work is committed. Gives nothing when one of the same `once` key went out within
/// the last day.
pub async fn send(work: &mut Work, notice: &Notice) -> db::Result<Option<NoticeId>> {
    if let Some(key) = &notice.once {
        work.lock(&format!("notice/{key}")).await?;
        let since = work.now.plus_seconds(-ONCE_IN_HOURS * 3_600);
        if store::told_since(work, key, since).await? {
            return Ok(None);
        }
    }
    let mut channels = list(work).await?;
    channels.retain(|channel| channel.wants(notice.topic));
    if channels.is_empty() && notice.topic == Topic::GrantsChanged {
        // It is for those who ask for it: roles change all day.
        return Ok(None);
    }
    let id = store::insert(work, notice).await?;
    let mut told: Vec<String> = Vec::new();
    for channel in channels {
        if channel.kind == ChannelKind::Mail {
            told.push(channel.target.to_lowercase());
        }
        schedule(work, id, Some(channel.id), channel.kind, &channel.target).await?;
    }
    for address in &notice.to {
        if !address.is_empty() && !told.contains(&address.to_lowercase()) {
            told.push(address.to_lowercase());
            schedule(work, id, None, ChannelKind::Mail, address).await?;
        }
    }
    Ok(Some(id))
}

/// Lets the next notice of this `once` key through at once: what it told of is over.
pub async fn forget(work: &mut Work, key: &str) -> db::Result<()> {
    let sql = "UPDATE notices SET once_key = NULL WHERE tenant_id = $1 AND once_key = $2";
    work.run(sql, values![work.tenant, key]).await.map(drop)
}

async fn schedule(
    work: &mut Work,
    notice: NoticeId,
    channel: Option<ChannelId>,
    kind: ChannelKind,
    target: &str,
) -> db::Result<()> {
    let delivery = store::insert_delivery(work, notice, channel, kind, target).await?;
    deliver::enqueue(work, delivery, work.now).await
}

/// A row's id for the vault.
fn row(id: ChannelId) -> Uuid {
    id.0
}
