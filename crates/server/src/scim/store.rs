//! The SQL of resources and members.

use std::collections::HashMap;

use keywright_proto::scim::matching::fold;
use keywright_proto::scim::schemas::{ResourceType, USER};
use keywright_proto::scim::{Resource, members::Member};
use sea_orm::{FromQueryResult, Value as Bound};
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};

/// Rows in one statement of many.
const CHUNK: usize = 500;

/// A resource as it is kept.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) of: &'static ResourceType,
    pub(super) name: String,
    pub(super) resource: Resource,
    pub(super) members: i64,
    pub(super) version: i64,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

#[derive(FromQueryResult)]
struct Raw {
    id: Uuid,
    name: String,
    resource: String,
    members: i64,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

pub(super) const COLUMNS: &str =
    "r.id, r.name, r.resource, r.members, r.version, r.created_at, r.updated_at";

fn read(of: &'static ResourceType, raw: Raw) -> Row {
    let Raw {
        id,
        name,
        resource,
        members,
        version,
        created_at,
        updated_at,
    } = raw;
    // What stands in the column was written by us.
    let resource = Resource::from_stored(serde_json::from_str(&resource).unwrap_or_default());
    Row {
        id,
        of,
        name,
        resource,
        members,
        version,
        created_at,
        updated_at,
    }
}

/// What names a resource: `userName` or `displayName`.
fn name(of: &'static ResourceType, resource: &Resource) -> String {
    let attribute = if *of == USER {
        "userName"
    } else {
        "displayName"
    };
    resource.text(attribute).unwrap_or_default().to_owned()
}

/// A living resource by id.
pub(super) async fn find(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    id: Uuid,
) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scim_resources r WHERE r.tenant_id = $1 AND r.id = $2 AND r.connection_id = $3 AND r.kind = $4 AND r.deleted_at IS NULL"
    );
    let raw = work
        .row::<Raw>(&sql, values![work.tenant, id, connection, of.name])
        .await?;
    Ok(raw.map(|raw| read(of, raw)))
}

/// Whether a living resource other than `but` has the name.
pub(super) async fn named(
    work: &Work,
    connection: ConnectionId,
    resource: &Resource,
    of: &'static ResourceType,
    but: Option<Uuid>,
) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.name_key = $4 AND r.deleted_at IS NULL"
    );
    let key = fold(&name(of, resource));
    let raw = work
        .row::<Raw>(&sql, values![work.tenant, connection, of.name, key])
        .await?;
    Ok(raw
        .filter(|raw| Some(raw.id) != but)
        .map(|raw| read(of, raw)))
}

/// A removed resource that is the same person or group: by external id, else by name.
pub(super) async fn removed(
    work: &Work,
    connection: ConnectionId,
    resource: &Resource,
    of: &'static ResourceType,
) -> db::Result<Option<Row>> {
    let base = format!(
        "SELECT {COLUMNS} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.deleted_at IS NOT NULL"
    );
    let last = "ORDER BY r.deleted_at DESC LIMIT 1";
    let external = resource.text("externalId");
    if let Some(external) = external {
        let sql = format!("{base} AND r.external_id = $4 {last}");
        let raw = work
            .row::<Raw>(&sql, values![work.tenant, connection, of.name, external])
            .await?;
        if let Some(raw) = raw {
            return Ok(Some(read(of, raw)));
        }
    }
    // Another external id means another person with an old name.
    let unless = if external.is_some() {
        "AND r.external_id IS NULL"
    } else {
        ""
    };
    let sql = format!("{base} AND r.name_key = $4 {unless} {last}");
    let key = fold(&name(of, resource));
    let raw = work
        .row::<Raw>(&sql, values![work.tenant, connection, of.name, key])
        .await?;
    Ok(raw.map(|raw| read(of, raw)))
}

/// Keeps a new resource.
pub(super) async fn insert(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    id: Uuid,
    resource: Resource,
) -> db::Result<Row> {
    let row = Row {
        id,
        of,
        name: name(of, &resource),
        resource,
        members: 0,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
    };
    let sql = "INSERT INTO scim_resources (tenant_id, id, connection_id, kind, name, name_key, external_id, active, \
               members, resource, folded, version, created_at, updated_at, deleted_at, inactive_since) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, 1, $11, $11, NULL, $12)";
    let bound = values![
        work.tenant,
        row.id,
        connection,
        of.name,
        row.name.as_str(),
        fold(&row.name),
        row.resource.text("externalId"),
        is_active(&row.resource),
        text(&row.resource),
        row.resource.folded(of),
        work.now,
        (!is_active(&row.resource)).then_some(work.now)
    ];
    work.run(sql, bound).await?;
    Ok(row)
}

