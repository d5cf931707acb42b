//! The jobs behind a run: read Okta, then apply what follows, or say why there is nothing to apply.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::apply::{apply, show};
use super::error::Error;
use super::finding::Finding;
use super::read::{self, GroupRead, Members, ReadError, Reading};
use super::run::{self, End, RunId, RunKind, RunState};
use super::said;
use super::settings;
use super::write::{begin, finish_tail};
use super::{PLAN_JOB, RUN_JOB};
use crate::app::{App, Work};
use crate::db::{self, ConnectionId, TenantId};
use crate::jobs::{self, Job, Registry};
use crate::{audit, connections, directory, scim};

/// Another way to a connection's client than the connection itself: tests and rehearsals wire it in.
#[derive(Clone)]
pub struct Clients(Arc<GetClient>);

type Got = Pin<Box<dyn Future<Output = Result<keywright_okta::Client, Error>> + Send>>;
type GetClient = dyn Fn(App, TenantId, ConnectionId) -> Got + Send + Sync;

impl Clients {
    /// From a function.
    pub fn new<F, Fut>(get: F) -> Self
    where
        F: Fn(App, TenantId, ConnectionId) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<keywright_okta::Client, Error>> + Send + 'static,
    {
        Self(Arc::new(move |app, tenant, connection| {
            Box::pin(get(app, tenant, connection))
        }))
    }

    /// The client of a connection.
    pub async fn get(
        &self,
        app: &App,
        tenant: TenantId,
        connection: ConnectionId,
    ) -> Result<keywright_okta::Client, Error> {
        (self.0)(app.clone(), tenant, connection).await
    }
}

/// The client of a connection: the connection's own, unless the process was wired with another way.
pub(super) async fn client(
    app: &App,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<keywright_okta::Client, Error> {
    match app.part::<Clients>() {
        Some(clients) => clients.get(app, tenant, connection).await,
        None => Ok(connections::client(app, tenant, connection).await?),
    }
}

/// The registry with the jobs of sync.
#[must_use]
pub fn register(registry: Registry) -> Registry {
    registry
        .on(RUN_JOB, |app, job| async move {
            run(&app, &job, RunKind::Run).await
        })
        .on(PLAN_JOB, |app, job| async move {
            run(&app, &job, RunKind::Plan).await
        })
        .on(scim::SETTLE_JOB, |app, job| async move {
            said::settle(&app, &job).await
        })
        .on(super::DECIDE_JOB, |app, job| async move {
            super::decide::carry_out(&app, &job).await
        })
}

/// What a job is to do.
#[derive(Debug, Deserialize)]
pub(super) struct Payload {
    pub(super) connection: ConnectionId,
    /// Read everything, also what seems unchanged.
    #[serde(default)]
    whole: bool,
}

async fn run(app: &App, job: &Job, kind: RunKind) -> Result<(), jobs::Error> {
    let payload: Payload = serde_json::from_value(job.payload.clone())
        .map_err(|error| jobs::Error::Fatal(error.to_string()))?;
    let connection = payload.connection;
    let id = RunId(job.id.0);
    if !start(app, job, connection, id, kind).await? {
        finish_tail(app, job, id).await?;
        return Ok(());
    }
    let reading = match read(app, job, &payload).await {
        Ok(reading) => reading,
        Err(ReadError::Db(error)) => return Err(error.into()),
        Err(error) => {
            return fail(app, job, connection, id, finding(&error))
                .await
                .map_err(jobs::Error::from);
        }
    };
    let done = match kind {
        RunKind::Plan => show(app, job, connection, id, reading).await,
        _ => apply(app, job, connection, id, reading).await,
    };
    match done {
        Ok(()) => Ok(()),
        Err(Error::Db(error) | Error::Directory(directory::Error::Db(error))) => Err(error.into()),
        Err(error) => fail(
            app,
            job,
            connection,
            id,
            Finding::failed(error.to_string(), ""),
        )
        .await
        .map_err(jobs::Error::from),
    }
}

/// Notes that the run began; false when it has ended already (its worker was killed just after).
async fn start(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    kind: RunKind,
) -> db::Result<bool> {
    let mut work = begin(app, job).await?;
    settings::ensure(&mut work, connection).await?;
    let new = run::New {
        id,
        connection,
        kind,
        of_run: None,
        by: "schedule",
        by_user: None,
        reason: "scheduled",
    };
    run::insert(&work, &new).await?;
    run::expire(&work, connection).await?;
    run::abandon(&work, connection, kind, id).await?;
    let begun = run::begin(&work, id).await?;
    work.commit().await?;
    Ok(begun)
}

async fn read(app: &App, job: &Job, payload: &Payload) -> Result<Reading, ReadError> {
    let client = client(app, job.tenant, payload.connection).await?;
    read::read(
        app,
        &job.actor("sync"),
        payload.connection,
        client,
        payload.whole,
    )
    .await
}

fn finding(error: &ReadError) -> Finding {
    let mend = match error {
        ReadError::Okta(error) => error.mend(),
        ReadError::PageMissing { .. } => {
            "The next run tries again. If it stays, look for a proxy that drops the Link header."
                .to_owned()
        }
        ReadError::Client { mend, .. } => mend.clone(),
        ReadError::Db(_) | ReadError::Directory(_) => String::new(),
    };
    Finding::unreadable(error.to_string(), mend)
}

/// Ends a run in which nothing was applied.
async fn fail(
    app: &App,
    job: &Job,
    connection: ConnectionId,
    id: RunId,
    finding: Finding,
) -> db::Result<()> {
    let mut work = begin(app, job).await?;
    let (before, progress) = settings::load(&work, connection).await?;
    settings::save_progress(&work, connection, &progress, true).await?;
    run::end(
        &work,
        id,
        &End::nothing(RunState::Failed, vec![finding.clone()]),
        None,
    )
    .await?;
    let detail = json!({ "finding": finding.words, "mend": finding.mend });
    let entry = audit::Entry::new(
        "sync.failed",
        ("connection", connection.to_string()),
        finding.words.clone(),
    );
    audit::record(
        &mut work,
        entry.detail(json!({ "run": id, "mend": finding.mend })),
    )
    .await?;
    status(connections::failed(&mut work, connection, &finding.words).await)?;
    if before.failing_since.is_none() {
        super::notice::failing(&mut work, connection, id, &detail).await?;
    }
    work.commit().await
}

/// A connection that was removed meanwhile has no status.
pub(super) fn status(noted: Result<(), connections::Error>) -> db::Result<()> {
    match noted {
        Err(connections::Error::Database(error)) => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What is stored, as if it had just been read: for an approval, which plans again without asking Okta.
pub(super) async fn as_stored(
    work: &Work,
    connection: ConnectionId,
) -> Result<Vec<GroupRead>, Error> {
    let groups = directory::mapped_groups(work, connection).await?;
    // A group that was never read gives and takes nothing yet.
    Ok(groups
        .into_iter()
        .chain(directory::said::deciding(work, connection).await?)
        .filter(|group| group.read_date.is_some() || group.suspect.is_some())
        .map(stored_group)
        .collect())
}

/// A group as it is stored.
pub(super) fn stored_group(group: directory::Group) -> GroupRead {
    let members = match group.suspect.as_deref() {
        Some("vanished") => Members::Suspect { kind: "vanished" },
        Some(_) => Members::Suspect { kind: "emptied" },
        None => Members::Unchanged,
    };
    GroupRead {
        stored: group,
        shown: None,
        members,
        said: None,
    }
}
