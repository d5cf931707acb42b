//! What people hear of: held runs, failing connections.

use serde_json::{Value, json};

use super::run::{End, RunId};
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
