//! What is wrong with a seed file: where, what, and how to mend it.

use std::fmt;

use serde_saphyr::{Error, Location};

/// Why a seed file was refused. Nothing of it is taken then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeedError {
    /// The line, counted from 1; 0 when the file as a whole is meant.
    pub line: u64,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub mend: String,
}

impl fmt::Display for SeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}; {}", self.what, self.mend),
            line => write!(f, "line {line}: {}; {}", self.what, self.mend),
        }
    }
}

impl std::error::Error for SeedError {}

/// The name nearest to one that nobody knows, when it is near enough for a slip.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let rated = known
        .into_iter()
        .map(|other| (strsim::jaro_winkler(&lower, &other.to_lowercase()), other));
    rated
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

impl SeedError {
    /// Something wrong at a place.
    pub(super) fn at(place: Location, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            line: place.line(),
            what: what.into(),
            mend: mend.into(),
        }
    }

    /// A name that stands for nothing, with the nearest one that does.
    pub(super) fn unknown<'a>(
        place: Location,
        kind: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        else_mend: &str,
    ) -> Self {
        let mend = nearest(name, known).map_or_else(
            || else_mend.to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Self::at(place, format!("there is no {kind} `{name}`"), mend)
    }

    /// What the reader of YAML says.
    pub(super) fn yaml(error: &Error) -> Self {
        let line = error.location().map_or(0, |place| place.line());
        let (what, mend) = match error.without_snippet() {
            Error::SerdeUnknownField {
                field, expected, ..
            } => unknown_field(field, expected),
            Error::SerdeMissingField { field, .. } => (
                format!("`{field}` is missing"),
                format!("add `{field}:` here"),
            ),
            other => (
                plain(&other.to_string()),
                "see the example in docs/sandbox.md".to_owned(),
            ),
        };
        Self { line, what, mend }
    }
}

fn unknown_field(field: &str, expected: &[&'static str]) -> (String, String) {
    let mend = match nearest(field, expected.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here are {}", expected.join(", ")),
    };
    (format!("`{field}` is not known here"), mend)
}

/// The first line of a message, without the place that is told apart.
fn plain(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let cut = first.split(" at line ").next().unwrap_or(first);
    cut.trim_start_matches("error: ").to_owned()
}
