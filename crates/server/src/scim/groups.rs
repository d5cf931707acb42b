//! Groups and their members. A change of members is a command: a group is read as a whole only when the client says
//! the whole of it.

use std::collections::HashSet;

use keywright_proto::scim::Resource;
use keywright_proto::scim::matching::fold;
use keywright_proto::scim::members::{self, Change, Member};
use keywright_proto::scim::patch::{self, Operation};
use keywright_proto::scim::schemas::GROUP;
use serde_json::{Value, json};
use uuid::Uuid;

use super::collisions::{self, Clash, Decision};
use super::error::Error;
use super::facts::{self, Fact};
use super::store::{self, Row};
use super::ties;
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
    let settled = free(work, connection, &resource, None).await?;
    if let Some((Decision::Link, holder)) = settled {
        let mut row = keep(work, connection, *holder, resource).await?;
        if let Some(said) = said {
            change(work, connection, &mut row, Change::Add(said)).await?;
        }
        return Ok(row);
    }
    let mut row = if let Some((_, holder)) = settled {
        let id = work.id();
        let taken = give_way(work, connection, &holder, id).await?;
        let mut row = store::insert(work, connection, &GROUP, id, resource).await?;
        ties::count_members(work, &mut row, taken, false).await?;
        row
    } else {
        match store::removed(work, connection, &resource, &GROUP).await? {
            Some(before) if resource.text("externalId").is_some() => {
                let before = Row {
                    members: 0,
                    ..before
                };
                store::update(work, &before, resource).await?
            }
            _ => store::insert(work, connection, &GROUP, work.id(), resource).await?,
        }
    };
    facts::tell(work, connection, Fact::Group(&row)).await?;
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
    let before = find_to_change(work, connection, id).await?;
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
    let mut row = if rest.is_empty() {
        before
    } else {
        // Members come and go side by side; what is said of the group itself changes in turn.
        let before = find_to_change(work, connection, id).await?;
        expect(&before, if_match)?;
        let resource = patch::apply(&GROUP, &rest, &before.resource)?;
        keep(work, connection, before, resource).await?
    };
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
    let row = find_to_change(work, connection, id).await?;
    expect(&row, if_match)?;
    remove(work, connection, &row).await
}

async fn remove(work: &mut Work, connection: ConnectionId, row: &Row) -> Result<(), Error> {
    store::remove(work, row).await?;
    note(
        work,
        "scim.group.removed",
        row,
        json!({ "name": row.name, "members": row.members }),
    )
    .await?;
    facts::tell(work, connection, Fact::GroupGone(row)).await?;
    Ok(())
}

/// Removes a group whose place `to` takes, and gives its members to it. Gives how many they are.
async fn give_way(
    work: &mut Work,
    connection: ConnectionId,
    holder: &Row,
    to: Uuid,
) -> Result<i64, Error> {
    let taken = ties::move_ties(work, holder, to).await?;
    remove(work, connection, holder).await?;
    Ok(i64::try_from(taken).unwrap_or(i64::MAX))
}

/// A living group.
pub(super) async fn find(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let found = store::find(work, connection, &GROUP, uuid(id)?).await?;
    found.ok_or_else(|| missing(id))
}

/// A living group of which nobody else changes what is said of it until the end of the work.
async fn find_to_change(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let found = store::find_to_change(work, connection, &GROUP, uuid(id)?).await?;
    found.ok_or_else(|| missing(id))
}

fn uuid(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| missing(id))
}

fn missing(id: &str) -> Error {
    Error::NoSuch("Group", id.to_owned())
}

pub(super) async fn keep(
    work: &mut Work,
    connection: ConnectionId,
    before: Row,
    resource: Resource,
) -> Result<Row, Error> {
    if resource == before.resource {
        return Ok(before);
    }
    let settled = if fold(&store::name(&GROUP, &resource)) == fold(&before.name) {
        None
    } else {
        free(work, connection, &resource, Some(before.id)).await?
    };
    let taken = match &settled {
        Some((_, holder)) => give_way(work, connection, holder, before.id).await?,
        None => 0,
    };
    let mut after = store::update(work, &before, resource).await?;
    if taken > 0 {
        ties::count_members(work, &mut after, taken, false).await?;
    }
    facts::tell(work, connection, Fact::Group(&after)).await?;
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
    let (mut add, mut remove, mut emptied) = (Vec::new(), Vec::new(), false);
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
            emptied = add.is_empty();
            let mut wanted: Vec<Uuid> = add.iter().map(|(id, _)| *id).collect();
            wanted.sort_unstable();
            let mut present = ties::member_ids(work, group.id).await?;
            present.sort_unstable();
            add.retain(|(id, _)| present.binary_search(id).is_err());
            present.retain(|id| wanted.binary_search(id).is_err());
            remove = present;
        }
    }
    let gone = ties::remove_members(work, group.id, &remove).await?;
    let new = ties::add_members(work, group.id, &add).await?;
    if gone == 0 && new == 0 {
        return Ok(());
    }
    let by = i64::try_from(new).unwrap_or(i64::MAX) - i64::try_from(gone).unwrap_or(i64::MAX);
    ties::count_members(work, group, by, emptied).await?;
    note(
        work,
        "scim.group.members",
        group,
        json!({ "name": group.name, "added": new, "removed": gone }),
    )
    .await?;
    tracing::debug!(%connection, group = %group.id, added = new, removed = gone, "members by SCIM");
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

/// Refuses a name that another group of the connection has, unless an admin decided what to do.
async fn free(
    work: &mut Work,
    connection: ConnectionId,
    resource: &Resource,
    but: Option<Uuid>,
) -> Result<Option<(Decision, Box<Row>)>, Error> {
    let Some(holder) = store::named(work, connection, resource, &GROUP, but).await? else {
        return Ok(None);
    };
    let clash = Clash {
        of: &GROUP,
        attribute: "displayName",
        name: holder.name.clone(),
        wanted_external_id: resource.text("externalId").map(str::to_owned),
        wanted_by: but,
        holder: Box::new(holder),
    };
    collisions::settled(work, connection, clash).await.map(Some)
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
