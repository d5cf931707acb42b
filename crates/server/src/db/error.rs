//! Why a query failed, by what the caller can do about it.

use sea_orm::{DbErr, SqlErr};

/// The result of a database call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a query failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The row was changed by someone else since it was read (its `version` moved).
    #[error("the record was changed by someone else in the meantime: read it again")]
    Stale,
    /// A unique key is taken already. Holds the engine's text.
    #[error("a record with this key exists already: {0}")]
    Clash(String),
    /// The database was made by a newer Keywright.
    #[error(
        "the database is at schema version {found}, this program knows {known}: use a newer program, or restore a backup made by this one"
    )]
    NewerSchema {
        /// Version found in the database.
        found: i32,
        /// Newest version this program has.
        known: i32,
    },
    /// The disk is full. Nothing of the transaction was kept.
    #[error(
        "the disk that holds the database is full: free some space; nothing of this change was kept"
    )]
    Full,
    /// Another process held the database for too long (SQLite only).
    #[error("the database is busy: another process has been writing for too long")]
    Busy,
    /// A sync run has the directory to itself until what it gives and takes is true.
    #[error("a sync run is changing many people's roles right now: try again in a minute")]
    Applying,
    /// The job's lease was lost to another worker: nothing may be written any more.
    #[error("the lease of this job was lost; another worker has taken it over")]
    LeaseLost,
    /// A file beside the database could not be read, written or synced.
    #[error("a database file could not be used")]
    File(#[source] std::io::Error),
    /// Anything else the engine said.
    #[error("the database refused a statement")]
    Engine(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(text)) = error.sql_err() {
            return Self::Clash(text);
        }
        // SQLite tells these two by text only through SeaORM's error.
        let text = error.to_string();
        if text.contains("database or disk is full")
            || text.contains("disk I/O error")
            || text.contains("No space left on device")
        {
            return Self::Full;
        }
        if text.contains("database is locked") || text.contains("database table is locked") {
            return Self::Busy;
        }
        Self::Engine(error)
    }
}
