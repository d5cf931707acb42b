//! How a connection is synced, and where its reading stands.

use std::collections::BTreeSet;

use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;

use super::error::{Error, Result};
use super::guard::Limits;
use crate::actor::Permission;
use crate::app::Work;
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::directory;
use crate::{audit, connections, jobs};

/// The intervals one can choose from, minutes.
pub const INTERVALS: [i64; 8] = [5, 15, 30, 60, 120, 240, 360, 720];
/// The interval of a new connection, minutes.
pub const DEFAULT_INTERVAL: i64 = 15;

/// How a connection is synced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Minutes from one scheduled run to the next.
    pub interval_minutes: i64,
    /// Whether manual grants of people in no mapped group go too.
    pub okta_only: bool,
    /// The guard's limits.
    pub limits: Limits,
    /// Since when runs fail; none when the last one did not.
    pub failing_since: Option<Timestamp>,
    /// Rises with each change; the `ETag`.
    pub version: i64,
}

/// Where reading stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Okta's time of the last whole read.
    pub(super) whole_date: Option<Timestamp>,
    /// Okta's time up to which changes of people were read.
    pub(super) people_date: Option<Timestamp>,
    /// Whether `okta.users.read` is granted, as far as tried.
    pub(super) people_readable: Option<bool>,
    /// Groups of the org when all were last listed.
    pub(super) org_groups: Option<i64>,
    /// The directory's version for which the last plan was made and found nothing left to do.
    pub(super) settled_version: Option<i64>,
}

#[derive(FromQueryResult)]
struct Row {
    interval_minutes: i64,
    okta_only: bool,
    limits: String,
    whole_date: Option<Timestamp>,
    people_date: Option<Timestamp>,
    people_readable: Option<bool>,
    org_groups: Option<i64>,
    settled_version: Option<i64>,
    failing_since: Option<Timestamp>,
    version: i64,
}

/// The settings of a connection; the defaults until changed.
pub async fn settings(work: &Work, connection: ConnectionId) -> db::Result<Settings> {
    Ok(load(work, connection).await?.0)
}

pub(super) async fn load(
    work: &Work,
    connection: ConnectionId,
) -> db::Result<(Settings, Progress)> {
    let sql = "SELECT interval_minutes, okta_only, limits, whole_date, people_date, people_readable, org_groups,
        settled_version, failing_since, version FROM sync_settings WHERE tenant_id = $1 AND connection_id = $2";
    let Some(row) = work
        .row::<Row>(sql, values![work.tenant, connection])
        .await?
    else {
        let settings = Settings {
            interval_minutes: DEFAULT_INTERVAL,
            okta_only: false,
            limits: Limits::default(),
            failing_since: None,
            version: 0,
        };
        return Ok((settings, Progress::default()));
    };
    let settings = Settings {
        interval_minutes: row.interval_minutes,
        okta_only: row.okta_only,
        limits: serde_json::from_str(&row.limits).unwrap_or_default(),
        failing_since: row.failing_since,
        version: row.version,
    };
    let progress = Progress {
        whole_date: row.whole_date,
        people_date: row.people_date,
        people_readable: row.people_readable,
        org_groups: row.org_groups,
        settled_version: row.settled_version,
    };
    Ok((settings, progress))
}

/// Makes sure that there is a row, and a schedule beside it.
pub(super) async fn ensure(work: &mut Work, connection: ConnectionId) -> db::Result<()> {
    let sql = "INSERT INTO sync_settings (tenant_id, connection_id, interval_minutes, okta_only, limits, version)
        VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (tenant_id, connection_id) DO NOTHING";
    let limits = json!(Limits::default()).to_string();
    if work
        .run(
            sql,
            values![work.tenant, connection, DEFAULT_INTERVAL, false, limits],
        )
        .await?
        == 1
    {
        schedule(work, connection, DEFAULT_INTERVAL).await?;
    }
    Ok(())
}

/// Gives every usable connection with mappings its scheduled runs, and ends those of connections that are switched off
/// or gone. Called for each tenant from time to time.
pub async fn tend(work: &mut Work) -> Result<()> {
    #[derive(FromQueryResult)]
    struct Scheduled {
        name: String,
    }
    let sql = "SELECT name FROM schedules WHERE tenant_id = $1 AND kind = $2";
    let scheduled: Vec<Scheduled> = work.rows(sql, values![work.tenant, super::RUN_JOB]).await?;
    let scheduled: BTreeSet<String> = scheduled.into_iter().map(|row| row.name).collect();
    let mapped: BTreeSet<ConnectionId> = directory::list_mappings(work, None)
        .await?
        .iter()
        .map(|mapping| mapping.connection_id)
        .collect();
    let mut wanted = BTreeSet::new();
    for connection in connections::list(work).await? {
        if connection.is_usable()
            && connection.does(connections::Job::Sync)
            && mapped.contains(&connection.id)
        {
            wanted.insert(connection.id.to_string());
            if !scheduled.contains(&connection.id.to_string()) {
                start(work, connection.id).await?;
            }
        }
    }
    for name in scheduled.difference(&wanted) {
        jobs::clear_schedule(work, super::RUN_JOB, name).await?;
    }
    Ok(())
}

