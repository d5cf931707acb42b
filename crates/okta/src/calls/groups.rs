//! Groups and their members. Scope `okta.groups.read`.

use http::Method;
use keywright_model::{Group, OktaGroupId, User};

use super::{query, segment};
use crate::client::Client;
use crate::{Error, PAGE_SIZE, Pages};

/// Which groups to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupQuery {
    /// Such as `lastMembershipUpdated gt "2026-01-31T12:00:00.000Z"` or `type eq "OKTA_GROUP"`.
    pub filter: Option<String>,
    /// Such as `profile.name sw "eng"`; lags behind changes.
    pub search: Option<String>,
    /// Start of the name. No pages.
    pub q: Option<String>,
    /// Expansion: `stats` counts members.
    pub expand: Option<String>,
    /// Page size; 200 where nothing is set.
    pub limit: Option<u32>,
}

impl Client {
    /// A group by id.
    pub async fn group(&self, id: &OktaGroupId) -> Result<Group, Error> {
        let path = format!("/api/v1/groups/{}", segment(id.as_str()));
        self.fetch(&self.call(Method::GET, &path, &[])?).await
    }

    /// Groups.
    pub fn groups(&self, which: &GroupQuery) -> Result<Pages<Group>, Error> {
        let limit = which.limit.unwrap_or(PAGE_SIZE).to_string();
        let members = [
            ("filter", which.filter.as_deref()),
            ("search", which.search.as_deref()),
            ("q", which.q.as_deref()),
            ("expand", which.expand.as_deref()),
            ("limit", Some(limit.as_str())),
        ];
        Pages::new(self, "/api/v1/groups", &query(&members))
    }

    /// A group's members.
    pub fn group_members(&self, id: &OktaGroupId) -> Result<Pages<User>, Error> {
        let limit = PAGE_SIZE.to_string();
        Pages::new(
            self,
            &format!("/api/v1/groups/{}/users", segment(id.as_str())),
            &[("limit", limit.as_str())],
        )
    }
}
