//! Grants: a user has a role, and why. A person's roles are the union of their grants.

use std::collections::HashSet;

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Result};
use super::groups::GroupId;
use super::mappings::MappingId;
use super::roles::{self, ADMIN, Role, RoleId, SUPER_ADMIN};
use super::state::{touch, touch_to_take};
use super::users::{self, User};
use crate::actor::{Permission, Permissions};
use crate::app::Work;
use crate::audit;
use crate::db::{self, Timestamp, UserId, values};
use crate::notify::{self, Notice, Topic};

db::id! {
    /// One grant.
    GrantId
}

/// A user has a role.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// Who.
    pub user_id: UserId,
    /// What.
    pub role_id: RoleId,
    /// `mapping` or `manual`.
    pub source: String,
    /// The mapping that gives it.
    pub mapping_id: Option<MappingId>,
    /// The mapping's group.
    pub group_id: Option<GroupId>,
    /// The sync run that gave it.
    pub run_id: Option<Uuid>,
    /// Who gave it: an actor's name.
    pub given_by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub given_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, user_id, role_id, source, mapping_id, group_id, run_id, given_by, reason, given_at, expires_at";

/// The grants of a user that count now.
pub async fn of_user(work: &Work, user: UserId) -> db::Result<Vec<Grant>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_grants WHERE tenant_id = $1 AND user_id = $2
         AND (expires_at IS NULL OR expires_at > $3) ORDER BY given_at, id"
    );
    work.rows(&sql, values![work.tenant, user, work.now]).await
}

/// The roles of a user: the union of their grants, each once.
pub async fn roles_of(work: &Work, user: UserId) -> Result<Vec<Role>> {
    let mut ids: Vec<RoleId> = of_user(work, user)
        .await?
        .into_iter()
        .map(|grant| grant.role_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found = Vec::new();
    for id in ids {
        found.push(roles::find(work, id).await?);
    }
    Ok(found)
}

/// What the roles of a user allow together. A blocked user's are not looked at here: see [`users::access`].
pub async fn permissions_of(work: &Work, user: UserId) -> db::Result<Permissions> {
    match roles_of(work, user).await {
        Ok(roles) => Ok(roles.iter().fold(Permissions::default(), |all, role| {
            all.or(&role.permissions)
        })),
        Err(Error::Db(error)) => Err(error),
        // A role that just went allows nothing.
        Err(_) => Ok(Permissions::default()),
    }
}

/// Gives a role by hand, perhaps for a time. Asked again, the newer expiry and reason count.
pub async fn give(
    work: &mut Work,
    user: UserId,
    role: RoleId,
    expires_at: Option<Timestamp>,
    reason: &str,
) -> Result<GrantId> {
    work.actor.need(Permission::GrantsManage)?;
    let role = roles::find(work, role).await?;
    roles::need_delegable(&work.actor, &role.permissions)?;
    let user = users::find(work, user).await?;
    if expires_at.is_some_and(|at| at <= work.now) {
        return Err(Error::Invalid("the expiry lies in the past".to_owned()));
    }
    touch(work).await?;
    take_manual(work, user.id, role.id).await?;
    let id: GrantId = work.id();
    let sql = "INSERT INTO grants (tenant_id, id, user_id, role_id, source, given_by, reason, given_at, expires_at, born)
        VALUES ($1, $2, $3, $4, 'manual', $5, $6, $7, $8, 0)";
    let bound = values![
        work.tenant,
        id,
        user.id,
        role.id,
        work.actor.name.as_str(),
        reason,
        work.now,
        expires_at
    ];
    work.run(sql, bound).await?;
    let detail = json!({ "role": role.name, "login": user.login, "expires_at": expires_at });
    audit::record(
        work,
        audit::Entry::new("role.granted", ("user", user.id.to_string()), reason).detail(detail),
    )
    .await?;
    tell(work, &user, (&[&role.name], &[])).await?;
    Ok(id)
}

/// Takes back a role that was given by hand. The last admin keeps theirs.
pub async fn revoke(work: &mut Work, user: UserId, role: RoleId, reason: &str) -> Result<()> {
    work.actor.need(Permission::GrantsManage)?;
    let role = roles::find(work, role).await?;
    // Who does not hold a role cannot take it from others either: a helpdesk cannot unseat an admin.
    roles::need_delegable(&work.actor, &role.permissions)?;
    let user = users::find(work, user).await?;
    touch_to_take(work).await?;
    let held = of_user(work, user.id).await?;
    if take_manual(work, user.id, role.id).await? == 0 {
        let mapped = held.iter().any(|grant| grant.role_id == role.id);
        return Err(if mapped {
            Error::FromMapping
        } else {
            Error::NotFound("grant")
        });
    }
    keep_an_admin(work, &user, !user.blocked && administers(&held)).await?;
    if of_user(work, user.id).await?.is_empty() {
        users::raise_epochs(work, &[user.id]).await?;
    }
    let detail = json!({ "role": role.name, "login": user.login });
    audit::record(
        work,
        audit::Entry::new("role.revoked", ("user", user.id.to_string()), reason).detail(detail),
    )
    .await?;
    tell(work, &user, (&[], &[&role.name])).await?;
    Ok(())
}

/// A role was given or taken by hand: told to channels that ask for it, in the shape in which `sync` tells of runs.
async fn tell(
    work: &mut Work,
    user: &User,
    (granted, revoked): (&[&String], &[&String]),
) -> db::Result<()> {
    let body = format!(
        "By hand, by {}.\n\nWhy: keywright sync why {}",
        work.actor.name, user.login
    );
    let person =
        json!({ "user": user.id, "login": user.login, "granted": granted, "revoked": revoked });
    let notice = Notice::new(Topic::GrantsChanged, "A person's roles changed", body).detail(json!({
        "granted": granted.len(), "revoked": revoked.len(), "people": [person], "complete": true,
    }));
    notify::send(work, &notice).await.map(drop)
}

/// What ended with a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Ended {
    /// Mappings of its groups.
    pub mappings: u64,
    /// Roles that people had by them.
    pub grants: u64,
    /// People who had them.
    pub people: u64,
}

