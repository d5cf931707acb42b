//! The safe mends.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Error, Finding, Repair, examine};
use crate::actor::Actor;
use crate::app::App;
use crate::connections::{self, Rotated};

/// What came of one mend.
#[derive(Debug, Serialize, ToSchema)]
pub struct Repaired {
    /// What was wrong.
    pub finding: Finding,
    /// Whether it is mended.
    pub mended: bool,
    /// What was done, or why not.
    pub outcome: String,
}

/// Mends what is safe to mend; gives what was tried and what is still wrong after it.
pub async fn repair(app: &App, actor: &Actor) -> Result<(Vec<Repaired>, Vec<Finding>), Error> {
    let mut tried = Vec::new();
    for finding in examine(app, actor).await? {
        let Some(repair) = finding.repair.clone() else {
            continue;
        };
        let (mended, outcome) = match mend(app, actor, &repair).await {
            Ok(outcome) => (true, outcome),
            Err(error) => (false, error.to_string()),
        };
        tried.push(Repaired {
            finding,
            mended,
            outcome,
        });
    }
    Ok((tried, examine(app, actor).await?))
}

async fn mend(app: &App, actor: &Actor, repair: &Repair) -> Result<String, Error> {
    match repair {
        Repair::FinishRotation { connection } => {
            match connections::rotate_finish(app, actor, *connection).await? {
                Rotated::Done(key) => Ok(format!("the new key {} is in force", key.kid)),
                Rotated::Waits(key) => Ok(format!("the new key {} waits", key.kid)),
            }
        }
    }
}
