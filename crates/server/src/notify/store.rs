//! Notices and their deliveries in the database.

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::Value;

use super::{ChannelId, ChannelKind, DeliveryId, Notice, NoticeId};
use crate::app::Work;
use crate::db::{self, Timestamp, values};

/// A notice on its way to one place, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: DeliveryId,
    /// The notice.
    #[schema(value_type = uuid::Uuid)]
    pub notice_id: NoticeId,
    /// What the notice is about.
    pub topic: String,
    /// Its subject.
    pub subject: String,
    /// `mail` or `webhook`.
    pub kind: String,
    /// Where it goes.
    pub target: String,
    /// `waiting`, `sent` or `failed`.
    pub state: String,
    /// Tries so far.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was or will be tried next.
    #[schema(value_type = String, format = DateTime)]
    pub next_at: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was sent or given up.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_at: Option<Timestamp>,
}

/// What a delivery needs to be made.
#[derive(Debug, FromQueryResult)]
pub(super) struct Due {
    pub(super) id: DeliveryId,
    pub(super) notice_id: NoticeId,
    pub(super) channel_id: Option<ChannelId>,
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) attempts: i32,
    pub(super) topic: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) path: String,
    pub(super) detail: Value,
    pub(super) created_at: Timestamp,
}

pub(super) async fn told_since(work: &Work, key: &str, since: Timestamp) -> db::Result<bool> {
    #[derive(FromQueryResult)]
    struct Found {
        #[expect(dead_code, reason = "that there is a row says it")]
        topic: String,
    }
    let sql = "SELECT topic FROM notices WHERE tenant_id = $1 AND once_key = $2 AND created_at > $3 LIMIT 1";
    Ok(work
        .row::<Found>(sql, values![work.tenant, key, since])
        .await?
        .is_some())
}

pub(super) async fn insert(work: &Work, notice: &Notice) -> db::Result<NoticeId> {
    let id: NoticeId = work.id();
    let sql = "INSERT INTO notices (tenant_id, id, topic, once_key, subject, body, path, detail, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let bound = values![
        work.tenant,
        id,
        notice.topic.wire(),
        notice.once.clone(),
        notice.subject.clone(),
        notice.body.clone(),
        notice.path.clone(),
        notice.detail.clone(),
        work.now
    ];
    work.run(sql, bound).await?;
    Ok(id)
}

pub(super) async fn insert_delivery(
    work: &Work,
    notice: NoticeId,
    channel: Option<ChannelId>,
    kind: ChannelKind,
    target: &str,
) -> db::Result<DeliveryId> {
    let id: DeliveryId = work.id();
    let sql = "INSERT INTO notice_deliveries
            (tenant_id, id, notice_id, channel_id, kind, target, state, attempts, next_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7)";
    let bound = values![
        work.tenant,
        id,
        notice,
        channel.map(|id| id.0),
        kind.word(),
        target,
        work.now
    ];
    work.run(sql, bound).await?;
    Ok(id)
}

/// The delivery, while it waits.
pub(super) async fn due(work: &Work, id: DeliveryId) -> db::Result<Option<Due>> {
    let sql = "SELECT d.id, d.notice_id, d.channel_id, d.kind, d.target, d.attempts,
            n.topic, n.subject, n.body, n.path, n.detail, n.created_at
        FROM notice_deliveries d JOIN notices n ON n.tenant_id = d.tenant_id AND n.id = d.notice_id
        WHERE d.tenant_id = $1 AND d.id = $2 AND d.state = 'waiting'";
    work.row(sql, values![work.tenant, id]).await
}

pub(super) async fn sent(work: &Work, id: DeliveryId) -> db::Result<()> {
    let sql = "UPDATE notice_deliveries SET state = 'sent', attempts = attempts + 1, last_error = NULL, done_at = $3
        WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, work.now])
        .await
        .map(drop)
}

pub(super) async fn failed(work: &Work, id: DeliveryId, why: &str) -> db::Result<()> {
    let sql = "UPDATE notice_deliveries SET state = 'failed', attempts = attempts + 1, last_error = $3, done_at = $4
        WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, why, work.now])
        .await
        .map(drop)
}

pub(super) async fn later(
    work: &Work,
    id: DeliveryId,
    why: &str,
    next: Timestamp,
) -> db::Result<()> {
    let sql = "UPDATE notice_deliveries SET attempts = attempts + 1, last_error = $3, next_at = $4
        WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, why, next])
        .await
        .map(drop)
}

/// Deliveries, newest first, from behind `after`.
pub async fn list(work: &Work, after: Option<DeliveryId>, rows: i64) -> db::Result<Vec<Delivery>> {
    let before = after.map_or(uuid::Uuid::max(), |id| id.0);
    let sql = "SELECT d.id, d.notice_id, n.topic, n.subject, d.kind, d.target, d.state, d.attempts, d.last_error,
            d.next_at, d.created_at, d.done_at
        FROM notice_deliveries d JOIN notices n ON n.tenant_id = d.tenant_id AND n.id = d.notice_id
        WHERE d.tenant_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3";
    work.rows(sql, values![work.tenant, before, rows]).await
}
