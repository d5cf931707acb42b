//! Where values come from: defaults, then the file, then the environment, then flags; later ones win.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Value};

use super::keys::{self, FOREIGN_PREFIXES, KEYS, Key, Kind, OTHER_VARIABLES, PREFIX, Secrecy};
use super::{Error, FILE_NAME};

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built in.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// An environment variable of this name.
    Variable(String),
    /// A flag of the command line of this name.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "{name}"),
        }
    }
}

/// What to read a configuration from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    file: Option<PathBuf>,
    variables: Vec<(String, String)>,
    flags: Vec<(&'static str, String, String)>,
}

impl Sources {
    /// This process's environment and `file`; without one, `KEYWRIGHT_CONFIG`, else `keywright.toml` in the
    /// working folder when there is one.
    #[must_use]
    pub fn of_process(file: Option<PathBuf>) -> Self {
        let variables: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, value)| {
                (
                    name.to_string_lossy().into_owned(),
                    value.to_string_lossy().into_owned(),
                )
            })
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        let named = variables
            .iter()
            .find(|(name, value)| name == "KEYWRIGHT_CONFIG" && !value.is_empty());
        let file = file
            .or_else(|| named.map(|(_, value)| PathBuf::from(value)))
            .or_else(|| Some(PathBuf::from(FILE_NAME)).filter(|path| path.exists()));
        Self {
            file,
            variables,
            flags: Vec::new(),
        }
    }

    /// Nothing but defaults, for what is put on top.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads this file too.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Adds one environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Sets `key` from the command line's `flag` (its name, for messages): `("listen", "--listen", "127.0.0.1:0")`.
    #[must_use]
    pub fn flag(
        mut self,
        key: &'static str,
        flag: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.flags.push((key, flag.into(), value.into()));
        self
    }

    /// Every value set anywhere, weakest first.
    pub(super) fn settings(&self) -> Result<Vec<Setting>, Error> {
        let mut all = defaults()?;
        if let Some(path) = &self.file {
            all.extend(from_file(path)?);
        }
        for (name, value) in &self.variables {
            all.extend(from_variable(name, value)?);
        }
        for (key, flag, value) in &self.flags {
            let source = Source::Flag(flag.clone());
            let known = keys::find(key).ok_or_else(|| unknown(key, &source))?;
            all.push(Setting {
                key: known,
                value: read(known, value, &source)?,
                source,
            });
        }
        Ok(all)
    }
}

/// One value and where it came from.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) key: &'static Key,
    pub(super) value: Value,
    pub(super) source: Source,
}

fn defaults() -> Result<Vec<Setting>, Error> {
    KEYS.iter()
        .filter_map(|key| key.default.map(|text| (key, text)))
        .map(|(key, text)| {
            let value = text
                .parse()
                .map_err(|error: toml::de::Error| Error::Value {
                    key: key.name.to_owned(),
                    place: Source::Default,
                    why: error.message().to_owned(),
                })?;
            Ok(Setting {
                key,
                value,
                source: Source::Default,
            })
        })
        .collect()
}

fn from_file(path: &Path) -> Result<Vec<Setting>, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let table = DeTable::parse(&text).map_err(|error| Error::Syntax {
        path: path.to_owned(),
        line: error.span().map_or(1, |span| line_of(&text, span.start)),
        message: error.message().to_owned(),
    })?;
    let mut found = Vec::new();
    walk(&File { path, text: &text }, "", table.get_ref(), &mut found)?;
    Ok(found)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

/// Collects the leaves of a table; a name that is neither a key nor the beginning of one is refused.
fn walk(
    file: &File<'_>,
    above: &str,
    table: &DeTable<'_>,
    found: &mut Vec<Setting>,
) -> Result<(), Error> {
    for (name, value) in table {
        let dotted = if above.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{above}.{}", name.get_ref())
        };
        let source = Source::File {
            path: file.path.to_owned(),
            line: line_of(file.text, name.span().start),
        };
        match (keys::find(&dotted), value.get_ref()) {
            (Some(key), _) => found.push(Setting {
                key,
                value: plain(value, key, &source)?,
                source,
            }),
            (None, DeValue::Table(inner))
                if KEYS
                    .iter()
                    .any(|key| key.name.starts_with(&format!("{dotted}."))) =>
            {
                walk(file, &dotted, inner, found)?;
            }
            (None, _) => return Err(unknown(&dotted, &source)),
        }
    }
    Ok(())
}

