//! People of an org who become users by signing in, before any sync has seen them in a mapped group.

use serde_json::json;

use super::error::Result;
use super::state::touch;
use super::users::{User, find};
use crate::app::Work;
use crate::audit;
use crate::db::{ConnectionId, UserId, values};

/// A person as the identity provider described them.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// The id in their org.
    pub okta_id: String,
    /// The name to sign in with.
    pub login: String,
    /// Mail address; may be empty.
    pub email: String,
    /// Given name; may be empty.
    pub given_name: String,
    /// Family name; may be empty.
    pub family_name: String,
    /// Name to show; made of the others when empty.
    pub display_name: String,
}

impl Newcomer {
    fn shown(&self) -> String {
        let both = format!("{} {}", self.given_name, self.family_name);
        let names = [self.display_name.as_str(), both.trim(), self.login.as_str()];
        let first = names.into_iter().find(|name| !name.is_empty());
        first.unwrap_or_default().to_owned()
    }
}

/// Makes a user of a newcomer, joined to their id in the org, without any role. Nobody of this id may be a user yet. The next
/// sync run puts Okta's own word in the place of these facts.
pub async fn welcome(
    work: &mut Work,
    connection: ConnectionId,
    newcomer: &Newcomer,
    reason: &str,
) -> Result<User> {
    touch(work).await?;
    let id: UserId = work.id();
    let sql = "INSERT INTO users (tenant_id, id, kind, login, login_key, email, given_name, family_name, display_name, name_key,
            facts_source, facts_at, facts_hash, blocked, access_epoch, version, created_at, updated_at, born)
        VALUES ($1, $2, 'okta', $3, $4, $5, $6, $7, $8, $11, 'saml', $9, 0, $10, 0, 1, $9, $9, 0)";
    let shown = newcomer.shown();
    let bound = values![
        work.tenant,
        id,
        newcomer.login.as_str(),
        newcomer.login.to_lowercase(),
        newcomer.email.as_str(),
        newcomer.given_name.as_str(),
        newcomer.family_name.as_str(),
        shown.as_str(),
        work.now,
        false,
        shown.to_lowercase()
    ];
    work.run(sql, bound).await?;
    let sql = "INSERT INTO user_links (tenant_id, connection_id, okta_id, user_id, seen_at) VALUES ($1, $2, $3, $4, $5)";
    let bound = values![
        work.tenant,
        connection,
        newcomer.okta_id.as_str(),
        id,
        work.now
    ];
    work.run(sql, bound).await?;
    let entry = audit::Entry::new("user.created", ("user", id.to_string()), reason);
    let detail = json!({ "login": newcomer.login, "kind": "okta", "okta_id": newcomer.okta_id });
    audit::record(work, entry.detail(detail)).await?;
    find(work, id).await
}
