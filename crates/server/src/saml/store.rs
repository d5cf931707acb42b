//! The rows of this slice.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use super::certificates::Pinned;
use super::keys::{Key, KeyState};
use super::settings::{Binding, Demand, Idp, Settings};
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::directory::RoleId;
use crate::vault::Sealed;

const SETTINGS: &str = "connection_id, enabled, idp_entity_id, idp_redirect, idp_post, binding, metadata_url, metadata_at, \
     demand, skew_seconds, okta_id_attribute, jit, jit_role, attributes, signed_in_at, version, created_at, updated_at";

#[derive(FromQueryResult)]
struct Row {
    connection_id: ConnectionId,
    enabled: bool,
    idp_entity_id: Option<String>,
    idp_redirect: Option<String>,
    idp_post: Option<String>,
    binding: String,
    metadata_url: Option<String>,
    metadata_at: Option<Timestamp>,
    demand: String,
    skew_seconds: i32,
    okta_id_attribute: String,
    jit: bool,
    jit_role: Option<RoleId>,
    attributes: String,
    signed_in_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Row> for Settings {
    fn from(row: Row) -> Self {
        let (redirect_url, post_url) = (row.idp_redirect, row.idp_post);
        Self {
            connection: row.connection_id,
            enabled: row.enabled,
            idp: row.idp_entity_id.map(|entity_id| Idp {
                entity_id,
                redirect_url,
                post_url,
            }),
            binding: Binding::of(&row.binding),
            metadata_url: row.metadata_url,
            metadata_at: row.metadata_at,
            demand: Demand::of(&row.demand),
            skew_seconds: row.skew_seconds,
            okta_id_attribute: row.okta_id_attribute,
            jit: row.jit,
            jit_role: row.jit_role,
            attributes: serde_json::from_str(&row.attributes).unwrap_or_default(),
            signed_in_at: row.signed_in_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(super) async fn settings(
    work: &Work,
    connection: ConnectionId,
) -> db::Result<Option<Settings>> {
    let sql =
        format!("SELECT {SETTINGS} FROM saml_settings WHERE tenant_id = $1 AND connection_id = $2");
    let row: Option<Row> = work.row(&sql, values![work.tenant, connection]).await?;
    Ok(row.map(Settings::from))
}

pub(super) async fn all(work: &Work) -> db::Result<Vec<Settings>> {
    let sql =
        format!("SELECT {SETTINGS} FROM saml_settings WHERE tenant_id = $1 ORDER BY connection_id");
    let rows: Vec<Row> = work.rows(&sql, values![work.tenant]).await?;
    Ok(rows.into_iter().map(Settings::from).collect())
}

#[derive(FromQueryResult)]
struct ConnectionRow {
    connection_id: ConnectionId,
}

/// The connections that are switched on and have an identity provider.
pub(super) async fn ready(work: &Work) -> db::Result<Vec<ConnectionId>> {
    let sql = "SELECT connection_id FROM saml_settings WHERE tenant_id = $1 AND enabled = $2 AND idp_entity_id IS NOT NULL";
    let rows: Vec<ConnectionRow> = work.rows(sql, values![work.tenant, true]).await?;
    Ok(rows.into_iter().map(|row| row.connection_id).collect())
}

/// Writes settings whose version was read; the version goes up by one.
pub(super) async fn save(work: &Work, after: &Settings) -> db::Result<()> {
    let columns = "tenant_id, connection_id, enabled, idp_entity_id, idp_redirect, idp_post, binding, metadata_url, \
         metadata_at, demand, skew_seconds, okta_id_attribute, jit, jit_role, attributes, version, created_at, updated_at";
    let sql = format!(
        "INSERT INTO saml_settings ({columns})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 + 1, $17, $18)
         ON CONFLICT (tenant_id, connection_id) DO UPDATE SET enabled = excluded.enabled,
            idp_entity_id = excluded.idp_entity_id, idp_redirect = excluded.idp_redirect, idp_post = excluded.idp_post,
            binding = excluded.binding, metadata_url = excluded.metadata_url, metadata_at = excluded.metadata_at,
            demand = excluded.demand, skew_seconds = excluded.skew_seconds,
            okta_id_attribute = excluded.okta_id_attribute, jit = excluded.jit, jit_role = excluded.jit_role,
            version = excluded.version, updated_at = excluded.updated_at
         WHERE saml_settings.version = $16"
    );
    let idp = after.idp.clone();
    let (entity_id, redirect, post) = idp.map_or((None, None, None), |idp| {
        (Some(idp.entity_id), idp.redirect_url, idp.post_url)
    });
    let attributes = serde_json::to_string(&after.attributes).unwrap_or_default();
    let bound = values![
        work.tenant,
        after.connection,
        after.enabled,
        entity_id,
        redirect,
        post,
        after.binding.word(),
        after.metadata_url.clone(),
        after.metadata_at,
        after.demand.word(),
        after.skew_seconds,
        after.okta_id_attribute.as_str(),
        after.jit,
        after.jit_role,
        attributes,
        after.version,
        after.created_at,
        after.updated_at,
    ];
    work.run_versioned(&sql, bound).await
}

/// Notes a sign-in and which attributes it brought. No change of the settings: the version stays.
pub(super) async fn signed_in(
    work: &Work,
    connection: ConnectionId,
    attributes: &[String],
) -> db::Result<()> {
    let sql = "UPDATE saml_settings SET attributes = $3, signed_in_at = $4 WHERE tenant_id = $1 AND connection_id = $2";
    let names = serde_json::to_string(attributes).unwrap_or_default();
    work.run(sql, values![work.tenant, connection, names, work.now])
        .await
        .map(drop)
}

/// Everything of a connection.
pub(super) async fn delete(work: &Work, connection: ConnectionId) -> db::Result<()> {
    for table in TABLES {
        let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND connection_id = $2");
        work.run(&sql, values![work.tenant, connection]).await?;
    }
    Ok(())
}

const TABLES: [&str; 5] = [
    "saml_settings",
    "saml_certificates",
    "saml_keys",
    "saml_used",
    "saml_traces",
];

/// What connections left that are gone, and assertions that their time refuses by now.
pub(super) async fn sweep(work: &Work) -> db::Result<()> {
    for table in TABLES {
        let sql = format!(
            "DELETE FROM {table} WHERE tenant_id = $1 AND connection_id NOT IN (SELECT id FROM connections WHERE tenant_id = $1)"
        );
        work.run(&sql, values![work.tenant]).await?;
    }
    let sql = "DELETE FROM saml_used WHERE tenant_id = $1 AND until < $2";
    work.run(sql, values![work.tenant, work.now])
        .await
        .map(drop)
}

pub(super) async fn certificates(work: &Work, connection: ConnectionId) -> db::Result<Vec<Pinned>> {
    let sql = "SELECT id, certificate, fingerprint, subject, not_before, not_after, added_at, told_days FROM saml_certificates
        WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC";
    work.rows(sql, values![work.tenant, connection]).await
}

pub(super) async fn pin(work: &Work, connection: ConnectionId, one: &Pinned) -> db::Result<()> {
    let sql = "INSERT INTO saml_certificates (tenant_id, id, connection_id, certificate, fingerprint, subject, not_before,
        not_after, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let bound = values![
        work.tenant,
        one.id,
        connection,
        one.certificate.as_str(),
        one.fingerprint.as_str(),
        one.subject.as_str(),
        one.not_before,
        one.not_after,
        one.added_at,
    ];
    work.run(sql, bound).await.map(drop)
}

pub(super) async fn unpin(work: &Work, connection: ConnectionId, id: Uuid) -> db::Result<()> {
    let sql =
        "DELETE FROM saml_certificates WHERE tenant_id = $1 AND connection_id = $2 AND id = $3";
    work.run(sql, values![work.tenant, connection, id])
        .await
        .map(drop)
}

/// Notes which warning was given of a certificate's end.
pub(super) async fn told(work: &Work, id: Uuid, days: i32) -> db::Result<()> {
    let sql = "UPDATE saml_certificates SET told_days = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, days])
        .await
        .map(drop)
}

#[derive(FromQueryResult)]
struct KeyRow {
    id: Uuid,
    state: String,
    certificate: String,
    private_key: Sealed,
    created_at: Timestamp,
}

pub(super) async fn keys(work: &Work, connection: ConnectionId) -> db::Result<Vec<Key>> {
    let sql = "SELECT id, state, certificate, private_key, created_at FROM saml_keys WHERE tenant_id = $1 AND connection_id = $2";
    let rows: Vec<KeyRow> = work.rows(sql, values![work.tenant, connection]).await?;
    Ok(rows
        .into_iter()
        .map(|row| Key {
            id: row.id,
            state: KeyState::of(&row.state),
            certificate: row.certificate,
            created_at: row.created_at,
            sealed: row.private_key,
        })
        .collect())
}

pub(super) async fn insert_key(work: &Work, connection: ConnectionId, key: &Key) -> db::Result<()> {
    let sql = "INSERT INTO saml_keys (tenant_id, id, connection_id, state, certificate, private_key, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let bound = values![
        work.tenant,
        key.id,
        connection,
        key.state.word(),
        key.certificate.as_str(),
        key.sealed.0.clone(),
        key.created_at
    ];
    work.run(sql, bound).await.map(drop)
}

pub(super) async fn delete_key(
    work: &Work,
    connection: ConnectionId,
    state: KeyState,
) -> db::Result<()> {
    let sql = "DELETE FROM saml_keys WHERE tenant_id = $1 AND connection_id = $2 AND state = $3";
    work.run(sql, values![work.tenant, connection, state.word()])
        .await
        .map(drop)
}

pub(super) async fn promote_key(work: &Work, connection: ConnectionId) -> db::Result<()> {
    let sql = "UPDATE saml_keys SET state = 'current' WHERE tenant_id = $1 AND connection_id = $2 AND state = 'next'";
    work.run_versioned(sql, values![work.tenant, connection])
        .await
}

/// Marks something as used, once for all: false when it was used before. Of two at the same moment one gets true: the other
/// waits for the first one's transaction and then finds its row.
pub(super) async fn first_use(
    work: &Work,
    connection: ConnectionId,
    hash: &[u8],
    until: Timestamp,
) -> db::Result<bool> {
    let sql =
        "INSERT INTO saml_used (tenant_id, connection_id, used_hash, until) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, connection_id, used_hash) DO NOTHING";
    let bound = values![work.tenant, connection, hash.to_vec(), until];
    Ok(work.run(sql, bound).await? == 1)
}
