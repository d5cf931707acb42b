//! Secrets come from standard input, a file or the environment, never from arguments: arguments are seen by all users of
//! a machine and kept in shell histories.

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use secrecy::SecretString;

use crate::exit::bad_usage;

/// The largest secret that is read, bytes: some PEM keys with room to spare.
const LONGEST: u64 = 64 * 1024;

/// Reads a secret from a file; `-` is standard input. White space around it is no part of it.
pub(crate) fn from_file(path: &Path) -> anyhow::Result<SecretString> {
    let text = if path == Path::new("-") {
        if std::io::stdin().is_terminal() {
            return Err(bad_usage(
                "`-` reads standard input, which is a terminal here: pipe the secret in",
            ));
        }
        bounded(std::io::stdin().lock())?
    } else {
        let file =
            std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        bounded(file)?
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(bad_usage(format!("{} holds no secret", path.display())));
    }
    Ok(SecretString::from(text))
}

/// A secret from a file when one is named, else from the environment, else by a question when a person is there.
///
/// `what` names it in the question and in the error; `flag` and `variable` are how it can be given.
pub(crate) fn find(
    what: &str,
    flag: &str,
    file: Option<&PathBuf>,
    variable: &str,
) -> anyhow::Result<SecretString> {
    if let Some(path) = file {
        return from_file(path);
    }
    if let Ok(value) = std::env::var(variable)
        && !value.trim().is_empty()
    {
        return Ok(SecretString::from(value.trim()));
    }
    if crate::output::is_interactive() {
        let typed = dialoguer::Password::new()
            .with_prompt(what)
            .interact()
            .context("nothing was typed")?;
        return Ok(SecretString::from(typed.trim()));
    }
    Err(bad_usage(format!(
        "{what} is missing: give it by {flag} FILE (`-` is standard input) or in {variable}"
    )))
}

fn bounded(source: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    source
        .take(LONGEST)
        .read_to_string(&mut text)
        .context("the secret is not text")?;
    Ok(text)
}
