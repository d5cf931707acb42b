//! A connection as the rest of the service sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Authentication, Domain, Job};
use crate::db::{ConnectionId, Timestamp};

/// One Okta org joined to a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// Its name, unique in the tenant without regard to case.
    pub name: String,
    /// The org.
    pub domain: Domain,
    /// How it proves itself.
    pub authentication: Authentication,
    /// The service app's client id, for the kinds that have one; none until the app was made.
    pub client_id: Option<String>,
    /// What it is switched on for.
    pub jobs: Vec<Job>,
    /// Its share of the org's rate limits, percent.
    pub rate_share: u8,
    /// How it is doing.
    pub status: Status,
    /// Since when.
    pub status_since: Timestamp,
    /// Why, when it is failing.
    pub status_why: Option<String>,
    /// When it was last tested.
    pub tested_at: Option<Timestamp>,
    /// What the last test said.
    pub test: Option<super::Report>,
    /// Grows with every change that a client of the org must know about.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Connection {
    /// True when work may be done over it: it is tested and not switched off.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        matches!(self.status, Status::Active | Status::Failing)
    }

    /// True when the job is switched on.
    #[must_use]
    pub fn does(&self, job: Job) -> bool {
        self.jobs.contains(&job)
    }
}

/// How a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not tested yet.
    Inactive,
    /// In use.
    Active,
    /// In use, but the last test or run failed.
    Failing,
    /// Switched off by a person.
    Disabled,
}

impl Status {
    /// The word on the wire and in the database.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Active => "active",
            Self::Failing => "failing",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the word; an unknown one is `inactive`: nothing is done over it.
    #[must_use]
    pub fn of(word: &str) -> Self {
        [Self::Active, Self::Failing, Self::Disabled]
            .into_iter()
            .find(|status| status.word() == word)
            .unwrap_or(Self::Inactive)
    }
}
