//! Acknowledged means on disk, with one sync shared by all who wait.
//!
//! `SQLite` runs in WAL mode with `synchronous=NORMAL`: a commit is in the log file but not synced. Before a commit is
//! acknowledged, [`WalSync::wait`] syncs the `-wal` file; everyone who committed before the sync began is served by it.
//! That is the very sync that `synchronous=FULL` does once per commit (`SQLite`: PRAGMA synchronous; WAL, section 3.1).
//! A checkpoint under NORMAL syncs the log before it moves pages and the database file after, so frames that have left
//! the log are safe already.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

use super::{Error, Result};

/// Shares syncs of one write-ahead log among all who wait.
#[derive(Debug)]
pub(crate) struct WalSync {
    wal: PathBuf,
    asked: AtomicU64,
    done: AtomicU64,
    syncs: AtomicU64,
    turn: Mutex<()>,
    /// Where a test keeps what would be on the disk if the power failed now.
    #[cfg(test)]
    pub(crate) disk: std::sync::Mutex<Option<PathBuf>>,
}

impl WalSync {
    /// For the database at `database` (its log is the same name with `-wal`).
    pub(crate) fn new(database: &std::path::Path) -> Self {
        let mut wal = database.as_os_str().to_owned();
        wal.push("-wal");
        Self {
            wal: wal.into(),
            asked: AtomicU64::new(0),
            done: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            turn: Mutex::new(()),
            #[cfg(test)]
            disk: std::sync::Mutex::new(None),
        }
    }

    /// Returns when everything committed before this call is on disk.
    pub(crate) async fn wait(&self) -> Result<()> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let _turn = self.turn.lock().await;
        if self.done.load(Ordering::SeqCst) >= ticket {
            return Ok(());
        }
        let served = self.asked.load(Ordering::SeqCst);
        #[cfg(test)]
        if let Some(disk) = &*self.disk.lock().unwrap() {
            let next = disk.with_extension("next");
            std::fs::copy(&self.wal, &next).unwrap();
            std::fs::rename(&next, disk).unwrap();
        }
        let wal = self.wal.clone();
        tokio::task::spawn_blocking(move || sync_file(&wal))
            .await
            .map_err(|e| Error::File(std::io::Error::other(e)))??;
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.done.store(served, Ordering::SeqCst);
        Ok(())
    }

    /// How many syncs were done so far.
    #[cfg(test)]
    pub(crate) fn count(&self) -> u64 {
        self.syncs.load(Ordering::SeqCst)
    }
}

/// Opened anew each time: when the last connection closes, `SQLite` deletes the log (all of it is in the database then).
fn sync_file(wal: &std::path::Path) -> Result<()> {
    match OpenOptions::new().read(true).open(wal) {
        Ok(file) => file.sync_data().map_err(Error::File),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::File(e)),
    }
}

/// Makes the names of newly made files durable.
pub(crate) fn sync_folder(folder: &std::path::Path) -> Result<()> {
    File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(Error::File)
}
