//! The SQL of consents and of those that were begun.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::vault::Sealed;

/// A consent.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) client_secret: Option<Sealed>,
    pub(super) scopes: String,
    pub(super) refresh_token: Option<Sealed>,
    pub(super) access_token: Option<Sealed>,
    pub(super) granted: Option<String>,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) in_flight_at: Option<Timestamp>,
    pub(super) held_until: Option<Timestamp>,
    pub(super) ended: Option<String>,
    pub(super) consented_at: Option<Timestamp>,
}

impl Row {
    /// `none`, `alive` or `ended`.
    pub(super) fn standing(&self) -> &'static str {
        match (&self.ended, &self.refresh_token) {
            (Some(_), _) => "ended",
            (None, Some(_)) => "alive",
            (None, None) => "none",
        }
    }
}

const COLUMNS: &str = "id, client_secret, scopes, refresh_token, access_token, granted, expires_at, in_flight_at, \
     held_until, ended, consented_at";

pub(super) async fn find(work: &Work, connection: ConnectionId) -> db::Result<Option<Row>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM connection_consents WHERE tenant_id = $1 AND connection_id = $2"
    );
    work.row(&sql, values![work.tenant, connection]).await
}

/// Chooses the scopes; makes the row where there is none.
pub(in super::super) async fn choose(
    work: &Work,
    connection: ConnectionId,
    scopes: &[String],
) -> db::Result<()> {
    let sql = "INSERT INTO connection_consents (tenant_id, id, connection_id, scopes) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (tenant_id, connection_id) DO UPDATE SET scopes = excluded.scopes";
    let id: Uuid = work.id();
    work.run(sql, values![work.tenant, id, connection, scopes.join(" ")])
        .await
        .map(drop)
}

pub(super) async fn set_secret(
    work: &Work,
    connection: ConnectionId,
    sealed: Sealed,
) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET client_secret = $3 WHERE tenant_id = $1 AND connection_id = $2";
    work.run_versioned(sql, values![work.tenant, connection, sealed.0])
        .await
}

/// What a new consent gave.
pub(super) struct Given {
    pub(super) refresh: Sealed,
    pub(super) access: Sealed,
    pub(super) granted: String,
    pub(super) expires_at: Timestamp,
}

/// A person consented: everything begins anew.
pub(super) async fn consent(work: &Work, connection: ConnectionId, given: Given) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET refresh_token = $3, access_token = $4, granted = $5, expires_at = $6, \
               in_flight_at = NULL, holder = NULL, held_until = NULL, ended = NULL, consented_at = $7 \
               WHERE tenant_id = $1 AND connection_id = $2";
    let bound = values![
        work.tenant,
        connection,
        given.refresh.0,
        given.access.0,
        given.granted,
        given.expires_at,
        work.now
    ];
    work.run_versioned(sql, bound).await
}

/// Takes the consent for one refresh, and notes that its refresh token is about to be used.
pub(super) async fn hold(
    work: &Work,
    connection: ConnectionId,
    holder: Uuid,
    until: Timestamp,
) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET holder = $3, held_until = $4, in_flight_at = COALESCE(in_flight_at, $5) \
               WHERE tenant_id = $1 AND connection_id = $2 AND (held_until IS NULL OR held_until <= $5)";
    work.run_versioned(
        sql,
        values![work.tenant, connection, holder, until, work.now],
    )
    .await
}

/// Keeps rotated tokens, if the consent is still ours.
pub(super) async fn keep(
    work: &Work,
    connection: ConnectionId,
    holder: Uuid,
    given: Given,
) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET refresh_token = $4, access_token = $5, granted = $6, expires_at = $7, \
               in_flight_at = NULL, holder = NULL, held_until = NULL \
               WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3";
    let bound = values![
        work.tenant,
        connection,
        holder,
        given.refresh.0,
        given.access.0,
        given.granted,
        given.expires_at
    ];
    work.run_versioned(sql, bound).await
}

/// Lets others try; that the token may have been used stays noted.
pub(super) async fn release(work: &Work, connection: ConnectionId, holder: Uuid) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET holder = NULL, held_until = NULL \
               WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3";
    work.run(sql, values![work.tenant, connection, holder])
        .await
        .map(drop)
}

/// The end of a consent; its tokens are forgotten.
pub(super) async fn end(
    work: &Work,
    connection: ConnectionId,
    holder: Uuid,
    why: &str,
) -> db::Result<()> {
    let sql = "UPDATE connection_consents SET ended = $4, refresh_token = NULL, access_token = NULL, in_flight_at = NULL, \
               holder = NULL, held_until = NULL WHERE tenant_id = $1 AND connection_id = $2 AND holder = $3";
    work.run_versioned(sql, values![work.tenant, connection, holder, why])
        .await
}

pub(in super::super) async fn delete(work: &Work, connection: ConnectionId) -> db::Result<()> {
    for table in ["connection_consents", "consent_requests"] {
        let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND connection_id = $2");
        work.run(&sql, values![work.tenant, connection]).await?;
    }
    Ok(())
}

/// A consent that was begun.
#[derive(Debug, FromQueryResult)]
pub(super) struct Begun {
    pub(super) id: Uuid,
    pub(super) connection_id: ConnectionId,
    pub(super) asked_by: String,
    pub(super) redirect_uri: String,
    pub(super) verifier: Sealed,
    pub(super) until: Timestamp,
}

pub(super) async fn begin(work: &Work, begun: &Begun, state_hash: &[u8]) -> db::Result<()> {
    let sql = "INSERT INTO consent_requests (tenant_id, id, connection_id, state_hash, asked_by, redirect_uri, verifier, until) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let bound = values![
        work.tenant,
        begun.id,
        begun.connection_id,
        state_hash.to_vec(),
        begun.asked_by.as_str(),
        begun.redirect_uri.as_str(),
        begun.verifier.0.clone(),
        begun.until
    ];
    work.run(sql, bound).await?;
    let sql = "DELETE FROM consent_requests WHERE tenant_id = $1 AND until < $2";
    work.run(sql, values![work.tenant, work.now])
        .await
        .map(drop)
}

/// What was begun under a state: found once.
pub(super) async fn take(work: &Work, state_hash: &[u8]) -> db::Result<Option<Begun>> {
    let sql = "DELETE FROM consent_requests WHERE tenant_id = $1 AND state_hash = $2 \
               RETURNING id, connection_id, asked_by, redirect_uri, verifier, until";
    work.row(sql, values![work.tenant, state_hash.to_vec()])
        .await
}
