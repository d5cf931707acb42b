//! What is wrong with who gets which role: runs, mappings, and the admins there must be.

use super::{Error, Finding, Severity};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections::{self, Connection, Job};
use crate::directory;
use crate::sync::{self, Run};

/// After so many intervals without a run, somebody should look.
const LATE_INTERVALS: i64 = 4;

pub(super) async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let work = app.read(actor).await?;
    let mut findings = admins(&work).await?;
    for connection in connections::list(&work).await? {
        if connection.is_usable() && connection.does(Job::Sync) {
            findings.extend(of_connection(&work, &connection).await?);
        }
    }
    Ok(findings)
}

/// At least one admin, and one whom no sync can take away.
async fn admins(work: &Work) -> Result<Vec<Finding>, Error> {
    let (rescue, others) = (
        directory::admins(work, true, None).await?,
        directory::admins(work, false, None).await?,
    );
    if rescue > 0 {
        return Ok(Vec::new());
    }
    let (severity, what) = match others {
        0 => (
            Severity::Warning,
            "nobody is an admin yet; only the operator of this machine can change anything",
        ),
        _ => (
            Severity::Warning,
            "there is no break-glass admin: who could get in when Okta or a sync fails?",
        ),
    };
    Ok(vec![Finding {
        severity,
        code: "directory.break_glass".to_owned(),
        about: "people".to_owned(),
        what: what.to_owned(),
        evidence: format!("{others} admins by sign-in, {rescue} break-glass admins"),
        cause: "none was made, or it was blocked".to_owned(),
        mend: "keywright user create rescue --break-glass --role super_admin".to_owned(),
        repair: None,
    }])
}

async fn of_connection(work: &Work, connection: &Connection) -> Result<Vec<Finding>, Error> {
    let mappings = directory::list_mappings(work, Some(connection.id)).await?;
    if mappings.is_empty() {
        return Ok(vec![unmapped(connection)]);
    }
    let mut findings = Vec::new();
    for mapping in mappings
        .iter()
        .filter(|mapping| mapping.paused_at.is_some())
    {
        findings.push(paused(connection, &mapping.group_name));
    }
    for mapping in &mappings {
        let group = directory::find_group(work, mapping.group_id).await?;
        findings.extend(
            group
                .suspect
                .map(|why| suspect(connection, &group.name, &why)),
        );
    }
    let held = sync::held(work, connection.id).await?;
    findings.extend(held.as_ref().map(|run| waits(connection, run)));
    let last = sync::list(work, connection.id, None, 1)
        .await?
        .into_iter()
        .next();
    let settings = sync::settings(work, connection.id).await?;
    if let Some(since) = settings.failing_since {
        findings.push(failing(connection, &since.to_string(), last.as_ref()));
    } else if let Some(run) = &last {
        findings.extend(told(connection, run));
    }
    let late = settings.interval_minutes * 60 * LATE_INTERVALS;
    if last.is_none_or(|run| run.created_at.plus_seconds(late) < work.now) {
        findings.push(quiet(connection, settings.interval_minutes));
    }
    Ok(findings)
}

fn finding(connection: &Connection, severity: Severity, code: &str) -> Finding {
    Finding {
        severity,
        code: format!("sync.{code}"),
        about: connection.name.clone(),
        what: String::new(),
        evidence: String::new(),
        cause: String::new(),
        mend: String::new(),
        repair: None,
    }
}

fn unmapped(connection: &Connection) -> Finding {
    Finding {
        what: "no group is mapped to a role: a run would do nothing".to_owned(),
        evidence: "there are no mappings".to_owned(),
        cause: "the connection is new".to_owned(),
        mend: "keywright group search; keywright mapping add GROUP ROLE".to_owned(),
        ..finding(connection, Severity::Note, "unmapped")
    }
}

fn paused(connection: &Connection, group: &str) -> Finding {
    Finding {
        what: format!("the mapping of {group} rests: runs neither give nor take by it"),
        evidence: "it is paused".to_owned(),
        cause: "a run was undone, or a person paused it".to_owned(),
        mend: format!("keywright mapping resume \"{group}\""),
        ..finding(connection, Severity::Note, "paused")
    }
}

fn suspect(connection: &Connection, group: &str, why: &str) -> Finding {
    Finding {
        what: format!("what Okta shows of the mapped group {group} is not believed"),
        evidence: why.to_owned(),
        cause: "the group was deleted or emptied, or the app does not see it any more".to_owned(),
        mend: format!(
            "look at the group in {}; if it is meant, approve the held run or remove the mapping; if not, look at the app's admin role",
            connection.domain.admin_url()
        ),
        ..finding(connection, Severity::Warning, "suspect")
    }
}

fn waits(connection: &Connection, run: &Run) -> Finding {
    let until = run.expires_at.map(|at| at.to_string()).unwrap_or_default();
    Finding {
        what: format!("a run waits for approval until {until}"),
        evidence: format!(
            "run {}: {} roles to give, {} to take",
            run.id, run.counts.held_granted, run.counts.held_removed
        ),
        cause: run.reasons.join("; "),
        mend: "keywright sync show; then keywright sync approve, or reject".to_owned(),
        ..finding(connection, Severity::Warning, "held")
    }
}

fn failing(connection: &Connection, since: &str, last: Option<&Run>) -> Finding {
    let first = last.and_then(|run| run.findings.first());
    Finding {
        what: format!(
            "runs have been failing since {since}; nobody gains or loses a role meanwhile"
        ),
        evidence: first
            .map(|finding| finding.words.clone())
            .unwrap_or_default(),
        cause: "the latest run names it".to_owned(),
        mend: first.map_or_else(
            || "keywright sync show".to_owned(),
            |finding| finding.mend.clone(),
        ),
        ..finding(connection, Severity::Critical, "failing")
    }
}

/// What the last run found that wants doing.
fn told(connection: &Connection, run: &Run) -> Vec<Finding> {
    let wants = run.findings.iter().filter(|found| !found.mend.is_empty());
    wants
        .map(|found| Finding {
            what: found.words.clone(),
            evidence: format!("run {} of {}", run.id, run.created_at),
            cause: "something in Okta has changed".to_owned(),
            mend: found.mend.clone(),
            ..finding(connection, Severity::Warning, &found.code)
        })
        .collect()
}

fn quiet(connection: &Connection, minutes: i64) -> Finding {
    Finding {
        what: format!("no run for a while, though there should be one every {minutes} minutes"),
        evidence: "the latest run is too old, or there was none".to_owned(),
        cause: "no process does jobs".to_owned(),
        mend: "keywright serve (with --role all or worker), or once: keywright sync run".to_owned(),
        ..finding(connection, Severity::Warning, "quiet")
    }
}
