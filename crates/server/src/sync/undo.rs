//! Reversing a run: what it gave is taken, what it took is given back, and its mappings are paused.

use std::collections::{BTreeSet, HashMap};

use sea_orm::FromQueryResult;

use super::changes::{self, Change, Op, Step};
use super::decide::{Decided, Decision, FREE_TRIES, TRIES};
use super::error::Result;
use super::finding::Finding;
use super::run::{Counts, End, RunId, RunState};
use super::snapshot::Standing;
use super::write::{Ending, Parts, Writes, chunked, let_in, shut_out, write};
use crate::app::{App, Work};
use crate::db::{self, UserId, values};
use crate::directory::staging::NewGrant;
use crate::directory::{self, GrantId, MappingId, RoleId};
use crate::jobs::Job;

/// Undoes a run.
pub(super) async fn undo(app: &App, job: &Job, decision: &Decision, id: RunId) -> Result<()> {
    let mut staged = None;
    for attempt in 0..TRIES {
        if attempt == FREE_TRIES {
            shut_out(app, job, id, &mut staged).await?;
        }
        let look = app.read(&job.actor("sync")).await?;
        let version = directory::state(&look).await?.version;
        let reversal = Reversal::of(&look, decision.of, id).await?;
        drop(look);
        let end = End {
            counts: reversal.counts(),
            ..End::nothing(RunState::Done, reversal.findings())
        };
        let reason = format!("undo by {}", decision.by);
        let finish = Decided {
            connection: decision.connection,
            id,
            by: decision.by.clone(),
            action: "sync.reversed",
            counts: end.counts,
        };
        let ending = Ending {
            connection: decision.connection,
            run: id,
            reason: &reason,
            end,
        };
        let parts = reversal.into_parts();
        match write(app, job, version, parts, &ending, &finish, &mut staged).await {
            Err(db::Error::Stale) => {}
            done => return Ok(done?),
        }
    }
    let_in(app, job, id).await?;
    Err(db::Error::Busy.into())
}

/// What undoes a run.
#[derive(Default)]
struct Reversal {
    give: Vec<NewGrant>,
    take: Vec<GrantId>,
    pause: BTreeSet<MappingId>,
    changes: Vec<Change>,
    not_restored: usize,
}

/// A grant that may be in the way or to be taken.
#[derive(FromQueryResult)]
struct Live {
    id: GrantId,
    role_id: RoleId,
    mapping_id: Option<MappingId>,
}

impl Reversal {
    async fn of(work: &Work, of: RunId, id: RunId) -> Result<Self> {
        let mut reversal = Self::default();
        let mappings: HashMap<MappingId, Vec<RoleId>> = directory::list_mappings(work, None)
            .await?
            .into_iter()
            .map(|mapping| (mapping.id, mapping.roles))
            .collect();
        let roles: BTreeSet<RoleId> = directory::list_roles(work)
            .await?
            .into_iter()
            .map(|role| role.id)
            .collect();
        let mut after = -1;
        loop {
            let page = changes::list(work, of, Some(false), after, 1_000).await?;
            let Some(last) = page.last() else {
                return Ok(reversal);
            };
            after = last.seq;
            for change in page {
                reversal.person(work, id, change, &mappings, &roles).await?;
            }
        }
    }