/// Keeps what a resource has become (and brings a removed one back). Another version than `before`'s is
/// [`db::Error::Stale`].
pub(super) async fn update(work: &Work, before: &Row, resource: Resource) -> db::Result<Row> {
    let of = before.of;
    let after = Row {
        name: name(of, &resource),
        resource,
        version: before.version + 1,
        updated_at: work.now,
        ..before.clone()
    };
    let sql = "UPDATE scim_resources SET name = $3, name_key = $4, external_id = $5, active = $6, resource = $7, \
               folded = $8, version = version + 1, updated_at = $9, deleted_at = NULL, \
               inactive_since = CASE WHEN $6 THEN NULL ELSE COALESCE(inactive_since, $9) END \
               WHERE tenant_id = $1 AND id = $2 AND version = $10";
    let bound = values![
        work.tenant,
        after.id,
        after.name.as_str(),
        fold(&after.name),
        after.resource.text("externalId"),
        is_active(&after.resource),
        text(&after.resource),
        after.resource.folded(of),
        work.now,
        before.version
    ];
    work.run_versioned(sql, bound).await?;
    Ok(after)
}

/// Removes a resource and its memberships; the rest of it is kept for a return.
pub(super) async fn remove(work: &Work, row: &Row) -> db::Result<()> {
    let sql = "UPDATE scim_resources SET deleted_at = $3, members = 0, emptied = FALSE, version = version + 1 WHERE tenant_id = $1 AND id = $2 AND version = $4";
    work.run_versioned(sql, values![work.tenant, row.id, work.now, row.version])
        .await?;
    if *row.of == USER {
        let sql = "UPDATE scim_resources SET members = members - 1, version = version + 1, updated_at = $3 \
                   WHERE tenant_id = $1 AND id IN (SELECT group_id FROM scim_members WHERE tenant_id = $1 AND user_id = $2)";
        work.run(sql, values![work.tenant, row.id, work.now])
            .await?;
        let sql = "DELETE FROM scim_members WHERE tenant_id = $1 AND user_id = $2";
        work.run(sql, values![work.tenant, row.id]).await?;
    } else {
        let sql = "DELETE FROM scim_members WHERE tenant_id = $1 AND group_id = $2";
        work.run(sql, values![work.tenant, row.id]).await?;
    }
    Ok(())
}

/// A person whose client took `active` away is active, as one whose client never said it.
pub(super) fn is_active(resource: &Resource) -> bool {
    resource.flag("active").unwrap_or(true)
}

/// Has the groups of a person looked at again: with the person came back what they are a member of.
pub(super) async fn stir_groups(work: &Work, user: Uuid) -> db::Result<()> {
    let sql = "UPDATE scim_resources SET stirred = stirred + 1 WHERE tenant_id = $1 AND id IN \
               (SELECT group_id FROM scim_members WHERE tenant_id = $1 AND user_id = $2)";
    work.run(sql, values![work.tenant, user]).await.map(drop)
}

/// Another living person with this external id.
pub(super) async fn external(
    work: &Work,
    connection: ConnectionId,
    external_id: &str,
    but: Option<Uuid>,
) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = 'User' AND r.external_id = $3 AND r.deleted_at IS NULL"
    );
    let rows: Vec<Raw> = work
        .rows(&sql, values![work.tenant, connection, external_id])
        .await?;
    let other = rows.into_iter().find(|raw| Some(raw.id) != but);
    Ok(other.map(|raw| read(&USER, raw)))
}

/// Gives the members of a group to another, or the groups of a person to another one. Gives how many are new; groups
/// are counted here, the members of `to` by the caller.
pub(super) async fn move_ties(work: &Work, from: &Row, to: Uuid) -> db::Result<u64> {
    if *from.of == USER {
        let sql = "UPDATE scim_resources SET members = members + 1 WHERE tenant_id = $1 AND id IN \
                   (SELECT group_id FROM scim_members WHERE tenant_id = $1 AND user_id = $2) AND id NOT IN \
                   (SELECT group_id FROM scim_members WHERE tenant_id = $1 AND user_id = $3)";
        work.run(sql, values![work.tenant, from.id, to]).await?;
    }
    let (own, other) = if *from.of == USER {
        ("user_id", "group_id")
    } else {
        ("group_id", "user_id")
    };
    let sql = format!(
        "INSERT INTO scim_members (tenant_id, {own}, {other}, display, said_at) \
         SELECT tenant_id, $3, {other}, display, $4 FROM scim_members WHERE tenant_id = $1 AND {own} = $2 \
         ON CONFLICT (tenant_id, group_id, user_id) DO NOTHING"
    );
    work.run(&sql, values![work.tenant, from.id, to, work.now])
        .await
}

/// Changes the number of a group's members, and its version; `emptied`: whether all were taken at once.
pub(super) async fn count_members(
    work: &Work,
    group: &mut Row,
    by: i64,
    emptied: bool,
) -> db::Result<()> {
    // No condition on the version: two clients may each add a member.
    let sql = "UPDATE scim_resources SET members = members + $3, version = version + 1, updated_at = $4, \
               emptied = CASE WHEN $3 > 0 THEN FALSE WHEN $5 THEN TRUE ELSE emptied END WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, group.id, by, work.now, emptied])
        .await?;
    group.members += by;
    group.version += 1;
    group.updated_at = work.now;
    Ok(())
}

