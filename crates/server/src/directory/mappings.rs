//! Mappings: the members of an Okta group get these roles.

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Result};
use super::groups::{self, GroupId};
use super::roles::{self, RoleId};
use super::state::touch;
use crate::actor::Permission;
use crate::app::Work;
use crate::audit;
use crate::db::{self, ConnectionId, Timestamp, values};

db::id! {
    /// One mapping.
    MappingId
}

/// The members of a group get these roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mapping {
    /// Its id.
    pub id: MappingId,
    /// The connection of the group.
    pub connection_id: ConnectionId,
    /// The group with us.
    pub group_id: GroupId,
    /// The group in Okta.
    pub okta_group_id: String,
    /// The group's name as last seen.
    pub group_name: String,
    /// The roles.
    pub roles: Vec<RoleId>,
    /// Since when it is paused: what it gave stays, nothing is given or taken.
    pub paused_at: Option<Timestamp>,
    /// The undo that paused it.
    pub paused_by: Option<Uuid>,
    /// Rises with each change; the `ETag`.
    pub version: i64,
}

#[derive(FromQueryResult)]
struct Row {
    id: MappingId,
    connection_id: ConnectionId,
    group_id: GroupId,
    okta_id: String,
    name: String,
    paused_at: Option<Timestamp>,
    paused_by: Option<Uuid>,
    version: i64,
}

#[derive(FromQueryResult)]
struct RoleRow {
    mapping_id: MappingId,
    role_id: RoleId,
}

/// The mappings of a connection, or all, by the group's Okta id.
pub async fn list(work: &Work, connection: Option<ConnectionId>) -> Result<Vec<Mapping>> {
    let sql = "SELECT m.id, m.connection_id, m.group_id, g.okta_id, g.name, m.paused_at, m.paused_by, m.version
        FROM mappings m JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
        WHERE m.tenant_id = $1 ORDER BY m.connection_id, g.okta_id";
    let rows: Vec<Row> = work.rows(sql, values![work.tenant]).await?;
    let sql = "SELECT mapping_id, role_id FROM mapping_roles WHERE tenant_id = $1 ORDER BY mapping_id, role_id";
    let roles: Vec<RoleRow> = work.rows(sql, values![work.tenant]).await?;
    let of = |id: MappingId| {
        let from = roles.partition_point(|row| row.mapping_id < id);
        roles
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|row| row.mapping_id == id)
            .map(|row| row.role_id)
            .collect()
    };
    let wanted = |row: &Row| connection.is_none_or(|connection| row.connection_id == connection);
    Ok(rows
        .into_iter()
        .filter(wanted)
        .map(|row| {
            let roles = of(row.id);
            mapping(row, roles)
        })
        .collect())
}

/// One mapping.
pub async fn find(work: &Work, id: MappingId) -> Result<Mapping> {
    let sql = "SELECT m.id, m.connection_id, m.group_id, g.okta_id, g.name, m.paused_at, m.paused_by, m.version
        FROM mappings m JOIN groups g ON g.tenant_id = m.tenant_id AND g.id = m.group_id
        WHERE m.tenant_id = $1 AND m.id = $2";
    let row: Row = work
        .row(sql, values![work.tenant, id])
        .await?
        .ok_or(Error::NotFound("mapping"))?;
    let sql = "SELECT mapping_id, role_id FROM mapping_roles WHERE tenant_id = $1 AND mapping_id = $2 ORDER BY role_id";
    let roles: Vec<RoleRow> = work.rows(sql, values![work.tenant, id]).await?;
    Ok(mapping(
        row,
        roles.into_iter().map(|role| role.role_id).collect(),
    ))
}

fn mapping(row: Row, roles: Vec<RoleId>) -> Mapping {
    let Row {
        id,
        connection_id,
        group_id,
        okta_id,
        name,
        paused_at,
        paused_by,
        version,
    } = row;
    Mapping {
        id,
        connection_id,
        group_id,
        okta_group_id: okta_id,
        group_name: name,
        roles,
        paused_at,
        paused_by,
        version,
    }
}

/// Maps a group to roles. The caller has made sure that the connection is one of the tenant's.
pub async fn create(
    work: &mut Work,
    connection: ConnectionId,
    okta_group_id: &str,
    name: Option<&str>,
    roles: &[RoleId],
    reason: &str,
) -> Result<Mapping> {
    work.actor.need(Permission::MappingsManage)?;
    let roles = delegable(work, roles, &[]).await?;
    let group = groups::ensure(work, connection, okta_group_id, name).await?;
    touch(work).await?;
    let sql =
        "SELECT 1 AS n FROM mappings WHERE tenant_id = $1 AND connection_id = $2 AND group_id = $3";
    if work
        .row::<One>(sql, values![work.tenant, connection, group.id])
        .await?
        .is_some()
    {
        return Err(Error::Taken {
            kind: "mapping of the group",
            name: group.name,
        });
    }
    let id: MappingId = work.id();
    let sql = "INSERT INTO mappings (tenant_id, id, connection_id, group_id, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 1, $5, $5)";
    work.run(
        sql,
        values![work.tenant, id, connection, group.id, work.now],
    )
    .await?;
    put_roles(work, id, &roles).await?;
    let mapping = find(work, id).await?;
    record(work, "mapping.created", &mapping, reason, &[]).await?;
    Ok(mapping)
}

