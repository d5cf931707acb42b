//! What is wrong with the service itself: its address, its jobs, its audit log.

use sea_orm::FromQueryResult;

use super::{Error, Finding, Severity};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::{self, Timestamp, values};
use crate::{apikeys, audit, web};

pub(super) async fn examine(app: &App, actor: &Actor) -> Result<Vec<Finding>, Error> {
    let work = app.read(actor).await?;
    let mut findings = Vec::new();
    findings.extend(address(app));
    findings.extend(api_keys(&work).await?);
    findings.extend(given_up(&work).await?);
    findings.extend(trail(&work).await?);
    Ok(findings)
}

fn address(app: &App) -> Option<Finding> {
    let url = app
        .part::<web::Options>()
        .cloned()
        .unwrap_or_default()
        .public_url;
    let plain = url.starts_with("http://")
        && !url.contains("//localhost")
        && !url.contains("//127.")
        && !url.contains("//[::1]");
    plain.then(|| Finding {
        severity: Severity::Critical,
        code: "service.address".to_owned(),
        about: "service".to_owned(),
        what: "the public address is plain http: credentials travel in the open".to_owned(),
        evidence: format!("public_url is {url}"),
        cause: "no TLS is configured".to_owned(),
        mend:
            "set `public_url` to an https address, and `tls.cert` and `tls.key` or a proxy in front"
                .to_owned(),
        repair: None,
    })
}

/// API keys that end soon: what uses them stops then.
async fn api_keys(work: &Work) -> db::Result<Vec<Finding>> {
    let found = apikeys::expiring(work).await?;
    let finding = |(key, days): (apikeys::ApiKey, i32)| {
        let (severity, left) = match days {
            1 => (Severity::Critical, "a day".to_owned()),
            2..=7 => (Severity::Warning, format!("{days} days")),
            _ => (Severity::Note, format!("{days} days")),
        };
        let used = key.last_used_at.map_or_else(
            || "it was never used".to_owned(),
            |at| format!("it was last used at {at}"),
        );
        Finding {
            severity,
            code: "service.api_key".to_owned(),
            about: key.name.clone(),
            what: format!("the API key \"{}\" expires within {left}", key.name),
            evidence: format!("it ends at {}; {used}", key.expires_at),
            cause: "it was made for this long".to_owned(),
            mend: format!(
                "keywright api-key create, put the new key where this one is used, then keywright api-key revoke {}",
                key.id
            ),
            repair: None,
        }
    };
    Ok(found.into_iter().map(finding).collect())
}

#[derive(FromQueryResult)]
struct Failed {
    kind: String,
    last_error: Option<String>,
    finished_at: Option<Timestamp>,
}

/// The latest jobs of each kind that were given up within a week.
async fn given_up(work: &Work) -> db::Result<Vec<Finding>> {
    let sql = "SELECT kind, last_error, finished_at FROM jobs WHERE tenant_id = $1 AND state = 'failed' AND finished_at > $2 \
               ORDER BY finished_at DESC LIMIT 200";
    let week_ago = work.now.plus_seconds(-7 * 86_400);
    let failed: Vec<Failed> = work.rows(sql, values![work.tenant, week_ago]).await?;
    let mut kinds: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for job in &failed {
        if kinds.contains(&job.kind.as_str()) {
            continue;
        }
        kinds.push(&job.kind);
        let count = failed.iter().filter(|other| other.kind == job.kind).count();
        let when = job.finished_at.map(|at| at.to_string()).unwrap_or_default();
        findings.push(Finding {
            severity: Severity::Warning,
            code: "service.job".to_owned(),
            about: job.kind.clone(),
            what: format!(
                "{count} jobs of the kind {} were given up in the last 7 days",
                job.kind
            ),
            evidence: format!(
                "{when}: {}",
                job.last_error.as_deref().unwrap_or("no reason was kept")
            ),
            cause: "the job failed again and again".to_owned(),
            mend: "mend what the evidence names; the next run of its kind starts by itself"
                .to_owned(),
            repair: None,
        });
    }
    Ok(findings)
}

async fn trail(work: &Work) -> db::Result<Vec<Finding>> {
    let report = audit::verify(work, None).await?;
    let broken = report.breaks.first().map(|first| Finding {
        severity: Severity::Critical,
        code: "service.audit".to_owned(),
        about: "audit".to_owned(),
        what: format!(
            "the audit log was changed after it was sealed ({} breaks)",
            report.breaks.len()
        ),
        evidence: format!("{first:?}"),
        cause: "somebody wrote to the database beside the program, or restored a part of it"
            .to_owned(),
        mend: "compare with a backup: keywright audit verify --anchor FILE names each place"
            .to_owned(),
        repair: None,
    });
    Ok(broken.into_iter().collect())
}
