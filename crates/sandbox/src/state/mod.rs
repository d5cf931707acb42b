//! The state file: everything that the orgs of a process know, as JSON.
//!
//! It is written whole beside its place and then moved there, so a kill at any moment leaves the state before or the state
//! after. What a copy of an org costs is small ([`crate::store`]), so nobody waits while it is written.

mod keep;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use keep::{first, keep};

use crate::clock::Moved;
use crate::credentials::Credentials;
use crate::options::StartError;
use crate::org::Org;

/// The form of the file; another one is refused.
const FORMAT: u32 = 1;

/// One org in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) credentials: Credentials,
    pub(crate) clock: Moved,
    pub(crate) org: Org,
}

/// The whole file. The form stands first, so that a file of another form is told apart before its rest is read.
#[derive(Debug, Serialize, Deserialize)]
struct Whole {
    keywright_sandbox: u32,
    orgs: BTreeMap<String, Kept>,
}

#[derive(Deserialize)]
struct Form {
    keywright_sandbox: u32,
}

/// A state file that this process alone writes.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// Held as long as the process lives.
    _lock: File,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

impl StateFile {
    /// Takes hold of a state file and reads it, if it is there.
    pub(crate) fn open(path: &Path) -> Result<(Self, Option<BTreeMap<String, Kept>>), StartError> {
        let failed = |source| StartError::File {
            path: path.to_owned(),
            source,
        };
        let lock = File::create(beside(path, ".lock")).map_err(failed)?;
        if lock.try_lock().is_err() {
            return Err(StartError::InUse {
                path: path.to_owned(),
            });
        }
        let found = match File::open(path) {
            Ok(file) => Some(read(path, file)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let state = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        Ok((state, found))
    }

    /// Writes a state in the place of the one before.
    fn write(&self, orgs: BTreeMap<String, Kept>) -> std::io::Result<()> {
        let new = beside(&self.path, ".new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::with_capacity(1 << 20, options.open(&new)?);
        let whole = Whole {
            keywright_sandbox: FORMAT,
            orgs,
        };
        serde_json::to_writer(&mut out, &whole)?;
        out.write_all(b"\n")?;
        out.into_inner()?.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        // The new name is on disk only when the folder is.
        let folder = self
            .path
            .parent()
            .filter(|path| !path.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn read(path: &Path, file: File) -> Result<BTreeMap<String, Kept>, StartError> {
    let wrong = |why: String| StartError::State {
        path: path.to_owned(),
        why,
    };
    let text =
        std::io::read_to_string(BufReader::new(file)).map_err(|error| wrong(error.to_string()))?;
    let whole: Whole = serde_json::from_str(&text).map_err(|error| match form_of(&text) {
        Some(form) if form != FORMAT => wrong(format!(
            "it has form {form}, this program writes form {FORMAT}"
        )),
        _ => wrong(error.to_string()),
    })?;
    if whole.keywright_sandbox != FORMAT {
        let form = whole.keywright_sandbox;
        return Err(wrong(format!(
            "it has form {form}, this program writes form {FORMAT}"
        )));
    }
    let mut orgs = whole.orgs;
    for kept in orgs.values_mut() {
        crate::groups::refill(&mut kept.org);
        kept.org.provisioning.woken();
    }
    Ok(orgs)
}

fn form_of(text: &str) -> Option<u32> {
    serde_json::from_str::<Form>(text)
        .ok()
        .map(|form| form.keywright_sandbox)
}
