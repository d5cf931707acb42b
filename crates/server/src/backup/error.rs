//! Why a backup could not be written or restored.

use crate::db;

/// Why a backup could not be written or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database refused.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The file could not be read or written.
    #[error("the backup file cannot be used")]
    File(#[from] std::io::Error),
    /// The database was never used: there is nothing to write.
    #[error("the database is empty: there is nothing to back up")]
    NothingThere,
    /// Restoring would mix two sets of data.
    #[error("the database is not empty (table {0} has rows): restore only fills an empty one")]
    NotEmpty(String),
    /// The first line is not that of a backup.
    #[error("the file is no Keywright backup")]
    NotABackup,
    /// The backup is of another version of the program.
    #[error(
        "the backup has schema version {found}, this program has {known}: restore with the program that made it, then upgrade"
    )]
    OtherSchema {
        /// Version of the file.
        found: i32,
        /// Version of this program.
        known: i32,
    },
    /// A line cannot be understood.
    #[error("line {line} of the backup cannot be understood: {why}")]
    BadLine {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The file ends too early or was changed.
    #[error("the backup is incomplete or was changed: {0}")]
    Damaged(String),
}
