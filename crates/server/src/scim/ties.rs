//! The SQL of who is in which group.

use std::collections::HashMap;

use keywright_proto::scim::members::Member;
use keywright_proto::scim::schemas::{ResourceType, USER};
use sea_orm::{FromQueryResult, Value as Bound};
use uuid::Uuid;

use super::store::Row;
use crate::app::Work;
use crate::db::{self, ConnectionId, values};

/// Rows in one statement of many.
const CHUNK: usize = 500;

/// Has the groups of a person looked at again: with the person came back what they are a member of.
pub(super) async fn stir_groups(work: &Work, user: Uuid) -> db::Result<()> {
    let sql = "UPDATE scim_resources SET stirred = stirred + 1 WHERE tenant_id = $1 AND id IN \
               (SELECT group_id FROM scim_members WHERE tenant_id = $1 AND user_id = $2)";
    work.run(sql, values![work.tenant, user]).await.map(drop)
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
    group.is_news = true;
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
#[derive(Clone, Debug)]
pub(super) struct Tie {
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
    #[derive(FromQueryResult)]
    struct Held {
        holder: Uuid,
        id: Uuid,
        display: String,
    }
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
        for Held {
            holder,
            id,
            display,
        } in work.rows(&sql, bound).await?
        {
            all.entry(holder).or_default().push(Tie { id, display });
        }
    }
    Ok(all)
}

fn places(bound: &mut Vec<Bound>, ids: &[Uuid]) -> String {
    let first = bound.len() + 1;
    bound.extend(ids.iter().map(|id| Bound::from(*id)));
    (first..=bound.len())
        .map(|at| format!("${at}"))
        .collect::<Vec<_>>()
        .join(", ")
}
