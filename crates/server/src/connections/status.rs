//! How a connection is doing, as tests and runs report it.

use super::{Connection, Error, Report, Status, create, find, store};
use crate::app::Work;
use crate::db::ConnectionId;

/// Something over the connection failed: it is `failing`, since the first of the failures in a row.
pub async fn failed(work: &mut Work, id: ConnectionId, why: &str) -> Result<(), Error> {
    let connection = find(work, id).await?;
    if matches!(connection.status, Status::Disabled) {
        return Ok(());
    }
    let since = match connection.status {
        Status::Failing => connection.status_since,
        _ => work.now,
    };
    store::set_status(work, id, Status::Failing, since, Some(why)).await?;
    told(work, &connection, Status::Failing, why).await
}

/// Something over the connection worked: a failing one is `active` again.
pub async fn worked(work: &mut Work, id: ConnectionId) -> Result<(), Error> {
    let connection = find(work, id).await?;
    if connection.status != Status::Failing {
        return Ok(());
    }
    store::set_status(work, id, Status::Active, work.now, None).await?;
    told(work, &connection, Status::Active, "it works again").await
}

/// Keeps what a test said. A test that passed makes a connection active.
pub(super) async fn tested(
    work: &mut Work,
    id: ConnectionId,
    report: &Report,
) -> Result<(), Error> {
    let connection = find(work, id).await?;
    store::set_report(work, id, report).await?;
    match (report.why(), connection.status) {
        (_, Status::Disabled) | (None, Status::Active) => Ok(()),
        (Some(why), _) => failed(work, id, why).await,
        (None, Status::Inactive | Status::Failing) => {
            store::set_status(work, id, Status::Active, work.now, None).await?;
            told(work, &connection, Status::Active, "its test passed").await
        }
    }
}

/// A status that moved is worth an audit entry; one that stays is not.
async fn told(
    work: &mut Work,
    before: &Connection,
    status: Status,
    reason: &str,
) -> Result<(), Error> {
    if before.status == status {
        return Ok(());
    }
    let after = Connection {
        status,
        ..before.clone()
    };
    create::record(work, "connection.status", &after, reason).await
}
