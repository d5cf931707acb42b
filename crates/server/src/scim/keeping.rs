//! What happens to tokens and removed people as time goes by: admins are warned 30, 7 and 1 days before a token ends;
//! what was removed or deactivated more than 30 days ago is forgotten. And what SCIM said is settled now and then even
//! if nobody asked for it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::error::Error;
use super::{forget, settle, tokens};
use crate::app::{App, Work};
use crate::db;
use crate::jobs::{self, Job, Registry, Schedule};
use crate::notify::{self, Notice, Topic};

/// The job that does it, in each tenant.
pub const KEEPING_JOB: &str = "scim.keeping";
/// How long removed people and groups are kept for a return, in days.
const KEPT_DAYS: i64 = 30;
/// Days before its end at which a token is warned of.
const WARN_DAYS: [i32; 3] = [1, 7, 30];
const DAY_SECONDS: i64 = 86_400;
const EVERY_MS: i64 = 6 * 3_600_000;
/// The job that asks for the settling of every connection.
const ROUND_JOB: &str = "scim.round";
const ROUND_MS: i64 = 15 * 60_000;

/// Adds this slice's jobs.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    registry.on(KEEPING_JOB, run).on(ROUND_JOB, round)
}

/// Has it done every six hours.
pub async fn schedule(work: &mut Work) -> db::Result<()> {
    let schedule = Schedule {
        kind: KEEPING_JOB,
        name: "all".to_owned(),
        payload: Value::Null,
        every_ms: EVERY_MS,
    };
    jobs::set_schedule(work, &schedule, true).await?;
    let schedule = Schedule {
        kind: ROUND_JOB,
        every_ms: ROUND_MS,
        ..schedule
    };
    jobs::set_schedule(work, &schedule, true).await
}

async fn round(app: App, job: Job) -> Result<(), jobs::Error> {
    let mut work = app.begin(&job.actor("scim")).await?;
    job.check_lease(&work).await?;
    settle::ask_for_all(&mut work).await?;
    Ok(work.commit().await?)
}

async fn run(app: App, job: Job) -> Result<(), jobs::Error> {
    let mut work = app.begin(&job.actor("scim")).await?;
    job.check_lease(&work).await?;
    warn(&mut work).await?;
    let end = work.now.plus_seconds(-KEPT_DAYS * DAY_SECONDS);
    work.commit().await?;
    let mut after = Uuid::nil();
    loop {
        let mut work = app.begin(&job.actor("scim")).await?;
        job.check_lease(&work).await?;
        let (_, next) = forget::forget(&mut work, end, after)
            .await
            .map_err(failed)?;
        work.commit().await?;
        match next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}

fn failed(error: Error) -> jobs::Error {
    match error {
        Error::Db(error) => error.into(),
        other => jobs::Error::Fatal(other.to_string()),
    }
}

/// Tells of each token the nearest warning that was not given. A token made for a week gets no warning of a month.
pub(super) async fn warn(work: &mut Work) -> db::Result<()> {
    let seconds = |days: i32| i64::from(days) * DAY_SECONDS;
    for (token, told) in tokens::ending(work, work.now.plus_seconds(seconds(WARN_DAYS[2]))).await? {
        let now = work.now;
        let due = WARN_DAYS
            .into_iter()
            .find(|days| token.expires_at <= now.plus_seconds(seconds(*days)));
        let Some(days) = due else { continue };
        if told.is_some_and(|told| told <= days)
            || token.created_at.plus_seconds(seconds(days)) >= token.expires_at
        {
            continue;
        }
        tokens::told(work, token.id, days).await?;
        let left = if days == 1 {
            "one day".to_owned()
        } else {
            format!("{days} days")
        };
        let notice = Notice::new(
            Topic::CredentialExpiring,
            format!("SCIM token \"{}\" expires within {left}", token.name),
            format!(
                "The SCIM token \"{}\" ({}…) ends at {}: after that, Okta's provisioning fails. Make a new one with `keywright scim token create`, enter it in Okta (the app, Provisioning, Integration), then revoke the old one.",
                token.name, token.prefix, token.expires_at
            ),
        )
        .detail(json!({ "kind": "scim-token", "id": token.id, "connection": token.connection_id, "expires_at": token.expires_at }));
        notify::send(work, &notice).await?;
    }
    Ok(())
}
