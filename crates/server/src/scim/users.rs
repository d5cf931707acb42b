//! People.

use keywright_proto::scim::patch::{self, Operation};
use keywright_proto::scim::schemas::USER;
use keywright_proto::scim::{Resource, etag};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Error;
use super::facts::{self, Fact};
use super::store::{self, Row};
use crate::app::Work;
use crate::audit;
use crate::db::ConnectionId;

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
    free(work, connection, &resource, None).await?;
    let row = match store::removed(work, connection, &resource, &USER).await? {
        Some(before) => store::update(work, &before, resource).await?,
        None => store::insert(work, connection, &USER, resource).await?,
    };
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
    let before = find(work, connection, id).await?;
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
    let before = find(work, connection, id).await?;
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
    let row = find(work, connection, id).await?;
    expect(&row, if_match)?;
    store::remove(work, &row).await?;
    note(
        work,
        "scim.user.removed",
        &row,
        "removed by SCIM",
        json!({}),
    )
    .await?;
    facts::tell(work, connection, Fact::Gone(&row)).await?;
    Ok(())
}

/// A living person.
pub(super) async fn find(work: &Work, connection: ConnectionId, id: &str) -> Result<Row, Error> {
    let missing = || Error::NoSuch("User", id.to_owned());
    let uuid = Uuid::parse_str(id).map_err(|_| missing())?;
    store::find(work, connection, &USER, uuid)
        .await?
        .ok_or_else(missing)
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

/// A person whose client took `active` away is active, as one whose client never said it.
pub(super) fn is_active(resource: &Resource) -> bool {
    resource.flag("active").unwrap_or(true)
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

/// Refuses a user name that another person of the connection has.
async fn free(
    work: &Work,
    connection: ConnectionId,
    resource: &Resource,
    but: Option<Uuid>,
) -> Result<(), Error> {
    let Some(other) = store::named(work, connection, resource, &USER, but).await? else {
        return Ok(());
    };
    let external = other
        .resource
        .text("externalId")
        .map_or_else(String::new, |id| format!(", Okta id {id}"));
    Err(Error::Taken(format!(
        "the userName `{}` is taken in Keywright by another person of this connection (id {}{external}): \
         give one of the two another user name in Okta, or remove the other one in Keywright",
        other.name, other.id
    )))
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
