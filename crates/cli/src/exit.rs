//! How a command ends: 0 done, 1 failed, 2 bad usage, 3 held for approval.

use std::process::ExitCode;

use crate::api::ApiError;
use crate::output;

/// The end of a command, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it is done.
    Done,
    /// 1: it failed; standard error says why.
    Failed,
    /// 2: the command line or its input cannot be used.
    Usage,
    /// 3: it is held until somebody approves.
    Held,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Held => 3,
        })
    }
}

/// Input that cannot be used: ends with 2 like a wrong flag does.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadUsage(pub(crate) String);

/// A [`BadUsage`] as an [`anyhow::Error`].
pub(crate) fn bad_usage(text: impl Into<String>) -> anyhow::Error {
    BadUsage(text.into()).into()
}

/// Prints an error with its causes and its mend, and says how to end.
pub(crate) fn report(error: &anyhow::Error) -> Exit {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    output::complain(&without_repeats(&causes).join(": "));
    if let Some(mend) = error.downcast_ref::<ApiError>().and_then(ApiError::mend) {
        output::complain_more(&format!("mend: {mend}"));
    }
    if error.downcast_ref::<BadUsage>().is_some() {
        Exit::Usage
    } else {
        Exit::Failed
    }
}

/// Causes in order, without those that the one before already says.
fn without_repeats(causes: &[String]) -> Vec<&str> {
    let mut kept: Vec<&str> = Vec::new();
    for cause in causes {
        if !kept.iter().any(|said| said.contains(cause.as_str())) {
            kept.push(cause);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_said_is_not_said_again() {
        let causes = ["cannot open: no such file", "no such file", "os"].map(String::from);
        assert_eq!(
            without_repeats(&causes),
            ["cannot open: no such file", "os"]
        );
    }

    #[test]
    fn bad_usage_ends_with_two() {
        assert_eq!(report(&bad_usage("no such thing")), Exit::Usage);
        assert_eq!(report(&anyhow::anyhow!("broken")), Exit::Failed);
    }
}
