//! Where a tenant's notices go: mail addresses and webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::Address;
use sea_orm::FromQueryResult;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{ChannelId, Error, Result, Topic, row};
use crate::actor::Permission;
use crate::app::Work;
use crate::audit;
use crate::db::{self, Timestamp, values};
use crate::outgoing::Outgoing;
use crate::vault::Sealed;

/// The column the webhooks' secrets are sealed for.
const SECRET: &str = "notice_channels.secret";

/// Most channels of a tenant.
const MOST: usize = 50;

/// How a channel is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// By mail.
    Mail,
    /// By a signed HTTP request.
    Webhook,
}

impl ChannelKind {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    pub(super) fn of(word: &str) -> Self {
        if word == "mail" {
            Self::Mail
        } else {
            Self::Webhook
        }
    }
}

/// One place where notices go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Channel {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: ChannelId,
    /// How it is reached.
    pub kind: ChannelKind,
    /// Its name for people.
    pub name: String,
    /// The mail address, or the webhook's URL.
    pub target: String,
    /// What it is told of; empty for everything but `grants.changed`.
    pub topics: Vec<Topic>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl Channel {
    /// Whether notices of this topic go here.
    #[must_use]
    pub fn wants(&self, topic: Topic) -> bool {
        if self.topics.is_empty() {
            topic.by_default()
        } else {
            self.topics.contains(&topic)
        }
    }
}

/// A channel to be added.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// How it is reached.
    pub kind: ChannelKind,
    /// A name for people.
    pub name: String,
    /// The mail address, or the webhook's URL.
    pub target: String,
    /// What it is told of; empty for everything but `grants.changed`.
    #[serde(default)]
    pub topics: Vec<Topic>,
}

/// A channel just added.
#[derive(Debug, Clone)]
pub struct Made {
    /// The channel.
    pub channel: Channel,
    /// What a webhook's receiver verifies signatures with (`whsec_...`); shown this once.
    pub secret: Option<SecretString>,
}

#[derive(FromQueryResult)]
struct Stored {
    id: ChannelId,
    kind: String,
    name: String,
    target: String,
    topics: Value,
    created_at: Timestamp,
}

impl From<Stored> for Channel {
    fn from(row: Stored) -> Self {
        Self {
            id: row.id,
            kind: ChannelKind::of(&row.kind),
            name: row.name,
            target: row.target,
            topics: serde_json::from_value(row.topics).unwrap_or_default(),
            created_at: row.created_at,
        }
    }
}

/// The tenant's channels, oldest first.
pub async fn list(work: &Work) -> db::Result<Vec<Channel>> {
    let sql = "SELECT id, kind, name, target, topics, created_at FROM notice_channels WHERE tenant_id = $1 ORDER BY id";
    let rows: Vec<Stored> = work.rows(sql, values![work.tenant]).await?;
    Ok(rows.into_iter().map(Channel::from).collect())
}

/// One channel.
pub(super) async fn find(work: &Work, id: ChannelId) -> Result<Channel> {
    let sql = "SELECT id, kind, name, target, topics, created_at FROM notice_channels WHERE tenant_id = $1 AND id = $2";
    let row: Option<Stored> = work.row(sql, values![work.tenant, id]).await?;
    row.map(Channel::from).ok_or(Error::NotFound)
}

/// Adds a channel. A webhook gets a secret of 256 bits, sealed here and shown once.
pub async fn add(work: &mut Work, draft: &Draft) -> Result<Made> {
    work.actor.need(Permission::SettingsManage)?;
    check(work, draft)?;
    if list(work).await?.len() >= MOST {
        return Err(Error::Invalid(format!(
            "a tenant has at most {MOST} notice channels"
        )));
    }
    let id: ChannelId = work.id();
    let key = work.random::<32>();
    let webhook = draft.kind == ChannelKind::Webhook;
    let sealed = webhook.then(|| work.seal(SECRET, row(id), &key).0);
    let (name, target) = (draft.name.trim(), draft.target.trim());
    let sql = "INSERT INTO notice_channels (tenant_id, id, kind, name, target, secret, topics, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let bound = values![
        work.tenant,
        id,
        draft.kind.word(),
        name,
        target,
        sealed,
        json!(draft.topics),
        work.now
    ];
    work.run(sql, bound).await?;
    let entry = audit::Entry::new(
        "notice-channel.added",
        ("notice-channel", id.to_string()),
        "a notice channel was added",
    )
    .detail(json!({ "kind": draft.kind, "name": name, "topics": draft.topics }));
    audit::record(work, entry).await?;
    let secret = webhook.then(|| SecretString::from(format!("whsec_{}", STANDARD.encode(key))));
    Ok(Made {
        channel: find(work, id).await?,
        secret,
    })
}

/// Removes a channel; what is on its way there is dropped.
pub async fn remove(work: &mut Work, id: ChannelId) -> Result<()> {
    work.actor.need(Permission::SettingsManage)?;
    let channel = find(work, id).await?;
    work.run(
        "DELETE FROM notice_channels WHERE tenant_id = $1 AND id = $2",
        values![work.tenant, id],
    )
    .await?;
    let entry = audit::Entry::new(
        "notice-channel.removed",
        ("notice-channel", id.to_string()),
        "a notice channel was removed",
    )
    .detail(json!({ "kind": channel.kind, "name": channel.name }));
    Ok(audit::record(work, entry).await?)
}

/// The key a webhook's deliveries are signed with.
pub(super) async fn signing_key(work: &Work, id: ChannelId) -> Result<Sealed> {
    #[derive(FromQueryResult)]
    struct Row {
        secret: Option<Sealed>,
    }
    let sql = "SELECT secret FROM notice_channels WHERE tenant_id = $1 AND id = $2";
    let row: Option<Row> = work.row(sql, values![work.tenant, id]).await?;
    row.and_then(|row| row.secret).ok_or(Error::NotFound)
}

/// Opens what [`signing_key`] gave.
pub(super) fn open(
    work: &Work,
    id: ChannelId,
    sealed: &Sealed,
) -> Result<secrecy::SecretSlice<u8>> {
    let opened = work
        .app()
        .vault()
        .open(work.tenant, SECRET, row(id), sealed);
    opened
        .map_err(|error| Error::Invalid(format!("the channel's secret cannot be opened: {error}")))
}

fn check(work: &Work, draft: &Draft) -> Result<()> {
    let name = draft.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::Invalid(
            "`name` must have 1 to 100 characters".to_owned(),
        ));
    }
    let target = draft.target.trim();
    match draft.kind {
        ChannelKind::Mail if target.parse::<Address>().is_err() => {
            Err(Error::Invalid("`target` must be a mail address".to_owned()))
        }
        ChannelKind::Mail => Ok(()),
        ChannelKind::Webhook => {
            let url = Url::parse(target)
                .map_err(|_| Error::Invalid("`target` must be an https address".to_owned()))?;
            Ok(work
                .app()
                .part::<Outgoing>()
                .cloned()
                .unwrap_or_default()
                .check(&url)?)
        }
    }
}
