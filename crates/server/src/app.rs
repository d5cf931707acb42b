//! The running service ([`App`]) and one unit of work in it ([`Work`]).

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr, ExecResult, FromQueryResult,
    QueryResult, Statement, Value,
};
use tokio::sync::{Notify, OwnedMutexGuard};
use uuid::Uuid;

use crate::actor::Actor;
use crate::db::{self, Database, Engine, TenantId, Timestamp, values};
use crate::vault::{Sealed, Vault};

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until moved (tests, rehearsals): microseconds since the epoch.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// This clock's present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match self {
            #[expect(
                clippy::disallowed_methods,
                reason = "the one place that reads the machine's clock"
            )]
            Self::System => Timestamp::from_jiff(jiff::Timestamp::now()),
            Self::Fixed(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock on; the machine's clock stays as it is.
    pub fn advance(&self, by: std::time::Duration) {
        if let Self::Fixed(at) = self {
            at.fetch_add(
                i64::try_from(by.as_micros()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }
}

/// The running service: what every request and job shares. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    db: Database,
    vault: Vault,
    clock: Clock,
    random: Mutex<StdRng>,
    sequence: Mutex<Sequence>,
    // What the slices share among their own requests (clients, settings), by type.
    parts: http::Extensions,
    jobs: Notify,
}

/// What an [`App`] is made of.
pub struct AppBuilder {
    db: Database,
    vault: Vault,
    clock: Clock,
    random: StdRng,
    parts: http::Extensions,
}

impl AppBuilder {
    /// With another clock than the machine's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// With randomness that repeats (tests only).
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = StdRng::seed_from_u64(seed);
        self
    }

    /// With a value that a slice keeps for itself, found again by its type ([`App::part`]).
    #[must_use]
    pub fn with<T: Clone + Send + Sync + 'static>(mut self, part: T) -> Self {
        self.parts.insert(part);
        self
    }

    /// The finished app.
    #[must_use]
    pub fn build(self) -> App {
        let Self {
            db,
            vault,
            clock,
            random,
            parts,
        } = self;
        App(Arc::new(Inner {
            db,
            vault,
            clock,
            random: Mutex::new(random),
            sequence: Mutex::default(),
            parts,
            jobs: Notify::new(),
        }))
    }
}

impl App {
    /// Begins building an app on a migrated database.
    #[must_use]
    pub fn builder(db: Database, vault: Vault) -> AppBuilder {
        AppBuilder {
            db,
            vault,
            clock: Clock::System,
            random: StdRng::from_os_rng(),
            parts: http::Extensions::new(),
        }
    }

    /// The database.
    #[must_use]
    pub fn db(&self) -> &Database {
        &self.0.db
    }

    /// The vault that seals secrets.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The clock itself.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A value put in with [`AppBuilder::with`].
    #[must_use]
    pub fn part<T: Clone + Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.parts.get()
    }

    /// Random bytes, unguessable outside tests.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng().fill_bytes(&mut bytes);
        bytes
    }

    /// A new id: UUID v7 of the app's clock and randomness.
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        self.id_at(self.now())
    }

    fn id_at<T: From<Uuid>>(&self, now: Timestamp) -> T {
        let random = self.random();
        let mut sequence = self
            .0
            .sequence
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sequence.uuid_v7(now, random).into()
    }

    /// Begins a unit of work that may write, bound to the actor's tenant.
    pub async fn begin(&self, actor: &Actor) -> db::Result<Work> {
        let begun = self.db().begin_write().await?;
        let work = self.work(Tx::Open(begun.tx), begun.writer, actor);
        #[cfg(test)]
        work.name_tenant().await?;
        Ok(work)
    }

    /// Begins a unit of work that only looks: it sees one state of the database throughout.
    pub async fn read(&self, actor: &Actor) -> db::Result<Work> {
        let tx = self.db().begin_read().await?;
        let work = self.work(Tx::Open(tx), None, actor);
        #[cfg(test)]
        work.name_tenant().await?;
        Ok(work)
    }

    /// A unit of work that only looks, each statement for itself: for what one statement answers, where a transaction
    /// around it would be most of the cost. Each statement sees the state as of its own beginning.
    pub async fn glance(&self, actor: &Actor) -> db::Result<Work> {
        if cfg!(test) {
            // Within a transaction, which is told whose rows it may touch.
            return self.read(actor).await;
        }
        Ok(self.work(Tx::None(self.db().pool()), None, actor))
    }

    /// Told whenever a job may have become due.
    pub(crate) fn jobs_signal(&self) -> &Notify {
        &self.0.jobs
    }

    fn work(&self, tx: Tx, writer: Option<OwnedMutexGuard<()>>, actor: &Actor) -> Work {
        Work {
            tx,
            tenant: actor.tenant,
            now: self.now(),
            actor: actor.clone(),
            app: self.clone(),
            writer,
            wakes_jobs: false,
        }
    }

    fn rng(&self) -> MutexGuard<'_, StdRng> {
        self.0.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One unit of work: one transaction bound to one tenant, one instant, one actor. Dropped without
/// [`commit`](Work::commit), nothing of it stays.
pub struct Work {
    // Every query in it is bounded by `tenant`.
    tx: Tx,
    /// Whose data this is.
    pub tenant: TenantId,
    /// The instant of all that happens in it.
    pub now: Timestamp,
    /// Who does it.
    pub actor: Actor,
    app: App,
    writer: Option<OwnedMutexGuard<()>>,
    wakes_jobs: bool,
}

/// What the statements of a work run in.
enum Tx {
    /// One transaction.
    Open(DatabaseTransaction),
    /// Each by itself, see [`App::glance`].
    None(DatabaseConnection),
}

