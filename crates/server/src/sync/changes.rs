//! The diff of a run, by person.

use std::collections::HashSet;

use sea_orm::FromQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::run::RunId;
use crate::app::Work;
use crate::db::{self, Timestamp, UserId, values};
use crate::directory::{GroupId, MappingId, RoleId, bulk};

/// One step of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// The person becomes a user.
    Create,
    /// Facts about the person are new.
    Update,
    /// A grant is given.
    Grant,
    /// A grant is taken.
    Revoke,
    /// The user may not sign in any more.
    Block,
    /// The user may sign in again.
    Unblock,
}

/// What happens to one person in one respect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step {
    /// What.
    pub op: Op,
    /// The role given or taken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<RoleId>,
    /// Its name at the time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role_name: Option<String>,
    /// The mapping behind it; none for a grant made by hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mapping: Option<MappingId>,
    /// The mapping's group.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group: Option<GroupId>,
    /// Its name at the time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub group_name: Option<String>,
    /// When a grant made by hand would have ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires_at: Option<Timestamp>,
}

impl Step {
    /// A step that is about no role.
    #[must_use]
    pub fn of(op: Op) -> Self {
        Self {
            op,
            role: None,
            role_name: None,
            mapping: None,
            group: None,
            group_name: None,
            expires_at: None,
        }
    }
}

/// What a run does, or would do, to one person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Change {
    /// Place in the diff.
    pub seq: i64,
    /// The user.
    pub user_id: UserId,
    /// The person in Okta; empty for a user of our own.
    pub okta_id: String,
    /// Login at the time.
    pub login: String,
    /// Name at the time.
    pub name: String,
    /// What happens.
    pub steps: Vec<Step>,
    /// Whether it waits for approval (or would).
    pub held: bool,
    /// Whether the person's sessions end.
    pub ends_sessions: bool,
}

#[derive(FromQueryResult)]
struct Row {
    seq: i64,
    user_id: UserId,
    okta_id: String,
    login: String,
    name: String,
    changes: String,
    held: bool,
    ends_sessions: bool,
}

impl From<Row> for Change {
    fn from(row: Row) -> Self {
        let Row {
            seq,
            user_id,
            okta_id,
            login,
            name,
            changes,
            held,
            ends_sessions,
        } = row;
        Self {
            seq,
            user_id,
            okta_id,
            login,
            name,
            steps: serde_json::from_str(&changes).unwrap_or_default(),
            held,
            ends_sessions,
        }
    }
}

const COLUMNS: &str = "seq, user_id, okta_id, login, name, changes, held, ends_sessions";

/// The diff of a run in order, from behind `after`; only what waits, or only what does not, when asked.
pub async fn list(
    work: &Work,
    run: RunId,
    held: Option<bool>,
    after: i64,
    limit: i64,
) -> db::Result<Vec<Change>> {
    let mut bound = values![work.tenant, run, after, limit];
    let only = held.map_or("", |held| {
        bound.push(held.into());
        "AND held = $5"
    });
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_changes WHERE tenant_id = $1 AND run_id = $2 AND seq > $3 {only} ORDER BY seq LIMIT $4"
    );
    let rows: Vec<Row> = work.rows(&sql, bound).await?;
    Ok(rows.into_iter().map(Change::from).collect())
}

/// What runs did to a person, newest first; what a plan only showed, or a run only held, was not done.
pub(super) async fn of_user(
    work: &Work,
    user: UserId,
    limit: i64,
) -> db::Result<Vec<(RunId, Change)>> {
    #[derive(FromQueryResult)]
    struct Found {
        run_id: RunId,
        seq: i64,
    }
    let sql = "SELECT c.run_id, c.seq FROM sync_changes c JOIN sync_runs r ON r.tenant_id = c.tenant_id AND r.id = c.run_id
        WHERE c.tenant_id = $1 AND c.user_id = $2 AND c.held = $3 AND r.kind <> 'plan' ORDER BY c.run_id DESC, c.seq LIMIT $4";
    let found: Vec<Found> = work
        .rows(sql, values![work.tenant, user, false, limit])
        .await?;
    let mut changes = Vec::new();
    for Found { run_id, seq } in found {
        changes.extend(
            list(work, run_id, None, seq - 1, 1)
                .await?
                .into_iter()
                .map(|change| (run_id, change)),
        );
    }
    Ok(changes)
}

