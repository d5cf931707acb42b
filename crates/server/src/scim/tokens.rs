//! Bearer tokens of a connection: several at once, each with a name and an end; shown once, kept as a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::FromQueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::error::Error;
use super::refusals::{self, Refusal};
use crate::actor::{Actor, ActorKind, Permissions};
use crate::app::{App, Work};
use crate::audit;
use crate::db::{self, ConnectionId, TenantId, Timestamp, values};

/// How long a token lives when nothing else is said, in days.
pub(crate) const DEFAULT_DAYS: i64 = 365;
/// Longest life of a token, in days.
pub(crate) const MAX_DAYS: i64 = 3_650;
/// What tokens begin with, so that scanners for secrets know them.
const MARK: &str = "kws_";
/// Bytes of a token that nobody can guess. Its tenant's id comes after them: it says where to look and is no secret
/// (`docs/notes/0032-the-shape-of-an-api-key.md`); the random ones come first, as tokens are told apart by their first signs.
const RANDOM: usize = 32;

/// A token as it is listed; never its secret.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: Uuid,
    /// The connection whose SCIM address it opens.
    #[schema(value_type = Uuid)]
    pub connection_id: ConnectionId,
    /// Its name for people.
    pub name: String,
    /// Its first signs, to find it again.
    pub prefix: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String)]
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>)]
    pub revoked_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, connection_id, name, prefix, created_at, expires_at, last_used_at, revoked_at";

/// A token just made.
#[derive(Debug)]
pub struct Made {
    /// What is listed of it.
    pub token: Token,
    /// The secret: 256 bits, shown this once.
    pub secret: SecretString,
}

/// Makes a token that ends after `days` (at most [`MAX_DAYS`]).
pub async fn create(
    work: &mut Work,
    connection: ConnectionId,
    name: &str,
    days: i64,
) -> db::Result<Made> {
    let mut bytes = work.random::<RANDOM>().to_vec();
    bytes.extend(work.tenant.0.as_bytes());
    let secret = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes));
    let token = Token {
        id: work.id(),
        connection_id: connection,
        name: name.to_owned(),
        prefix: secret.chars().take(MARK.len() + 6).collect(),
        created_at: work.now,
        expires_at: work.now.plus_seconds(days.clamp(1, MAX_DAYS) * 86_400),
        last_used_at: None,
        revoked_at: None,
    };
    let secret = SecretString::from(secret);
    let sql = format!(
        "INSERT INTO scim_tokens (tenant_id, token_hash, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL, NULL)"
    );
    let bound = values![
        work.tenant,
        hash(&secret),
        token.id,
        connection,
        name,
        token.prefix.as_str(),
        token.created_at,
        token.expires_at
    ];
    work.run(&sql, bound).await?;
    let entry = audit::Entry::new(
        "scim.token.created",
        ("scim_token", token.id.to_string()),
        "for provisioning by SCIM",
    )
    .detail(&token);
    audit::record(work, entry).await?;
    Ok(Made { token, secret })
}

/// The tokens of a connection, newest first.
pub async fn list(work: &Work, connection: ConnectionId) -> db::Result<Vec<Token>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scim_tokens WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC"
    );
    work.rows(&sql, values![work.tenant, connection]).await
}

/// The tokens of all connections that still count and end before `until`, the next first.
pub async fn living(work: &Work, until: Timestamp) -> db::Result<Vec<Token>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM scim_tokens WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND expires_at < $3
         ORDER BY expires_at, id LIMIT 50"
    );
    work.rows(&sql, values![work.tenant, work.now, until]).await
}

/// Ends a token now. False when there is none that still stands.
pub async fn revoke(work: &mut Work, connection: ConnectionId, id: Uuid) -> db::Result<bool> {
    let sql = "UPDATE scim_tokens SET revoked_at = $4 WHERE tenant_id = $1 AND connection_id = $2 AND id = $3 AND revoked_at IS NULL";
    let revoked = work
        .run(sql, values![work.tenant, connection, id, work.now])
        .await?
        == 1;
    if revoked {
        let entry = audit::Entry::new(
            "scim.token.revoked",
            ("scim_token", id.to_string()),
            "revoked",
        );
        audit::record(work, entry).await?;
    }
    Ok(revoked)
}