fn plain(value: &Spanned<DeValue<'_>>, key: &Key, source: &Source) -> Result<Value, Error> {
    let refused = |why: &str| Error::Value {
        key: key.name.to_owned(),
        place: source.clone(),
        why: why.to_owned(),
    };
    match (key.kind, value.get_ref()) {
        (Kind::Text, DeValue::String(text)) => Ok(Value::String(text.to_string())),
        (Kind::Bool, DeValue::Boolean(is)) => Ok(Value::Boolean(*is)),
        (Kind::Number, DeValue::Integer(number)) => {
            i64::from_str_radix(number.as_str(), number.radix())
                .map(Value::Integer)
                .map_err(|_| refused("the number is too large"))
        }
        (Kind::List, DeValue::Array(items)) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(Value::String(text.to_string())),
                _ => Err(refused("a list of texts in quotes is wanted")),
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array),
        (Kind::Text, _) => Err(refused("text in quotes is wanted")),
        (Kind::Bool, _) => Err(refused("`true` or `false` is wanted")),
        (Kind::Number, _) => Err(refused("a whole number is wanted")),
        (Kind::List, _) => Err(refused("a list in square brackets is wanted")),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// Reads one variable: a key's, with `_FILE` behind it the name of a file that holds the value (for secrets), or
/// none of ours. `__` may stand for the dot. An empty value counts as unset.
fn from_variable(name: &str, value: &str) -> Result<Option<Setting>, Error> {
    let foreign = OTHER_VARIABLES.contains(&name)
        || FOREIGN_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    if value.is_empty() || foreign || is_kubernetes(name, value) {
        return Ok(None);
    }
    let single = name.replace("__", "_");
    let source = Source::Variable(name.to_owned());
    if let Some(key) = KEYS.iter().find(|key| key.variable() == single) {
        return Ok(Some(Setting {
            key,
            value: read(key, value, &source)?,
            source,
        }));
    }
    let by_file = single.strip_suffix("_FILE").and_then(|stem| {
        KEYS.iter()
            .find(|key| key.secrecy == Secrecy::Address && key.variable() == stem)
    });
    if let Some(key) = by_file {
        let text = fs::read_to_string(value).map_err(|source| Error::Read {
            path: value.into(),
            source,
        })?;
        return Ok(Some(Setting {
            key,
            value: read(key, text.trim_end(), &source)?,
            source,
        }));
    }
    let variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    let nearest = keys::nearest(
        &single,
        variables
            .iter()
            .map(String::as_str)
            .chain(OTHER_VARIABLES.iter().copied()),
    );
    Err(Error::UnknownVariable {
        name: name.to_owned(),
        nearest: nearest.map(str::to_owned),
    })
}

/// Kubernetes gives `KEYWRIGHT_PORT=tcp://10.0.0.1:80` to containers beside a service called `keywright`.
fn is_kubernetes(name: &str, value: &str) -> bool {
    name == "KEYWRIGHT_PORT" && value.starts_with("tcp://")
}

/// Reads text by the key's kind.
fn read(key: &Key, text: &str, source: &Source) -> Result<Value, Error> {
    let refused = |why: &str| Error::Value {
        key: key.name.to_owned(),
        place: source.clone(),
        why: why.to_owned(),
    };
    match key.kind {
        Kind::Text => Ok(Value::String(text.to_owned())),
        Kind::Bool => match text {
            "true" | "1" | "yes" | "on" => Ok(Value::Boolean(true)),
            "false" | "0" | "no" | "off" => Ok(Value::Boolean(false)),
            _ => Err(refused("`true` or `false` is wanted")),
        },
        Kind::Number => text
            .trim()
            .parse()
            .map(Value::Integer)
            .map_err(|_| refused("a whole number is wanted")),
        Kind::List => Ok(Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.to_owned()))
                .collect(),
        )),
    }
}

fn unknown(key: &str, place: &Source) -> Error {
    let nearest = keys::nearest(key, KEYS.iter().map(|known| known.name));
    Error::UnknownKey {
        key: key.to_owned(),
        place: place.clone(),
        nearest: nearest.map(str::to_owned),
    }
}