/// Adds to the diff of a run.
pub(super) async fn insert(work: &Work, run: RunId, changes: &[Change]) -> db::Result<()> {
    let row = |change: &Change| {
        let steps = json!(change.steps).to_string();
        let mut row = values![
            work.tenant,
            run,
            change.seq,
            change.user_id,
            change.okta_id.as_str(),
            change.login.as_str()
        ];
        row.extend(values![
            change.name.as_str(),
            steps,
            change.held,
            change.ends_sessions
        ]);
        row
    };
    let head = "INSERT INTO sync_changes (tenant_id, run_id, seq, user_id, okta_id, login, name, changes, held, ends_sessions)";
    bulk::insert(work, head, "", changes.iter().map(row).collect()).await
}

/// Empties the diff of a run: what an earlier try left.
pub(super) async fn clear(work: &Work, run: RunId, limit: i64) -> db::Result<bool> {
    // Up to a number and not by a list of numbers: PostgreSQL without statistics would make that list anew for each row.
    let sql = "DELETE FROM sync_changes WHERE tenant_id = $1 AND run_id = $2 AND seq <= (SELECT MAX(s.seq) FROM
        (SELECT seq FROM sync_changes WHERE tenant_id = $1 AND run_id = $2 ORDER BY seq LIMIT $3) s)";
    Ok(work.run(sql, values![work.tenant, run, limit]).await? > 0)
}

/// The people of a run whose sessions end, in order from behind `after`.
pub(super) async fn ending(
    work: &Work,
    run: RunId,
    after: i64,
    limit: i64,
) -> db::Result<Vec<(i64, UserId)>> {
    #[derive(FromQueryResult)]
    struct Ending {
        seq: i64,
        user_id: UserId,
    }
    let sql = "SELECT seq, user_id FROM sync_changes WHERE tenant_id = $1 AND run_id = $2 AND ends_sessions = $3 AND seq > $4
        ORDER BY seq LIMIT $5";
    let rows: Vec<Ending> = work
        .rows(sql, values![work.tenant, run, true, after, limit])
        .await?;
    Ok(rows.into_iter().map(|row| (row.seq, row.user_id)).collect())
}

/// The steps of a diff as short marks: enough to tell whether one diff is part of another, small enough for 300,000.
#[derive(Debug, Default)]
pub(super) struct Marks(HashSet<[u8; 12]>);

impl Marks {
    pub(super) fn add(&mut self, change: &Change) {
        self.0
            .extend(change.steps.iter().map(|step| mark(change.user_id, step)));
    }

    /// The marks of what waits in a run.
    pub(super) async fn held_in(work: &Work, run: RunId) -> db::Result<Self> {
        let mut marks = Self::default();
        let mut after = -1;
        loop {
            let page = list(work, run, Some(true), after, 2_000).await?;
            let Some(last) = page.last() else {
                return Ok(marks);
            };
            after = last.seq;
            for change in &page {
                marks.add(change);
            }
        }
    }

    /// How many steps of `change` are not here.
    pub(super) fn missing(&self, change: &Change) -> usize {
        change
            .steps
            .iter()
            .filter(|step| !self.0.contains(&mark(change.user_id, step)))
            .count()
    }
}

impl Marks {
    /// How many steps of `change` that change access are not here. A block tightens and is not counted.
    pub(super) fn missing_access(&self, change: &Change) -> usize {
        let access = |step: &&Step| matches!(step.op, Op::Grant | Op::Revoke | Op::Unblock);
        change
            .steps
            .iter()
            .filter(access)
            .filter(|step| !self.0.contains(&mark(change.user_id, step)))
            .count()
    }
}

fn mark(user: UserId, step: &Step) -> [u8; 12] {
    let mut hash = Sha256::new();
    hash.update(user.0.as_bytes());
    hash.update(format!("{:?} {:?} {:?}", step.op, step.role, step.mapping));
    let mut mark = [0; 12];
    mark.iter_mut()
        .zip(hash.finalize())
        .for_each(|(to, from)| *to = from);
    mark
}