/// Ends everything that people have through a connection, without asking its org and without the guard: for an org that is
/// gone. Who is left without any role loses their sessions. [`Error::LastAdmin`] when no admin would be left.
pub(crate) async fn end_connection(work: &mut Work, connection: db::ConnectionId) -> Result<Ended> {
    work.actor.need(Permission::MappingsManage)?;
    work.actor.need(Permission::GrantsManage)?;
    touch_to_take(work).await?;
    let admins_before = admins(work, false, None).await? + admins(work, true, None).await?;
    let people = mapped_people(work, connection).await?;
    let groups = "SELECT id FROM groups WHERE tenant_id = $1 AND connection_id = $2";
    let of_mapping = "DELETE FROM mapping_roles WHERE tenant_id = $1 AND mapping_id IN
        (SELECT id FROM mappings WHERE tenant_id = $1 AND connection_id = $2)";
    let bound = || values![work.tenant, connection];
    let grants = work
        .run(
            &format!("DELETE FROM grants WHERE tenant_id = $1 AND source = 'mapping' AND group_id IN ({groups})"),
            bound(),
        )
        .await?;
    work.run(of_mapping, bound()).await?;
    let mappings = work
        .run(
            "DELETE FROM mappings WHERE tenant_id = $1 AND connection_id = $2",
            bound(),
        )
        .await?;
    if admins_before > 0 && admins(work, false, None).await? + admins(work, true, None).await? == 0
    {
        return Err(Error::LastAdmin);
    }
    let number = u64::try_from(people.len()).unwrap_or(u64::MAX);
    users::raise_epochs(work, &without_roles(work, people).await?).await?;
    Ok(Ended {
        mappings,
        grants,
        people: number,
    })
}

/// Those of `people` who have no role left.
async fn without_roles(work: &Work, mut people: Vec<UserId>) -> db::Result<Vec<UserId>> {
    let mut having = HashSet::new();
    for some in people.chunks(500) {
        let marks: Vec<String> = (3..some.len() + 3).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT DISTINCT user_id FROM live_grants WHERE tenant_id = $1 AND (expires_at IS NULL OR expires_at > $2)
             AND user_id IN ({})",
            marks.join(", ")
        );
        let mut bound = values![work.tenant, work.now];
        bound.extend(some.iter().map(|&user| user.into()));
        let rows: Vec<Holder> = work.rows(&sql, bound).await?;
        having.extend(rows.into_iter().map(|row| row.user_id));
    }
    people.retain(|person| !having.contains(person));
    Ok(people)
}

#[derive(FromQueryResult)]
struct Holder {
    user_id: UserId,
}

async fn mapped_people(work: &Work, connection: db::ConnectionId) -> db::Result<Vec<UserId>> {
    let sql = "SELECT DISTINCT g.user_id FROM live_grants g JOIN groups o ON o.tenant_id = g.tenant_id AND o.id = g.group_id
         WHERE g.tenant_id = $1 AND o.connection_id = $2 AND g.source = 'mapping'";
    let rows: Vec<Holder> = work.rows(sql, values![work.tenant, connection]).await?;
    Ok(rows.into_iter().map(|row| row.user_id).collect())
}

