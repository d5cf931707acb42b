//! People.

use keywright_proto::scim::matching::fold;
use keywright_proto::scim::patch::{self, Operation};
use keywright_proto::scim::schemas::USER;
use keywright_proto::scim::{Resource, etag};
use serde_json::{Value, json};
use uuid::Uuid;

use super::collisions::{self, Clash, Decision};
use super::error::Error;
use super::facts::{self, Fact};
use super::store::{self, Row, is_active};
use super::ties;
use crate::app::Work;
use crate::audit;
use crate::db::ConnectionId;
use crate::directory;

/// Makes a person, or brings back one that was removed: with the same external id, or the same name and none.
pub(super) async fn create(
    work: &mut Work,
    connection: ConnectionId,
    body: &Value,
) -> Result<Row, Error> {
    let mut resource = Resource::parse(&USER, body)?;
    if resource.flag("active").is_none() {
        resource.set("active", json!(true));
    }
    let resource = match store::insert_if_free(work, connection, &USER, resource).await? {
        Ok(row) => return made(work, connection, row).await,
        Err(resource) => resource,
    };
    let settled = free(work, connection, &resource, None).await?;
    if let Some((Decision::Link, holder)) = settled {
        relink(work, connection, &holder, &resource).await?;
        return keep(work, connection, *holder, resource).await;
    }
    let row = if let Some((_, holder)) = settled {
        let id = work.id();
        give_way(work, connection, &holder, id).await?;
        let row = store::insert(work, connection, &USER, id, resource).await?;
        Row { ties: None, ..row }
    } else {
        match store::removed(work, connection, &resource, &USER).await? {
            Some(before) => store::update(work, &before, resource).await?,
            None => store::insert(work, connection, &USER, work.id(), resource).await?,
        }
    };
    made(work, connection, row).await
}

async fn made(work: &mut Work, connection: ConnectionId, row: Row) -> Result<Row, Error> {
    let action = if row.version == 1 {
        "scim.user.created"
    } else {
        "scim.user.returned"
    };
    note(work, action, &row, "said by SCIM", json!({})).await?;
    facts::tell(
        work,
        connection,
        Fact::Person {
            before: None,
            after: &row,
        },
    )
    .await?;
    Ok(row)
}

/// PUT: what is not in the body is gone, but for `active`, which stays as it was.
pub(super) async fn replace(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    body: &Value,
    if_match: Option<&str>,
) -> Result<Row, Error> {
    let before = find_to_change(work, connection, id).await?;
    expect(&before, if_match)?;
    let mut resource = Resource::parse(&USER, body)?;
    if resource.flag("active").is_none() {
        resource.set(
            "active",
            json!(before.resource.flag("active").unwrap_or(true)),
        );
    }
    keep(work, connection, before, resource).await
}

/// PATCH: all operations or none.
pub(super) async fn patch(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    operations: &[Operation],
    if_match: Option<&str>,
) -> Result<Row, Error> {
    let before = find_to_change(work, connection, id).await?;
    expect(&before, if_match)?;
    let resource = patch::apply(&USER, operations, &before.resource)?;
    keep(work, connection, before, resource).await
}

/// DELETE: kept for a return, and gone for the client.
pub(super) async fn delete(
    work: &mut Work,
    connection: ConnectionId,
    id: &str,
    if_match: Option<&str>,
) -> Result<(), Error> {
    let row = find_to_change(work, connection, id).await?;
    expect(&row, if_match)?;
    remove(work, connection, &row, "removed by SCIM").await
}

async fn remove(
    work: &mut Work,
    connection: ConnectionId,
    row: &Row,
    why: &str,
) -> Result<(), Error> {
    store::remove(work, row).await?;
    note(work, "scim.user.removed", row, why, json!({})).await?;
    facts::tell(work, connection, Fact::Gone(row)).await?;
    Ok(())
}

/// Removes a person whose place `to` takes, and gives their groups to it.
async fn give_way(
    work: &mut Work,
    connection: ConnectionId,
    holder: &Row,
    to: Uuid,
) -> Result<(), Error> {
    ties::move_ties(work, holder, to).await?;
    remove(work, connection, holder, "another person takes the place").await
}

