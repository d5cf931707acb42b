//! Taking away what a run left behind: rows prepared and never made true, rows that ended.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;

use super::bulk;
use super::groups::GroupId;
use crate::app::Work;
use crate::db::{self, UserId, values};

/// So many rows are swept or purged in one transaction.
const SWEEP: i64 = 2_000;

/// Sweeps some of what was prepared and never made true; true when there may be more. Only under the claim.
pub(crate) async fn sweep(work: &Work) -> db::Result<bool> {
    let generation = super::state(work).await?.generation;
    let bound = || values![work.tenant, generation, SWEEP];
    let unborn = "DELETE FROM grants WHERE tenant_id = $1 AND id IN (SELECT id FROM grants WHERE tenant_id = $1 AND born > $2 LIMIT $3)";
    if work.run(unborn, bound()).await? > 0
        || each_membership(work, Mark::Unborn, generation).await?
    {
        return Ok(true);
    }
    for sql in [
        "DELETE FROM user_links WHERE tenant_id = $1 AND user_id IN
            (SELECT id FROM users WHERE tenant_id = $1 AND born > $2 LIMIT $3)",
        // NOT IN would look through all links for each user once they are too many for PostgreSQL's memory.
        "DELETE FROM users WHERE tenant_id = $1 AND born > $2 AND $3 = $3 AND NOT EXISTS
            (SELECT 1 FROM user_links l WHERE l.tenant_id = $1 AND l.user_id = users.id)",
        "UPDATE grants SET died = NULL WHERE tenant_id = $1 AND id IN
            (SELECT id FROM grants WHERE tenant_id = $1 AND died > $2 LIMIT $3)",
    ] {
        if work.run(sql, bound()).await? > 0 {
            return Ok(true);
        }
    }
    each_membership(work, Mark::Dying, generation).await
}

/// Deletes some of what died; true when there may be more.
pub(crate) async fn purge(work: &Work) -> db::Result<bool> {
    let generation = super::state(work).await?.generation;
    let sql = "DELETE FROM grants WHERE tenant_id = $1 AND id IN (SELECT id FROM grants WHERE tenant_id = $1 AND died <= $2 LIMIT $3)";
    Ok(work
        .run(sql, values![work.tenant, generation, SWEEP])
        .await?
        > 0
        || each_membership(work, Mark::Dead, generation).await?)
}

/// What is left of a membership.
#[derive(Clone, Copy)]
enum Mark {
    /// Prepared, never made true.
    Unborn,
    /// To be ended by a change that was never made true.
    Dying,
    /// Ended.
    Dead,
}

/// Takes some memberships with the mark away, or the mark from them; true when there may be more.
async fn each_membership(work: &Work, mark: Mark, generation: i64) -> db::Result<bool> {
    #[derive(FromQueryResult)]
    struct Found {
        group_id: GroupId,
        user_id: UserId,
        born: i64,
    }
    let (which, what) = match mark {
        Mark::Unborn => ("born > $2", "DELETE FROM memberships"),
        Mark::Dying => ("died > $2", "UPDATE memberships SET died = NULL"),
        Mark::Dead => ("died <= $2", "DELETE FROM memberships"),
    };
    // Looked up first and named then: in one statement PostgreSQL reads all members of a tenant each time.
    let sql = format!(
        "SELECT group_id, user_id, born FROM memberships WHERE tenant_id = $1 AND {which} LIMIT $3"
    );
    let found: Vec<Found> = work
        .rows(&sql, values![work.tenant, generation, SWEEP])
        .await?;
    let mut groups: BTreeMap<(GroupId, i64), Vec<UserId>> = BTreeMap::new();
    for row in &found {
        let users = groups.entry((row.group_id, row.born)).or_default();
        users.push(row.user_id);
    }
    let sql = format!(
        "{what} WHERE tenant_id = $1 AND group_id = $2 AND born = $3 AND user_id IN ({{ids}})"
    );
    for ((group, born), users) in groups {
        bulk::by_id(work, &sql, values![work.tenant, group, born], &users).await?;
    }
    Ok(!found.is_empty())
}
