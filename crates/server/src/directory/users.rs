//! Users: people from Okta, joined by (connection, Okta id) and nothing else; local ones; break-glass admins.

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::error::{Error, Result};
use super::groups::{GroupId, like};
use super::state::{touch, touch_to_take};
use crate::actor::{Permission, Permissions};
use crate::app::Work;
use crate::audit;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

/// Where in a list to go on, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The last id seen; nil for the beginning.
    pub after: Uuid,
    /// At most so many.
    pub limit: i64,
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person of an Okta org.
    Okta,
    /// Made here.
    Local,
    /// Made here, to get in when Okta or a sync fails; outside every sync.
    BreakGlass,
}

impl Kind {
    /// Its word in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Local => "local",
            Self::BreakGlass => "break_glass",
        }
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct User {
    /// The id with us.
    pub id: UserId,
    /// `okta`, `local` or `break_glass`.
    pub kind: String,
    /// The name to sign in with. Not unique: two people of an org may swap theirs.
    pub login: String,
    /// Mail address.
    pub email: String,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Name to show.
    pub display_name: String,
    /// Okta's status; `GONE` when the org has the person no more; none for local users.
    pub okta_status: Option<String>,
    /// Where the facts above come from: `pull`, `scim`, `local`.
    pub facts_source: String,
    /// When they were last confirmed to have changed.
    pub facts_at: Timestamp,
    /// Whether they may not sign in.
    pub blocked: bool,
    /// Rises when all sessions and tokens of the person end.
    pub access_epoch: i64,
    /// Rises with each change; the `ETag`.
    pub version: i64,
    /// When they became a user.
    pub created_at: Timestamp,
    /// When last changed.
    pub updated_at: Timestamp,
}

pub(super) const COLUMNS: &str =
    "u.id, u.kind, u.login, u.email, u.given_name, u.family_name, u.display_name, u.okta_status,
    u.facts_source, u.facts_at, u.blocked, u.access_epoch, u.version, u.created_at, u.updated_at";

/// One user.
pub async fn find(work: &Work, id: UserId) -> Result<User> {
    let sql = format!("SELECT {COLUMNS} FROM live_users u WHERE u.tenant_id = $1 AND u.id = $2");
    work.row(&sql, values![work.tenant, id])
        .await?
        .ok_or(Error::NotFound("user"))
}

/// The users who sign in by this name, without regard to case; mostly one.
pub async fn by_login(work: &Work, login: &str) -> Result<Vec<User>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_users u WHERE u.tenant_id = $1 AND u.login_key = $2 ORDER BY u.id LIMIT 10"
    );
    Ok(work
        .rows(&sql, values![work.tenant, login.to_lowercase()])
        .await?)
}

/// The user joined to this person of an org.
pub async fn by_okta_id(
    work: &Work,
    connection: ConnectionId,
    okta_id: &str,
) -> Result<Option<User>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM user_links l JOIN live_users u ON u.tenant_id = l.tenant_id AND u.id = l.user_id
         WHERE l.tenant_id = $1 AND l.connection_id = $2 AND l.okta_id = $3"
    );
    Ok(work
        .row(&sql, values![work.tenant, connection, okta_id])
        .await?)
}

/// The logins of these users, those that there are.
pub async fn logins_of(work: &Work, ids: &[UserId]) -> db::Result<HashMap<UserId, String>> {
    #[derive(FromQueryResult)]
    struct Row {
        id: UserId,
        login: String,
    }
    let mut found = HashMap::new();
    for some in ids.chunks(500) {
        let marks: Vec<String> = (2..some.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT id, login FROM live_users WHERE tenant_id = $1 AND id IN ({})",
            marks.join(", ")
        );
        let mut bound = values![work.tenant];
        bound.extend(some.iter().map(|&id| id.into()));
        let rows: Vec<Row> = work.rows(&sql, bound).await?;
        found.extend(rows.into_iter().map(|row| (row.id, row.login)));
    }
    Ok(found)
}

