//! The key ring: a small file with mode 0600 beside the configuration, never in the database or a backup.
//!
//! ```text
//! # Keywright master keys. Without this file no sealed secret can be opened: keep a copy in a safe place.
//! 1 8mQd…base64…=
//! 2 Lw0x…base64…=        the last line is the active key
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const HEAD: &str = "# Keywright master keys. Without this file no sealed secret can be opened: keep a copy in a safe place.\n";

/// Numbered 256-bit keys; the highest number is the active one.
#[derive(Clone, ZeroizeOnDrop)]
pub struct KeyRing {
    #[zeroize(skip)]
    keys: BTreeMap<u32, Key>,
    active: u32,
    active_key: [u8; 32],
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Key([u8; 32]);

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

/// Why a key ring could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The file could not be read or written.
    #[error("the master key file {0} could not be used")]
    File(PathBuf, #[source] std::io::Error),
    /// A line is not `NUMBER BASE64` with 32 bytes, or a number stands twice.
    #[error("line {line} of the master key file {path} is not a number and 32 bytes in base64")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// There is no key in it.
    #[error("the master key file {0} holds no key")]
    Empty(PathBuf),
    /// Others can read the file.
    #[error("the master key file {0} can be read by others: run `chmod 600` on it")]
    Open(PathBuf),
}

impl KeyRing {
    /// A new ring of one key.
    #[must_use]
    pub fn generate(random: [u8; 32]) -> Self {
        Self {
            keys: BTreeMap::from([(1, Key(random))]),
            active: 1,
            active_key: random,
        }
    }

    /// The ring with one more key, which is the active one now.
    #[must_use]
    pub fn rotated(&self, random: [u8; 32]) -> Self {
        let mut keys = self.keys.clone();
        let active = self.active.saturating_add(1);
        keys.insert(active, Key(random));
        Self {
            keys,
            active,
            active_key: random,
        }
    }

    /// Reads the ring at `path`.
    pub fn read(path: &Path) -> Result<Self, RingError> {
        let text = std::fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|e| RingError::File(path.to_owned(), e))?;
        refuse_open_file(path)?;
        let mut keys = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            let wrong = || RingError::Line {
                path: path.to_owned(),
                line: index + 1,
            };
            let (number, key) = key_line(line_text).ok_or_else(wrong)?;
            if keys.insert(number, key).is_some() {
                return Err(wrong());
            }
        }
        let (active, key) = keys
            .last_key_value()
            .ok_or_else(|| RingError::Empty(path.to_owned()))?;
        let (active, active_key) = (*active, key.0);
        Ok(Self {
            keys,
            active,
            active_key,
        })
    }

    /// Reads the ring at `path`, making one when the file is missing. Of several processes that start at once, one makes it.
    pub fn read_or_make(path: &Path, random: [u8; 32]) -> Result<Self, RingError> {
        if !path.exists() {
            match Self::generate(random).write_new(path) {
                Err(RingError::File(_, e)) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        Self::read(path)
    }

    /// Puts this ring in the place of the file at `path`, all or nothing.
    pub fn replace(&self, path: &Path) -> Result<(), RingError> {
        let next = path.with_extension("next");
        let failed = |e| RingError::File(path.to_owned(), e);
        match std::fs::remove_file(&next) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(failed(e)),
            _ => {}
        }
        self.write_to(&next)?;
        std::fs::rename(&next, path).map_err(failed)
    }

    /// The active key and its number.
    pub(super) fn active(&self) -> (u32, &[u8; 32]) {
        (self.active, &self.active_key)
    }

    /// The key with this number.
    pub(super) fn key(&self, number: u32) -> Option<&[u8; 32]> {
        self.keys.get(&number).map(|k| &k.0)
    }

    /// Written beside and linked into place, so that no reader sees half a file and the first of several wins.
    fn write_new(&self, path: &Path) -> Result<(), RingError> {
        let failed = |e| RingError::File(path.to_owned(), e);
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let own = path.with_extension(format!("{}.new", std::process::id()));
        self.write_to(&own)?;
        let linked = std::fs::hard_link(&own, path).map_err(failed);
        std::fs::remove_file(&own).map_err(failed)?;
        linked
    }

    fn write_to(&self, path: &Path) -> Result<(), RingError> {
        let mut text = Zeroizing::new(String::from(HEAD));
        for (number, key) in &self.keys {
            text.push_str(&format!("{number} {}\n", STANDARD.encode(key.0)));
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let write = || -> std::io::Result<()> {
            let mut file = options.open(path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|e| RingError::File(path.to_owned(), e))
    }
}

fn key_line(line: &str) -> Option<(u32, Key)> {
    let (number, key) = line.split_once(' ')?;
    let bytes = Zeroizing::new(STANDARD.decode(key.trim()).ok()?);
    Some((number.parse().ok()?, Key(bytes.as_slice().try_into().ok()?)))
}

#[cfg(unix)]
fn refuse_open_file(path: &Path) -> Result<(), RingError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)
        .map_err(|e| RingError::File(path.to_owned(), e))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(RingError::Open(path.to_owned()))
    }
}

#[cfg(not(unix))]
fn refuse_open_file(_path: &Path) -> Result<(), RingError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_made_once_kept_private_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/master.key");
        let made = KeyRing::read_or_make(&path, [3; 32]).unwrap();
        let again = KeyRing::read_or_make(&path, [4; 32]).unwrap();
        assert_eq!(made.active(), again.active());
        again.rotated([5; 32]).replace(&path).unwrap();
        let rotated = KeyRing::read(&path).unwrap();
        assert_eq!(rotated.active(), (2, &[5; 32]));
        assert_eq!(rotated.key(1), Some(&[3; 32]));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        KeyRing::read_or_make(&path, [3; 32]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(KeyRing::read(&path), Err(RingError::Open(_))));
    }

    #[test]
    fn wrong_lines_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        KeyRing::generate([1; 32]).replace(&path).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("2 short\n");
        std::fs::write(&path, text).unwrap();
        assert!(matches!(
            KeyRing::read(&path),
            Err(RingError::Line { line: 3, .. })
        ));
    }
}
