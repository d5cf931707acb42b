//! One thing that is wrong.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::ConnectionId;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something does not work, or somebody could get in or be locked out.
    Critical,
    /// It works, but not for long or not well.
    Warning,
    /// Worth knowing.
    Note,
}

/// A mend that is safe to make without asking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "do")]
#[non_exhaustive]
pub enum Repair {
    /// Let the new key of a connection take over, if Okta takes it.
    FinishRotation {
        /// The connection.
        #[schema(value_type = uuid::Uuid)]
        connection: ConnectionId,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is, always the same word: `connection.scope`.
    pub code: String,
    /// What it is about: the connection's name, `service`.
    pub about: String,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What was seen.
    pub evidence: String,
    /// Why it is so, as far as it can be told.
    pub cause: String,
    /// What to do, and exactly where.
    pub mend: String,
    /// Set when `--repair` can do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<Repair>,
}