impl Tx {
    async fn all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Open(tx) => tx.query_all_raw(statement).await,
            Self::None(pool) => pool.query_all_raw(statement).await,
        }
    }

    async fn one(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Open(tx) => tx.query_one_raw(statement).await,
            Self::None(pool) => pool.query_one_raw(statement).await,
        }
    }

    async fn run(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Open(tx) => tx.execute_raw(statement).await,
            Self::None(_) => Err(DbErr::Custom("a glance changes nothing".to_owned())),
        }
    }
}

impl Work {
    /// The app it belongs to.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Which engine is beneath.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.app.db().engine()
    }

    /// A new id (UUID v7 of this work's instant).
    #[must_use]
    pub fn id<T: From<Uuid>>(&self) -> T {
        self.app.id_at(self.now)
    }

    /// Random bytes, unguessable outside tests.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        self.app.random()
    }

    /// All rows of a query.
    pub async fn rows<T: FromQueryResult>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> db::Result<Vec<T>> {
        let rows = self.tx.all(self.statement(sql, values)).await?;
        rows.iter()
            .map(|row| T::from_query_result(row, ""))
            .collect::<Result<_, _>>()
            .map_err(db::Error::from)
    }

    /// The first row of a query, if there is one.
    pub async fn row<T: FromQueryResult>(
        &self,
        sql: &str,
        values: Vec<Value>,
    ) -> db::Result<Option<T>> {
        let row = self.tx.one(self.statement(sql, values)).await?;
        Ok(row.map(|row| T::from_query_result(&row, "")).transpose()?)
    }

    /// Runs a statement; gives the number of rows it touched.
    pub async fn run(&self, sql: &str, values: Vec<Value>) -> db::Result<u64> {
        Ok(self
            .tx
            .run(self.statement(sql, values))
            .await?
            .rows_affected())
    }

    /// Runs a statement guarded by a version: no row touched is [`db::Error::Stale`].
    pub async fn run_versioned(&self, sql: &str, values: Vec<Value>) -> db::Result<()> {
        if self.run(sql, values).await? == 0 {
            Err(db::Error::Stale)
        } else {
            Ok(())
        }
    }

    /// Takes turns with every other write transaction of this tenant that asks for the same `name`, until the end of
    /// the transaction. `SQLite` has one writer anyway; PostgreSQL takes an advisory lock.
    pub async fn lock(&self, name: &str) -> db::Result<()> {
        if self.engine() == Engine::Postgres {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
            self.run(sql, values![format!("{}/{name}", self.tenant)])
                .await?;
        }
        Ok(())
    }

    /// Seals a secret for `column` (`table.column`) of the row `row`: it opens for this tenant, column and row only.
    #[must_use]
    pub fn seal(&self, column: &str, row: Uuid, secret: &[u8]) -> Sealed {
        self.app
            .vault()
            .seal(self.tenant, column, row, secret, self.random())
    }

    /// Wakes the job workers of this process when this work is committed.
    pub(crate) fn wake_jobs(&mut self) {
        self.wakes_jobs = true;
    }

    /// Keeps what was done. When this returns, it is on disk.
    pub async fn commit(self) -> db::Result<()> {
        let Self {
            tx,
            app,
            writer,
            wakes_jobs,
            ..
        } = self;
        let wrote = writer.is_some();
        if let Tx::Open(tx) = tx {
            tx.commit().await?;
        }
        drop(writer);
        if wrote {
            app.db().durable().await?;
        }
        if wakes_jobs {
            app.jobs_signal().notify_waiters();
        }
        Ok(())
    }

    /// Tells PostgreSQL whose rows this work may touch (see `testing`).
    #[cfg(test)]
    async fn name_tenant(&self) -> db::Result<()> {
        if self.engine() == Engine::Postgres {
            self.run(
                "SELECT set_config('keywright.tenant', $1, true)",
                values![self.tenant.to_string()],
            )
            .await?;
        }
        Ok(())
    }

    fn statement(&self, sql: &str, values: Vec<Value>) -> Statement {
        #[cfg(test)]
        if let Some(count) = self.app.part::<crate::testing::Statements>() {
            count.add();
        }
        let engine = self.engine();
        let sql = match engine {
            Engine::Sqlite => db::for_sqlite(sql, values.len()),
            Engine::Postgres => sql.into(),
        };
        Statement::from_sql_and_values(engine.backend(), sql, values)
    }
}

/// Ids of one millisecond and process sort in the order in which they were made: a counter stands before the randomness
/// (RFC 9562 section 6.2, method 1).
#[derive(Default)]
struct Sequence {
    millis: i64,
    next: u32,
}

impl Sequence {
    fn uuid_v7(&mut self, now: Timestamp, mut random: [u8; 10]) -> Uuid {
        let millis = now.0.div_euclid(1_000);
        if self.millis != millis {
            (self.millis, self.next) = (millis, 0);
        }
        // 12 bits beside the version and 6 beside the variant, which the builder sets over the highest bits.
        let [_, b, c, d] = self.next.to_be_bytes();
        let high = u16::from(b) << 10 | u16::from(c) << 2 | u16::from(d) >> 6;
        random[..2].copy_from_slice(&high.to_be_bytes());
        random[2] = d & 0x3f;
        self.next = (self.next + 1) & 0x3_ffff;
        let millis = u64::try_from(millis).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_instant_sort_as_they_were_made() {
        let mut sequence = Sequence::default();
        let now = Timestamp(1_767_600_000_000_000);
        let ids: Vec<Uuid> = (0..70_000)
            .map(|_| sequence.uuid_v7(now, [0xff; 10]))
            .collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(sequence.uuid_v7(now.plus_millis(1), [0; 10]) > ids[69_999]);
    }
}
