//! Why a person has a role, or had.

use serde::Serialize;

use super::changes::{self, Change};
use super::error::Result;
use super::run::RunId;
use crate::app::Work;
use crate::db::{Timestamp, UserId};
use crate::directory::{self, RoleId};

/// Why a person has the roles they have.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// Each grant.
    pub grants: Vec<Cause>,
    /// What runs did to the person, newest first.
    pub history: Vec<Past>,
}

/// One grant and where it comes from.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Cause {
    /// The role.
    pub role: String,
    /// `mapping` or `manual`.
    pub source: String,
    /// The group that gives it, by name.
    pub group: Option<String>,
    /// The group's id in Okta.
    pub okta_group_id: Option<String>,
    /// The mapping.
    pub mapping: Option<uuid::Uuid>,
    /// Whether the mapping is paused.
    pub paused: bool,
    /// The run that gave it.
    pub run: Option<uuid::Uuid>,
    /// Who gave it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Until when.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// What one run did to the person.
#[derive(Clone, Debug, Serialize)]
pub struct Past {
    /// The run.
    pub run: RunId,
    /// What.
    #[serde(flatten)]
    pub change: Change,
}

/// Why a person has their roles, or only `role`.
pub async fn why(work: &Work, user: UserId, role: Option<RoleId>) -> Result<Why> {
    directory::find_user(work, user).await?;
    let mut grants = Vec::new();
    for grant in directory::grants_of(work, user).await? {
        if role.is_none_or(|role| grant.role_id == role) {
            grants.push(cause(work, grant).await?);
        }
    }
    let about = |change: &Change| {
        role.is_none_or(|role| change.steps.iter().any(|step| step.role == Some(role)))
    };
    let history = changes::of_user(work, user, 50)
        .await?
        .into_iter()
        .filter(|(_, change)| about(change));
    Ok(Why {
        grants,
        history: history.map(|(run, change)| Past { run, change }).collect(),
    })
}

async fn cause(work: &Work, grant: directory::Grant) -> Result<Cause> {
    let role = directory::find_role(work, grant.role_id).await?;
    let group = match grant.group_id {
        Some(id) => directory::find_group(work, id).await.ok(),
        None => None,
    };
    let mapping = match grant.mapping_id {
        Some(id) => directory::find_mapping(work, id).await.ok(),
        None => None,
    };
    Ok(Cause {
        role: role.name,
        source: grant.source,
        group: group.as_ref().map(|group| group.name.clone()),
        okta_group_id: group.map(|group| group.okta_id),
        mapping: grant.mapping_id.map(|id| id.0),
        paused: mapping.is_some_and(|mapping| mapping.paused_at.is_some()),
        run: grant.run_id,
        by: grant.given_by,
        reason: grant.reason,
        at: grant.given_at,
        expires_at: grant.expires_at,
    })
}
