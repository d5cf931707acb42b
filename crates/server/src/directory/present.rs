//! The present state in pages, for a plan: small rows, so that 100,000 people fit in memory.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::grants::GrantId;
use super::groups::GroupId;
use super::mappings::MappingId;
use super::roles::RoleId;
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

/// Rows of one page.
const PAGE: u64 = 5_000;

/// A person of an org who is a user.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Person {
    pub(crate) okta_id: String,
    pub(crate) user_id: UserId,
    pub(crate) kind: String,
    pub(crate) blocked: bool,
    pub(crate) okta_status: Option<String>,
    pub(crate) facts_source: String,
    pub(crate) facts_hash: i64,
}

/// All users of an org, one by one to `take`.
pub(crate) async fn people(
    work: &Work,
    connection: ConnectionId,
    mut take: impl FnMut(Person),
) -> db::Result<()> {
    let sql = "SELECT l.okta_id, l.user_id, u.kind, u.blocked, u.okta_status, u.facts_source, u.facts_hash
        FROM user_links l JOIN live_users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id
        WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.okta_id > $3 ORDER BY l.okta_id LIMIT $4";
    let mut after = String::new();
    loop {
        let rows: Vec<Person> = work
            .rows(sql, values![work.tenant, connection, after.as_str(), PAGE])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after.clone_from(&last.okta_id);
        rows.into_iter().for_each(&mut take);
    }
}

/// A grant of a user of an org.
#[derive(Clone, Copy, Debug, FromQueryResult)]
pub(crate) struct Held {
    pub(crate) id: GrantId,
    pub(crate) user_id: UserId,
    pub(crate) role_id: RoleId,
    /// None for a grant given by hand.
    pub(crate) mapping_id: Option<MappingId>,
    pub(crate) group_id: Option<GroupId>,
    pub(crate) expires_at: Option<Timestamp>,
}

/// All grants that count now of the users of an org, one by one to `take`.
pub(crate) async fn grants(
    work: &Work,
    connection: ConnectionId,
    mut take: impl FnMut(Held),
) -> db::Result<()> {
    let sql = "SELECT g.id, g.user_id, g.role_id, g.mapping_id, g.group_id, g.expires_at FROM live_grants g
        JOIN user_links l ON l.tenant_id = g.tenant_id AND l.user_id = g.user_id AND l.connection_id = $2
        WHERE g.tenant_id = $1 AND g.id > $3 AND (g.expires_at IS NULL OR g.expires_at > $4) ORDER BY g.id LIMIT $5";
    let mut after = GrantId(Uuid::nil());
    loop {
        let rows: Vec<Held> = work
            .rows(sql, values![work.tenant, connection, after, work.now, PAGE])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id;
        rows.into_iter().for_each(&mut take);
    }
}

/// All members of a group, one by one to `take`.
pub(crate) async fn members(
    work: &Work,
    group: GroupId,
    mut take: impl FnMut(UserId),
) -> db::Result<()> {
    #[derive(FromQueryResult)]
    struct Row {
        user_id: UserId,
    }
    let sql = "SELECT user_id FROM live_memberships WHERE tenant_id = $1 AND group_id = $2 AND user_id > $3
        ORDER BY user_id LIMIT $4";
    let mut after = UserId(Uuid::nil());
    loop {
        let rows: Vec<Row> = work
            .rows(sql, values![work.tenant, group, after, PAGE])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.user_id;
        for row in rows {
            take(row.user_id);
        }
    }
}

/// A user of an org who is in none of its mapped groups, with what is known of them.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Outside {
    pub(crate) okta_id: String,
    pub(crate) user_id: UserId,
    pub(crate) login: String,
    pub(crate) email: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) display_name: String,
}

const OUTSIDE: &str =
    "SELECT l.okta_id, l.user_id, u.login, u.email, u.given_name, u.family_name, u.display_name
    FROM user_links l JOIN live_users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id
    WHERE l.tenant_id = $1 AND l.connection_id = $2";

/// Users of an org who are in none of its mapped groups and not known to be gone, those not looked at for longest first.
pub(crate) async fn outside(
    work: &Work,
    connection: ConnectionId,
    limit: usize,
) -> db::Result<Vec<Outside>> {
    let sql = format!(
        "{OUTSIDE} AND COALESCE(u.okta_status, '') <> 'GONE' AND NOT EXISTS (SELECT 1 FROM live_memberships m
            JOIN mappings p ON p.tenant_id = m.tenant_id AND p.group_id = m.group_id
            WHERE m.tenant_id = $1 AND m.user_id = l.user_id AND p.connection_id = $2)
         ORDER BY l.seen_at, l.okta_id LIMIT $3"
    );
    work.rows(
        &sql,
        values![
            work.tenant,
            connection,
            i64::try_from(limit).unwrap_or(i64::MAX)
        ],
    )
    .await
}

/// What is known of these users of an org.
pub(crate) async fn described(
    work: &Work,
    connection: ConnectionId,
    users: &[UserId],
) -> db::Result<Vec<Outside>> {
    let mut found = Vec::new();
    for chunk in users.chunks(500) {
        let marks: Vec<String> = (3..chunk.len() + 3).map(|n| format!("${n}")).collect();
        let mut bound = values![work.tenant, connection];
        bound.extend(chunk.iter().map(|&user| user.into()));
        found.extend(
            work.rows::<Outside>(
                &format!("{OUTSIDE} AND l.user_id IN ({})", marks.join(", ")),
                bound,
            )
            .await?,
        );
    }
    Ok(found)
}
