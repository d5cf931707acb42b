//! Workers: lease a job, run its handler, renew the lease meanwhile, end it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Error, Job, LEASE_MS, MAX_ATTEMPTS, Registry, schedule, store};
use crate::actor::Actor;
use crate::app::App;
use crate::db::{self, TenantId};

/// How long an idle worker waits before it looks again, when nothing in this process wakes it.
const LOOK_AGAIN: Duration = Duration::from_millis(1_000);

/// One process's worker: several loops over one queue.
pub struct Worker {
    app: App,
    registry: Registry,
    owner: String,
    trouble: Trouble,
}

/// What keeps a worker from its work until a person mends it, such as a full disk: it can then not even note that a job
/// failed. For who waits for the job.
#[derive(Clone, Debug, Default)]
pub struct Trouble(Arc<Mutex<Option<String>>>);

impl Trouble {
    /// What it is and how to mend it, if there is something.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.clone()
    }

    fn tell(&self, what: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }
}

impl Worker {
    /// A worker that does the registry's kinds of job.
    #[must_use]
    pub fn new(app: App, registry: Registry) -> Self {
        let owner = format!(
            "{}-{:016x}",
            std::process::id(),
            u64::from_be_bytes(app.random())
        );
        Self {
            app,
            registry,
            owner,
            trouble: Trouble::default(),
        }
    }

    /// Where it tells what keeps it from its work.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        self.trouble.clone()
    }

    /// Runs `loops` loops until `stop`; then waits for running handlers as long as `grace`, gives back the leases of
    /// those that are still running, and returns.
    pub async fn run(self, loops: usize, stop: CancellationToken, grace: Duration) {
        let worker = Arc::new(self);
        let hard = CancellationToken::new();
        let mut running = JoinSet::new();
        for _ in 0..loops.max(1) {
            let (worker, stop, hard) = (worker.clone(), stop.clone(), hard.clone());
            running.spawn(async move { worker.work_until(&stop, &hard).await });
        }
        let (ticker, stopped) = (worker.clone(), stop.clone());
        running.spawn(async move { ticker.tick_until(&stopped).await });
        stop.cancelled().await;
        let finished = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, finished).await.is_err() {
            hard.cancel();
            while running.join_next().await.is_some() {}
        }
    }

    async fn work_until(&self, stop: &CancellationToken, hard: &CancellationToken) {
        while !stop.is_cancelled() {
            let woken = self.app.jobs_signal().notified();
            match self.step(hard).await {
                Ok(true) => self.trouble.tell(None),
                Ok(false) => wait(stop, woken).await,
                Err(error) => {
                    if matches!(error, db::Error::Full) {
                        self.trouble.tell(Some(error.to_string()));
                    }
                    tracing::warn!(error = %chain(&error), "the job queue could not be read");
                    wait(stop, std::future::pending()).await;
                }
            }
        }
    }

    async fn tick_until(&self, stop: &CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = schedule::tick(&self.app, &self.registry.kinds()).await {
                tracing::warn!(error = %chain(&error), "schedules could not be read");
            }
            wait(stop, self.app.jobs_signal().notified()).await;
        }
    }

    /// Does one due job; false when there was none.
    async fn step(&self, hard: &CancellationToken) -> db::Result<bool> {
        let nobody = Actor::system(TenantId(Uuid::nil()), "jobs");
        let kinds = self.registry.kinds();
        if !store::any_due(&self.app.read(&nobody).await?, &kinds).await? {
            return Ok(false);
        }
        let work = self.app.begin(&nobody).await?;
        let job = match store::claim(&work, &kinds, &self.owner).await {
            Ok(Some(job)) => job,
            // Another worker leased a job of the same key at this very moment.
            Ok(None) | Err(db::Error::Clash(_)) => return Ok(false),
            Err(error) => return Err(error),
        };
        work.commit().await?;
        self.handle(job, hard).await?;
        Ok(true)
    }

    async fn handle(&self, job: Job, hard: &CancellationToken) -> db::Result<()> {
        let Some(handler) = self.registry.0.get(job.kind.as_str()) else {
            return Ok(());
        };
        if job.attempt > MAX_ATTEMPTS {
            return self
                .end(
                    &job,
                    Err(Error::Fatal(
                        "given up: it ended without a word too often".to_owned(),
                    )),
                )
                .await;
        }
        let mut running = tokio::spawn(handler(self.app.clone(), job.clone()));
        let outcome = loop {
            tokio::select! {
                done = &mut running => break done,
                () = hard.cancelled() => {
                    running.abort();
                    return self.give_back(&job).await;
                }
                () = tokio::time::sleep(Duration::from_millis(LEASE_MS.unsigned_abs() / 3)) => {
                    if !self.renew(&job).await {
                        running.abort();
                        tracing::warn!(job = %job.id, kind = job.kind, "lease lost, stopped");
                        return Ok(());
                    }
                }
            }
        };
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Error::Retry(
                "it ended with a defect (see the log)".to_owned(),
            ))
        });
        self.end(&job, outcome).await
    }

    /// False when the lease is another's. A database that does not answer now may answer in time.
    async fn renew(&self, job: &Job) -> bool {
        let renewed = async {
            let work = self.app.begin(&job.actor("jobs")).await?;
            let held = store::touch(&work, job).await?;
            work.commit().await?;
            Ok::<bool, db::Error>(held)
        };
        renewed.await.unwrap_or(true)
    }

    async fn end(&self, job: &Job, outcome: Result<(), Error>) -> db::Result<()> {
        let work = self.app.begin(&job.actor("jobs")).await?;
        match outcome {
            Ok(()) => store::finish(&work, job, "done", None).await.map(drop)?,
            Err(Error::Db(db::Error::LeaseLost)) => {}
            Err(Error::Fatal(text)) => self.give_up(&work, job, &text).await?,
            Err(error) if job.attempt >= MAX_ATTEMPTS => {
                self.give_up(&work, job, &chain(&error)).await?;
            }
            Err(error) => {
                let text = chain(&error);
                tracing::warn!(job = %job.id, kind = job.kind, attempt = job.attempt, error = text, "job will be tried again");
                let delay_ms = 1_000_i64 << job.attempt.clamp(0, 8);
                store::put_back(&work, job, work.now.plus_millis(delay_ms), &text).await?;
            }
        }
        work.commit().await
    }

    async fn give_up(&self, work: &crate::app::Work, job: &Job, text: &str) -> db::Result<()> {
        tracing::error!(job = %job.id, kind = job.kind, error = text, "job failed");
        store::finish(work, job, "failed", Some(text))
            .await
            .map(drop)
    }

    async fn give_back(&self, job: &Job) -> db::Result<()> {
        let work = self.app.begin(&job.actor("jobs")).await?;
        store::give_back(&work, job).await?;
        work.commit().await
    }
}

/// Does due jobs, one after the other, until none is due; gives how many. For commands that work on a local database
/// and for tests: no loops, no waiting.
pub async fn run_until_idle(app: &App, registry: &Registry) -> db::Result<usize> {
    let worker = Worker::new(app.clone(), registry.clone());
    let never = CancellationToken::new();
    let mut done = 0;
    loop {
        schedule::tick(app, &registry.kinds()).await?;
        if !worker.step(&never).await? {
            return Ok(done);
        }
        done += 1;
    }
}

async fn wait(stop: &CancellationToken, woken: impl Future<Output = ()>) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = woken => {}
        () = tokio::time::sleep(LOOK_AGAIN) => {}
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