#[derive(FromQueryResult)]
struct One {
    #[expect(dead_code, reason = "only whether there is one matters")]
    n: i32,
}

/// Changes the roles of a mapping, and pauses or resumes it. `version` guards against a change in between.
pub async fn update(
    work: &mut Work,
    id: MappingId,
    change: &Change,
    version: Option<i64>,
    reason: &str,
) -> Result<Mapping> {
    work.actor.need(Permission::MappingsManage)?;
    let before = find(work, id).await?;
    let roles = match &change.roles {
        Some(roles) => delegable(work, roles, &before.roles).await?,
        None => before.roles.clone(),
    };
    touch(work).await?;
    let paused_at = match change.paused {
        Some(true) => before.paused_at.or(Some(work.now)),
        Some(false) => None,
        None => before.paused_at,
    };
    let paused_by = paused_at.and(before.paused_by);
    let sql =
        "UPDATE mappings SET paused_at = $3, paused_by = $4, version = version + 1, updated_at = $5
        WHERE tenant_id = $1 AND id = $2 AND version = $6";
    let seen = version.unwrap_or(before.version);
    work.run_versioned(
        sql,
        values![work.tenant, id, paused_at, paused_by, work.now, seen],
    )
    .await?;
    put_roles(work, id, &roles).await?;
    let after = find(work, id).await?;
    record(work, "mapping.changed", &after, reason, &before.roles).await?;
    Ok(after)
}

/// What of a mapping is to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The roles.
    pub roles: Option<Vec<RoleId>>,
    /// Whether it is paused.
    pub paused: Option<bool>,
}

/// Deletes a mapping. The next run takes the roles it gave, under the guard.
pub async fn delete(work: &mut Work, id: MappingId, reason: &str) -> Result<()> {
    work.actor.need(Permission::MappingsManage)?;
    let before = find(work, id).await?;
    touch(work).await?;
    work.run(
        "DELETE FROM mapping_roles WHERE tenant_id = $1 AND mapping_id = $2",
        values![work.tenant, id],
    )
    .await?;
    work.run(
        "DELETE FROM mappings WHERE tenant_id = $1 AND id = $2",
        values![work.tenant, id],
    )
    .await?;
    // Mapped again one day, it is read anew.
    work.run(
        "UPDATE groups SET read_date = NULL, said_version = NULL WHERE tenant_id = $1 AND id = $2",
        values![work.tenant, before.group_id],
    )
    .await?;
    record(work, "mapping.deleted", &before, reason, &before.roles).await?;
    Ok(())
}

/// Pauses mappings on behalf of the undo `run`.
pub(crate) async fn pause(work: &Work, ids: &[MappingId], run: Uuid) -> db::Result<()> {
    let sql =
        "UPDATE mappings SET paused_at = $2, paused_by = $3, version = version + 1, updated_at = $2
        WHERE tenant_id = $1 AND paused_at IS NULL AND id IN ({ids})";
    super::bulk::by_id(work, sql, values![work.tenant, work.now, run], ids)
        .await
        .map(drop)
}

/// The roles, sorted, each once, refused when the actor lacks a permission of one that is new.
async fn delegable(work: &Work, roles: &[RoleId], before: &[RoleId]) -> Result<Vec<RoleId>> {
    if roles.is_empty() {
        return Err(Error::Invalid(
            "a mapping gives at least one role".to_owned(),
        ));
    }
    let mut roles = roles.to_vec();
    roles.sort_unstable();
    roles.dedup();
    for &role in &roles {
        let role = roles::find(work, role).await?;
        if !before.contains(&role.id) {
            roles::need_delegable(&work.actor, &role.permissions)?;
        }
    }
    Ok(roles)
}

async fn put_roles(work: &Work, id: MappingId, roles: &[RoleId]) -> Result<()> {
    work.run(
        "DELETE FROM mapping_roles WHERE tenant_id = $1 AND mapping_id = $2",
        values![work.tenant, id],
    )
    .await?;
    let rows = roles
        .iter()
        .map(|&role| values![work.tenant, id, role])
        .collect();
    super::bulk::insert(
        work,
        "INSERT INTO mapping_roles (tenant_id, mapping_id, role_id)",
        "",
        rows,
    )
    .await?;
    Ok(())
}

async fn record(
    work: &mut Work,
    action: &'static str,
    mapping: &Mapping,
    reason: &str,
    before: &[RoleId],
) -> Result<()> {
    let detail = json!({
        "connection": mapping.connection_id, "okta_group": mapping.okta_group_id, "group": mapping.group_name,
        "roles": mapping.roles, "roles_before": before, "paused": mapping.paused_at.is_some(),
    });
    audit::record(
        work,
        audit::Entry::new(action, ("mapping", mapping.id.to_string()), reason).detail(detail),
    )
    .await?;
    Ok(())
}
