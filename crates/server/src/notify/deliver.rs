//! Deliveries: made by jobs, tried again with growing delays, given up in the end.

use serde::Serialize;
use serde_json::json;

use super::mail::Mailer;
use super::store::{self, Due};
use super::{
    ChannelId, ChannelKind, DeliveryId, Error, NoticeId, Result, Topic, channels, webhook,
};
use crate::actor::{Actor, Permission};
use crate::app::{App, Work};
use crate::db::{self, Timestamp};
use crate::jobs::{self, Job, Registry};
use crate::outgoing::Outgoing;
use crate::web::Options;

/// The job that makes one delivery.
pub const DELIVER_JOB: &str = "notice.deliver";

/// Seconds from one try to the next; after the last a delivery stays failed. As Standard Webhooks recommends, over
/// three days.
const DELAYS: &[i64] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Why a delivery was not taken.
#[derive(Debug)]
pub(super) struct Refusal {
    /// What the other side said.
    pub(super) why: String,
    /// Whether trying again may help.
    pub(super) passing: bool,
}

/// What became of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Tested {
    /// Whether the other side took it.
    pub delivered: bool,
    /// Why not.
    pub error: Option<String>,
}

/// Adds this slice's jobs.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    registry.on(DELIVER_JOB, run)
}

pub(super) async fn enqueue(
    work: &mut Work,
    delivery: DeliveryId,
    run_at: Timestamp,
) -> db::Result<()> {
    let job = jobs::New {
        kind: DELIVER_JOB,
        payload: json!({ "delivery": delivery }),
        run_at,
        unique: Some(delivery.to_string()),
    };
    jobs::enqueue(work, job).await.map(drop)
}

async fn run(app: App, job: Job) -> Result<(), jobs::Error> {
    let id = job
        .payload
        .get("delivery")
        .and_then(|id| serde_json::from_value::<DeliveryId>(id.clone()).ok());
    let id = id.ok_or_else(|| jobs::Error::Fatal("the job names no delivery".to_owned()))?;
    let actor = job.actor("notices");
    let work = app.read(&actor).await?;
    let Some(due) = store::due(&work, id).await? else {
        return Ok(());
    };
    drop(work);
    let outcome = attempt(&app, &actor, &due).await?;
    let mut work = app.begin(&actor).await?;
    job.check_lease(&work).await?;
    settle(&mut work, &due, outcome).await?;
    Ok(work.commit().await?)
}

async fn settle(work: &mut Work, due: &Due, outcome: Result<(), Refusal>) -> db::Result<()> {
    let Err(refusal) = outcome else {
        return store::sent(work, due.id).await;
    };
    let tries = usize::try_from(due.attempts).unwrap_or(usize::MAX);
    match DELAYS.get(tries) {
        Some(delay) if refusal.passing => {
            tracing::info!(delivery = %due.id, kind = due.kind, why = refusal.why, "notice not taken, tried again later");
            let next = work.now.plus_seconds(*delay);
            store::later(work, due.id, &refusal.why, next).await?;
            enqueue(work, due.id, next).await
        }
        _ => {
            tracing::warn!(delivery = %due.id, kind = due.kind, why = refusal.why, "notice not delivered, given up");
            store::failed(work, due.id, &refusal.why).await
        }
    }
}

/// Makes one delivery over the wire; no transaction is open meanwhile.
async fn attempt(app: &App, actor: &Actor, due: &Due) -> db::Result<Result<(), Refusal>> {
    let lasting = |why: &str| {
        Ok(Err(Refusal {
            why: why.to_owned(),
            passing: false,
        }))
    };
    let public_url = app
        .part::<Options>()
        .cloned()
        .unwrap_or_default()
        .public_url;
    if ChannelKind::of(&due.kind) == ChannelKind::Mail {
        let Some(mailer) = app.part::<Mailer>() else {
            return lasting("no mail server is set (`mail.smtp_url`)");
        };
        return Ok(mailer.send(due, &public_url).await);
    }
    let Some(channel) = due.channel_id else {
        return lasting("the delivery names no channel");
    };
    let work = app.read(actor).await?;
    let key = match channels::signing_key(&work, channel).await {
        Ok(sealed) => channels::open(&work, channel, &sealed),
        Err(error) => Err(error),
    };
    drop(work);
    let key = match key {
        Ok(key) => key,
        Err(Error::Db(error)) => return Err(error),
        Err(Error::NotFound) => return lasting("the channel was removed"),
        Err(error) => return lasting(&error.to_string()),
    };
    let outgoing = app.part::<Outgoing>().cloned().unwrap_or_default();
    Ok(webhook::send(&outgoing, due, &key, &public_url, app.now()).await)
}

/// Sends a test to a channel at once and tells what became of it.
pub async fn test(app: &App, actor: &Actor, id: ChannelId) -> Result<Tested> {
    actor.need(Permission::SettingsManage)?;
    let channel = {
        let work = app.read(actor).await?;
        channels::find(&work, id).await?
    };
    let due = Due {
        id: app.id(),
        notice_id: app.id::<NoticeId>(),
        channel_id: Some(id),
        kind: channel.kind.word().to_owned(),
        target: channel.target,
        attempts: 0,
        topic: Topic::Test.wire().to_owned(),
        subject: "Keywright: a test".to_owned(),
        body: format!(
            "This is a test of the notice channel \"{}\", asked for by {}.",
            channel.name, actor.name
        ),
        path: String::new(),
        detail: json!({}),
        created_at: app.now(),
    };
    let error = attempt(app, actor, &due)
        .await?
        .err()
        .map(|refusal| refusal.why);
    Ok(Tested {
        delivered: error.is_none(),
        error,
    })
}
