//! Groups and their members. A change of members is a command: a group is read as a whole only when the client says
//! the whole of it.

use std::collections::HashSet;

use keywright_proto::scim::Resource;
use keywright_proto::scim::members::{self, Change, Member};
use keywright_proto::scim::patch::{self, Operation};
use keywright_proto::scim::schemas::GROUP;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Error;
use super::facts::{self, Fact};
use super::store::{self, Row};
use super::users::{changed, expect};
use crate::app::Work;
use crate::audit;
use crate::db::ConnectionId;

/// Makes a group with its members.
pub(super) async fn create(
    work: &mut Work,
    connection: ConnectionId,
    body: &Value,
) -> Result<Row, Error> {
    let resource = Resource::parse(&GROUP, body)?;
    let said = members::of(body)?;
    free(work, connection, &resource, None).await?;
    let mut row = match store::removed(work, connection, &resource, &GROUP).await? {
        Some(before) if resource.text("externalId").is_some() => {
            let before = Row {
                members: 0,
                ..before
            };
            store::update(work, &before, resource).await?
        }
        _ => store::insert(work, connection, &GROUP, resource).await?,
    };
    note(
        work,
        "scim.group.created",
        &row,
        json!({ "name": row.name }),
    )
    .await?;
    if let Some(said) = said {
        change(work, connection, &mut row, Change::Add(said)).await?;
    }
    Ok(row)
}

/// PUT: the name, and the members when the body says them; a body without `members` leaves them as they are.
pub(super) async fn replace(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    body: &Value,
    if_match: Option<&str>,
) -> Result<Row, Error> {
    let before = find(work, connection, id).await?;
    expect(&before, if_match)?;
    let resource = Resource::parse(&GROUP, body)?;
    let said = members::of(body)?;
    let mut row = keep(work, connection, before, resource).await?;
    if let Some(said) = said {
        change(work, connection, &mut row, Change::Replace(said)).await?;
    }
    Ok(row)
}

/// PATCH: all operations or none.
pub(super) async fn patch(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    operations: Vec<Operation>,
    if_match: Option<&str>,
) -> Result<Row, Error> {
    let before = find(work, connection, id).await?;
    expect(&before, if_match)?;
    let (rest, changes) = members::split(operations)?;
    let resource = patch::apply(&GROUP, &rest, &before.resource)?;
    let mut row = keep(work, connection, before, resource).await?;
    for one in changes {
        change(work, connection, &mut row, one).await?;
    }
    Ok(row)
}

/// DELETE.
pub(super) async fn delete(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    if_match: Option<&str>,
) -> Result<(), Error> {
    let row = find(work, connection, id).await?;
    expect(&row, if_match)?;
    store::remove(work, &row).await?;
    note(
        work,
        "scim.group.removed",
        &row,
        json!({ "name": row.name, "members": row.members }),
    )
    .await?;
    Ok(())
}

/// A living group.
pub(super) async fn find(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let missing = || Error::NoSuch("Group", id.to_owned());
    let uuid = Uuid::parse_str(id).map_err(|_| missing())?;
    store::find(work, connection, &GROUP, uuid)
        .await?
        .ok_or_else(missing)
}

async fn keep(
    work: &mut Work,
    connection: ConnectionId,
    before: Row,
    resource: Resource,
) -> Result<Row, Error> {
    if resource == before.resource {
        return Ok(before);
    }
    free(work, connection, &resource, Some(before.id)).await?;
    let after = store::update(work, &before, resource).await?;
    let detail = json!({ "attributes": changed(&before.resource, &after.resource), "name": after.name, "was": before.name });
    note(work, "scim.group.changed", &after, detail).await?;
    Ok(after)
}

/// Runs one command on the members. An id that no person has is kept: whether the group or the person comes first
/// makes no difference in the end.
async fn change(
    work: &mut Work,
    connection: ConnectionId,
    group: &mut Row,
    change: Change,
) -> Result<(), Error> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    match change {
        Change::Add(members) => add = ids(members),
        // An id that is none of ours is in no group.
        Change::Remove(members) => {
            remove = members
                .iter()
                .filter_map(|id| Uuid::parse_str(id).ok())
                .collect();
        }
        Change::Replace(members) => {
            add = ids(members);
            let wanted: HashSet<Uuid> = add.iter().map(|(id, _)| *id).collect();
            let present: HashSet<Uuid> = store::member_ids(work, group.id)
                .await?
                .into_iter()
                .collect();
            remove = present.difference(&wanted).copied().collect();
            add.retain(|(id, _)| !present.contains(id));
        }
    }
    let gone = store::remove_members(work, group.id, &remove).await?;
    let new = store::add_members(work, group.id, &add).await?;
    if gone == 0 && new == 0 {
        return Ok(());
    }
    let by = i64::try_from(new).unwrap_or(i64::MAX) - i64::try_from(gone).unwrap_or(i64::MAX);
    store::count_members(work, group, by).await?;
    note(
        work,
        "scim.group.members",
        group,
        json!({ "name": group.name, "added": new, "removed": gone }),
    )
    .await?;
    let added: Vec<Uuid> = add.into_iter().map(|(id, _)| id).collect();
    facts::tell(
        work,
        connection,
        Fact::Members {
            group,
            added: &added,
            removed: &remove,
        },
    )
    .await?;
    Ok(())
}

/// Each id once. What is no id of ours can never be a person: it is passed over, as clients may say members that we
/// were never told of (RFC 7644 section 3.5.2 asks for no check).
fn ids(members: Vec<Member>) -> Vec<(Uuid, Member)> {
    let mut once = HashSet::with_capacity(members.len());
    members
        .into_iter()
        .filter_map(|member| Some((Uuid::parse_str(&member.value).ok()?, member)))
        .filter(|(id, _)| once.insert(*id))
        .collect()
}

/// Refuses a name that another group of the connection has.
async fn free(
    work: &Work,
    connection: ConnectionId,
    resource: &Resource,
    but: Option<Uuid>,
) -> Result<(), Error> {
    let Some(other) = store::named(work, connection, resource, &GROUP, but).await? else {
        return Ok(());
    };
    Err(Error::Taken(format!(
        "the group name `{}` is taken in Keywright by another group of this connection (id {}): \
         link the pushed group to it in Okta, or rename one of the two",
        other.name, other.id
    )))
}

async fn note(
    work: &mut Work,
    action: &'static str,
    row: &Row,
    detail: Value,
) -> Result<(), Error> {
    let entry = audit::Entry::new(action, ("scim_group", row.id.to_string()), "said by SCIM")
        .detail(detail);
    audit::record(work, entry).await?;
    Ok(())
}
