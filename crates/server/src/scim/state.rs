//! How a connection's SCIM stands: which of Okta's dialects it speaks, how much it says.

use sea_orm::FromQueryResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::requests::Entry;
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};

/// A dialect that was not heard for so long beside the other counts no more, seconds.
const STALE_SECONDS: i64 = 30 * 86_400;

/// How a connection's SCIM stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Standing {
    /// The address to enter in Okta as SCIM connector base URL.
    pub(crate) base_url: String,
    /// `patch`: Okta's catalogue apps, which PATCH; `put`: apps of its integration wizard, which PUT; none until seen.
    pub(crate) dialect: Option<&'static str>,
    /// When the last PUT came.
    #[schema(value_type = Option<String>)]
    pub(crate) put_at: Option<Timestamp>,
    /// When the last PATCH came.
    #[schema(value_type = Option<String>)]
    pub(crate) patch_at: Option<Timestamp>,
    /// People, those deactivated too.
    pub(crate) people: i64,
    /// Of them, active ones.
    pub(crate) active: i64,
    /// Groups.
    pub(crate) groups: i64,
    /// Collisions of names that wait for a decision or a push.
    pub(crate) collisions: usize,
}

/// Notes which dialect was spoken.
pub(super) async fn note(
    work: &Work,
    connection: ConnectionId,
    entries: &[Entry],
) -> db::Result<()> {
    let last = |method: &str| {
        let about = |entry: &&Entry| {
            entry.method == method
                && entry.status < 300
                && (entry.path.starts_with("/Users/") || entry.path.starts_with("/Groups/"))
        };
        entries.iter().filter(about).map(|entry| entry.at).max()
    };
    let (put, patch) = (last("PUT"), last("PATCH"));
    if put.is_none() && patch.is_none() {
        return Ok(());
    }
    let sql = "INSERT INTO scim_state (tenant_id, connection_id, put_at, patch_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (tenant_id, connection_id) DO UPDATE SET put_at = COALESCE(excluded.put_at, scim_state.put_at),
            patch_at = COALESCE(excluded.patch_at, scim_state.patch_at)";
    work.run(sql, values![work.tenant, connection, put, patch])
        .await
        .map(drop)
}

/// When Okta last changed something over SCIM; none when it never did.
pub async fn last_heard(work: &Work, connection: ConnectionId) -> db::Result<Option<Timestamp>> {
    #[derive(FromQueryResult)]
    struct Heard {
        put_at: Option<Timestamp>,
        patch_at: Option<Timestamp>,
    }
    let sql = "SELECT put_at, patch_at FROM scim_state WHERE tenant_id = $1 AND connection_id = $2";
    let heard: Option<Heard> = work.row(sql, values![work.tenant, connection]).await?;
    Ok(heard.and_then(|heard| heard.put_at.max(heard.patch_at)))
}

/// How a connection's SCIM stands now.
pub(super) async fn standing(
    work: &Work,
    connection: ConnectionId,
    base_url: String,
) -> db::Result<Standing> {
    #[derive(FromQueryResult)]
    struct Heard {
        put_at: Option<Timestamp>,
        patch_at: Option<Timestamp>,
    }
    #[derive(FromQueryResult)]
    struct Tally {
        kind: String,
        active: bool,
        count: i64,
    }
    let sql = "SELECT put_at, patch_at FROM scim_state WHERE tenant_id = $1 AND connection_id = $2";
    let heard: Option<Heard> = work.row(sql, values![work.tenant, connection]).await?;
    let (put_at, patch_at) = heard.map_or((None, None), |heard| (heard.put_at, heard.patch_at));
    let sql = "SELECT kind, active, COUNT(*) AS count FROM scim_resources WHERE tenant_id = $1 AND connection_id = $2
        AND deleted_at IS NULL GROUP BY kind, active";
    let counts: Vec<Tally> = work.rows(sql, values![work.tenant, connection]).await?;
    let sum =
        |wanted: &dyn Fn(&&Tally) -> bool| counts.iter().filter(wanted).map(|row| row.count).sum();
    Ok(Standing {
        base_url,
        dialect: dialect(put_at, patch_at),
        put_at,
        patch_at,
        people: sum(&|row| row.kind == "User"),
        active: sum(&|row| row.kind == "User" && row.active),
        groups: sum(&|row| row.kind == "Group"),
        collisions: super::collisions::list(work, connection).await?.len(),
    })
}

/// Catalogue apps PUT profiles and PATCH the rest; wizard apps never PATCH (Okta: SCIM 2.0, PUT and PATCH).
fn dialect(put_at: Option<Timestamp>, patch_at: Option<Timestamp>) -> Option<&'static str> {
    match (put_at, patch_at) {
        (None, None) => None,
        (Some(put), Some(patch)) if patch.plus_seconds(STALE_SECONDS) < put => Some("put"),
        (Some(_), None) => Some("put"),
        (_, Some(_)) => Some("patch"),
    }
}
