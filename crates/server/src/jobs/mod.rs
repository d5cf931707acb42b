//! Work that outlives a request: jobs in a table, leased by workers, fenced when a worker was thought dead.
//!
//! A job is inserted through the caller's [`Work`], so it exists exactly when its cause does. A worker leases a due job,
//! renews the lease while the handler runs, and finishes it only while its fence still stands; a killed worker's job is
//! taken over when the lease runs out. Of one kind and unique key at most one job waits and one runs.

mod schedule;
mod store;
mod worker;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::actor::Actor;
use crate::app::{App, Work};
use crate::db::{self, JobId, TenantId, Timestamp};

pub use schedule::{Schedule, clear_schedule, set_schedule, tick};
pub use store::{Status, cancel, status, waits_until};
pub use worker::{Trouble, Worker, run_until_idle};

/// How long a worker may be silent before its job is taken over, milliseconds.
pub const LEASE_MS: i64 = 30_000;

/// After so many failed tries a job stays failed.
pub const MAX_ATTEMPTS: i32 = 8;

/// A job to insert.
#[derive(Clone, Debug)]
pub struct New {
    /// What is to be done: `sync.run`.
    pub kind: &'static str,
    /// What the handler needs to know. Never a secret.
    pub payload: Value,
    /// Not before.
    pub run_at: Timestamp,
    /// While one job of this kind and key waits, no second is inserted.
    pub unique: Option<String>,
}

/// A leased job, as its handler sees it.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What [`New::payload`] said.
    pub payload: Value,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// Rises with every lease: who holds an older one may write no more.
    pub fence: i64,
}

impl Job {
    /// Refuses with [`db::Error::LeaseLost`] when another worker has taken the job over. Called inside the transaction
    /// that applies the job's effect, it makes sure that no other worker can do so until that transaction ends.
    pub async fn check_lease(&self, work: &Work) -> db::Result<()> {
        if store::touch(work, self).await? {
            Ok(())
        } else {
            Err(db::Error::LeaseLost)
        }
    }

    /// The actor for what the job does: Keywright itself, in the job's tenant.
    #[must_use]
    pub fn actor(&self, name: &'static str) -> Actor {
        Actor::system(self.tenant, name)
    }
}

/// How a handler ended when it did not succeed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Try again later (with growing delays); after [`MAX_ATTEMPTS`] the job stays failed.
    #[error("{0}")]
    Retry(String),
    /// Trying again would not help.
    #[error("{0}")]
    Fatal(String),
    /// The database failed; tried again, save when the lease was lost.
    #[error(transparent)]
    Db(#[from] db::Error),
}

type Handler =
    Arc<dyn Fn(App, Job) -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> + Send + Sync>;

/// Which function does which kind of job.
#[derive(Clone, Default)]
pub struct Registry(HashMap<&'static str, Handler>);

impl Registry {
    /// A registry without handlers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The registry with `handler` for `kind`.
    #[must_use]
    pub fn on<F, Fut>(mut self, kind: &'static str, handler: F) -> Self
    where
        F: Fn(App, Job) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), Error>> + Send + 'static,
    {
        self.0
            .insert(kind, Arc::new(move |app, job| Box::pin(handler(app, job))));
        self
    }

    fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.0.keys().copied().collect();
        kinds.sort_unstable();
        kinds
    }
}

/// Inserts a job through the caller's work. Gives nothing when a job of this kind and unique key waits already.
pub async fn enqueue(work: &mut Work, job: New) -> db::Result<Option<JobId>> {
    let id = work.id::<JobId>();
    let inserted = store::insert(work, id, &job).await?;
    if inserted {
        work.wake_jobs();
    }
    Ok(inserted.then_some(id))
}

#[cfg(test)]
mod tests;
