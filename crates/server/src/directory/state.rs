//! The one row per tenant that says which rows are true and whether anything that decides about access changed.

use sea_orm::FromQueryResult;
use uuid::Uuid;

use crate::app::Work;
use crate::db::{self, Timestamp, values};

/// The directory's state in one tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct State {
    /// Rows born up to here are true.
    pub generation: i64,
    /// Rises with every change of users, roles, mappings or grants.
    pub version: i64,
    /// The run that prepares the next generation.
    pub staging: Option<Uuid>,
    /// Until when it may be silent before it counts as dead.
    pub staging_until: Option<Timestamp>,
}

impl State {
    /// Whether a run is preparing rows and still alive.
    #[must_use]
    pub fn is_staging(&self, now: Timestamp) -> bool {
        self.staging.is_some() && self.staging_until.is_some_and(|until| now < until)
    }
}

/// The state now; zeros for a tenant in which nothing was ever written.
pub async fn state(work: &Work) -> db::Result<State> {
    let sql = "SELECT generation, version, staging, staging_until FROM directory_state WHERE tenant_id = $1";
    Ok(work
        .row(sql, values![work.tenant])
        .await?
        .unwrap_or_default())
}

/// Says that something that decides about access changes in this work. Writers of one tenant take turns from here to
/// the end of their transactions, and a plan made before is made anew. Refused with [`db::Error::Applying`] while a run
/// has the directory to itself (`sync`, after its plan was overtaken several times).
pub async fn touch(work: &Work) -> db::Result<()> {
    let sql = "INSERT INTO directory_state (tenant_id, generation, version) VALUES ($1, 0, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET version = directory_state.version + 1
        WHERE NOT directory_state.alone OR directory_state.staging_until IS NULL OR directory_state.staging_until < $2";
    match work.run(sql, values![work.tenant, work.now]).await? {
        0 => Err(db::Error::Applying),
        _ => Ok(()),
    }
}

/// Like [`touch`] for what takes access from a person: never refused; a run that has the directory to itself must
/// begin anew.
pub async fn touch_to_take(work: &Work) -> db::Result<()> {
    let sql = "INSERT INTO directory_state (tenant_id, generation, version) VALUES ($1, 0, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET version = directory_state.version + 1";
    work.run(sql, values![work.tenant]).await.map(drop)
}

/// Like [`touch`] for the run `run`, refused with [`db::Error::Stale`] when the version is not `seen` any more or another
/// run has the directory to itself.
pub(crate) async fn touch_if(work: &Work, seen: i64, run: Uuid) -> db::Result<()> {
    if seen == 0 {
        let sql = "INSERT INTO directory_state (tenant_id, generation, version) VALUES ($1, 0, 0) ON CONFLICT (tenant_id) DO NOTHING";
        work.run(sql, values![work.tenant]).await?;
    }
    let sql =
        "UPDATE directory_state SET version = version + 1 WHERE tenant_id = $1 AND version = $2
        AND (NOT alone OR staging = $3 OR staging_until < $4)";
    work.run_versioned(sql, values![work.tenant, seen, run, work.now])
        .await
}
