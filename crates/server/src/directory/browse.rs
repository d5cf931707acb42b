//! Lists of people and groups as pages show them: searched, filtered, in the order of a name, from behind a cursor. Each
//! function is one statement or two, however many rows there are.

mod groups;

pub use groups::{GroupTally, GroupsWanted, ShowGroups, group_tally, groups, groups_by_okta_id};

use std::collections::HashMap;
use std::fmt::Write as _;

use sea_orm::FromQueryResult;

use super::groups::{GroupId, like};
use super::roles::{ADMIN, RoleId, SUPER_ADMIN};
use super::users::{self, User};
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

/// Which people a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Active in Okta.
    Active,
    /// In Okta, but locked out, in recovery, or not activated yet.
    Waiting,
    /// Suspended in Okta.
    Suspended,
    /// Deactivated in Okta, or gone from it.
    Left,
    /// Those who administer.
    Admins,
    /// Break-glass admins.
    BreakGlass,
    /// Other people who were made here.
    Local,
}

impl Show {
    /// All, in the order in which a page offers them.
    pub const ALL: [Self; 8] = [
        Self::All,
        Self::Active,
        Self::Waiting,
        Self::Suspended,
        Self::Left,
        Self::Admins,
        Self::BreakGlass,
        Self::Local,
    ];

    /// Its word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Left => "left",
            Self::Admins => "admins",
            Self::BreakGlass => "break-glass",
            Self::Local => "local",
        }
    }

    /// Reads the word; an unknown one shows all.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == word)
            .unwrap_or_default()
    }

    fn condition(self) -> &'static str {
        match self {
            Self::All | Self::Admins => "",
            Self::Active => "AND u.kind = 'okta' AND u.okta_status = 'ACTIVE'",
            Self::Waiting => {
                "AND u.kind = 'okta' AND u.okta_status IN ('LOCKED_OUT', 'PASSWORD_EXPIRED', 'PROVISIONED', 'RECOVERY', 'STAGED')"
            }
            Self::Suspended => "AND u.kind = 'okta' AND u.okta_status = 'SUSPENDED'",
            Self::Left => "AND u.kind = 'okta' AND u.okta_status IN ('DEPROVISIONED', 'GONE')",
            Self::BreakGlass => "AND u.kind = 'break_glass'",
            Self::Local => "AND u.kind = 'local'",
        }
    }

    fn counts(self, kind: &str, status: &str) -> bool {
        match self {
            Self::All => true,
            Self::Active => status == "ACTIVE",
            Self::Waiting => matches!(
                status,
                "LOCKED_OUT" | "PASSWORD_EXPIRED" | "PROVISIONED" | "RECOVERY" | "STAGED"
            ),
            Self::Suspended => status == "SUSPENDED",
            Self::Left => matches!(status, "DEPROVISIONED" | "GONE"),
            Self::Admins => false,
            Self::BreakGlass => kind == "break_glass",
            Self::Local => kind == "local",
        }
    }
}

/// What a list of people is asked for.
#[derive(Clone, Debug, Default)]
pub struct PeopleWanted<'a> {
    /// A part of login or name.
    pub q: &'a str,
    /// Which ones.
    pub show: Show,
    /// Only those who have this role.
    pub role: Option<RoleId>,
    /// Only members of this group.
    pub group: Option<GroupId>,
    /// The newest first, instead of by login.
    pub newest: bool,
    /// The login (in small letters) and id of the last one seen.
    pub after: Option<(String, UserId)>,
    /// At most so many.
    pub limit: i64,
}

/// The values of a statement that is put together from parts.
struct Bound(Vec<sea_orm::Value>);

