//! What Okta shows with each delivery: a secret made here, shown once, kept as a hash. Several may stand at once, so that
//! one takes the place of another without a gap.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::FromQueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Error;
use crate::actor::{Actor, Permission};
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, TenantId, Timestamp, values};
use crate::{audit, connections};

/// What secrets begin with, so that scanners for secrets know them.
const MARK: &str = "kwh_";
/// Most that stand at once.
const MOST: usize = 5;

/// A secret as it is listed; never itself.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
pub struct Secret {
    /// Its id.
    pub id: Uuid,
    /// Its first signs, to find it again.
    pub prefix: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When Okta last came with it, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

/// A secret just made.
#[derive(Debug)]
pub struct Made {
    /// What is listed of it.
    pub secret: Secret,
    /// Itself: 256 bits, shown this once.
    pub text: SecretString,
}

/// Makes a secret for the event hook of a connection.
pub async fn create(work: &mut Work, connection: ConnectionId) -> Result<Made, Error> {
    work.actor.need(Permission::TriggersManage)?;
    connections::find(work, connection).await?;
    if list(work, connection).await?.len() >= MOST {
        return Err(Error::Malformed(format!(
            "at most {MOST} secrets stand at once: revoke one first"
        )));
    }
    let text = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(work.random::<32>()));
    let secret = Secret {
        id: work.id(),
        prefix: text.chars().take(MARK.len() + 6).collect(),
        created_at: work.now,
        last_used_at: None,
    };
    let sql = "INSERT INTO event_secrets (tenant_id, id, connection_id, secret_hash, prefix, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let bound = values![
        work.tenant,
        secret.id,
        connection,
        hash(&text),
        secret.prefix.as_str(),
        secret.created_at
    ];
    work.run(sql, bound).await?;
    let entry = audit::Entry::new(
        "event-hook.secret-created",
        ("connection", connection.to_string()),
        "for Okta's event hook",
    )
    .detail(&secret);
    audit::record(work, entry).await?;
    let text = SecretString::from(text);
    Ok(Made { secret, text })
}

/// The secrets that stand, the newest first.
pub(super) async fn list(work: &Work, connection: ConnectionId) -> db::Result<Vec<Secret>> {
    let sql = "SELECT id, prefix, created_at, last_used_at FROM event_secrets WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC";
    work.rows(sql, values![work.tenant, connection]).await
}

/// Ends a secret now. False when there is none of this id.
pub async fn revoke(work: &mut Work, connection: ConnectionId, id: Uuid) -> Result<bool, Error> {
    work.actor.need(Permission::TriggersManage)?;
    let sql = "DELETE FROM event_secrets WHERE tenant_id = $1 AND connection_id = $2 AND id = $3";
    let gone = work.run(sql, values![work.tenant, connection, id]).await? == 1;
    if gone {
        let entry = audit::Entry::new(
            "event-hook.secret-revoked",
            ("connection", connection.to_string()),
            "Okta's deliveries with it are refused from now on",
        );
        audit::record(work, entry.detail(serde_json::json!({ "secret": id }))).await?;
    }
    Ok(gone)
}

#[derive(FromQueryResult)]
struct Known {
    id: Uuid,
    secret_hash: Vec<u8>,
    last_used_at: Option<Timestamp>,
}

/// Whose connection it is, for who knows a secret of it. That there is no such connection, or none with a secret, is
/// answered like a wrong secret.
pub(super) async fn authenticate(
    app: &App,
    connection: ConnectionId,
    header: Option<&str>,
) -> Result<TenantId, Error> {
    let owner = connections::owner(app, connection).await?;
    let (tenant, told) = (
        owner.ok_or(Error::Unauthorized)?,
        header.unwrap_or_default(),
    );
    let told = hash(told.trim());
    let actor = Actor::system(tenant, "event hook");
    let work = app.glance(&actor).await?;
    let sql = "SELECT id, secret_hash, last_used_at FROM event_secrets WHERE tenant_id = $1 AND connection_id = $2";
    let known: Vec<Known> = work.rows(sql, values![tenant, connection]).await?;
    let now = work.now;
    drop(work);
    let found = known
        .into_iter()
        .find(|known| bool::from(known.secret_hash.ct_eq(&told)));
    let found = found.ok_or(Error::Unauthorized)?;
    if found
        .last_used_at
        .is_none_or(|at| at < now.plus_seconds(-60))
    {
        let work = app.begin(&actor).await?;
        let sql = "UPDATE event_secrets SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
        work.run(sql, values![tenant, found.id, now]).await?;
        work.commit().await?;
    }
    Ok(tenant)
}

fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

impl Made {
    /// The text, for the one answer that shows it.
    pub(super) fn shown(&self) -> String {
        self.text.expose_secret().to_owned()
    }
}