/// Tokens that end before `end` and stand now, with the last warning that was given of each, in days before the end.
pub(super) async fn ending(work: &Work, end: Timestamp) -> db::Result<Vec<(Token, Option<i32>)>> {
    #[derive(FromQueryResult)]
    struct Told {
        told_days: Option<i32>,
    }
    let rest = "FROM scim_tokens WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND expires_at <= $3 ORDER BY id";
    let bound = values![work.tenant, work.now, end];
    let tokens: Vec<Token> = work
        .rows(&format!("SELECT {COLUMNS} {rest}"), bound.clone())
        .await?;
    let told: Vec<Told> = work
        .rows(&format!("SELECT told_days {rest}"), bound)
        .await?;
    Ok(tokens
        .into_iter()
        .zip(told.into_iter().map(|told| told.told_days))
        .collect())
}

/// Notes a warning.
pub(super) async fn told(work: &Work, id: Uuid, days: i32) -> db::Result<()> {
    let sql = "UPDATE scim_tokens SET told_days = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, days])
        .await
        .map(drop)
}

/// Who pushes: a token of a connection.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// The actor of its work.
    pub(super) actor: Actor,
    /// The connection.
    pub(super) connection: ConnectionId,
    /// The token's name.
    pub(super) token: String,
}

#[derive(FromQueryResult)]
struct Found {
    id: Uuid,
    connection_id: ConnectionId,
    name: String,
    expires_at: Timestamp,
    last_used_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// The client behind an `Authorization` header at the address of `connection`. Okta sends `Bearer …` or the bare value.
/// Wrong, expired, revoked and foreign tokens are told apart in the audit trail and alike to the caller, also by time:
/// each costs one look by its hash.
pub(super) async fn authenticate(
    app: &App,
    connection: ConnectionId,
    header: Option<&str>,
) -> Result<Client, Error> {
    let text = header.unwrap_or_default().trim();
    let text = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => text,
    };
    let tenant = tenant(text);
    let work = app.glance(&actor(tenant, "")).await?;
    let sql = "SELECT id, connection_id, name, expires_at, last_used_at, revoked_at FROM scim_tokens WHERE tenant_id = $1 AND token_hash = $2";
    let hash = hash(&SecretString::from(text));
    let found: Option<Found> = work.row(sql, values![tenant, hash]).await?;
    let now = work.now;
    drop(work);
    let why = match &found {
        None => "unknown",
        Some(token) if token.connection_id != connection => "foreign",
        Some(token) if token.revoked_at.is_some() => "revoked",
        Some(token) if token.expires_at <= now => "expired",
        Some(_) => "",
    };
    match found {
        Some(token) if why.is_empty() => {
            let client = Client {
                actor: actor(tenant, &token.name),
                connection,
                token: token.name,
            };
            if token
                .last_used_at
                .is_none_or(|at| at < now.plus_seconds(-60))
            {
                used(app, &client, token.id).await?;
            }
            Ok(client)
        }
        found => {
            // A foreign token's name belongs to another connection, which may be another tenant's.
            let own = found.filter(|token| token.connection_id == connection);
            let refusal = Refusal {
                connection,
                why,
                token: own.map(|token| (token.id, token.name)),
            };
            refusals::note(app, refusal).await;
            Err(Error::Unauthorized)
        }
    }
}

/// The tenant that a token names; of what is no token of ours, one that there is not.
fn tenant(token: &str) -> TenantId {
    let bytes = token
        .strip_prefix(MARK)
        .and_then(|rest| URL_SAFE_NO_PAD.decode(rest).ok());
    let tenant = bytes
        .as_deref()
        .and_then(|bytes| bytes.get(RANDOM..))
        .and_then(|tenant| Uuid::from_slice(tenant).ok());
    TenantId(tenant.unwrap_or_default())
}

pub(super) fn actor(tenant: TenantId, token: &str) -> Actor {
    Actor {
        kind: ActorKind::System("scim"),
        name: format!("SCIM token {token}"),
        tenant,
        permissions: Permissions::default(),
    }
}

async fn used(app: &App, client: &Client, id: Uuid) -> db::Result<()> {
    let work = app.begin(&client.actor).await?;
    let sql = "UPDATE scim_tokens SET last_used_at = $3 WHERE tenant_id = $1 AND id = $2";
    work.run(sql, values![work.tenant, id, work.now]).await?;
    work.commit().await
}

fn hash(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret().as_bytes()).to_vec()
}
