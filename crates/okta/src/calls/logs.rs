//! The system log. Scope `okta.logs.read`.

use jiff::Timestamp;
use keywright_model::{OktaTime, log::LogEvent};
use url::Url;

use super::query;
use crate::client::Client;
use crate::{Error, Listed, Pages};

/// Which events to list. With `since` and `until` the list is bounded and ordered; without `until` it polls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// From when; seven days before the end where not set.
    pub since: Option<Timestamp>,
    /// Until when. Without it the list polls: every event in order of arrival, and [`Pages::cursor`] goes on later.
    pub until: Option<Timestamp>,
    /// Such as `eventType eq "user.session.start"`.
    pub filter: Option<String>,
    /// Words that must all occur.
    pub q: Option<String>,
    /// Latest first, for a bounded list.
    pub latest_first: bool,
    /// Page size, at most 1000; 100 where not set.
    pub limit: Option<u32>,
}

impl Client {
    /// Events of the system log.
    pub fn logs(&self, which: &LogQuery) -> Result<Pages<LogEvent>, Error> {
        self.logs_as(which)
    }

    /// Goes on polling at the link that an earlier poll kept ([`Pages::cursor`]). Refused if it is not the org's.
    pub fn logs_from<T: Listed>(&self, cursor: &Url) -> Result<Pages<T>, Error> {
        Ok(Pages::resume(self, cursor)?.until_empty())
    }

    /// Events of the system log in a shape of the caller's.
    pub fn logs_as<T: Listed>(&self, which: &LogQuery) -> Result<Pages<T>, Error> {
        let time = |at: Option<Timestamp>| at.map(|at| OktaTime::millis(at).as_str().to_owned());
        let (since, until) = (time(which.since), time(which.until));
        let limit = which.limit.unwrap_or(100).to_string();
        let members = [
            ("since", since.as_deref()),
            ("until", until.as_deref()),
            ("filter", which.filter.as_deref()),
            ("q", which.q.as_deref()),
            ("sortOrder", which.latest_first.then_some("DESCENDING")),
            ("limit", Some(limit.as_str())),
        ];
        let pages = Pages::new(self, "/api/v1/logs", &query(&members))?;
        // Okta: system log query, polling requests: ascending and without `until`, a next link is always there.
        Ok(if which.until.is_none() && !which.latest_first {
            pages.until_empty()
        } else {
            pages
        })
    }
}
