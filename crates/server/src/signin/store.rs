//! Links and recovery codes in the database.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::links::{Link, LinkKind};
use crate::app::Work;
use crate::db::{self, Timestamp, UserId, values};

const LINK: &str = "id, kind, user_id, given_by, created_at, expires_at";

#[derive(FromQueryResult)]
struct LinkRow {
    id: Uuid,
    kind: String,
    user_id: Option<UserId>,
    given_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        Self {
            id: row.id,
            kind: match row.user_id {
                Some(user) if row.kind == "invite" => LinkKind::Invite(user),
                Some(user) => LinkKind::SignIn(user),
                None => LinkKind::FirstAdmin,
            },
            given_by: row.given_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

pub(super) async fn insert_link(work: &Work, link: &Link, hash: Vec<u8>) -> db::Result<()> {
    let sql = format!(
        "INSERT INTO sign_in_links (tenant_id, token_hash, {LINK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    );
    let bound = values![
        work.tenant,
        hash,
        link.id,
        link.kind.word(),
        link.kind.user(),
        link.given_by.as_str(),
        link.created_at,
        link.expires_at
    ];
    work.run(&sql, bound).await.map(drop)
}

/// The link of this hash that still works.
pub(super) async fn living_link(work: &Work, hash: Vec<u8>) -> db::Result<Option<Link>> {
    let sql = format!(
        "SELECT {LINK} FROM sign_in_links WHERE tenant_id = $1 AND token_hash = $2 AND ended_at IS NULL AND expires_at > $3"
    );
    let row: Option<LinkRow> = work.row(&sql, values![work.tenant, hash, work.now]).await?;
    Ok(row.map(Link::from))
}

/// Ends one link; true for the one caller who did.
pub(super) async fn end_link(work: &Work, id: Uuid) -> db::Result<bool> {
    let sql = "UPDATE sign_in_links SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    Ok(work.run(sql, values![work.tenant, id, work.now]).await? == 1)
}

/// Ends the links for the same end as `kind`.
pub(super) async fn end_links_like(work: &Work, kind: LinkKind) -> db::Result<()> {
    let mut bound = values![work.tenant, work.now];
    let whose = if let Some(user) = kind.user() {
        bound.push(user.into());
        "user_id = $3"
    } else {
        "user_id IS NULL"
    };
    let sql = format!(
        "UPDATE sign_in_links SET ended_at = $2 WHERE tenant_id = $1 AND ended_at IS NULL AND {whose}"
    );
    work.run(&sql, bound).await.map(drop)
}

pub(super) async fn insert_code(work: &Work, user: UserId, hash: Vec<u8>) -> db::Result<()> {
    let sql = "INSERT INTO recovery_codes (tenant_id, id, user_id, code_hash, created_at) VALUES ($1, $2, $3, $4, $5)";
    let bound = values![work.tenant, work.id::<Uuid>(), user, hash, work.now];
    work.run(sql, bound).await.map(drop)
}

pub(super) async fn delete_codes(work: &Work, user: UserId) -> db::Result<()> {
    let sql = "DELETE FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2";
    work.run(sql, values![work.tenant, user]).await.map(drop)
}

/// Uses up a code; true for the one caller who did.
pub(super) async fn use_code(work: &Work, user: UserId, hash: Vec<u8>) -> db::Result<bool> {
    let sql = "UPDATE recovery_codes SET used_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND code_hash = $3 AND used_at IS NULL";
    Ok(work
        .run(sql, values![work.tenant, user, hash, work.now])
        .await?
        == 1)
}

pub(super) async fn count_codes(work: &Work, user: UserId) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        n: i64,
    }
    let sql = "SELECT COUNT(*) AS n FROM recovery_codes WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL";
    let count: Option<Count> = work.row(sql, values![work.tenant, user]).await?;
    Ok(count.map_or(0, |count| count.n))
}