/// The people of an org who sign in by this name as we know it, without regard to case. More than one only while logins
/// change hands.
pub async fn of_connection_by_login(
    work: &Work,
    connection: ConnectionId,
    login: &str,
) -> Result<Vec<User>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_users u JOIN user_links l ON l.tenant_id = u.tenant_id AND l.user_id = u.id
         WHERE u.tenant_id = $1 AND l.connection_id = $2 AND u.login_key = $3 ORDER BY u.id LIMIT 10"
    );
    let bound = values![work.tenant, connection, login.to_lowercase()];
    Ok(work.rows(&sql, bound).await?)
}

/// Users in the order of their ids; `q` is a part of login or name.
pub async fn list(work: &Work, q: &str, page: &Page) -> Result<Vec<User>> {
    if q.is_empty() {
        // `live_users` in other words, for the index `users_born`: a large run may stand prepared behind the page.
        let sql = format!(
            "WITH page AS MATERIALIZED (SELECT u.id FROM users u WHERE u.tenant_id = $1 AND u.id > $2
                AND u.born <= (SELECT generation FROM directory_state WHERE tenant_id = $1) ORDER BY u.id LIMIT $3)
             SELECT {COLUMNS} FROM page JOIN users u ON u.tenant_id = $1 AND u.id = page.id ORDER BY u.id"
        );
        let bound = values![work.tenant, page.after, page.limit];
        return Ok(work.rows(&sql, bound).await?);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM live_users u WHERE u.tenant_id = $1 AND u.id > $2
         AND (u.login_key LIKE $3 ESCAPE '!' OR u.name_key LIKE $3 ESCAPE '!') ORDER BY u.id LIMIT $4"
    );
    Ok(work
        .rows(&sql, values![work.tenant, page.after, like(q), page.limit])
        .await?)
}

pub(super) async fn of_group(work: &Work, group: GroupId, page: &Page) -> Result<Vec<User>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM live_memberships m JOIN live_users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
         WHERE m.tenant_id = $1 AND m.group_id = $2 AND m.user_id > $3 ORDER BY m.user_id LIMIT $4"
    );
    Ok(work
        .rows(&sql, values![work.tenant, group, page.after, page.limit])
        .await?)
}

/// Where a user is known outside: connection and Okta id.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Link {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The id in that org.
    pub okta_id: String,
    /// When that org last showed the person to us.
    pub seen_at: Timestamp,
}

/// The links of a user.
pub async fn links(work: &Work, id: UserId) -> Result<Vec<Link>> {
    let sql = "SELECT connection_id, okta_id, seen_at FROM user_links WHERE tenant_id = $1 AND user_id = $2 ORDER BY connection_id";
    Ok(work.rows(sql, values![work.tenant, id]).await?)
}

/// What decides whether a credential of a user still counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Sessions and tokens of an earlier epoch are dead.
    pub epoch: i64,
    /// Whether they may not sign in.
    pub blocked: bool,
    /// The name to show as actor.
    pub login: String,
    /// The person's name.
    pub display_name: String,
    /// The union of what their roles allow; nothing when blocked.
    pub permissions: Permissions,
}

/// What a user may do now; `None` when there is no such user.
pub async fn access(work: &Work, id: UserId) -> db::Result<Option<Access>> {
    #[derive(FromQueryResult)]
    struct Row {
        access_epoch: i64,
        blocked: bool,
        login: String,
        display_name: String,
    }
    let sql = "SELECT access_epoch, blocked, login, display_name FROM live_users WHERE tenant_id = $1 AND id = $2";
    let Some(row) = work.row::<Row>(sql, values![work.tenant, id]).await? else {
        return Ok(None);
    };
    let permissions = if row.blocked {
        Permissions::default()
    } else {
        super::grants::permissions_of(work, id).await?
    };
    Ok(Some(Access {
        epoch: row.access_epoch,
        blocked: row.blocked,
        display_name: if row.display_name.is_empty() {
            row.login.clone()
        } else {
            row.display_name
        },
        login: row.login,
        permissions,
    }))
}

/// A user to be made here.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Local or break-glass.
    pub kind: Kind,
    /// The name to sign in with.
    pub login: String,
    /// Mail address; may be empty.
    pub email: String,
    /// Name to show; the login when empty.
    pub display_name: String,
}

