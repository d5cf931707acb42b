//! Rate limits: a quota per minute and bucket, of which each caller gets its share (FACTS section 5).

use std::collections::HashMap;

use http::{HeaderName, Method};

use super::Reply;
use crate::clock::Time;

const LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

/// A window lasts so many seconds.
const WINDOW: i64 = 60;
/// What each caller may use of a bucket, in percent.
const SHARE: u32 = 50;

/// Buckets: prefix of the template, method when it matters, quota per minute. The first that fits counts.
const BUCKETS: [(&str, Option<&str>, &str, u32); 21] = [
    ("/api/v1/users/{id}", Some("GET"), "users/{id}", 2000),
    ("/api/v1/users", None, "users", 600),
    ("/api/v1/groups/{groupId}", None, "groups/{id}", 1000),
    ("/api/v1/groups", None, "groups", 500),
    ("/api/v1/apps/{appId}", None, "apps/{id}", 500),
    ("/api/v1/apps", None, "apps", 100),
    ("/oauth2/v1/token", None, "token", 300),
    ("/api/v1/eventHooks", None, "eventHooks", 1000),
    ("/api/v1/policies", None, "policies", 1000),
    ("/api/v1/idps", None, "idps", 1000),
    ("/api/v1/meta", None, "meta", 1000),
    ("/api/v1/trustedOrigins", None, "trustedOrigins", 1000),
    ("/api/v1/features", None, "features", 1000),
    ("/api/v1/api-tokens", None, "api-tokens", 300),
    ("/api/v1/mappings", None, "mappings", 500),
    ("/api/v1/sessions", None, "sessions", 375),
    ("/api/v1/logs", None, "logs", 120),
    ("/api/v1/iam", None, "iam", 100),
    ("/api/v1/zones", None, "zones", 100),
    ("/api/v1/org", None, "org", 100),
    ("/", None, "other", 1200),
];

#[derive(Clone, Copy, Debug)]
struct Window {
    until: i64,
    used: u32,
}

/// What is used of each bucket.
#[derive(Debug)]
pub(crate) struct Limits {
    on: bool,
    quotas: HashMap<&'static str, u32>,
    windows: HashMap<(String, &'static str), Window>,
}

/// Where a caller stands in a bucket after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    limit: u32,
    remaining: u32,
    reset: i64,
    /// Whether the call is one too many.
    pub(crate) over: bool,
}

impl Standing {
    /// Adds the three headers.
    pub(crate) fn mark(self, reply: Reply) -> Reply {
        reply
            .header(LIMIT, self.limit.to_string())
            .header(REMAINING, self.remaining.to_string())
            .header(RESET, self.reset.to_string())
    }

    /// A standing that refuses until a time (a fault).
    pub(crate) fn exhausted(until: Time) -> Self {
        Self {
            limit: 300,
            remaining: 0,
            reset: until.seconds(),
            over: true,
        }
    }
}

fn bucket(method: &Method, template: &str) -> (&'static str, u32) {
    let fits = |(prefix, only, ..): &&(&str, Option<&str>, &str, u32)| {
        let alone = only.is_some()
            || *prefix == "/api/v1/groups/{groupId}"
            || *prefix == "/api/v1/apps/{appId}";
        let path = if alone {
            template == *prefix
        } else {
            template.starts_with(prefix)
        };
        path && only.is_none_or(|verb| verb == method.as_str())
    };
    BUCKETS
        .iter()
        .find(fits)
        .map_or(("other", 1200), |(_, _, name, quota)| (*name, *quota))
}

impl Limits {
    /// Limits that hold, or do not.
    pub(crate) fn new(on: bool) -> Self {
        Self {
            on,
            quotas: HashMap::new(),
            windows: HashMap::new(),
        }
    }

    /// Switches all limits on or off.
    pub(crate) fn switch(&mut self, on: bool) {
        self.on = on;
    }

    /// Whether limits hold.
    pub(crate) fn is_on(&self) -> bool {
        self.on
    }

    /// Sets the org's quota per minute of a bucket. Gives whether there is such a bucket.
    pub(crate) fn set(&mut self, name: &str, quota: u32) -> bool {
        let known = BUCKETS.iter().find(|(_, _, bucket, _)| *bucket == name);
        known.is_some_and(|(_, _, bucket, _)| {
            self.quotas.insert(*bucket, quota);
            true
        })
    }

    /// Forgets what was used.
    pub(crate) fn clear(&mut self) {
        self.windows.clear();
    }

    /// Counts a call and says where its caller stands; nothing when limits are off.
    pub(crate) fn count(
        &mut self,
        caller: &str,
        method: &Method,
        template: &str,
        now: Time,
    ) -> Option<Standing> {
        if !self.on {
            return None;
        }
        let (name, quota) = bucket(method, template);
        let quota = self.quotas.get(name).copied().unwrap_or(quota);
        let limit = (quota * SHARE).div_ceil(100);
        if self.windows.len() > 10_000 {
            self.windows
                .retain(|_, window| window.until > now.seconds());
        }
        let fresh = Window {
            until: now.seconds() + WINDOW,
            used: 0,
        };
        let window = self
            .windows
            .entry((caller.to_owned(), name))
            .or_insert(fresh);
        if window.until <= now.seconds() || window.until > now.seconds() + WINDOW {
            *window = fresh;
        }
        window.used = window.used.saturating_add(1);
        let over = window.used > limit;
        Some(Standing {
            limit,
            remaining: limit.saturating_sub(window.used),
            reset: window.until,
            over,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_gets_half_of_a_bucket_until_the_window_ends() {
        let mut limits = Limits::new(true);
        assert!(limits.set("groups", 4));
        assert!(!limits.set("nothing", 4));
        let now = Time(1_000_000);
        let mut call = |caller: &str, at: Time| {
            limits
                .count(caller, &Method::GET, "/api/v1/groups", at)
                .unwrap()
        };
        assert_eq!((call("a", now).remaining, call("a", now).remaining), (1, 0));
        let third = call("a", now);
        assert!(third.over);
        assert_eq!(third.reset, 1_060);
        assert!(!call("b", now).over, "another caller has its own share");
        assert!(!call("a", now.plus(60)).over, "a new window");
    }

    #[test]
    fn buckets() {
        for (method, template, want) in [
            (Method::GET, "/api/v1/users/{id}", "users/{id}"),
            (Method::POST, "/api/v1/users/{id}", "users"),
            (Method::GET, "/api/v1/users", "users"),
            (Method::GET, "/api/v1/groups/{groupId}", "groups/{id}"),
            (Method::GET, "/api/v1/groups/{groupId}/users", "groups"),
            (Method::GET, "/api/v1/apps/{appId}/users", "apps"),
            (Method::GET, "/nothing", "other"),
        ] {
            assert_eq!(bucket(&method, template).0, want, "{method} {template}");
        }
    }
}
