//! Lists of runs.

use super::{COLUMNS, Row, Run, RunId};
use crate::app::Work;
use crate::db::{ConnectionId, values};
use crate::sync::error::Result;

/// Which runs a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sync) enum Show {
    /// Those that changed something, or would.
    #[default]
    Changes,
    /// Those that wait for a decision.
    Held,
    /// Those that failed.
    Failed,
    /// Those that were reversed.
    Undone,
    /// All.
    All,
}

impl Show {
    /// All, in the order in which a page offers them.
    pub(in crate::sync) const ALL: [Self; 5] = [
        Self::Changes,
        Self::Held,
        Self::Failed,
        Self::Undone,
        Self::All,
    ];

    /// Its word in addresses.
    pub(in crate::sync) fn word(self) -> &'static str {
        match self {
            Self::Changes => "",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Undone => "undone",
            Self::All => "all",
        }
    }

    /// Its words for people.
    pub(in crate::sync) fn label(self) -> &'static str {
        match self {
            Self::Changes => "With changes",
            Self::Held => "Held",
            Self::Failed => "Failed",
            Self::Undone => "Undone",
            Self::All => "All",
        }
    }

    /// Reads the word.
    pub(in crate::sync) fn of(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|show| show.word() == word)
            .unwrap_or_default()
    }

    fn condition(self) -> &'static str {
        match self {
            Self::Changes => {
                "AND (state <> 'done' OR kind IN ('plan', 'approval', 'undo') OR granted > 0 OR removed_people > 0
                    OR blocked_people > 0)"
            }
            Self::Held => "AND state = 'held'",
            Self::Failed => "AND state = 'failed'",
            Self::Undone => "AND undone_by IS NOT NULL",
            Self::All => "",
        }
    }
}

/// Runs of a connection that match, newest first; `before` is the last id seen.
pub(in crate::sync) async fn browse(
    work: &Work,
    connection: ConnectionId,
    show: Show,
    before: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND id < $3 {} ORDER BY id DESC LIMIT $4",
        show.condition()
    );
    let before = before.unwrap_or(RunId(uuid::Uuid::max()));
    let rows: Vec<Row> = work
        .rows(&sql, values![work.tenant, connection, before, limit])
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}

/// Runs of a connection, newest first; `before` is the last id seen.
pub async fn list(
    work: &Work,
    connection: ConnectionId,
    before: Option<RunId>,
    limit: i64,
) -> Result<Vec<Run>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sync_runs WHERE tenant_id = $1 AND connection_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let before = before.unwrap_or(RunId(uuid::Uuid::max()));
    let rows: Vec<Row> = work
        .rows(&sql, values![work.tenant, connection, before, limit])
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}
