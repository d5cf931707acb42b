//! People. Scope `okta.users.read`.

use http::Method;
use keywright_model::{Group, OktaUserId, User};

use super::{query, segment};
use crate::client::Client;
use crate::{Error, PAGE_SIZE, Pages};

/// Which users to list. `filter` is exact and current; `search` reaches every attribute but lags behind changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserQuery {
    /// Such as `lastUpdated ge "2026-01-31T12:00:00.000Z"`. Shows deprovisioned users too.
    pub filter: Option<String>,
    /// Such as `profile.department eq "Sales"`. Not with `filter`.
    pub search: Option<String>,
    /// Start of first name, last name or mail. At most ten answers, no pages.
    pub q: Option<String>,
    /// Attribute to sort by, with `search`.
    pub sort_by: Option<String>,
    /// Page size; 200 where nothing is set.
    pub limit: Option<u32>,
}

impl Client {
    /// A user by id, login, or unambiguous login shortname.
    pub async fn user(&self, id_or_login: &str) -> Result<User, Error> {
        let path = format!("/api/v1/users/{}", segment(id_or_login));
        self.fetch(&self.call(Method::GET, &path, &[])?).await
    }

    /// The user an API token acts as.
    pub async fn me(&self) -> Result<User, Error> {
        self.user("me").await
    }

    /// Users. Without filter and search, deprovisioned users are left out.
    pub fn users(&self, which: &UserQuery) -> Result<Pages<User>, Error> {
        let limit = which.limit.unwrap_or(PAGE_SIZE).to_string();
        let members = [
            ("filter", which.filter.as_deref()),
            ("search", which.search.as_deref()),
            ("sortBy", which.sort_by.as_deref()),
            ("q", which.q.as_deref()),
            ("limit", Some(limit.as_str())),
        ];
        Pages::new(self, "/api/v1/users", &query(&members))
    }

    /// The groups a user is in.
    pub fn user_groups(&self, id: &OktaUserId) -> Result<Pages<Group>, Error> {
        Pages::new(
            self,
            &format!("/api/v1/users/{}/groups", segment(id.as_str())),
            &[],
        )
    }
}
