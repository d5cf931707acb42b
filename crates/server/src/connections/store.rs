//! The SQL of connections and their keys.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::keys::{Key, KeyState, Purpose};
use super::{Authentication, Connection, Domain, Error, Job, Report, Status};
use crate::app::Work;
use crate::db::{self, ConnectionId, TenantId, Timestamp, values};
use crate::vault::Sealed;

const COLUMNS: &str = "id, name, domain, authentication, client_id, jobs, rate_share, status, status_since, status_why, \
     tested_at, test, version, created_at, updated_at";

#[derive(FromQueryResult)]
struct Row {
    id: ConnectionId,
    name: String,
    domain: String,
    authentication: String,
    client_id: Option<String>,
    jobs: String,
    rate_share: i32,
    status: String,
    status_since: Timestamp,
    status_why: Option<String>,
    tested_at: Option<Timestamp>,
    test: Option<serde_json::Value>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Connection {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let unreadable = |what: &str| Error::Unreadable {
            id: row.id,
            what: what.to_owned(),
        };
        Ok(Self {
            id: row.id,
            domain: Domain::parse(&row.domain).map_err(|_| unreadable("domain"))?,
            authentication: Authentication::of(&row.authentication)
                .ok_or_else(|| unreadable("authentication"))?,
            name: row.name,
            client_id: row.client_id,
            jobs: read_jobs(&row.jobs),
            rate_share: u8::try_from(row.rate_share).unwrap_or(super::DEFAULT_SHARE),
            status: Status::of(&row.status),
            status_since: row.status_since,
            status_why: row.status_why,
            tested_at: row.tested_at,
            // A report of an older program that cannot be read is no report; the next test writes a new one.
            test: row
                .test
                .and_then(|test| serde_json::from_value::<Report>(test).ok()),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn read_jobs(text: &str) -> Vec<Job> {
    text.split(',').filter_map(Job::of).collect()
}

fn write_jobs(jobs: &[Job]) -> String {
    jobs.iter()
        .map(|job| job.word())
        .collect::<Vec<_>>()
        .join(",")
}

/// The key by which a name is unique: without regard to case.
fn name_key(name: &str) -> String {
    name.to_lowercase()
}

pub(super) async fn list(work: &Work) -> Result<Vec<Connection>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE tenant_id = $1 ORDER BY name_key");
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant]).await?;
    rows.into_iter().map(Connection::try_from).collect()
}

pub(super) async fn find(work: &Work, id: ConnectionId) -> Result<Option<Connection>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM connections WHERE tenant_id = $1 AND id = $2");
    let row: Option<Row> = work.row(&sql, values![work.tenant, id]).await?;
    row.map(Connection::try_from).transpose()
}

pub(super) async fn insert(
    work: &Work,
    new: &Connection,
    api_token: Option<Sealed>,
) -> db::Result<bool> {
    let sql = "INSERT INTO connections (tenant_id, id, name, name_key, domain, authentication, client_id, api_token, jobs, \
               rate_share, status, status_since, version, created_at, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING";
    let values = values![
        work.tenant,
        new.id,
        new.name.as_str(),
        name_key(&new.name),
        new.domain.org_url(),
        new.authentication.word(),
        new.client_id.clone(),
        api_token.map(|sealed| sealed.0),
        write_jobs(&new.jobs),
        i32::from(new.rate_share),
        new.status.word(),
        new.status_since,
        new.version,
        new.created_at,
        new.updated_at,
    ];
    Ok(work.run(sql, values).await? == 1)
}

/// Writes what a person may change; the version goes up by one.
pub(super) async fn update(work: &Work, changed: &Connection, version: i64) -> db::Result<()> {
    let sql = "UPDATE connections SET name = $4, name_key = $5, authentication = $6, client_id = $7, jobs = $8, \
               rate_share = $9, status = $10, status_since = $11, status_why = $12, version = version + 1, updated_at = $13 \
               WHERE tenant_id = $1 AND id = $2 AND version = $3";
    let values = values![
        work.tenant,
        changed.id,
        version,
        changed.name.as_str(),
        name_key(&changed.name),
        changed.authentication.word(),
        changed.client_id.clone(),
        write_jobs(&changed.jobs),
        i32::from(changed.rate_share),
        changed.status.word(),
        changed.status_since,
        changed.status_why.clone(),
        work.now,
    ];
    work.run_versioned(sql, values).await
}

/// Writes how it is doing; no client needs to be rebuilt for that, so the version stays.
pub(super) async fn set_status(
    work: &Work,
    id: ConnectionId,
    status: Status,
    since: Timestamp,
    why: Option<&str>,
) -> db::Result<()> {
    let sql = "UPDATE connections SET status = $3, status_since = $4, status_why = $5 WHERE tenant_id = $1 AND id = $2";
    work.run(
        sql,
        values![
            work.tenant,
            id,
            status.word(),
            since,
            why.map(str::to_owned)
        ],
    )
    .await?;
    Ok(())
}

/// Something changed that a client of the org must know about.
pub(super) async fn touch(work: &Work, id: ConnectionId) -> db::Result<()> {
    let sql = "UPDATE connections SET version = version + 1, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, work.now])
        .await
        .map(drop)
}

