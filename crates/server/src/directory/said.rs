//! What SCIM says, as far as the directory keeps it: groups beside those of Okta, and people who are forgotten.
//!
//! A group of SCIM is a group of ours with an id of its own (`scim-…`), as Okta does not send the group's id when it
//! pushes it. Where a client does say the id of an Okta group, that is its twin: who is in only one of the two gets
//! nothing by either.

use uuid::Uuid;

use super::bulk;
use super::error::Result;
use super::groups::{COLUMNS, Group, GroupId};
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

/// What the ids of groups begin with that SCIM says.
pub(crate) const MARK: &str = "scim-";
/// Their kind.
pub(crate) const KIND: &str = "SCIM_GROUP";

/// The id in the directory of a group that SCIM says.
pub(crate) fn group_id(scim_id: Uuid) -> String {
    format!("{MARK}{scim_id}")
}

/// Notes a group that SCIM says, or its new name. Its members are taken over by a run.
pub(crate) async fn group(
    work: &Work,
    connection: ConnectionId,
    scim_id: Uuid,
    name: &str,
    twin: Option<&str>,
) -> db::Result<()> {
    let sql = "INSERT INTO groups (tenant_id, id, connection_id, okta_id, name, name_key, description, kind, members, scim_id, twin, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, '', $7, 0, $8, $9, $10) ON CONFLICT (tenant_id, connection_id, okta_id)
        DO UPDATE SET name = excluded.name, name_key = excluded.name_key, twin = excluded.twin, seen_at = excluded.seen_at, gone_at = NULL";
    let mut bound = values![
        work.tenant,
        work.id::<GroupId>(),
        connection,
        group_id(scim_id),
        name,
        name.to_lowercase()
    ];
    bound.extend(values![KIND, scim_id, twin.map(str::to_owned), work.now]);
    work.run(sql, bound).await.map(drop)
}

/// Notes that SCIM removed a group. What its mapping gave is judged by a run.
pub(crate) async fn group_gone(
    work: &Work,
    connection: ConnectionId,
    scim_id: Uuid,
) -> db::Result<()> {
    let sql = "UPDATE groups SET gone_at = $4 WHERE tenant_id = $1 AND connection_id = $2 AND okta_id = $3";
    work.run(
        sql,
        values![work.tenant, connection, group_id(scim_id), work.now],
    )
    .await
    .map(drop)
}

/// All groups that SCIM says, removed ones too.
pub(crate) async fn groups(work: &Work, connection: ConnectionId) -> Result<Vec<Group>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND connection_id = $2 AND scim_id IS NOT NULL ORDER BY okta_id"
    );
    Ok(work.rows(&sql, values![work.tenant, connection]).await?)
}

/// The groups that SCIM says and that decide about roles: mapped, or the twin of one that is.
pub(crate) async fn deciding(work: &Work, connection: ConnectionId) -> Result<Vec<Group>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND connection_id = $2 AND scim_id IS NOT NULL AND
            (id IN (SELECT group_id FROM mappings WHERE tenant_id = $1 AND connection_id = $2)
             OR (gone_at IS NULL AND twin IN (SELECT o.okta_id FROM groups o JOIN mappings m ON m.tenant_id = o.tenant_id AND m.group_id = o.id
                 WHERE o.tenant_id = $1 AND o.connection_id = $2 AND o.scim_id IS NULL))) ORDER BY okta_id"
    );
    Ok(work.rows(&sql, values![work.tenant, connection]).await?)
}

/// Forgets groups that SCIM removed before `end` and that no mapping names.
pub(crate) async fn forget_groups(work: &Work, end: Timestamp) -> db::Result<u64> {
    let old = "SELECT id FROM groups WHERE tenant_id = $1 AND gone_at < $2 AND id NOT IN (SELECT group_id FROM mappings WHERE tenant_id = $1)";
    let sql = format!("DELETE FROM memberships WHERE tenant_id = $1 AND group_id IN ({old})");
    work.run(&sql, values![work.tenant, end]).await?;
    let sql = format!("DELETE FROM groups WHERE tenant_id = $1 AND id IN ({old})");
    work.run(&sql, values![work.tenant, end]).await
}

/// Forgets users who have no access any more. Gives how many there were.
pub(crate) async fn forget_users(work: &Work, users: &[UserId]) -> db::Result<u64> {
    if users.is_empty() {
        return Ok(0);
    }
    super::touch(work).await?;
    for sql in [
        "DELETE FROM grants WHERE tenant_id = $1 AND user_id IN ({ids})",
        "DELETE FROM memberships WHERE tenant_id = $1 AND user_id IN ({ids})",
        "DELETE FROM user_links WHERE tenant_id = $1 AND user_id IN ({ids})",
    ] {
        bulk::by_id(work, sql, values![work.tenant], users).await?;
    }
    let sql = "DELETE FROM users WHERE tenant_id = $1 AND kind = 'okta' AND id IN ({ids})";
    bulk::by_id(work, sql, values![work.tenant], users).await
}

/// Joins the user of one Okta id to another one, as an admin said that both are one person. Nothing when there is a user of
/// the other one already: two users are never made one.
pub(crate) async fn relink(
    work: &Work,
    connection: ConnectionId,
    was: &str,
    is: &str,
) -> db::Result<()> {
    super::touch(work).await?;
    let sql = "UPDATE user_links SET okta_id = $4 WHERE tenant_id = $1 AND connection_id = $2 AND okta_id = $3
        AND NOT EXISTS (SELECT 1 FROM user_links o WHERE o.tenant_id = $1 AND o.connection_id = $2 AND o.okta_id = $4)";
    work.run(sql, values![work.tenant, connection, was, is])
        .await
        .map(drop)
}