impl Bound {
    /// Adds a value; gives its mark: `$3`.
    fn mark(&mut self, value: impl Into<sea_orm::Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    fn marks(&mut self, ids: &[UserId]) -> String {
        let marks: Vec<String> = ids.iter().map(|&id| self.mark(id)).collect();
        marks.join(", ")
    }
}

/// People who match.
pub async fn people(work: &Work, wanted: &PeopleWanted<'_>) -> db::Result<Vec<User>> {
    let mut bound = Bound(values![work.tenant, wanted.limit]);
    let mut few = Vec::new();
    let mut more = vec![wanted.show.condition().to_owned()];
    if wanted.show == Show::Admins {
        few.push(holders(&[SUPER_ADMIN, ADMIN], work.now, &mut bound));
    }
    if !wanted.q.is_empty() {
        let like = bound.mark(like(wanted.q));
        more.push(format!(
            "AND (u.login_key LIKE {like} ESCAPE '!' OR u.name_key LIKE {like} ESCAPE '!')"
        ));
    }
    if let Some(role) = wanted.role {
        if held_by_many(work, role).await? {
            more.push(format!(
                "AND EXISTS (SELECT 1 FROM live_grants g WHERE g.tenant_id = u.tenant_id AND g.user_id = u.id AND {})",
                of_roles(&[role], work.now, &mut bound)
            ));
        } else {
            few.push(holders(&[role], work.now, &mut bound));
        }
    }
    if let Some(group) = wanted.group {
        more.push(format!(
            "AND u.id IN (SELECT m.user_id FROM live_memberships m WHERE m.tenant_id = $1 AND m.group_id = {})",
            bound.mark(group)
        ));
    }
    if let Some((login, id)) = &wanted.after {
        let id = bound.mark(*id);
        more.push(if wanted.newest {
            format!("AND u.id < {id}")
        } else {
            format!(
                "AND (u.login_key, u.id) > ({}, {id})",
                bound.mark(login.as_str())
            )
        });
    }
    let order = if wanted.newest {
        "u.id DESC"
    } else {
        "u.login_key, u.id"
    };
    let sql = format!(
        "SELECT {} FROM {} WHERE u.tenant_id = $1 {} ORDER BY {order} LIMIT $2",
        users::COLUMNS,
        starting_with(&few, &mut more),
        more.join(" ")
    );
    work.rows(&sql, bound.0).await
}

/// From so many grants on, a role is one that many have.
const MANY: i64 = 5_000;

/// Whether so many have a role that a page is full after some people were looked at, and a list of all who have it would
/// be long.
async fn held_by_many(work: &Work, role: RoleId) -> db::Result<bool> {
    #[derive(FromQueryResult)]
    struct Count {
        n: i64,
    }
    let sql = "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM grants WHERE tenant_id = $1 AND role_id = $2 LIMIT $3) some_grants";
    let count: Option<Count> = work.row(sql, values![work.tenant, role, MANY]).await?;
    Ok(count.is_some_and(|count| count.n >= MANY))
}

/// The ids of those who have one of these roles, each once.
fn holders(roles: &[RoleId], now: Timestamp, bound: &mut Bound) -> String {
    format!(
        "SELECT DISTINCT g.user_id FROM live_grants g WHERE g.tenant_id = $1 AND {}",
        of_roles(roles, now, bound)
    )
}

/// The condition that a grant is of one of these roles, and has not run out.
fn of_roles(roles: &[RoleId], now: Timestamp, bound: &mut Bound) -> String {
    let marks: Vec<String> = roles.iter().map(|&role| bound.mark(role)).collect();
    let now = bound.mark(now);
    format!(
        "g.role_id IN ({}) AND (g.expires_at IS NULL OR g.expires_at > {now})",
        marks.join(", ")
    )
}

/// Users, looked up one by one from short lists of their ids. `CROSS JOIN` keeps SQLite from going through everybody in the
/// order of the page instead (<https://sqlite.org/optoverview.html#crossjoin>); PostgreSQL reads it as any other join.
fn starting_with(few: &[String], more: &mut Vec<String>) -> String {
    let mut from = String::new();
    for (at, ids) in few.iter().enumerate() {
        let _ = write!(from, "({ids}) few{at} CROSS JOIN ");
        more.push(format!("AND u.id = few{at}.user_id"));
    }
    from + "live_users u"
}

/// How many people each of [`Show::ALL`] finds, in that order.
pub async fn tally(work: &Work) -> db::Result<Vec<i64>> {
    #[derive(FromQueryResult)]
    struct Row {
        kind: String,
        okta_status: Option<String>,
        n: i64,
    }
    let sql = "SELECT u.kind, u.okta_status, COUNT(*) AS n FROM live_users u WHERE u.tenant_id = $1 GROUP BY u.kind, u.okta_status
        UNION ALL SELECT 'admins', NULL, COUNT(DISTINCT g.user_id) FROM live_grants g WHERE g.tenant_id = $1 AND g.role_id IN ($2, $3)
            AND (g.expires_at IS NULL OR g.expires_at > $4)";
    let rows: Vec<Row> = work
        .rows(sql, values![work.tenant, SUPER_ADMIN, ADMIN, work.now])
        .await?;
    let count = |show: Show| {
        let of = |row: &&Row| match (show, row.kind.as_str()) {
            (Show::Admins, kind) => kind == "admins",
            (_, "admins") => false,
            (_, kind) => show.counts(kind, row.okta_status.as_deref().unwrap_or_default()),
        };
        rows.iter().filter(of).map(|row| row.n).sum()
    };
    Ok(Show::ALL.into_iter().map(count).collect())
}

/// The roles of each of these people.
pub async fn roles_of_each(
    work: &Work,
    people: &[UserId],
) -> db::Result<HashMap<UserId, Vec<RoleId>>> {
    #[derive(FromQueryResult)]
    struct Row {
        user_id: UserId,
        role_id: RoleId,
    }
    let mut roles: HashMap<UserId, Vec<RoleId>> = HashMap::new();
    if people.is_empty() {
        return Ok(roles);
    }
    let mut bound = Bound(values![work.tenant, work.now]);
    let marks = bound.marks(people);
    let sql = format!(
        "SELECT DISTINCT g.user_id, g.role_id FROM live_grants g WHERE g.tenant_id = $1
         AND (g.expires_at IS NULL OR g.expires_at > $2) AND g.user_id IN ({marks}) ORDER BY g.user_id, g.role_id"
    );
    let rows: Vec<Row> = work.rows(&sql, bound.0).await?;
    for row in rows {
        roles.entry(row.user_id).or_default().push(row.role_id);
    }
    Ok(roles)
}

/// These people, in the order of their logins.
pub async fn these(work: &Work, people: &[UserId]) -> db::Result<Vec<User>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let mut bound = Bound(values![work.tenant]);
    let marks = bound.marks(people);
    let sql = format!(
        "SELECT {} FROM live_users u WHERE u.tenant_id = $1 AND u.id IN ({marks}) ORDER BY u.login_key, u.id",
        users::COLUMNS
    );
    work.rows(&sql, bound.0).await
}

/// People who have roles as members of a connection's groups, by login; at most `most`.
pub async fn mapped_people(
    work: &Work,
    connection: ConnectionId,
    most: i64,
) -> db::Result<Vec<User>> {
    let sql = format!(
        "SELECT {} FROM live_users u WHERE u.tenant_id = $1 AND u.id IN
            (SELECT g.user_id FROM live_grants g JOIN groups o ON o.tenant_id = g.tenant_id AND o.id = g.group_id
             WHERE g.tenant_id = $1 AND g.source = 'mapping' AND o.connection_id = $2)
         ORDER BY u.login_key, u.id LIMIT $3",
        users::COLUMNS
    );
    work.rows(&sql, values![work.tenant, connection, most])
        .await
}
