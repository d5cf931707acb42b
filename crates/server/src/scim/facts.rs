//! The seam to the directory: what a SCIM write says of a person or a group, told in the write's own transaction.
//!
//! So far one thing follows: a person whom the directory knows by the connection and the Okta id (from a sync) loses all
//! sessions and tokens at once when SCIM deactivates or removes them. Roles still follow the sync alone.

use uuid::Uuid;

use super::store::Row;
use super::users::is_active;
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
    /// People came into a group and left it.
    Members {
        group: &'a Row,
        added: &'a [Uuid],
        removed: &'a [Uuid],
    },
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
            if was && !is_active(&after.resource) {
                end_sessions(work, connection, after).await?;
            }
        }
        Fact::Gone(row) => end_sessions(work, connection, row).await?,
        Fact::Members {
            group,
            added,
            removed,
        } => {
            tracing::debug!(%connection, group = %group.id, added = added.len(), removed = removed.len(), "members by SCIM");
        }
    }
    Ok(())
}

/// Joined by connection and Okta id, never by name.
async fn end_sessions(work: &mut Work, connection: ConnectionId, person: &Row) -> db::Result<()> {
    let Some(okta_id) = person.resource.text("externalId") else {
        return Ok(());
    };
    let user = match directory::user_by_okta_id(work, connection, okta_id).await {
        Ok(user) => user,
        Err(directory::Error::Db(error)) => return Err(error),
        Err(_) => None,
    };
    if let Some(user) = user {
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
