//! Lowering the guard: a person's own credential, and with two admins a second person.

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::decide::admins;
use super::error::{Error, Result};
use super::guard::Limits;
use crate::app::Work;
use crate::audit;
use crate::db::{ConnectionId, UserId, values};

/// Lowering the guard takes a person's own credential, and when there are two admins a second one who asks for the
/// same within 24 hours.
pub(super) async fn need_four_eyes_for_limits(
    work: &mut Work,
    connection: ConnectionId,
    limits: &Limits,
) -> Result<()> {
    let person = work.actor.kind.person().ok_or(Error::NotPersonal)?;
    if admins(work).await? < 2 {
        return Ok(());
    }
    let subject = subject(connection, limits);
    #[derive(sea_orm::FromQueryResult)]
    struct First {
        person: UserId,
    }
    let sql = "SELECT person FROM sync_requests WHERE tenant_id = $1 AND subject = $2 AND at > $3";
    let first: Option<First> = work
        .row(
            sql,
            values![work.tenant, subject, work.now.plus_seconds(-86_400)],
        )
        .await?;
    if first.is_some_and(|first| first.person != person) {
        work.run(
            "DELETE FROM sync_requests WHERE tenant_id = $1 AND subject = $2",
            values![work.tenant, subject],
        )
        .await?;
        return Ok(());
    }
    Err(Error::SecondPerson)
}

/// Notes that a person asks for lower limits, so that a second one can agree.
pub async fn ask_for_limits(
    work: &mut Work,
    connection: ConnectionId,
    limits: &Limits,
    reason: &str,
) -> Result<()> {
    let person = work.actor.kind.person().ok_or(Error::NotPersonal)?;
    let sql = "INSERT INTO sync_requests (tenant_id, subject, person, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, subject) DO UPDATE SET person = excluded.person, at = excluded.at";
    work.run(
        sql,
        values![work.tenant, subject(connection, limits), person, work.now],
    )
    .await?;
    let entry = audit::Entry::new(
        "sync.guard-lowering-asked",
        ("connection", connection.to_string()),
        reason,
    );
    audit::record(work, entry.detail(limits)).await?;
    Ok(())
}

fn subject(connection: ConnectionId, limits: &Limits) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(connection.0.as_bytes());
    hash.update(json!(limits).to_string());
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    Uuid::from_bytes(bytes)
}
