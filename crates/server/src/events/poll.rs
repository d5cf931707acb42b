//! Reading the System Log every minute: what event hooks lose is found here, and connections without a hook have their
//! events from here alone.
//!
//! Okta orders a polled log by when it kept an event, so that whoever goes on at the last `next` link misses none. The link
//! is kept in the transaction that keeps the events before it; a process that is killed reads a page again and keeps nothing
//! twice. Okta: System Log API, polling requests.

use keywright_okta::{Client, Fault, Listed, LogQuery, Pages};
use sea_orm::FromQueryResult;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::incoming::{CameBy, Incoming};
use super::intake::Intake;
use super::{Error, store};
use crate::actor::Actor;
use crate::app::{App, Work};
use crate::connections::{self, Job as Does, Status};
use crate::db::{self, ConnectionId, Timestamp, values};
use crate::jobs::{self, Job, Registry, Schedule};

/// The job that does it for all connections of a tenant.
pub const POLL_JOB: &str = "events.poll";
const EVERY_MS: i64 = 60_000;
/// Most pages of one connection in one round; the next round goes on.
const PAGES: usize = 50;
/// Events of a page: the most that Okta gives.
const PAGE: u32 = 1_000;
/// Where there is no link to go on from, events of so many seconds before are read again: Okta may keep some late.
const OVERLAP: i64 = 600;
/// So far back Okta has events, seconds (90 days, less one).
const FARTHEST: i64 = 89 * 86_400;

/// Adds this slice's job.
pub(super) fn handlers(registry: Registry) -> Registry {
    registry.on(POLL_JOB, round)
}

/// Has it done every minute.
pub(super) async fn schedule(work: &mut Work) -> db::Result<()> {
    let schedule = Schedule {
        kind: POLL_JOB,
        name: "all".to_owned(),
        payload: Value::Null,
        every_ms: EVERY_MS,
    };
    jobs::set_schedule(work, &schedule, true).await
}

/// How polling of a connection stands.
#[derive(Clone, Debug, Default, FromQueryResult)]
pub(super) struct Standing {
    /// Where to go on.
    pub(super) cursor: Option<String>,
    /// When the log was last read well.
    pub(super) polled_at: Option<Timestamp>,
    /// How many events came first from here.
    pub(super) found: i64,
    /// Why the last round failed.
    pub(super) trouble: Option<String>,
}