/// Makes a local user or a break-glass admin (who gets `super_admin` at once, so its maker must hold all of that).
pub async fn create(work: &mut Work, draft: &Draft, reason: &str) -> Result<User> {
    work.actor.need(Permission::UsersManage)?;
    let login = draft.login.trim();
    if login.is_empty() || login.len() > 255 || login.chars().any(char::is_control) {
        return Err(Error::Invalid("a login has 1 to 255 characters".to_owned()));
    }
    if draft.kind == Kind::Okta {
        return Err(Error::Invalid(
            "people of an Okta org come by sync, not by hand".to_owned(),
        ));
    }
    if by_login(work, login)
        .await?
        .iter()
        .any(|user| user.kind != Kind::Okta.word())
    {
        return Err(Error::Taken {
            kind: "user",
            name: login.to_owned(),
        });
    }
    touch(work).await?;
    let id: UserId = work.id();
    let name = if draft.display_name.trim().is_empty() {
        login
    } else {
        draft.display_name.trim()
    };
    let sql = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key,
            facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born)
        VALUES ($1, $2, $3, $4, $5, $6, '', '', $7, $10, 'local', $8, 0, $9, 0, 1, $8, $8, 0)";
    let bound = values![
        work.tenant,
        id,
        draft.kind.word(),
        login,
        login.to_lowercase(),
        draft.email.trim(),
        name,
        work.now,
        false,
        name.to_lowercase()
    ];
    work.run(sql, bound).await?;
    let entry = audit::Entry::new("user.created", ("user", id.to_string()), reason);
    audit::record(
        work,
        entry.detail(json!({ "login": login, "kind": draft.kind })),
    )
    .await?;
    if draft.kind == Kind::BreakGlass {
        super::grants::give(work, id, super::SUPER_ADMIN, None, reason).await?;
    }
    find(work, id).await
}

/// Lets a user made here in or keeps them out. People of Okta are blocked and let in by Okta alone.
pub async fn set_blocked(work: &mut Work, id: UserId, blocked: bool, reason: &str) -> Result<User> {
    work.actor.need(Permission::UsersManage)?;
    let user = find(work, id).await?;
    if user.kind == Kind::Okta.word() {
        return Err(Error::Invalid(
            "suspend or unsuspend this person in Okta".to_owned(),
        ));
    }
    super::grants::need_reach(work, id).await?;
    let was_admin =
        !user.blocked && super::grants::administers(&super::grants::of_user(work, id).await?);
    if blocked {
        touch_to_take(work).await?;
    } else {
        touch(work).await?;
    }
    let sql = "UPDATE users SET blocked = $3, access_epoch = access_epoch + 1, version = version + 1, updated_at = $4
        WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, blocked, work.now])
        .await?;
    if blocked {
        super::grants::keep_an_admin(work, &user, was_admin).await?;
    }
    let action = if blocked {
        "user.blocked"
    } else {
        "user.unblocked"
    };
    audit::record(
        work,
        audit::Entry::new(action, ("user", id.to_string()), reason),
    )
    .await?;
    find(work, id).await
}

/// Ends all sessions and tokens of a user.
pub async fn end_sessions(work: &mut Work, id: UserId, reason: &str) -> Result<()> {
    work.actor.need(Permission::UsersManage)?;
    find(work, id).await?;
    raise_epochs(work, &[id]).await?;
    audit::record(
        work,
        audit::Entry::new("user.sessions-ended", ("user", id.to_string()), reason),
    )
    .await?;
    Ok(())
}

/// Ends all sessions and tokens of these users.
pub(crate) async fn raise_epochs(work: &Work, ids: &[UserId]) -> db::Result<()> {
    let sql =
        "UPDATE users SET access_epoch = access_epoch + 1, version = version + 1, updated_at = $2
        WHERE tenant_id = $1 AND id IN ({ids})";
    super::bulk::by_id(work, sql, values![work.tenant, work.now], ids)
        .await
        .map(drop)
}
