//! Groups of Okta as far as we know them: those that are mapped, with their stamps and members.

use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::error::{Error, Result};
use super::users::{Page, User};
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, UserId, values};

db::id! {
    /// One group of our directory.
    GroupId
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize)]
pub struct Group {
    /// Its id with us.
    pub id: GroupId,
    /// The connection it is of.
    pub connection_id: ConnectionId,
    /// Its id in Okta.
    pub okta_id: String,
    /// Its name; the Okta id until it was first read.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Okta's kind: `OKTA_GROUP`, `APP_GROUP`, `BUILT_IN`; empty until first read.
    pub kind: String,
    /// How many members it had when last read.
    pub members: i64,
    /// When its profile last changed in Okta.
    pub last_updated: Option<Timestamp>,
    /// When its members last changed in Okta (whole seconds).
    pub last_membership_updated: Option<Timestamp>,
    /// Okta's time when its members were last read and believed.
    pub read_date: Option<Timestamp>,
    /// Why its last answer was not believed: `vanished`, `emptied`.
    pub suspect: Option<String>,
    /// When we last saw it.
    pub seen_at: Option<Timestamp>,
    /// The group of SCIM that it is; none for one that is read from Okta.
    pub scim_id: Option<Uuid>,
    /// As far as what SCIM says of its members is taken over.
    pub said_version: Option<i64>,
    /// The group of Okta that SCIM says it is.
    pub twin: Option<String>,
    /// When SCIM removed it.
    pub gone_at: Option<Timestamp>,
}

pub(super) const COLUMNS: &str = "id, connection_id, okta_id, name, description, kind, members, last_updated, last_membership_updated,
    read_date, suspect, seen_at, scim_id, said_version, twin, gone_at";

/// One group.
pub async fn find(work: &Work, id: GroupId) -> Result<Group> {
    let sql = format!("SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND id = $2");
    work.row(&sql, values![work.tenant, id])
        .await?
        .ok_or(Error::NotFound("group"))
}

/// One group by its id in Okta.
pub async fn find_by_okta_id(
    work: &Work,
    connection: ConnectionId,
    okta_id: &str,
) -> Result<Option<Group>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND connection_id = $2 AND okta_id = $3"
    );
    Ok(work
        .row(&sql, values![work.tenant, connection, okta_id])
        .await?)
}

/// Groups in the order of their ids; `q` is a part of the name.
pub async fn list(
    work: &Work,
    connection: Option<ConnectionId>,
    q: &str,
    page: &Page,
) -> Result<Vec<Group>> {
    let mut bound = values![work.tenant, page.after, q, like(q), page.limit];
    let of = connection.map_or("", |connection| {
        bound.push(connection.into());
        "AND connection_id = $6"
    });
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND id > $2 AND ($3 = '' OR name_key LIKE $4 ESCAPE '!')
         {of} ORDER BY id LIMIT $5"
    );
    Ok(work.rows(&sql, bound).await?)
}

/// The mapped groups of a connection that are read from Okta, those of paused mappings too.
pub(crate) async fn mapped(work: &Work, connection: ConnectionId) -> Result<Vec<Group>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND connection_id = $2 AND scim_id IS NULL AND id IN
            (SELECT group_id FROM mappings WHERE tenant_id = $1 AND connection_id = $2) ORDER BY okta_id"
    );
    Ok(work.rows(&sql, values![work.tenant, connection]).await?)
}

/// Members in the order of their ids.
pub async fn members(work: &Work, id: GroupId, page: &Page) -> Result<Vec<User>> {
    find(work, id).await?;
    super::users::of_group(work, id, page).await
}

/// The groups a person is in.
pub async fn of_user(work: &Work, user: UserId) -> Result<Vec<Group>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM groups WHERE tenant_id = $1 AND read_date IS NOT NULL AND id IN
            (SELECT group_id FROM live_memberships WHERE tenant_id = $1 AND user_id = $2) ORDER BY name_key"
    );
    Ok(work.rows(&sql, values![work.tenant, user]).await?)
}

/// The group with this Okta id, made when it is new.
pub(crate) async fn ensure(
    work: &Work,
    connection: ConnectionId,
    okta_id: &str,
    name: Option<&str>,
) -> Result<Group> {
    let valid = !okta_id.is_empty()
        && okta_id.len() <= 64
        && okta_id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !valid {
        return Err(Error::Invalid(
            "an Okta group id is 1 to 64 letters and digits, such as 00g1emaKYZTWRYYRRTSK"
                .to_owned(),
        ));
    }
    if okta_id.starts_with(super::said::MARK) {
        let found = find_by_okta_id(work, connection, okta_id).await?;
        return found.ok_or(Error::NotFound("group said by SCIM"));
    }
    let name = name.unwrap_or(okta_id);
    let sql = "INSERT INTO groups (tenant_id, id, connection_id, okta_id, name, name_key, description, kind, members)
        VALUES ($1, $2, $3, $4, $5, $6, '', '', 0) ON CONFLICT (tenant_id, connection_id, okta_id) DO NOTHING";
    let bound = values![
        work.tenant,
        work.id::<GroupId>(),
        connection,
        okta_id,
        name,
        name.to_lowercase()
    ];
    work.run(sql, bound).await?;
    find_by_okta_id(work, connection, okta_id)
        .await?
        .ok_or(Error::NotFound("group"))
}

/// A pattern for `LIKE .. ESCAPE '!'` that finds `part` anywhere.
pub(super) fn like(part: &str) -> String {
    let escaped: String = part
        .to_lowercase()
        .chars()
        .flat_map(|c| {
            if "!%_".contains(c) {
                vec!['!', c]
            } else {
                vec![c]
            }
        })
        .collect();
    format!("%{escaped}%")
}
