//! What SCIM says, for those who decide by it: people by their Okta id, groups with their members.

use keywright_proto::scim::Resource;
use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::directory::staging::{FactSource, Facts};

/// The job that makes true for roles and access what SCIM said. Its payload is `{"connection": …}`.
pub const SETTLE_JOB: &str = "scim.settle";

/// Rows of one page.
const PAGE: i64 = 2_000;

/// A person as SCIM says them.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    /// The person's id in Okta.
    pub(crate) okta_id: String,
    /// Whether they are to have access: neither deactivated nor removed.
    pub(crate) active: bool,
    /// Whether they were removed.
    pub(crate) gone: bool,
    /// What is said of them; the hash is not yet counted.
    pub(crate) facts: Facts,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    external_id: String,
    active: bool,
    resource: String,
}

/// Everybody SCIM says of a connection with their Okta id, removed ones first, one by one to `take`.
pub(crate) async fn people(
    work: &Work,
    connection: ConnectionId,
    mut take: impl FnMut(Person),
) -> db::Result<()> {
    for gone in [true, false] {
        let which = if gone { "IS NOT NULL" } else { "IS NULL" };
        let sql = format!(
            "SELECT id, external_id, active, resource FROM scim_resources WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'User'
             AND deleted_at {which} AND external_id IS NOT NULL AND id > $3 ORDER BY id LIMIT $4"
        );
        let mut after = Uuid::nil();
        loop {
            let rows: Vec<Row> = work
                .rows(&sql, values![work.tenant, connection, after, PAGE])
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            rows.into_iter()
                .map(|row| person(row, gone))
                .for_each(&mut take);
        }
    }
    Ok(())
}

/// What SCIM says of one person: of a living one before one that was removed.
pub(crate) async fn person_by_okta_id(
    work: &Work,
    connection: ConnectionId,
    okta_id: &str,
) -> db::Result<Option<(Person, Timestamp)>> {
    #[derive(FromQueryResult)]
    struct One {
        id: Uuid,
        external_id: String,
        active: bool,
        resource: String,
        updated_at: Timestamp,
        deleted_at: Option<Timestamp>,
    }
    let sql = "SELECT id, external_id, active, resource, updated_at, deleted_at FROM scim_resources WHERE tenant_id = $1
        AND connection_id = $2 AND kind = 'User' AND external_id = $3 ORDER BY CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END, id DESC LIMIT 1";
    let row: Option<One> = work
        .row(sql, values![work.tenant, connection, okta_id])
        .await?;
    Ok(row.map(|one| {
        let row = Row {
            id: one.id,
            external_id: one.external_id,
            active: one.active,
            resource: one.resource,
        };
        let at = one.deleted_at.unwrap_or(one.updated_at);
        (person(row, one.deleted_at.is_some()), at)
    }))
}

fn person(row: Row, gone: bool) -> Person {
    let resource = Resource::from_stored(serde_json::from_str(&row.resource).unwrap_or_default());
    Person {
        okta_id: row.external_id,
        active: row.active && !gone,
        gone,
        facts: facts(&resource),
    }
}

/// What the directory keeps of a person.
pub(super) fn facts(resource: &Resource) -> Facts {
    let text = |name: &str| resource.text(name).unwrap_or_default().to_owned();
    let of_name = |part: &str| {
        let name = resource.members().get("name");
        let found = name
            .and_then(|name| name.get(part))
            .and_then(|value| value.as_str());
        found.unwrap_or_default().to_owned()
    };
    let login = text("userName");
    let (given_name, family_name) = (of_name("givenName"), of_name("familyName"));
    let whole = format!("{given_name} {family_name}");
    let display_name = [text("displayName"), whole.trim().to_owned(), login.clone()]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or_default();
    Facts {
        email: email(resource),
        login,
        given_name,
        family_name,
        display_name,
        source: FactSource::Scim,
        ..Facts::default()
    }
}

/// The primary mail address, else the first.
fn email(resource: &Resource) -> String {
    let all = resource
        .members()
        .get("emails")
        .and_then(|emails| emails.as_array());
    let all = all.map(Vec::as_slice).unwrap_or_default();
    let primary = all
        .iter()
        .find(|email| email.get("primary").and_then(serde_json::Value::as_bool) == Some(true));
    let chosen = primary
        .or(all.first())
        .and_then(|email| email.get("value"))
        .and_then(|value| value.as_str());
    chosen.unwrap_or_default().to_owned()
}

/// A group as SCIM says it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub(crate) struct Group {
    /// Its SCIM id.
    pub(crate) id: Uuid,
    /// Its name.
    pub(crate) name: String,
    /// Rises with everything that may change who is in it.
    pub(crate) version: i64,
    /// Whether it was emptied as a whole, and not member by member.
    pub(crate) emptied: bool,
    /// Whether it was removed.
    pub(crate) gone: bool,
}

/// All groups SCIM says of a connection, removed ones too.
pub(crate) async fn groups(work: &Work, connection: ConnectionId) -> db::Result<Vec<Group>> {
    let sql = "SELECT id, name, version + stirred AS version, emptied, deleted_at IS NOT NULL AS gone FROM scim_resources
        WHERE tenant_id = $1 AND connection_id = $2 AND kind = 'Group' ORDER BY id";
    work.rows(sql, values![work.tenant, connection]).await
}

/// The Okta ids of a group's members, one by one to `take`.
pub(crate) async fn members(
    work: &Work,
    connection: ConnectionId,
    group: Uuid,
    mut take: impl FnMut(&str),
) -> db::Result<()> {
    #[derive(FromQueryResult)]
    struct Member {
        user_id: Uuid,
        external_id: String,
    }
    let sql = "SELECT m.user_id, r.external_id FROM scim_members m JOIN scim_resources r ON r.tenant_id = m.tenant_id AND r.id = m.user_id
        AND r.connection_id = $2 AND r.kind = 'User' AND r.deleted_at IS NULL AND r.external_id IS NOT NULL
        WHERE m.tenant_id = $1 AND m.group_id = $3 AND m.user_id > $4 ORDER BY m.user_id LIMIT $5";
    let mut after = Uuid::nil();
    loop {
        let rows: Vec<Member> = work
            .rows(sql, values![work.tenant, connection, group, after, PAGE])
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.user_id;
        for row in rows {
            take(&row.external_id);
        }
    }
}