/// An admin said that a person's Okta id is another one now: with it goes who they are in the directory.
async fn relink(
    work: &Work,
    connection: ConnectionId,
    holder: &Row,
    resource: &Resource,
) -> Result<(), Error> {
    let (was, is) = (
        holder.resource.text("externalId"),
        resource.text("externalId"),
    );
    if let (Some(was), Some(is)) = (was, is)
        && was != is
    {
        directory::said::relink(work, connection, was, is).await?;
    }
    Ok(())
}

/// A living person.
pub(super) async fn find(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let found = store::find(work, connection, &USER, uuid(id)?).await?;
    found.ok_or_else(|| missing(id))
}

/// A living person whom nobody else changes until the end of the work.
async fn find_to_change(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let found = store::find_to_change(work, connection, &USER, uuid(id)?).await?;
    found.ok_or_else(|| missing(id))
}

fn uuid(id: &str) -> Result<Uuid, Error> {
    Uuid::parse_str(id).map_err(|_| missing(id))
}

fn missing(id: &str) -> Error {
    Error::NoSuch("User", id.to_owned())
}

/// Refuses when If-Match names another version.
pub(super) fn expect(row: &Row, if_match: Option<&str>) -> Result<(), Error> {
    match if_match {
        Some(header) if !etag::names(header, row.version) => {
            Err(Error::Stale(etag::of(row.version)))
        }
        _ => Ok(()),
    }
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
    let mut after_ties = before.ties.clone();
    if !has_same_names(&before, &resource)
        && let Some((Decision::Adopt, holder)) =
            free(work, connection, &resource, Some(before.id)).await?
    {
        give_way(work, connection, &holder, before.id).await?;
        after_ties = None;
    }
    let mut after = store::update(work, &before, resource).await?;
    after.ties = after_ties;
    let (was, is) = (is_active(&before.resource), is_active(&after.resource));
    let action = match (was, is) {
        (true, false) => "scim.user.deactivated",
        (false, true) => "scim.user.activated",
        _ => "scim.user.changed",
    };
    let changed = changed(&before.resource, &after.resource);
    note(
        work,
        action,
        &after,
        "said by SCIM",
        json!({ "attributes": changed }),
    )
    .await?;
    facts::tell(
        work,
        connection,
        Fact::Person {
            before: Some(&before),
            after: &after,
        },
    )
    .await?;
    Ok(after)
}

/// Whether what must be one person's only is as it was: then nobody can be in the way of it.
fn has_same_names(before: &Row, resource: &Resource) -> bool {
    let external = |resource: &Resource| resource.text("externalId").map(str::to_owned);
    fold(&store::name(&USER, resource)) == fold(&before.name)
        && external(resource) == external(&before.resource)
}

/// The names of the attributes that differ; their values are not for the trail.
pub(super) fn changed<'a>(before: &'a Resource, after: &'a Resource) -> Vec<&'a String> {
    let (before, after) = (before.members(), after.members());
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let new = after
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(*value));
    gone.chain(new.map(|(name, _)| name)).collect()
}

/// Refuses a user name or an Okta id that another person of the connection has, unless an admin decided what to do.
async fn free(
    work: &mut Work,
    connection: ConnectionId,
    resource: &Resource,
    but: Option<Uuid>,
) -> Result<Option<(Decision, Box<Row>)>, Error> {
    let external = resource.text("externalId").map(str::to_owned);
    let clash = |attribute, name: String, holder: Row| Clash {
        of: &USER,
        attribute,
        name,
        holder: Box::new(holder),
        wanted_by: but,
        wanted_external_id: external.clone(),
    };
    if let Some(holder) = store::named(work, connection, resource, &USER, but).await? {
        let clash = clash("userName", holder.name.clone(), holder);
        return collisions::settled(work, connection, clash).await.map(Some);
    }
    let Some(id) = &external else {
        return Ok(None);
    };
    match store::external(work, connection, id, but).await? {
        Some(holder) => {
            let clash = clash("externalId", id.clone(), holder);
            collisions::settled(work, connection, clash).await.map(Some)
        }
        None => Ok(None),
    }
}

async fn note(
    work: &mut Work,
    action: &'static str,
    row: &Row,
    why: &str,
    detail: Value,
) -> Result<(), Error> {
    let entry = audit::Entry::new(action, ("scim_user", row.id.to_string()), why).detail(detail);
    audit::record(work, entry).await?;
    Ok(())
}
