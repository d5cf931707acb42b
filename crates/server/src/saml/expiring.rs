//! Certificates of identity providers near their end, metadata that names others than are pinned, and what is left to sweep.

use keywright_proto::saml::IdentityProvider;
use serde_json::{Value, json};

use super::certificates::Pinned;
use super::settings::Settings;
use super::{Result, change, store};
use crate::app::{App, Work};
use crate::connections::{self, Connection};
use crate::db::{self, Timestamp};
use crate::jobs::{self, Job, Registry, Schedule};
use crate::notify::{self, Notice, Topic};

/// The job that looks after SAML settings.
pub const EXPIRING_JOB: &str = "saml.expiring";

/// Days before the end at which it is told.
const DAYS: [i32; 3] = [1, 7, 30];
const DAY_SECONDS: i64 = 86_400;
const EVERY_MS: i64 = 6 * 3_600_000;

/// Adds this slice's job.
#[must_use]
pub fn handlers(registry: Registry) -> Registry {
    registry.on(EXPIRING_JOB, run)
}

/// Has the tenant's SAML settings looked after every six hours.
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
    let actor = job.actor("saml");
    let read = app.read(&actor).await?;
    let all = store::all(&read).await?;
    drop(read);
    let mut strange = Vec::new();
    for settings in all {
        strange.extend(
            unpinned(&app, &settings)
                .await
                .map(|names| (settings, names)),
        );
    }
    let mut work = app.begin(&actor).await?;
    job.check_lease(&work).await?;
    store::sweep(&work).await?;
    for (connection, pinned) in near(&work).await? {
        if let Some(days) = due(&pinned, work.now) {
            tell_end(&mut work, &connection, &pinned, days).await?;
        }
    }
    for (settings, names) in strange {
        tell_strange(&mut work, &settings, &names).await?;
    }
    Ok(work.commit().await?)
}

/// The certificates that end within 30 days or have ended, with their connection.
async fn near(work: &Work) -> db::Result<Vec<(Connection, Pinned)>> {
    let end = work.now.plus_seconds(i64::from(DAYS[2]) * DAY_SECONDS);
    let mut found = Vec::new();
    let connections = match connections::list(work).await {
        Ok(all) => all,
        Err(connections::Error::Database(error)) => return Err(error),
        Err(_) => return Ok(found),
    };
    for connection in connections {
        let pinned = store::certificates(work, connection.id).await?;
        found.extend(
            pinned
                .into_iter()
                .filter(|one| one.not_after <= end)
                .map(|one| (connection.clone(), one)),
        );
    }
    Ok(found)
}

/// The certificates of identity providers that end within 30 days, or have ended, where no other one will do: for doctor.
pub async fn near_end(work: &Work) -> Result<Vec<(Connection, Pinned)>> {
    let end = work.now.plus_seconds(i64::from(DAYS[2]) * DAY_SECONDS);
    let mut found = near(work).await?;
    let mut alone = Vec::new();
    for (connection, pinned) in found.drain(..) {
        let others = store::certificates(work, connection.id).await?;
        if !others.iter().any(|other| other.not_after > end) {
            alone.push((connection, pinned));
        }
    }
    Ok(alone)
}

/// Which warning is due: the nearest one that was not given.
fn due(pinned: &Pinned, now: Timestamp) -> Option<i32> {
    let days = DAYS
        .into_iter()
        .find(|days| pinned.not_after <= now.plus_seconds(i64::from(*days) * DAY_SECONDS))?;
    pinned
        .told_days
        .is_none_or(|told| told > days)
        .then_some(days)
}

async fn tell_end(
    work: &mut Work,
    connection: &Connection,
    pinned: &Pinned,
    days: i32,
) -> db::Result<()> {
    store::told(work, pinned.id, days).await?;
    let notice = Notice::new(
        Topic::CredentialExpiring,
        format!("The certificate for signing in through {} ends within {days} days", connection.name),
        format!(
            "The certificate {} ({}) that the identity provider of {} signs with says to be valid until {}. When the identity \
             provider changes to a new one, people can sign in only if that is pinned here too: keywright saml certificates add {}",
            pinned.subject, pinned.fingerprint, connection.name, pinned.not_after, connection.name
        ),
    )
    .path(format!("/connections/{}", connection.id))
    .detail(json!({
        "kind": "saml-certificate", "connection": connection.id, "fingerprint": pinned.fingerprint,
        "expires_at": pinned.not_after,
    }));
    notify::send(work, &notice).await.map(drop)
}

/// The certificates that fetched metadata names by now and that are not pinned. They are not believed by themselves: an
/// admin takes them.
async fn unpinned(app: &App, settings: &Settings) -> Option<Vec<String>> {
    let address = settings
        .metadata_url
        .as_ref()
        .filter(|_| settings.enabled)?;
    let document = change::fetch(app, address).await.ok()?;
    let provider = IdentityProvider::from_metadata(&document).ok()?;
    let named = provider.certificates().iter();
    Some(
        named
            .map(keywright_proto::saml::Certificate::fingerprint)
            .collect(),
    )
}

async fn tell_strange(work: &mut Work, settings: &Settings, named: &[String]) -> db::Result<()> {
    let pinned = store::certificates(work, settings.connection).await?;
    let is_new = |name: &&String| !pinned.iter().any(|one| one.fingerprint == **name);
    let Some(new) = named.iter().find(is_new) else {
        return Ok(());
    };
    let id = settings.connection;
    let notice = Notice::new(
        Topic::CredentialExpiring,
        "An identity provider has a new certificate",
        format!(
            "The metadata at {} names the certificate {new}, which is not pinned here. If the identity provider is about to \
             change to it, take it: keywright saml refresh {id}",
            settings.metadata_url.as_deref().unwrap_or_default()
        ),
    )
    .path(format!("/connections/{id}"))
    .detail(json!({ "kind": "saml-certificate", "connection": id, "fingerprint": new }))
    .once(format!("connection/{id}/saml-certificate/{new}"));
    notify::send(work, &notice).await.map(drop)
}
