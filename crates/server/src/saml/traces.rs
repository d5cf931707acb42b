//! What was refused, so that an admin can see why: the reason and where it came from, never the message itself.

use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Result;
use super::refused::Refused;
use crate::app::Work;
use crate::connections;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::web::{Browser, request_id};

/// Traces that are kept of a connection.
const KEPT: i64 = 200;
/// The same from the same address within so many seconds is one trace that counts.
const SAME_SECONDS: i64 = 60;

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
pub struct Trace {
    /// Its id.
    pub id: Uuid,
    /// When, the last time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The kind of refusal in one word: `audience`, `bad_signature`, `unknown`.
    pub code: String,
    /// What was wrong, and how to mend it.
    pub message: String,
    /// Who it was about, by the word of a verified answer.
    pub login: Option<String>,
    /// Where the browser was.
    pub address: String,
    /// The request, as it stands in the log.
    pub request_id: Option<String>,
    /// How many times within a minute.
    pub times: i64,
}

/// The refusals of a connection, newest first.
pub async fn list(work: &Work, connection: ConnectionId, limit: i64) -> Result<Vec<Trace>> {
    connections::find(work, connection).await?;
    let sql = "SELECT id, at, code, message, login, address, request_id, times FROM saml_traces
        WHERE tenant_id = $1 AND connection_id = $2 ORDER BY at DESC, id DESC LIMIT $3";
    let bound = values![work.tenant, connection, limit.clamp(1, KEPT)];
    Ok(work.rows(sql, bound).await?)
}

/// Keeps a trace of a refusal. Of a flood the first one of each minute, kind and place is kept, and counted.
pub(super) async fn keep(
    work: &Work,
    connection: ConnectionId,
    refused: &Refused,
    browser: &Browser,
) -> db::Result<()> {
    let (code, message, place) = (refused.code(), refused.to_string(), browser.place());
    let sql = "UPDATE saml_traces SET times = times + 1, at = $5 WHERE tenant_id = $1 AND id = (SELECT id FROM saml_traces
        WHERE tenant_id = $1 AND connection_id = $2 AND code = $3 AND address = $4 AND message = $6 AND at > $7
        ORDER BY id DESC LIMIT 1)";
    let since = work.now.plus_seconds(-SAME_SECONDS);
    let bound = values![
        work.tenant,
        connection,
        code,
        place.as_str(),
        work.now,
        message.as_str(),
        since
    ];
    if work.run(sql, bound).await? > 0 {
        return Ok(());
    }
    let sql = "INSERT INTO saml_traces (tenant_id, id, connection_id, at, code, message, login, address, request_id, times)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1)";
    let bound = values![
        work.tenant,
        work.id::<Uuid>(),
        connection,
        work.now,
        code,
        message,
        refused.login().map(str::to_owned),
        place,
        request_id::current()
    ];
    work.run(sql, bound).await?;
    let sql = "DELETE FROM saml_traces WHERE tenant_id = $1 AND connection_id = $2 AND id <=
        (SELECT id FROM saml_traces WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC LIMIT 1 OFFSET $3)";
    work.run(sql, values![work.tenant, connection, KEPT])
        .await
        .map(drop)
}