    async fn person(
        &mut self,
        work: &Work,
        id: RunId,
        change: Change,
        mappings: &HashMap<MappingId, Vec<RoleId>>,
        roles: &BTreeSet<RoleId>,
    ) -> Result<()> {
        let access: Vec<&Step> = change
            .steps
            .iter()
            .filter(|step| matches!(step.op, Op::Grant | Op::Revoke))
            .collect();
        if access.is_empty() {
            return Ok(());
        }
        let live = live(work, change.user_id).await?;
        let left = directory::find_user(work, change.user_id)
            .await
            .map_or(true, |user| {
                let status = Some(user.okta_status.as_deref().unwrap_or("ACTIVE"));
                match Standing::of(status) {
                    Standing::Left => true,
                    Standing::Suspended => false,
                    // Okta's API does not bar them: SCIM does.
                    Standing::Keeps => user.blocked && user.kind == directory::Kind::Okta.word(),
                }
            });
        let (mut steps, mut lost) = (Vec::new(), false);
        for step in access {
            let Some(role) = step.role else { continue };
            self.pause.extend(step.mapping);
            let same = live
                .iter()
                .find(|grant| grant.role_id == role && grant.mapping_id == step.mapping);
            match (step.op, same) {
                (Op::Grant, Some(grant)) => {
                    self.take.push(grant.id);
                    steps.push(Step {
                        op: Op::Revoke,
                        ..step.clone()
                    });
                }
                (Op::Revoke, None) => {
                    let still_there = roles.contains(&role)
                        && step
                            .mapping
                            .is_none_or(|mapping| mappings.contains_key(&mapping));
                    let over = step.expires_at.is_some_and(|at| at <= work.now);
                    if left || !still_there || over {
                        lost = true;
                        continue;
                    }
                    self.give.push(NewGrant {
                        user: change.user_id,
                        role,
                        mapping: step.mapping,
                        group: step.group,
                        run: id.0,
                        expires_at: step.expires_at,
                    });
                    steps.push(Step {
                        op: Op::Grant,
                        ..step.clone()
                    });
                }
                // Undone by other means already.
                _ => {}
            }
        }
        self.not_restored += usize::from(lost);
        if !steps.is_empty() {
            let taken = steps.iter().filter(|step| step.op == Op::Revoke).count();
            let ends_sessions = taken > 0 && taken == live.len() && taken == steps.len();
            let seq = i64::try_from(self.changes.len())
                .unwrap_or(i64::MAX)
                .saturating_add(1);
            self.changes.push(Change {
                seq,
                steps,
                held: false,
                ends_sessions,
                ..change
            });
        }
        Ok(())
    }

    fn counts(&self) -> Counts {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let ended = self
            .changes
            .iter()
            .filter(|change| change.ends_sessions)
            .count();
        Counts {
            granted: count(self.give.len()),
            removed: count(self.take.len()),
            sessions_ended: count(ended),
            ..Counts::default()
        }
    }

    fn findings(&self) -> Vec<Finding> {
        if self.not_restored == 0 {
            Vec::new()
        } else {
            vec![Finding::not_restored(self.not_restored)]
        }
    }

    fn into_parts(self) -> Parts<'static> {
        let rows = self.give.len() + self.take.len() + self.changes.len();
        let give = chunked(self.give.into_iter()).map(|grant| Writes {
            grant,
            ..Writes::default()
        });
        let take = chunked(self.take.into_iter()).map(|revoke| Writes {
            revoke,
            ..Writes::default()
        });
        let diff = chunked(self.changes.into_iter()).map(|changes| Writes {
            changes,
            ..Writes::default()
        });
        let last = Writes {
            pause: self.pause.into_iter().collect(),
            ..Writes::default()
        };
        Parts {
            rows,
            chunks: Box::new(give.chain(take).chain(diff)),
            last,
        }
    }
}

async fn live(work: &Work, user: UserId) -> db::Result<Vec<Live>> {
    let sql =
        "SELECT id, role_id, mapping_id FROM live_grants WHERE tenant_id = $1 AND user_id = $2
        AND (expires_at IS NULL OR expires_at > $3)";
    work.rows(sql, values![work.tenant, user, work.now]).await
}

/// The roles that an undo of this run would give back.
pub(super) async fn roles_given_back(work: &Work, run: RunId) -> Result<BTreeSet<RoleId>> {
    roles_in(work, run, false, Op::Revoke).await
}

/// The roles that this run gives, of what waits or of what was applied.
pub(super) async fn roles_granted(work: &Work, run: RunId, held: bool) -> Result<BTreeSet<RoleId>> {
    roles_in(work, run, held, Op::Grant).await
}

async fn roles_in(work: &Work, run: RunId, held: bool, op: Op) -> Result<BTreeSet<RoleId>> {
    let (mut roles, mut after) = (BTreeSet::new(), -1);
    loop {
        let page = changes::list(work, run, Some(held), after, 2_000).await?;
        let Some(last) = page.last() else {
            return Ok(roles);
        };
        after = last.seq;
        let steps = page.iter().flat_map(|change| &change.steps);
        roles.extend(
            steps
                .filter(|step| step.op == op)
                .filter_map(|step| step.role),
        );
    }
}
