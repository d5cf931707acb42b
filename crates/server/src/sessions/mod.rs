//! Signed-in browsers: a random token in a cookie, its hash here, listed and ended by their owner or an admin.
//!
//! Access that ends elsewhere ends sessions too: a session remembers its user's `access_epoch`, and
//! [`Session::stands`] compares it with the present one (`directory` raises it, and reaches into no one).

mod attempts;
pub(crate) mod cookie;
mod routes;
mod rules;

use std::collections::HashMap;

use sea_orm::FromQueryResult;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::Work;
use crate::audit;
use crate::db::{self, SessionId, TenantId, Timestamp, UserId, values};
use crate::web::Browser;

pub use attempts::{Limit, failed, forget as forget_failures, refused_for};
pub use routes::routes;
pub use rules::{
    ABSOLUTE_SECONDS, Draft as RulesDraft, Error as RulesError, IDLE_SECONDS, Rules,
    change as change_rules, rules,
};

/// One signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, Serialize, utoipa::ToSchema)]
pub struct Session {
    /// Its id, for lists.
    #[schema(value_type = uuid::Uuid)]
    pub id: SessionId,
    /// Who is signed in.
    #[schema(value_type = uuid::Uuid)]
    pub user_id: UserId,
    /// The user's `access_epoch` when it began.
    pub access_epoch: i64,
    /// How they signed in: `saml`, `passkey`, `link`.
    pub method: String,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Its last request (to the minute).
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// The address it was begun from.
    pub address: Option<String>,
    /// The browser it was begun in, as it named itself.
    pub agent: Option<String>,
}

impl Session {
    /// Whether it is good now, given the user's present `access_epoch` and the tenant's rules.
    #[must_use]
    pub fn stands(&self, epoch: i64, rules: &Rules, now: Timestamp) -> bool {
        self.ended_at.is_none()
            && self.access_epoch == epoch
            && now < self.expires_at
            && now < self.created_at.plus_seconds(rules.absolute_seconds)
            && now < self.seen_at.plus_seconds(rules.idle_seconds)
    }
}

const COLUMNS: &str =
    "id, user_id, access_epoch, method, created_at, seen_at, expires_at, ended_at, address, agent";

/// Begins a session; gives the token for the cookie (256 bits beside the tenant), which is shown nowhere else.
pub async fn begin(
    work: &mut Work,
    user: UserId,
    epoch: i64,
    method: &'static str,
    browser: &Browser,
) -> db::Result<(SessionId, SecretString)> {
    let id = work.id::<SessionId>();
    let rules = rules(work).await?;
    let bytes = [work.tenant.0.as_bytes().as_slice(), &work.random::<32>()].concat();
    let token = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
    let sql = format!(
        "INSERT INTO sessions (tenant_id, token_hash, {COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, NULL, $9, $10)"
    );
    let bound = values![
        work.tenant,
        hash(&token),
        id,
        user,
        epoch,
        method,
        work.now,
        work.now.plus_seconds(rules.absolute_seconds),
        browser.address_text(),
        browser.agent.as_str(),
    ];
    work.run(&sql, bound).await?;
    let entry = audit::Entry::new(
        "session.begun",
        ("user", user.to_string()),
        format!("signed in by {method}"),
    );
    audit::record(work, entry).await?;
    Ok((id, token))
}

/// The tenant that a token claims to be of; `None` when it is no token of ours. Says nothing about its being valid.
#[must_use]
pub fn tenant_of(token: &SecretString) -> Option<TenantId> {
    let bytes = URL_SAFE_NO_PAD.decode(token.expose_secret()).ok()?;
    let tenant = bytes.get(..16).filter(|_| bytes.len() == 48)?;
    Uuid::from_slice(tenant).ok().map(TenantId)
}

/// The session of this token, whether or not it still stands (see [`Session::stands`]).
pub async fn find(work: &Work, token: &SecretString) -> db::Result<Option<Session>> {
    let sql = format!("SELECT {COLUMNS} FROM sessions WHERE tenant_id = $1 AND token_hash = $2");
    work.row(&sql, values![work.tenant, hash(token)]).await
}

/// Notes a request of this session, at most once a minute.
pub async fn touch(work: &Work, id: SessionId) -> db::Result<()> {
    let sql = "UPDATE sessions SET seen_at = $3 WHERE tenant_id = $1 AND id = $2 AND seen_at < $4";
    work.run(
        sql,
        values![work.tenant, id, work.now, work.now.plus_seconds(-60)],
    )
    .await
    .map(drop)
}