async fn take_manual(work: &Work, user: UserId, role: RoleId) -> db::Result<u64> {
    let sql = "DELETE FROM grants WHERE tenant_id = $1 AND user_id = $2 AND role_id = $3 AND source = 'manual'";
    work.run(sql, values![work.tenant, user, role]).await
}

/// Refuses an actor who lacks something that `user` may do.
pub(crate) async fn need_reach(work: &Work, user: UserId) -> Result<()> {
    let theirs = permissions_of(work, user).await?;
    roles::need_delegable(&work.actor, &theirs)
}

/// Whether one of these grants administers.
pub(super) fn administers(grants: &[Grant]) -> bool {
    grants.iter().any(|grant| roles::is_admin(grant.role_id))
}

/// Refuses what took administration from the last one of `user`'s kind who had it: the last admin stays, and the last
/// break-glass admin.
pub(super) async fn keep_an_admin(work: &Work, user: &User, was_admin: bool) -> Result<()> {
    let break_glass = user.kind == users::Kind::BreakGlass.word();
    if was_admin && admins(work, break_glass, None).await? == 0 {
        Err(Error::LastAdmin)
    } else {
        Ok(())
    }
}

/// People with a role that administers, blocked ones too, by login; at most `most`.
pub async fn administrators(work: &Work, most: usize) -> Result<Vec<User>> {
    let sql = format!(
        "SELECT {} FROM live_users u WHERE u.tenant_id = $1 AND u.id IN
            (SELECT user_id FROM live_grants WHERE tenant_id = $1 AND role_id IN ($2, $3) AND (expires_at IS NULL OR expires_at > $4))
         ORDER BY u.login_key, u.id LIMIT {most}",
        users::COLUMNS
    );
    Ok(work
        .rows(&sql, values![work.tenant, SUPER_ADMIN, ADMIN, work.now])
        .await?)
}

/// Names of people able to sign in who have one of `roles`, at most `most`.
pub async fn names_having(work: &Work, roles: &[RoleId], most: usize) -> Result<Vec<String>> {
    #[derive(FromQueryResult)]
    struct Row {
        display_name: String,
    }
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let marks: Vec<String> = (4..roles.len() + 4).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT DISTINCT u.display_name FROM live_grants g JOIN live_users u ON u.tenant_id = g.tenant_id AND u.id = g.user_id
         WHERE g.tenant_id = $1 AND u.blocked = $2 AND (g.expires_at IS NULL OR g.expires_at > $3) AND g.role_id IN ({})
         ORDER BY u.display_name LIMIT {most}",
        marks.join(", ")
    );
    let mut bound = values![work.tenant, false, work.now];
    bound.extend(roles.iter().map(|&role| role.into()));
    let rows: Vec<Row> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(|row| row.display_name).collect())
}

/// How many roles people have as members of a connection's groups.
pub async fn count_mapped(work: &Work, connection: db::ConnectionId) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        grants: i64,
    }
    let sql = "SELECT COUNT(*) AS grants FROM live_grants g JOIN groups o ON o.tenant_id = g.tenant_id AND o.id = g.group_id
         WHERE g.tenant_id = $1 AND o.connection_id = $2 AND g.source = 'mapping'";
    let count = work
        .row::<Count>(sql, values![work.tenant, connection])
        .await?;
    Ok(count.map_or(0, |row| row.grants))
}

/// How many admins are able to sign in: break-glass ones, or all others, perhaps without those linked to a connection.
pub(crate) async fn admins(
    work: &Work,
    break_glass: bool,
    not_of: Option<db::ConnectionId>,
) -> db::Result<i64> {
    #[derive(FromQueryResult)]
    struct Count {
        admins: i64,
    }
    let kind = if break_glass {
        "u.kind = 'break_glass'"
    } else {
        "u.kind <> 'break_glass'"
    };
    let sql = format!(
        "SELECT COUNT(DISTINCT g.user_id) AS admins FROM live_grants g JOIN live_users u ON u.tenant_id = g.tenant_id AND u.id = g.user_id
         WHERE g.tenant_id = $1 AND g.role_id IN ($2, $3) AND u.blocked = $4 AND {kind}
         AND (g.expires_at IS NULL OR g.expires_at > $5)
         AND NOT EXISTS (SELECT 1 FROM user_links l WHERE l.tenant_id = g.tenant_id AND l.user_id = g.user_id AND l.connection_id = $6)"
    );
    let not_of = not_of.unwrap_or(db::ConnectionId(Uuid::nil()));
    let bound = values![work.tenant, SUPER_ADMIN, ADMIN, false, work.now, not_of];
    Ok(work
        .row::<Count>(&sql, bound)
        .await?
        .map_or(0, |row| row.admins))
}
