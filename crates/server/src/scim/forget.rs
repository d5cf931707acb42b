//! What was removed or deactivated long ago is forgotten: the resource, and the user with it whom nothing else knows.

use sea_orm::FromQueryResult;
use serde_json::json;
use uuid::Uuid;

use keywright_proto::scim::schemas::{GROUP, USER};

use super::error::Error;
use super::store;
use crate::app::Work;
use crate::audit;
use crate::db::{ConnectionId, Timestamp, UserId, values};
use crate::directory;

/// So many are looked at in one transaction.
const PAGE: i64 = 500;

#[derive(FromQueryResult)]
struct Old {
    id: Uuid,
    connection_id: ConnectionId,
    kind: String,
    external_id: Option<String>,
    living: bool,
}

/// Forgets some of what was removed or deactivated before `end`, after the id `after`. Gives how many it forgot, and
/// where to go on.
pub(super) async fn forget(
    work: &mut Work,
    end: Timestamp,
    after: Uuid,
) -> Result<(u64, Option<Uuid>), Error> {
    let sql = "SELECT id, connection_id, kind, external_id, deleted_at IS NULL AS living FROM scim_resources WHERE tenant_id = $1
        AND (deleted_at < $2 OR inactive_since < $2) AND id > $3 ORDER BY id LIMIT $4";
    let old: Vec<Old> = work
        .rows(sql, values![work.tenant, end, after, PAGE])
        .await?;
    let next = old.last().map(|old| old.id);
    let (mut users, mut forgotten) = (Vec::new(), 0);
    for old in old {
        match user(work, &old).await? {
            Word::Needed => continue,
            Word::Alone(user) => users.push(user),
            Word::Nobodys => {}
        }
        if old.living
            && old.kind == USER.name
            && let Some(row) = store::find(work, old.connection_id, &USER, old.id).await?
        {
            store::remove(work, &row).await?;
        }
        let sql = "DELETE FROM scim_resources WHERE tenant_id = $1 AND id = $2";
        forgotten += work.run(sql, values![work.tenant, old.id]).await?;
    }
    directory::said::forget_users(work, &users).await?;
    directory::said::forget_groups(work, end).await?;
    if forgotten > 0 {
        let entry = audit::Entry::new(
            "scim.forgotten",
            ("tenant", work.tenant.to_string()),
            "removed or deactivated more than 30 days ago",
        )
        .detail(json!({ "resources": forgotten, "users": users }));
        audit::record(work, entry).await?;
    }
    Ok((forgotten, next))
}

/// Who still needs what SCIM said.
enum Word {
    /// A user whom Okta's API still knows, or whose access was never taken: without SCIM's word they would be let in.
    Needed,
    /// This user, whom nothing else knows and who has no access.
    Alone(UserId),
    /// Nobody.
    Nobodys,
}

async fn user(work: &Work, old: &Old) -> Result<Word, Error> {
    let Some(okta_id) = old
        .external_id
        .as_deref()
        .filter(|_| old.kind != GROUP.name)
    else {
        return Ok(Word::Nobodys);
    };
    let Some(user) = directory::user_by_okta_id(work, old.connection_id, okta_id).await? else {
        return Ok(Word::Nobodys);
    };
    // One that was removed and pushed anew under another id: the living one speaks for the user.
    let said = super::said::person_by_okta_id(work, old.connection_id, okta_id).await?;
    if !old.living && said.is_some_and(|(person, _)| !person.gone) {
        return Ok(Word::Nobodys);
    }
    let left = matches!(
        user.okta_status.as_deref(),
        None | Some("DEPROVISIONED" | "GONE")
    );
    Ok(if left && user.blocked {
        Word::Alone(user.id)
    } else {
        Word::Needed
    })
}
