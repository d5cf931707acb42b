//! The seam to the directory: what a SCIM write says of a person or a group, told in the write's own transaction.
//!
//! What follows for roles and access is planned and guarded by a run that the write asks for ([`super::settle`]). At
//! once and in this transaction: the sessions and tokens of a person end whom SCIM deactivates or removes, also in a
//! flood of which the rest is held; a group is known by its name, so that it can be mapped.

use super::settle;
use super::store::{Row, is_active};
use super::ties;
use crate::app::Work;
use crate::audit;
use crate::db::{self, ConnectionId};
use crate::directory;

/// What has happened.
#[derive(Debug)]
pub(super) enum Fact<'a> {
    /// A person was made or came back, or their attributes changed.
    Person {
        before: Option<&'a Row>,
        after: &'a Row,
    },
    /// A person was removed.
    Gone(&'a Row),
    /// A group was made, came back or was renamed.
    Group(&'a Row),
    /// A group was removed.
    GroupGone(&'a Row),
}

/// Tells the directory.
pub(super) async fn tell(
    work: &mut Work,
    connection: ConnectionId,
    fact: Fact<'_>,
) -> db::Result<()> {
    match fact {
        Fact::Person { before, after } => {
            let was = before.is_none_or(|before| is_active(&before.resource));
            let is = is_active(&after.resource);
            if was && !is {
                end_sessions(work, connection, after).await?;
            }
            if let Some(before) = before {
                let id = |row: &Row| row.resource.text("externalId").map(str::to_owned);
                if (!was && is) || id(before) != id(after) {
                    ties::stir_groups(work, after.id).await?;
                }
            } else if after.version > 1 {
                ties::stir_groups(work, after.id).await?;
            }
            Ok(())
        }
        Fact::Gone(row) => end_sessions(work, connection, row).await,
        Fact::Group(row) => {
            let twin = row.resource.text("externalId");
            directory::said::group(work, connection, row.id, &row.name, twin).await
        }
        Fact::GroupGone(row) => directory::said::group_gone(work, connection, row.id).await,
    }
}

/// Joined by connection and Okta id, never by name.
async fn end_sessions(work: &mut Work, connection: ConnectionId, person: &Row) -> db::Result<()> {
    settle::enqueue(work, connection).await?;
    let Some(okta_id) = person.resource.text("externalId") else {
        return Ok(());
    };
    let user = match directory::user_by_okta_id(work, connection, okta_id).await {
        Ok(user) => user,
        Err(directory::Error::Db(error)) => return Err(error),
        Err(_) => None,
    };
    // A break-glass admin is never a person of Okta; a link that says so is none of SCIM's.
    if let Some(user) = user.filter(|user| user.kind == directory::Kind::Okta.word()) {
        directory::raise_epochs(work, &[user.id]).await?;
        let entry = audit::Entry::new(
            "user.sessions-ended",
            ("user", user.id.to_string()),
            "deactivated in Okta, said by SCIM",
        );
        audit::record(work, entry).await?;
    }
    Ok(())
}
