//! What people and programs hear of: held runs, failing connections, roles that changed.

use serde_json::{Value, json};

use super::changes::{self, Change, Op};
use super::run::{Counts, End, RunId};
use crate::app::Work;
use crate::db::{self, ConnectionId};
use crate::notify::{self, Notice, Topic};

/// Part of a run waits for approval.
pub(super) async fn held(
    work: &mut Work,
    connection: ConnectionId,
    run: RunId,
    end: &End,
) -> db::Result<()> {
    let reasons: Vec<String> = end
        .reasons
        .iter()
        .map(|reason| format!("- {reason}"))
        .collect();
    let findings: Vec<String> = end
        .findings
        .iter()
        .map(|finding| format!("- {}. {}", finding.words, finding.mend))
        .collect();
    let body = format!(
        "{} roles to take, {} to give and {} people to bar wait for approval.\n\n{}\n\n{}\n\nLook: keywright sync history {run}\nApprove: keywright sync approve {run}\nReject: keywright sync reject {run}",
        end.counts.held_removed,
        end.counts.held_granted,
        end.counts.held_blocked,
        reasons.join("\n"),
        findings.join("\n"),
    );
    let notice = Notice::new(Topic::RunHeld, "A sync run waits for approval", body)
        .path(format!("/connections/{connection}/runs/{run}"))
        .detail(json!({ "connection": connection, "run": run, "counts": end.counts, "reasons": end.reasons, "findings": end.findings }));
    notify::send(work, &notice).await.map(drop)
}

/// Runs of a connection began to fail.
pub(super) async fn failing(
    work: &mut Work,
    connection: ConnectionId,
    run: RunId,
    detail: &Value,
) -> db::Result<()> {
    let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
    let body = format!(
        "{}.\n\n{}\n\nNobody lost a role by it.",
        text("finding"),
        text("mend")
    );
    let notice = Notice::new(Topic::RunFailed, "Sync of an Okta org fails", body)
        .path(format!("/connections/{connection}/runs/{run}"))
        .detail(json!({ "connection": connection, "run": run, "finding": text("finding"), "mend": text("mend") }))
        .once(format!("connection/{connection}/sync-failing"));
    notify::send(work, &notice).await.map(drop)
}

/// So many people are named in a notice of changed roles; all are in the run's diff.
const NAMED: i64 = 100;

/// A run gave or took roles. For channels that ask for it: whom it concerns, and where all of them are listed.
pub(super) async fn changed(
    work: &mut Work,
    connection: ConnectionId,
    run: RunId,
    counts: &Counts,
) -> db::Result<()> {
    if counts.granted + counts.removed == 0 {
        return Ok(());
    }
    let diff = changes::list(work, run, Some(false), -1, NAMED).await?;
    let people: Vec<Value> = diff.iter().filter_map(roles_changed).collect();
    let shown: u64 = diff.iter().map(steps_about_roles).sum();
    let diff_at = format!("/api/v1/connections/{connection}/sync/runs/{run}/changes");
    let body = format!(
        "{} roles were given and {} taken by a sync run.\n\nWho and why: keywright sync show {run}",
        counts.granted, counts.removed
    );
    let notice = Notice::new(Topic::GrantsChanged, "People's roles changed", body)
        .path(format!("/connections/{connection}/runs/{run}"))
        .detail(json!({
            "connection": connection, "run": run, "granted": counts.granted, "revoked": counts.removed,
            "people": people, "complete": shown >= counts.granted + counts.removed, "all": diff_at,
        }));
    notify::send(work, &notice).await.map(drop)
}

/// The roles that one person was given and lost.
fn roles_changed(change: &Change) -> Option<Value> {
    let roles = |op: Op| -> Vec<&str> {
        let steps = change.steps.iter().filter(|step| step.op == op);
        steps.filter_map(|step| step.role_name.as_deref()).collect()
    };
    let (granted, revoked) = (roles(Op::Grant), roles(Op::Revoke));
    (!granted.is_empty() || !revoked.is_empty()).then(|| {
        json!({
            "user": change.user_id, "okta_id": change.okta_id, "login": change.login,
            "granted": granted, "revoked": revoked,
        })
    })
}

fn steps_about_roles(change: &Change) -> u64 {
    let about = |op: Op| matches!(op, Op::Grant | Op::Revoke);
    let steps = change.steps.iter().filter(|step| about(step.op)).count();
    u64::try_from(steps).unwrap_or(u64::MAX)
}
