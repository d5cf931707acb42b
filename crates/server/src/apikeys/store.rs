//! API keys in the database.

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::{Value, json};

use super::ApiKeyId;
use crate::actor::{Permission, Permissions};
use crate::app::Work;
use crate::db::{self, Timestamp, UserId, values};

/// Whether a key counts. A key of a person who lost access does not, whatever stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Neither expired nor revoked.
    Active,
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
}

/// A key as lists show it; its token is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Its id.
    #[schema(value_type = uuid::Uuid)]
    pub id: ApiKeyId,
    /// Whose it is.
    #[schema(value_type = uuid::Uuid)]
    pub owner_id: UserId,
    /// Its name for people.
    pub name: String,
    /// What it may do, as far as its owner may.
    pub permissions: Vec<Permission>,
    /// Whether it counts.
    pub state: State,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

#[derive(FromQueryResult)]
struct Row {
    id: ApiKeyId,
    owner_id: UserId,
    name: String,
    permissions: Value,
    access_epoch: i64,
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    told_days: Option<i32>,
}

const COLUMNS: &str = "id, owner_id, name, permissions, access_epoch, created_at, expires_at, last_used_at, revoked_at, told_days";

/// A key with what only this slice needs of it.
pub(super) struct Stored {
    pub(super) key: ApiKey,
    pub(super) epoch: i64,
    pub(super) told_days: Option<i32>,
}

impl Stored {
    fn of(row: Row, now: Timestamp) -> Self {
        let state = match row.revoked_at {
            Some(_) => State::Revoked,
            None if row.expires_at <= now => State::Expired,
            None => State::Active,
        };
        // A permission that this program does not know any more allows nothing.
        let names: Vec<String> = serde_json::from_value(row.permissions).unwrap_or_default();
        let permissions = names.iter().filter_map(|name| name.parse().ok()).collect();
        Self {
            key: ApiKey {
                id: row.id,
                owner_id: row.owner_id,
                name: row.name,
                permissions,
                state,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
                revoked_at: row.revoked_at,
            },
            epoch: row.access_epoch,
            told_days: row.told_days,
        }
    }
}

/// A key to be inserted.
pub(super) struct New<'a> {
    pub(super) owner: UserId,
    pub(super) name: &'a str,
    pub(super) hash: Vec<u8>,
    pub(super) permissions: &'a Permissions,
    pub(super) epoch: i64,
    pub(super) expires_at: Timestamp,
}

pub(super) async fn insert(work: &Work, new: &New<'_>) -> db::Result<ApiKeyId> {
    let id: ApiKeyId = work.id();
    let sql = "INSERT INTO api_keys
            (tenant_id, id, owner_id, name, token_hash, permissions, access_epoch, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let bound = values![
        work.tenant,
        id,
        new.owner,
        new.name,
        new.hash.clone(),
        json!(new.permissions),
        new.epoch,
        work.now,
        new.expires_at
    ];
    work.run(sql, bound).await?;
    Ok(id)
}

pub(super) async fn find(work: &Work, id: ApiKeyId) -> db::Result<Option<ApiKey>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 AND id = $2");
    let row: Option<Row> = work.row(&sql, values![work.tenant, id]).await?;
    Ok(row.map(|row| Stored::of(row, work.now).key))
}

pub(super) async fn by_hash(work: &Work, hash: Vec<u8>) -> db::Result<Option<Stored>> {
    let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 AND token_hash = $2");
    let row: Option<Row> = work.row(&sql, values![work.tenant, hash]).await?;
    Ok(row.map(|row| Stored::of(row, work.now)))
}

pub(super) async fn of_owner(work: &Work, owner: UserId) -> db::Result<Vec<ApiKey>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 AND owner_id = $2 ORDER BY id DESC LIMIT 500"
    );
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant, owner]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Stored::of(row, work.now).key)
        .collect())
}

pub(super) async fn all(work: &Work) -> db::Result<Vec<ApiKey>> {
    let sql =
        format!("SELECT {COLUMNS} FROM api_keys WHERE tenant_id = $1 ORDER BY id DESC LIMIT 500");
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Stored::of(row, work.now).key)
        .collect())
}

/// Living keys that expire before `end`.
pub(super) async fn expiring(work: &Work, end: Timestamp) -> db::Result<Vec<Stored>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM api_keys
         WHERE tenant_id = $1 AND expires_at > $2 AND expires_at <= $3 AND revoked_at IS NULL ORDER BY expires_at, id"
    );
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant, work.now, end]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Stored::of(row, work.now))
        .collect())
}

pub(super) async fn told(work: &Work, id: ApiKeyId, days: i32) -> db::Result<()> {
    let sql = "UPDATE api_keys SET told_days = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, days])
        .await
        .map(drop)
}

/// False when it was revoked before.
pub(super) async fn revoke(work: &Work, id: ApiKeyId) -> db::Result<bool> {
    let sql = "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL";
    Ok(work.run(sql, values![work.tenant, id, work.now]).await? == 1)
}

pub(super) async fn used(work: &Work, id: ApiKeyId) -> db::Result<()> {
    let sql = "UPDATE api_keys SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, work.now])
        .await
        .map(drop)
}
