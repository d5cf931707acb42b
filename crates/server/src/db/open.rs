//! Opening a database and beginning transactions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::durability::{WalSync, sync_folder};
use super::{Error, Result};

/// How long a statement waits for another process that writes to the same `SQLite` file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// One writes at a time; more readers than this only wait for the processors. Each keeps a cache of pages.
const SQLITE_CONNECTIONS: u32 = 8;

/// A connection that answered so lately is not asked whether it lives: that would double the ways to the server.
const UNTESTED: Duration = Duration::from_secs(5);

/// Which engine is behind a [`Database`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One file, bundled.
    Sqlite,
    /// A server, for many machines.
    Postgres,
}

impl Engine {
    pub(crate) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// An open database: a pool of connections to one `SQLite` file or one PostgreSQL database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) pool: DatabaseConnection,
    engine: Engine,
    sqlite: Option<Arc<SqliteSide>>,
}

#[derive(Debug)]
struct SqliteSide {
    path: PathBuf,
    wal: WalSync,
    // SQLite has one writer at a time; waiting here is fair, waiting in its busy handler is not.
    writer: Arc<Mutex<()>>,
}

/// A write transaction and what it holds until it ends.
pub(crate) struct WriteTx {
    pub(crate) tx: DatabaseTransaction,
    pub(crate) writer: Option<OwnedMutexGuard<()>>,
}

impl Database {
    /// Opens `url`: `sqlite:PATH` (made when missing, mode 0600) or `postgres://…` (TLS as the URL's `sslmode` says).
    /// Does not migrate: see [`Database::migrate`].
    pub async fn open(url: &str) -> Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(path) => Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await,
            None => Self::open_postgres(url, None).await,
        }
    }

    /// Opens the `SQLite` file at `path`, making it when missing.
    pub async fn open_sqlite(path: &Path) -> Result<Self> {
        make_private(path)?;
        let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", path.display()));
        options
            .max_connections(SQLITE_CONNECTIONS)
            .min_connections(1)
            .test_before_acquire(false)
            .sqlx_logging(false);
        options.map_sqlx_sqlite_opts(|o| {
            o.busy_timeout(BUSY_TIMEOUT)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sqlx::sqlite::SqliteSynchronous::Normal)
                .foreign_keys(true)
                .pragma("temp_store", "MEMORY")
                .pragma("cache_size", "-2000")
        });
        let pool = sea_orm::Database::connect(options).await?;
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            sync_folder(folder)?;
        }
        let sqlite = SqliteSide {
            path: path.to_owned(),
            wal: WalSync::new(path),
            writer: Arc::default(),
        };
        Ok(Self {
            pool,
            engine: Engine::Sqlite,
            sqlite: Some(Arc::new(sqlite)),
        })
    }

    /// Opens a PostgreSQL database; `schema` sets the search path (tests keep apart by it).
    pub async fn open_postgres(url: &str, schema: Option<&str>) -> Result<Self> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(16)
            .min_connections(0)
            .test_before_acquire_if_idle_for(UNTESTED)
            .sqlx_logging(false)
            .acquire_timeout(Duration::from_secs(30));
        if let Some(schema) = schema {
            options.set_schema_search_path(schema);
        }
        let pool = sea_orm::Database::connect(options).await?;
        Ok(Self {
            pool,
            engine: Engine::Postgres,
            sqlite: None,
        })
    }

    /// Which engine this is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The file of a `SQLite` database.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.sqlite.as_deref().map(|s| s.path.as_path())
    }

    /// Begins a write transaction. On `SQLite` it is IMMEDIATE, so that it never has to be tried again in the middle.
    pub(crate) async fn begin_write(&self) -> Result<WriteTx> {
        let writer = match &self.sqlite {
            Some(s) => {
                let turn = tokio::time::timeout(BUSY_TIMEOUT, s.writer.clone().lock_owned()).await;
                Some(turn.map_err(|_| Error::Busy)?)
            }
            None => None,
        };
        let tx = self
            .pool
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await?;
        Ok(WriteTx { tx, writer })
    }

    /// Begins a read transaction that sees one state of the database throughout.
    pub(crate) async fn begin_read(&self) -> Result<DatabaseTransaction> {
        let (isolation_level, access_mode) = match self.engine {
            Engine::Sqlite => (None, None),
            Engine::Postgres => (
                Some(IsolationLevel::RepeatableRead),
                Some(AccessMode::ReadOnly),
            ),
        };
        let options = TransactionOptions {
            isolation_level,
            access_mode,
            sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
        };
        Ok(self.pool.begin_with_options(options).await?)
    }

    /// The connections, for statements outside a transaction.
    pub(crate) fn pool(&self) -> DatabaseConnection {
        self.pool.clone()
    }

    /// Returns when all commits so far are on disk. PostgreSQL has done that itself by then.
    pub(crate) async fn durable(&self) -> Result<()> {
        match &self.sqlite {
            Some(s) => s.wal.wait().await,
            None => Ok(()),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.pool.execute_unprepared("SELECT 1").await?;
        Ok(())
    }

    /// Closes all connections; on `SQLite` this folds the log into the file.
    pub async fn close(&self) -> Result<(), DbErr> {
        self.pool.close_by_ref().await
    }

    /// Keeps the log, as of each sync's beginning, at `disk` (`SQLite`).
    #[cfg(test)]
    pub(crate) fn keep_synced_log(&self, disk: &Path) {
        *self.sqlite.as_ref().unwrap().wal.disk.lock().unwrap() = Some(disk.to_owned());
    }

    /// Syncs done so far (`SQLite`).
    #[cfg(test)]
    pub(crate) fn syncs(&self) -> u64 {
        self.sqlite.as_ref().map_or(0, |s| s.wal.count())
    }
}

/// Makes the file readable by its owner only, before anything is in it.
fn make_private(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(Error::File)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(Error::File)
}