/// The sessions of a person, newest first.
pub async fn of_user(work: &Work, user: UserId) -> db::Result<Vec<Session>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sessions WHERE tenant_id = $1 AND user_id = $2 ORDER BY id DESC LIMIT 200"
    );
    work.rows(&sql, values![work.tenant, user]).await
}

/// When each of these people last signed in; who never did is missing.
pub async fn last_begun(work: &Work, users: &[UserId]) -> db::Result<HashMap<UserId, Timestamp>> {
    #[derive(FromQueryResult)]
    struct Row {
        user_id: UserId,
        at: Timestamp,
    }
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let mut bound = values![work.tenant];
    bound.extend(users.iter().map(|&user| user.into()));
    let marks: Vec<String> = (2..=bound.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "SELECT user_id, MAX(created_at) AS at FROM sessions WHERE tenant_id = $1 AND user_id IN ({}) GROUP BY user_id",
        marks.join(", ")
    );
    let rows: Vec<Row> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.at)).collect())
}

/// Ends one session. False when there is none that is still open.
pub async fn end(work: &mut Work, id: SessionId, reason: &str) -> db::Result<bool> {
    let sql =
        "UPDATE sessions SET ended_at = $3 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL";
    let ended = work.run(sql, values![work.tenant, id, work.now]).await? == 1;
    if ended {
        audit::record(
            work,
            audit::Entry::new("session.ended", ("session", id.to_string()), reason),
        )
        .await?;
    }
    Ok(ended)
}

/// Ends all open sessions of a person but one; gives their number.
pub async fn end_others(
    work: &mut Work,
    user: UserId,
    but: Option<SessionId>,
    reason: &str,
) -> db::Result<u64> {
    let sql = "UPDATE sessions SET ended_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND id <> $3 AND ended_at IS NULL";
    let but = but.unwrap_or(SessionId(Uuid::nil()));
    let ended = work
        .run(sql, values![work.tenant, user, but, work.now])
        .await?;
    let entry = audit::Entry::new(
        "session.ended-everywhere",
        ("user", user.to_string()),
        reason,
    )
    .detail(serde_json::json!({ "sessions": ended }));
    audit::record(work, entry).await?;
    Ok(ended)
}

fn hash(token: &SecretString) -> Vec<u8> {
    Sha256::digest(token.expose_secret().as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::db_test;

    db_test!(
        async fn a_session_stands_until_it_is_ended_idle_or_its_user_lost_access(t) {
            let mut work = t.begin().await;
            let user = work.id::<UserId>();
            let (id, token) = begin(&mut work, user, 3, "saml", &Browser::default()).await.unwrap();
            work.commit().await.unwrap();
            let session = find(&t.read().await, &token).await.unwrap().unwrap();
            assert_eq!(session.id, id);
            let rules = Rules::default();
            assert!(session.stands(3, &rules, t.app.now()));
            assert!(!session.stands(4, &rules, t.app.now()), "access ended");
            assert!(!session.stands(3, &rules, t.app.now().plus_seconds(IDLE_SECONDS)), "idle");
            assert_eq!((tenant_of(&token), tenant_of(&"x".into())), (Some(t.tenant), None));
            assert!(find(&t.read().await, &"other".into()).await.unwrap().is_none());
            t.advance(Duration::from_secs(120));
            let mut work = t.begin().await;
            touch(&work, id).await.unwrap();
            assert_eq!(of_user(&work, user).await.unwrap()[0].seen_at, work.now);
            assert!(end(&mut work, id, "signed out").await.unwrap());
            assert!(!end(&mut work, id, "again").await.unwrap());
            work.commit().await.unwrap();
            let session = find(&t.read().await, &token).await.unwrap().unwrap();
            assert!(!session.stands(3, &rules, t.app.now()));
        }

        async fn another_tenants_session_is_not_found(t) {
            let mut work = t.begin().await;
            let user = work.id::<UserId>();
            let (id, token) = begin(&mut work, user, 0, "link", &Browser::default()).await.unwrap();
            work.commit().await.unwrap();
            let other = t.other_tenant().await;
            let mut work = t.app.begin(&other).await.unwrap();
            assert!(find(&work, &token).await.unwrap().is_none());
            assert!(of_user(&work, user).await.unwrap().is_empty());
            assert!(!end(&mut work, id, "hostile").await.unwrap());
        }
    );
}