pub(super) async fn standing(work: &Work, connection: ConnectionId) -> db::Result<Standing> {
    let sql = "SELECT log_cursor AS cursor, polled_at, found, trouble FROM event_polls WHERE tenant_id = $1 AND connection_id = $2";
    let found = work.row(sql, values![work.tenant, connection]).await?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn set(
    work: &Work,
    connection: ConnectionId,
    standing: &Standing,
) -> db::Result<()> {
    let sql = "INSERT INTO event_polls (tenant_id, connection_id, log_cursor, polled_at, found, trouble) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant_id, connection_id) DO UPDATE SET log_cursor = excluded.log_cursor, polled_at = excluded.polled_at,
            found = excluded.found, trouble = excluded.trouble";
    let bound = values![
        work.tenant,
        connection,
        standing.cursor.clone(),
        standing.polled_at,
        standing.found,
        standing.trouble.clone()
    ];
    work.run(sql, bound).await.map(drop)
}

/// Reads on in the logs of all connections that are for events. One that fails does not hold up the others.
async fn round(app: App, job: Job) -> Result<(), jobs::Error> {
    let actor = job.actor("events");
    let work = app.read(&actor).await?;
    let all = connections::list(&work)
        .await
        .map_err(|error| jobs::Error::Retry(error.to_string()))?;
    drop(work);
    for one in all {
        let in_use = matches!(one.status, Status::Active | Status::Failing);
        if !in_use || !one.does(Does::Events) {
            continue;
        }
        if let Err(error) = poll(&app, &job, one.id).await {
            let error = crate::web::chain(&error);
            tracing::warn!(connection = %one.id, %error, "the System Log could not be read");
            trouble(&app, &actor, one.id, error).await?;
        }
    }
    Ok(())
}

async fn trouble(app: &App, actor: &Actor, id: ConnectionId, words: String) -> db::Result<()> {
    let work = app.begin(actor).await?;
    let standing = Standing {
        trouble: Some(words),
        ..standing(&work, id).await?
    };
    set(&work, id, &standing).await?;
    work.commit().await
}

/// Reads on to the end of the log.
async fn poll(app: &App, job: &Job, id: ConnectionId) -> Result<(), Error> {
    let actor = &job.actor("events");
    let client = connections::client(app, actor.tenant, id).await?;
    let work = app.read(actor).await?;
    let (before, now) = (standing(&work, id).await?, work.now);
    drop(work);
    // From the last good round on; the first round begins now.
    let since = before.polled_at.unwrap_or(now).plus_seconds(-OVERLAP);
    let since = since.max(now.plus_seconds(-FARTHEST));
    let mut pages = start(&client, before.cursor.as_deref(), since)?;
    for number in 0..PAGES {
        let page = match pages.next().await {
            // The link is too old, or of another org: begin anew, with an overlap.
            Err(error)
                if number == 0 && before.cursor.is_some() && error.fault() == Fault::Request =>
            {
                tracing::warn!(connection = %id, %error, "Okta does not know the link to go on at any more");
                pages = start(&client, None, since)?;
                pages.next().await?
            }
            other => other?,
        };
        let events = page.as_ref().map(|page| page.items.as_slice());
        keep(app, job, id, events.unwrap_or_default(), pages.cursor()).await?;
        if page.is_none() {
            break;
        }
    }
    Ok(())
}

fn start(client: &Client, cursor: Option<&str>, since: Timestamp) -> Result<Pages<Whole>, Error> {
    if let Some(cursor) = cursor.and_then(|cursor| Url::parse(cursor).ok()) {
        return Ok(client.logs_from(&cursor)?);
    }
    Ok(client.logs_as(&LogQuery {
        since: Some(since.to_jiff()),
        limit: Some(PAGE),
        ..LogQuery::default()
    })?)
}

/// Keeps a page and the link behind it, both or none.
async fn keep(
    app: &App,
    job: &Job,
    id: ConnectionId,
    page: &[Whole],
    next: Option<&Url>,
) -> Result<(), Error> {
    let mut events = Vec::with_capacity(page.len());
    for event in page {
        match Incoming::parse(&event.raw) {
            Ok(event) => events.push((CameBy::Poll, event)),
            Err(error) => {
                tracing::warn!(connection = %id, %error, "an event of the System Log could not be read");
            }
        }
    }
    let work = app.begin(&job.actor("events")).await?;
    // Who was taken for dead must not set the link back.
    job.check_lease(&work).await?;
    let events: Vec<&(CameBy, Incoming)> = events.iter().collect();
    let new = store::keep(&work, id, &events).await?;
    let before = standing(&work, id).await?;
    let standing = Standing {
        cursor: next.map(Url::to_string).or(before.cursor),
        polled_at: Some(work.now),
        found: before
            .found
            .saturating_add(i64::try_from(new).unwrap_or(i64::MAX)),
        trouble: None,
    };
    set(&work, id, &standing).await?;
    work.commit().await?;
    if new > 0 {
        Intake::of(app).tell();
    }
    Ok(())
}

/// An event of the log with all of its text.
struct Whole {
    uuid: String,
    raw: Box<RawValue>,
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Named {
            uuid: Option<String>,
        }
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let Named { uuid } = serde_json::from_str(raw.get()).map_err(serde::de::Error::custom)?;
        // One that has none is told apart by all of it, and passed over later.
        let uuid = uuid.unwrap_or_else(|| raw.get().to_owned());
        Ok(Self { uuid, raw })
    }
}

impl Listed for Whole {
    fn key(&self) -> &str {
        &self.uuid
    }
}
