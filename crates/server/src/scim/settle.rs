//! Asking for the job that makes true for roles and access what SCIM said.
//!
//! It is asked for after the write is committed, so that a worker that takes the job sees it, and seldom: one job waits
//! at a time, and a process that knows of a job which cannot begin before a moment asks for no other until then. A
//! deactivation asks in its own transaction too, so that a crash between the two does not delay it.

use std::time::Duration;

use sea_orm::FromQueryResult;
use serde_json::json;

use super::requests::{self, State};
use super::said::SETTLE_JOB;
use super::tokens::Client;
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::jobs;

/// So long others may add to what one job does, milliseconds.
const GATHER_MS: i64 = 1_000;
/// A job may take one part in so many of the time, so that a long push is not slowed by it.
const SHARE: i64 = 10;
/// Longest rest between two jobs, milliseconds.
const LONGEST_REST_MS: i64 = 300_000;

/// Has the job asked for, unless this process knows of one that will see what was just committed: within a moment, for
/// all that was committed by then, or at once where requests share nothing.
pub(super) async fn ask(app: &App, client: &Client) {
    match app.part::<State>() {
        Some(state) if state.is_asked(client.connection, app.now()) => {}
        Some(state) => requests::ask_soon(app, state, client),
        None => ask_now(app, client).await,
    }
}

/// Asks for the job.
pub(super) async fn ask_now(app: &App, client: &Client) {
    let connection = client.connection;
    let asked = async {
        let mut work = app.begin(&client.actor).await?;
        let at = enqueue(&mut work, connection).await?;
        work.commit().await?;
        Ok::<_, db::Error>(at)
    };
    match asked.await {
        Ok(at) => {
            if let Some(state) = app.part::<State>() {
                state.asked(connection, at);
            }
        }
        Err(error) => {
            // The job that looks after all connections asks again.
            tracing::warn!(error = %crate::web::chain(&error), "what SCIM said waits for the next round");
        }
    }
}

/// Asks for the job; gives when it begins at the earliest, or one that waits already.
pub(crate) async fn enqueue(work: &mut Work, connection: ConnectionId) -> db::Result<Timestamp> {
    #[derive(FromQueryResult)]
    struct Rest {
        rest_until: Option<Timestamp>,
    }
    let sql = "SELECT rest_until FROM scim_state WHERE tenant_id = $1 AND connection_id = $2";
    let rest: Option<Rest> = work.row(sql, values![work.tenant, connection]).await?;
    let soon = work.now.plus_millis(GATHER_MS);
    let run_at = rest
        .and_then(|rest| rest.rest_until)
        .map_or(soon, |rest| rest.max(soon));
    let job = jobs::New {
        kind: SETTLE_JOB,
        payload: json!({ "connection": connection }),
        run_at,
        unique: Some(connection.to_string()),
    };
    let (kind, unique) = (job.kind, job.unique.clone().unwrap_or_default());
    if jobs::enqueue(work, job).await?.is_some() {
        return Ok(run_at);
    }
    Ok(jobs::waits_until(work, kind, &unique)
        .await?
        .unwrap_or(work.now))
}

/// Notes how long the job took: the next one waits in proportion.
pub(crate) async fn took(work: &Work, connection: ConnectionId, time: Duration) -> db::Result<()> {
    let millis = i64::try_from(time.as_millis()).unwrap_or(LONGEST_REST_MS);
    let rest = millis.saturating_mul(SHARE).min(LONGEST_REST_MS);
    let sql = "INSERT INTO scim_state (tenant_id, connection_id, rest_until) VALUES ($1, $2, $3)
        ON CONFLICT (tenant_id, connection_id) DO UPDATE SET rest_until = excluded.rest_until";
    work.run(
        sql,
        values![work.tenant, connection, work.now.plus_millis(rest)],
    )
    .await
    .map(drop)
}

/// Asks for the job for every connection that SCIM says something of.
pub(super) async fn ask_for_all(work: &mut Work) -> db::Result<()> {
    #[derive(FromQueryResult)]
    struct One {
        connection_id: ConnectionId,
    }
    let sql = "SELECT DISTINCT connection_id FROM scim_tokens WHERE tenant_id = $1 AND last_used_at IS NOT NULL";
    let all: Vec<One> = work.rows(sql, values![work.tenant]).await?;
    for one in all {
        enqueue(work, one.connection_id).await?;
    }
    Ok(())
}
