//! The SQL of resources.

use keywright_proto::scim::Resource;
use keywright_proto::scim::matching::fold;
use keywright_proto::scim::schemas::{ResourceType, USER};
use sea_orm::{FromQueryResult, Value as Bound};
use uuid::Uuid;

use super::said;
use super::ties::Tie;
use crate::app::Work;
use crate::db::{self, ConnectionId, Engine, Timestamp, values};

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
    /// The groups of a person, as of when it was read; not of a group, and not when they have changed since.
    pub(super) ties: Option<Vec<Tie>>,
    /// Whether roles or access may follow from what was just written of it.
    pub(super) is_news: bool,
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
    ties: Option<String>,
}

/// The columns of a row; of a person with their groups as JSON, `[[id, name], …]`, so that it takes no second statement.
fn columns(work: &Work, of: &ResourceType) -> String {
    let ties = match work.engine() {
        _ if *of != USER => "CAST(NULL AS TEXT)".to_owned(),
        Engine::Sqlite => {
            groups_of("json_group_array(json_array(hex(o.id), o.name) ORDER BY o.id)")
        }
        Engine::Postgres => {
            groups_of("CAST(json_agg(json_build_array(o.id, o.name) ORDER BY o.id) AS TEXT)")
        }
    };
    format!(
        "r.id, r.name, r.resource, r.members, r.version, r.created_at, r.updated_at, {ties} AS ties"
    )
}

fn groups_of(gathered: &str) -> String {
    format!(
        "(SELECT {gathered} FROM scim_members m JOIN scim_resources o ON o.tenant_id = m.tenant_id AND o.id = m.group_id \
         AND o.connection_id = r.connection_id AND o.deleted_at IS NULL WHERE m.tenant_id = r.tenant_id AND m.user_id = r.id)"
    )
}

/// Groups as the statement gathered them; none is NULL or an empty list.
fn gathered(ties: Option<&str>) -> Vec<Tie> {
    let all: Vec<(Uuid, String)> = ties
        .and_then(|ties| serde_json::from_str(ties).ok())
        .unwrap_or_default();
    all.into_iter()
        .map(|(id, display)| Tie { id, display })
        .collect()
}

fn read(of: &'static ResourceType, raw: Raw) -> Row {
    let Raw {
        id,
        name,
        resource,
        members,
        version,
        created_at,
        updated_at,
        ties,
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
        ties: (*of == USER).then(|| gathered(ties.as_deref())),
        is_news: false,
    }
}

/// What names a resource: `userName` or `displayName`.
pub(super) fn name(of: &'static ResourceType, resource: &Resource) -> String {
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
    found(work, connection, of, id, "").await
}

/// A living resource by id, to be changed: on PostgreSQL whoever else would change it waits for its turn (`SQLite` has
/// one writer anyway).
pub(super) async fn find_to_change(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    id: Uuid,
) -> db::Result<Option<Row>> {
    let lock = match work.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => "FOR UPDATE OF r",
    };
    found(work, connection, of, id, lock).await
}