pub(super) async fn set_report(work: &Work, id: ConnectionId, report: &Report) -> db::Result<()> {
    let sql = "UPDATE connections SET tested_at = $3, test = $4 WHERE tenant_id = $1 AND id = $2";
    let report = serde_json::to_value(report).unwrap_or_default();
    work.run(sql, values![work.tenant, id, work.now, report])
        .await?;
    Ok(())
}

pub(super) async fn set_api_token(
    work: &Work,
    id: ConnectionId,
    sealed: Option<Sealed>,
) -> db::Result<()> {
    let sql = "UPDATE connections SET api_token = $3, version = version + 1, updated_at = $4 WHERE tenant_id = $1 AND id = $2";
    work.run(
        sql,
        values![work.tenant, id, sealed.map(|sealed| sealed.0), work.now],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct TokenRow {
    api_token: Option<Sealed>,
}

pub(super) async fn api_token(work: &Work, id: ConnectionId) -> db::Result<Option<Sealed>> {
    let sql = "SELECT api_token FROM connections WHERE tenant_id = $1 AND id = $2";
    let row: Option<TokenRow> = work.row(sql, values![work.tenant, id]).await?;
    Ok(row.and_then(|row| row.api_token))
}

pub(super) async fn delete(work: &Work, id: ConnectionId) -> db::Result<bool> {
    super::consent::delete(work, id).await?;
    work.run(
        "DELETE FROM connection_keys WHERE tenant_id = $1 AND connection_id = $2",
        values![work.tenant, id],
    )
    .await?;
    let gone = work
        .run(
            "DELETE FROM connections WHERE tenant_id = $1 AND id = $2",
            values![work.tenant, id],
        )
        .await?;
    Ok(gone == 1)
}

#[derive(FromQueryResult)]
struct KeyRow {
    id: Uuid,
    purpose: String,
    state: String,
    kid: String,
    algorithm: String,
    public_jwk: serde_json::Value,
    public_pem: String,
    private_key: Sealed,
    created_at: Timestamp,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            purpose: if row.purpose == Purpose::Dpop.word() {
                Purpose::Dpop
            } else {
                Purpose::Client
            },
            state: if row.state == KeyState::Next.word() {
                KeyState::Next
            } else {
                KeyState::Current
            },
            kid: row.kid,
            algorithm: row.algorithm,
            public_jwk: row.public_jwk,
            public_pem: row.public_pem,
            sealed: row.private_key,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn keys(work: &Work, connection: ConnectionId) -> db::Result<Vec<Key>> {
    let sql = "SELECT id, purpose, state, kid, algorithm, public_jwk, public_pem, private_key, created_at FROM connection_keys \
               WHERE tenant_id = $1 AND connection_id = $2 ORDER BY purpose, state";
    let rows: Vec<KeyRow> = work.rows(sql, values![work.tenant, connection]).await?;
    Ok(rows.into_iter().map(Key::from).collect())
}

pub(super) async fn insert_key(work: &Work, connection: ConnectionId, key: &Key) -> db::Result<()> {
    let sql = "INSERT INTO connection_keys (tenant_id, id, connection_id, purpose, state, kid, algorithm, public_jwk, \
               public_pem, private_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = values![
        work.tenant,
        key.id,
        connection,
        key.purpose.word(),
        key.state.word(),
        key.kid.as_str(),
        key.algorithm.as_str(),
        key.public_jwk.clone(),
        key.public_pem.as_str(),
        key.sealed.0.clone(),
        key.created_at,
    ];
    work.run(sql, values).await?;
    Ok(())
}

pub(super) async fn delete_keys(
    work: &Work,
    connection: ConnectionId,
    purpose: Purpose,
    state: KeyState,
) -> db::Result<u64> {
    let sql = "DELETE FROM connection_keys WHERE tenant_id = $1 AND connection_id = $2 AND purpose = $3 AND state = $4";
    work.run(
        sql,
        values![work.tenant, connection, purpose.word(), state.word()],
    )
    .await
}

/// Makes the next key the current one; the place must be free.
pub(super) async fn promote_key(
    work: &Work,
    connection: ConnectionId,
    purpose: Purpose,
) -> db::Result<()> {
    let sql = "UPDATE connection_keys SET state = 'current' \
               WHERE tenant_id = $1 AND connection_id = $2 AND purpose = $3 AND state = 'next'";
    work.run_versioned(sql, values![work.tenant, connection, purpose.word()])
        .await?;
    let sql = "UPDATE connections SET version = version + 1, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, connection, work.now])
        .await?;
    Ok(())
}

pub(super) async fn public_keys(
    work: &Work,
    connection: ConnectionId,
) -> db::Result<Vec<serde_json::Value>> {
    let keys = keys(work, connection).await?;
    Ok(keys
        .into_iter()
        .filter(|key| key.purpose == Purpose::Client)
        .map(|key| key.public_jwk)
        .collect())
}

#[derive(FromQueryResult)]
struct OwnerRow {
    tenant_id: TenantId,
}

/// Whose connection it is, for the addresses that carry only the connection. The one query here without a tenant.
pub(super) async fn owner(work: &Work, connection: ConnectionId) -> db::Result<Option<TenantId>> {
    let sql =
        "SELECT tenant_id FROM connections WHERE id = $1 AND tenant_id IN (SELECT id FROM tenants)";
    let row: Option<OwnerRow> = work.row(sql, values![connection]).await?;
    Ok(row.map(|row| row.tenant_id))
}