/// Ends scheduled runs of a connection that is removed or disabled.
pub async fn stop(work: &mut Work, connection: ConnectionId) -> db::Result<()> {
    jobs::clear_schedule(work, super::RUN_JOB, &connection.to_string()).await
}

/// Begins scheduled runs of a connection that was enabled again.
pub async fn start(work: &mut Work, connection: ConnectionId) -> db::Result<()> {
    ensure(work, connection).await?;
    let minutes = settings(work, connection).await?.interval_minutes;
    schedule(work, connection, minutes).await
}

async fn schedule(work: &mut Work, connection: ConnectionId, minutes: i64) -> db::Result<()> {
    let schedule = jobs::Schedule {
        kind: super::RUN_JOB,
        name: connection.to_string(),
        payload: json!({ "connection": connection }),
        every_ms: minutes.saturating_mul(60_000),
    };
    jobs::set_schedule(work, &schedule, false).await
}

/// What is to change; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// One of [`INTERVALS`].
    pub interval_minutes: Option<i64>,
    /// See [`Settings::okta_only`].
    pub okta_only: Option<bool>,
    /// See [`Settings::limits`]. Lowering them takes a person's own credential, and a second person when there is one.
    pub limits: Option<Limits>,
}

/// Changes the settings of a connection.
pub async fn change(
    work: &mut Work,
    connection: ConnectionId,
    change: &Change,
    version: Option<i64>,
    reason: &str,
) -> Result<Settings> {
    ensure(work, connection).await?;
    let before = settings(work, connection).await?;
    let mut after = before.clone();
    if let Some(minutes) = change.interval_minutes {
        work.actor.need(Permission::MappingsManage)?;
        if !INTERVALS.contains(&minutes) {
            return Err(Error::Invalid(format!(
                "the interval is one of {INTERVALS:?} minutes"
            )));
        }
        after.interval_minutes = minutes;
    }
    if let Some(okta_only) = change.okta_only {
        work.actor.need(Permission::MappingsManage)?;
        after.okta_only = okta_only;
    }
    if let Some(limits) = change.limits {
        work.actor.need(Permission::GuardsManage)?;
        if limits.lower_than(&before.limits) {
            super::lowering::need_four_eyes_for_limits(work, connection, &limits).await?;
        }
        after.limits = limits;
    }
    directory::touch(work).await?;
    let sql = "UPDATE sync_settings SET interval_minutes = $3, okta_only = $4, limits = $5, version = version + 1
        WHERE tenant_id = $1 AND connection_id = $2 AND version = $6";
    let limits = json!(after.limits).to_string();
    let bound = values![
        work.tenant,
        connection,
        after.interval_minutes,
        after.okta_only,
        limits,
        version.unwrap_or(before.version)
    ];
    work.run_versioned(sql, bound).await?;
    if after.interval_minutes != before.interval_minutes {
        schedule(work, connection, after.interval_minutes).await?;
    }
    let detail = json!({ "before": before, "after": after });
    let entry = audit::Entry::new(
        "sync.settings-changed",
        ("connection", connection.to_string()),
        reason,
    );
    audit::record(work, entry.detail(detail)).await?;
    Ok(settings(work, connection).await?)
}

/// Notes where reading stands after a run.
pub(super) async fn save_progress(
    work: &Work,
    connection: ConnectionId,
    progress: &Progress,
    failing: bool,
) -> db::Result<()> {
    let sql = "UPDATE sync_settings SET whole_date = $3, people_date = $4, people_readable = $5, org_groups = $6,
            settled_version = $7, failing_since = CASE WHEN $8 THEN COALESCE(failing_since, $9) ELSE NULL END
        WHERE tenant_id = $1 AND connection_id = $2";
    let mut bound = values![
        work.tenant,
        connection,
        progress.whole_date.map(|at| at.0),
        progress.people_date.map(|at| at.0)
    ];
    bound.extend(values![
        progress.people_readable,
        progress.org_groups,
        progress.settled_version,
        failing,
        work.now.0
    ]);
    work.run(sql, bound).await.map(drop)
}