/// Adds members; gives how many were new.
pub(super) async fn add_members(
    work: &Work,
    group: Uuid,
    members: &[(Uuid, Member)],
) -> db::Result<u64> {
    let mut added = 0;
    for chunk in members.chunks(CHUNK) {
        let mut bound = values![work.tenant, group, work.now];
        let mut rows = Vec::with_capacity(chunk.len());
        for (id, member) in chunk {
            let at = bound.len();
            rows.push(format!("($1, $2, ${}, ${}, $3)", at + 1, at + 2));
            bound.push(Bound::from(*id));
            bound.push(Bound::from(member.display.clone()));
        }
        let sql = format!(
            "INSERT INTO scim_members (tenant_id, group_id, user_id, display, said_at) VALUES {} ON CONFLICT (tenant_id, group_id, user_id) DO NOTHING",
            rows.join(", ")
        );
        added += work.run(&sql, bound).await?;
    }
    Ok(added)
}

/// Takes members away; gives how many were there.
pub(super) async fn remove_members(work: &Work, group: Uuid, users: &[Uuid]) -> db::Result<u64> {
    let mut removed = 0;
    for chunk in users.chunks(CHUNK) {
        let mut bound = values![work.tenant, group];
        let places = places(&mut bound, chunk);
        let sql = format!(
            "DELETE FROM scim_members WHERE tenant_id = $1 AND group_id = $2 AND user_id IN ({places})"
        );
        removed += work.run(&sql, bound).await?;
    }
    Ok(removed)
}

/// All ids in a group, also of people we do not know yet.
pub(super) async fn member_ids(work: &Work, group: Uuid) -> db::Result<Vec<Uuid>> {
    #[derive(FromQueryResult)]
    struct Id {
        user_id: Uuid,
    }
    let sql = "SELECT user_id FROM scim_members WHERE tenant_id = $1 AND group_id = $2";
    let rows: Vec<Id> = work.rows(sql, values![work.tenant, group]).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

/// One end of a membership, seen from the other.
#[derive(FromQueryResult)]
pub(super) struct Tie {
    holder: Uuid,
    pub(super) id: Uuid,
    pub(super) display: String,
}

/// The members of groups, or the groups of people, by the id of the group or person: living ones of the connection only.
pub(super) async fn ties(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    holders: &[Uuid],
) -> db::Result<HashMap<Uuid, Vec<Tie>>> {
    let (holder, other, display) = if *of == USER {
        ("user_id", "group_id", "o.name")
    } else {
        ("group_id", "user_id", "COALESCE(m.display, o.name)")
    };
    let mut all: HashMap<Uuid, Vec<Tie>> = HashMap::new();
    for chunk in holders.chunks(CHUNK) {
        let mut bound = values![work.tenant, connection];
        let places = places(&mut bound, chunk);
        let sql = format!(
            "SELECT m.{holder} AS holder, o.id AS id, {display} AS display FROM scim_members m \
             JOIN scim_resources o ON o.tenant_id = m.tenant_id AND o.id = m.{other} AND o.connection_id = $2 AND o.deleted_at IS NULL \
             WHERE m.tenant_id = $1 AND m.{holder} IN ({places}) ORDER BY m.{other}"
        );
        for tie in work.rows::<Tie>(&sql, bound).await? {
            all.entry(tie.holder).or_default().push(tie);
        }
    }
    Ok(all)
}

/// How many living resources fulfil a condition (see [`super::condition`]); its values come after `tenant`,
/// `connection` and `kind`.
pub(super) async fn count(work: &Work, condition: &str, bound: Vec<Bound>) -> db::Result<u64> {
    #[derive(FromQueryResult)]
    struct Count {
        count: i64,
    }
    let sql =
        format!("SELECT COUNT(*) AS count FROM scim_resources r WHERE {LIVING} AND {condition}");
    let row: Option<Count> = work.row(&sql, bound).await?;
    Ok(row
        .and_then(|row| u64::try_from(row.count).ok())
        .unwrap_or(0))
}

/// Living resources that fulfil a condition, ordered, with what follows (LIMIT, OFFSET).
pub(super) async fn page(
    work: &Work,
    of: &'static ResourceType,
    rest: &str,
    bound: Vec<Bound>,
) -> db::Result<Vec<Row>> {
    let sql = format!("SELECT {COLUMNS} FROM scim_resources r WHERE {LIVING} AND {rest}");
    let rows: Vec<Raw> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(|raw| read(of, raw)).collect())
}

const LIVING: &str =
    "r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.deleted_at IS NULL";

fn places(bound: &mut Vec<Bound>, ids: &[Uuid]) -> String {
    let first = bound.len() + 1;
    bound.extend(ids.iter().map(|id| Bound::from(*id)));
    (first..=bound.len())
        .map(|at| format!("${at}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn text(resource: &Resource) -> String {
    serde_json::Value::Object(resource.members().clone()).to_string()
}
