//! Keys that will expire soon: their owners are told 30, 7 and 1 days before.

use serde_json::{Value, json};

use super::owner;
use super::store::{self, ApiKey, Stored};
use crate::app::{App, Work};
use crate::db::{self, Timestamp};
use crate::jobs::{self, Job, Registry, Schedule};
use crate::notify::{self, Notice, Topic};

/// The job that looks for keys about to expire.
pub const EXPIRING_JOB: &str = "api-keys.expiring";

/// Days before the end at which the owner is told.
const DAYS: [i32; 3] = [1, 7, 30];
const DAY_SECONDS: i64 = 86_400;
const EVERY_MS: i64 = 6 * 3_600_000;

/// Adds this slice's jobs.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    registry.on(EXPIRING_JOB, run)
}

/// Has the tenant's keys looked at every six hours.
pub async fn schedule(work: &mut Work) -> db::Result<()> {
    let schedule = Schedule {
        kind: EXPIRING_JOB,
        name: "all".to_owned(),
        payload: Value::Null,
        every_ms: EVERY_MS,
    };
    jobs::set_schedule(work, &schedule, true).await
}

async fn run(app: App, job: Job) -> Result<(), jobs::Error> {
    let mut work = app.begin(&job.actor("api-keys")).await?;
    job.check_lease(&work).await?;
    let end = work.now.plus_seconds(i64::from(DAYS[2]) * DAY_SECONDS);
    for stored in store::expiring(&work, end).await? {
        if let Some(days) = due(&stored, work.now) {
            tell(&mut work, &stored, days).await?;
        }
    }
    Ok(work.commit().await?)
}

/// Which warning is due: the nearest one that was not given.
fn due(stored: &Stored, now: Timestamp) -> Option<i32> {
    near(&stored.key, now).filter(|days| stored.told_days.is_none_or(|told| told > *days))
}

/// Within how many of [`DAYS`] a key ends. One made for a week is not near its end for being within a month of it.
fn near(key: &ApiKey, now: Timestamp) -> Option<i32> {
    let seconds = |days: i32| i64::from(days) * DAY_SECONDS;
    let days = DAYS
        .into_iter()
        .find(|days| key.expires_at <= now.plus_seconds(seconds(*days)))?;
    let lived_long_enough = key.created_at.plus_seconds(seconds(days)) < key.expires_at;
    lived_long_enough.then_some(days)
}

/// The keys that will expire within 30, 7 or 1 days, each with that number.
pub async fn expiring(work: &Work) -> db::Result<Vec<(ApiKey, i32)>> {
    let end = work.now.plus_seconds(i64::from(DAYS[2]) * DAY_SECONDS);
    let found = store::expiring(work, end).await?;
    let near = |stored: Stored| Some((near(&stored.key, work.now)?, stored.key));
    Ok(found
        .into_iter()
        .filter_map(near)
        .map(|(days, key)| (key, days))
        .collect())
}

async fn tell(work: &mut Work, stored: &Stored, days: i32) -> db::Result<()> {
    let key = &stored.key;
    store::told(work, key.id, days).await?;
    let Some(owner) = owner::find(work, key.owner_id)
        .await?
        .filter(|owner| owner.epoch == stored.epoch)
    else {
        return Ok(());
    };
    let left = if days == 1 {
        "one day".to_owned()
    } else {
        format!("{days} days")
    };
    let notice = Notice::new(
        Topic::CredentialExpiring,
        format!("API key \"{}\" expires within {left}", key.name),
        format!(
            "The API key \"{}\" of {} expires at {}. Make a new one with `keywright api-key create`, put it where the old one is used, then revoke the old one.",
            key.name, owner.login, key.expires_at
        ),
    )
    .detail(json!({ "kind": "api-key", "id": key.id, "owner": key.owner_id, "expires_at": key.expires_at }))
    .to([owner::mail(work, key.owner_id).await?]);
    notify::send(work, &notice).await.map(drop)
}
