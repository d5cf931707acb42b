//! Runs of the demo: asked for, waited for, told in lines.

use anyhow::{Context, bail};
use keywright_sandbox::Edit;
use serde_json::{Value, json};

use super::stage::Stage;
use crate::commands::connection::id;
use crate::commands::sync::{finish, step};
use crate::output::{at, text};

/// People of a diff that are printed.
const SHOWN: usize = 8;

/// Asks for a run and waits for its end.
pub(super) async fn start(stage: &Stage, sync: &str) -> anyhow::Result<Value> {
    let asked = stage
        .api
        .post(&format!("{sync}/run"), &json!({"reason": "demo"}))
        .await?;
    ended(stage, sync, asked).await
}

pub(super) async fn ended(stage: &Stage, sync: &str, asked: Value) -> anyhow::Result<Value> {
    let run = finish(&stage.api, sync, asked).await?;
    if run["state"] == "failed" {
        bail!("the run failed: {}", at(&run, "findings"));
    }
    Ok(run)
}

pub(super) fn expect(run: &Value, state: &str) -> anyhow::Result<()> {
    if run["state"] != state {
        bail!("the run should be {state}, but: {}", told(run).join("; "));
    }
    Ok(())
}

/// A run in a line, and why it is held.
pub(super) fn told(run: &Value) -> Vec<String> {
    let count = |name: &str| text(at(run, &format!("counts.{name}")));
    let mut lines = vec![format!(
        "{}: {} of {} groups read in {} calls; {} new people, {} roles given, {} taken; waiting: {} to give, {} to take",
        text(at(run, "state")),
        count("groups_read"),
        count("groups"),
        text(at(run, "calls")),
        count("created"),
        count("granted"),
        count("removed"),
        count("held_granted"),
        count("held_removed"),
    )];
    lines.extend(
        at(run, "reasons")
            .as_array()
            .into_iter()
            .flatten()
            .map(|reason| format!("because {}", text(reason))),
    );
    lines
}

/// The first people of a run's diff; of one that holds something, of what it holds.
pub(super) async fn diff(stage: &Stage, sync: &str, run: &Value) -> anyhow::Result<Vec<String>> {
    let holds = ["held_granted", "held_removed"]
        .iter()
        .any(|count| at(run, &format!("counts.{count}")).as_u64() > Some(0));
    let part = if holds { "&held=true" } else { "" };
    let changes = stage
        .api
        .all(&format!("{sync}/runs/{}/changes?limit=200{part}", id(run)))
        .await?;
    let mut lines: Vec<String> = changes
        .iter()
        .take(SHOWN)
        .map(|change| {
            let steps: Vec<String> = at(change, "steps")
                .as_array()
                .into_iter()
                .flatten()
                .map(step)
                .collect();
            let held = if change["held"] == true {
                " (waits)"
            } else {
                ""
            };
            format!(
                "  {}{held}: {}",
                text(at(change, "login")),
                steps.join(", ")
            )
        })
        .collect();
    if changes.len() > SHOWN {
        lines.push(format!("  … and {} more people", changes.len() - SHOWN));
    }
    Ok(lines)
}

/// The logins of a group's members, as we know them.
pub(super) async fn logins(stage: &Stage, group: &str) -> anyhow::Result<Vec<String>> {
    let groups = stage.api.all("/groups?limit=200").await?;
    let group = groups
        .iter()
        .find(|one| one["name"] == group)
        .with_context(|| format!("the group {group} is not known"))?;
    let members = stage
        .api
        .all(&format!("/groups/{}/members?limit=200", id(group)))
        .await?;
    Ok(members
        .iter()
        .map(|member| text(at(member, "login")))
        .collect())
}

pub(super) fn edit(stage: &Stage, edits: &[Edit]) -> anyhow::Result<()> {
    stage.org.edit(edits)?;
    Ok(())
}
