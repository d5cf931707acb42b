//! Why a configuration was refused.

use std::path::PathBuf;

use super::Source;

/// Why a configuration was refused. Messages name the place and the mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration file, or a file that a variable names, cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path}:{line}: {message}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
    /// A key that does not exist.
    #[error("{place}: there is no key `{key}`{}", hint(nearest.as_deref()))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it stands.
        place: Source,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// An environment variable beginning with `KEYWRIGHT_` that means nothing.
    #[error("environment variable {name} means nothing to Keywright{}", hint(nearest.as_deref()))]
    UnknownVariable {
        /// The variable as written.
        name: String,
        /// The variable that was probably meant.
        nearest: Option<String>,
    },
    /// A value that the key cannot take.
    #[error("{place}: `{key}`: {why}")]
    Value {
        /// The key.
        key: String,
        /// Where the value stands.
        place: Source,
        /// Why it cannot be taken; never the value of a secret.
        why: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}
