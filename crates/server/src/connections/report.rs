//! What a test of a connection says.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Timestamp;

/// One capability that a test looks at, in the order in which they build on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// The org answers at its address.
    Reachable,
    /// Our clock and Okta's agree.
    Clock,
    /// Okta knows us.
    Authenticated,
    /// A scope is granted.
    Scope,
    /// The app or the token's owner has an administrator role.
    Role,
    /// Lists that cannot be empty are not.
    Answers,
    /// The enrolment policy takes WebAuthn.
    Webauthn,
}

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Ok,
    /// Works, but something should be mended.
    Warning,
    /// Does not work.
    Failed,
    /// Could not be looked at because an earlier check failed, or need not be.
    Skipped,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What was looked at.
    pub capability: Capability,
    /// The scope, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
    /// What was found, in a sentence.
    pub finding: String,
    /// What to do, and exactly where; on everything that is not well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Check {
    pub(super) fn new(
        capability: Capability,
        outcome: Outcome,
        finding: impl Into<String>,
    ) -> Self {
        Self {
            capability,
            scope: None,
            outcome,
            finding: finding.into(),
            mend: None,
        }
    }

    pub(super) fn ok(capability: Capability, finding: impl Into<String>) -> Self {
        Self::new(capability, Outcome::Ok, finding)
    }

    pub(super) fn failed(
        capability: Capability,
        finding: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(capability, Outcome::Failed, finding).mend(mend)
    }

    pub(super) fn warning(
        capability: Capability,
        finding: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(capability, Outcome::Warning, finding).mend(mend)
    }

    pub(super) fn skipped(capability: Capability, finding: impl Into<String>) -> Self {
        Self::new(capability, Outcome::Skipped, finding)
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(mend.into());
        self
    }

    pub(super) fn of_scope(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }
}

/// What a whole test says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// True when nothing failed.
    pub passed: bool,
    /// The checks, in the order they build on each other.
    pub checks: Vec<Check>,
}

impl Report {
    pub(super) fn new(at: Timestamp, checks: Vec<Check>) -> Self {
        let passed = checks.iter().all(|check| check.outcome != Outcome::Failed);
        Self { at, passed, checks }
    }

    /// The first thing that failed: what a status shows as its reason.
    #[must_use]
    pub fn why(&self) -> Option<&str> {
        self.checks
            .iter()
            .find(|check| check.outcome == Outcome::Failed)
            .map(|check| check.finding.as_str())
    }
}