async fn found(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    id: Uuid,
    lock: &str,
) -> db::Result<Option<Row>> {
    let columns = columns(work, of);
    let sql = format!(
        "SELECT {columns} FROM scim_resources r WHERE r.tenant_id = $1 AND r.id = $2 AND r.connection_id = $3 AND r.kind = $4 AND r.deleted_at IS NULL {lock}"
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
    let columns = columns(work, of);
    let sql = format!(
        "SELECT {columns} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.name_key = $4 AND r.deleted_at IS NULL"
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
    let columns = columns(work, of);
    let base = format!(
        "SELECT {columns} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.deleted_at IS NOT NULL"
    );
    let last = "ORDER BY r.deleted_at DESC LIMIT 1";
    let external = resource.text("externalId");
    if let Some(external) = external {
        let sql = format!("{base} AND r.external_id = $4 {last}");
        let raw = work
            .row::<Raw>(&sql, values![work.tenant, connection, of.name, external])
            .await?;
        if let Some(raw) = raw {
            return Ok(Some(back(of, raw)));
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
    Ok(raw.map(|raw| back(of, raw)))
}

/// A removed resource: that it is there again is news.
fn back(of: &'static ResourceType, raw: Raw) -> Row {
    Row {
        is_news: true,
        ..read(of, raw)
    }
}

/// Keeps a new resource.
pub(super) async fn insert(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    id: Uuid,
    resource: Resource,
) -> db::Result<Row> {
    let row = new(work, of, id, resource);
    let sql = format!("{INSERT} VALUES ({VALUES})");
    work.run(&sql, new_values(work, connection, &row)).await?;
    Ok(row)
}

/// Keeps a new resource, in one statement, if nobody can be in its way: no other, living or removed, has its name or
/// external id. Gives the resource back when somebody may be.
pub(super) async fn insert_if_free(
    work: &Work,
    connection: ConnectionId,
    of: &'static ResourceType,
    resource: Resource,
) -> db::Result<Result<Row, Resource>> {
    let row = new(work, of, work.id(), resource);
    // Two looks by name: living and removed ones have an index each.
    let sql = format!(
        "{INSERT} SELECT {VALUES} WHERE NOT EXISTS (SELECT 1 FROM scim_resources r WHERE {HERE} AND r.name_key = $6 AND r.deleted_at IS NULL) \
         AND NOT EXISTS (SELECT 1 FROM scim_resources r WHERE {HERE} AND r.name_key = $6 AND r.deleted_at IS NOT NULL) \
         AND NOT EXISTS (SELECT 1 FROM scim_resources r WHERE {HERE} AND r.external_id = $7) ON CONFLICT DO NOTHING"
    );
    let made = work.run(&sql, new_values(work, connection, &row)).await?;
    Ok(if made == 1 {
        Ok(row)
    } else {
        Err(row.resource)
    })
}

const INSERT: &str = "INSERT INTO scim_resources (tenant_id, id, connection_id, kind, name, name_key, external_id, active, \
    members, resource, folded, version, created_at, updated_at, deleted_at, inactive_since)";
const VALUES: &str = "$1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, 1, $11, $11, NULL, $12";
/// Of the same connection and kind.
const HERE: &str = "r.tenant_id = $1 AND r.connection_id = $3 AND r.kind = $4";

fn new(work: &Work, of: &'static ResourceType, id: Uuid, resource: Resource) -> Row {
    Row {
        id,
        of,
        name: name(of, &resource),
        resource,
        members: 0,
        version: 1,
        created_at: work.now,
        updated_at: work.now,
        // Nobody could name it before, so no group holds it.
        ties: (*of == USER).then(Vec::new),
        is_news: true,
    }
}

fn new_values(work: &Work, connection: ConnectionId, row: &Row) -> Vec<Bound> {
    values![
        work.tenant,
        row.id,
        connection,
        row.of.name,
        row.name.as_str(),
        fold(&row.name),
        row.resource.text("externalId"),
        is_active(&row.resource),
        text(&row.resource),
        row.resource.folded(row.of),
        work.now,
        (!is_active(&row.resource)).then_some(work.now)
    ]
}

/// Keeps what a resource has become (and brings a removed one back). Another version than `before`'s is
/// [`db::Error::Stale`].
pub(super) async fn update(work: &Work, before: &Row, resource: Resource) -> db::Result<Row> {
    let of = before.of;
    let is_news = before.is_news
        || *of != USER
        || is_active(&before.resource) != is_active(&resource)
        || before.resource.text("externalId") != resource.text("externalId")
        || said::facts(&before.resource) != said::facts(&resource);
    let after = Row {
        id: before.id,
        of,
        name: name(of, &resource),
        resource,
        members: before.members,
        version: before.version + 1,
        created_at: before.created_at,
        updated_at: work.now,
        ties: before.ties.clone(),
        is_news,
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

/// Another living person with this external id.
pub(super) async fn external(
    work: &Work,
    connection: ConnectionId,
    external_id: &str,
    but: Option<Uuid>,
) -> db::Result<Option<Row>> {
    let columns = columns(work, &USER);
    let sql = format!(
        "SELECT {columns} FROM scim_resources r WHERE r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = 'User' AND r.external_id = $3 AND r.deleted_at IS NULL"
    );
    let rows: Vec<Raw> = work
        .rows(&sql, values![work.tenant, connection, external_id])
        .await?;
    let other = rows.into_iter().find(|raw| Some(raw.id) != but);
    Ok(other.map(|raw| read(&USER, raw)))
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
    let columns = columns(work, of);
    let sql = format!("SELECT {columns} FROM scim_resources r WHERE {LIVING} AND {rest}");
    let rows: Vec<Raw> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(|raw| read(of, raw)).collect())
}

const LIVING: &str =
    "r.tenant_id = $1 AND r.connection_id = $2 AND r.kind = $3 AND r.deleted_at IS NULL";

fn text(resource: &Resource) -> String {
    serde_json::Value::Object(resource.members().clone()).to_string()
}
