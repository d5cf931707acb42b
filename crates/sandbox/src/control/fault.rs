//! Rules by which answers go wrong.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Time;
use crate::saml::SamlFault;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// Another answer instead; nothing is done. A text is sent as it is, anything else as JSON.
    Answer {
        /// The status.
        status: u16,
        /// The body; none when missing.
        #[serde(default)]
        body: Option<Value>,
        /// More headers.
        #[serde(default)]
        headers: HashMap<String, String>,
    },
    /// The right answer, so many milliseconds later.
    DelayMs(u64),
    /// The connection ends after this share (0 to 1) of the body.
    Cut(f64),
    /// A list comes back empty, with no next link.
    EmptyList,
    /// The answer says it was done, but it was not.
    DropWrite,
    /// DPoP nonces that were given out are refused from now on.
    WrongNonce,
    /// The page before comes again, with the links of this one.
    RepeatPage,
    /// The next link leads to this very page.
    LoopNext,
    /// The last page claims to be the last: no next link.
    NoNext,
    /// The next link leads to another origin, such as `https://other.example`.
    NextOrigin(String),
    /// JSON that breaks off, with a right length.
    MalformedJson,
    /// 429 for all calls that match, for so many seconds of the sandbox's clock.
    RateLimit {
        /// How long.
        seconds: i64,
    },
    /// The caller has no administrator role.
    NoRole,
    /// The access token has no scope.
    NoScope,
    /// The access token or API token is refused as expired.
    TokenExpired,
    /// The connection ends without any answer.
    Hangup,
    /// Something is wrong with the answer of the SAML identity provider. Such a rule counts answers, not calls: the way
    /// through the sign-in page is left alone.
    Saml(SamlFault),
}

/// A rule: which calls, and what goes wrong with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The method; any when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path or its template, where `*` stands for any text; all when missing.
    #[serde(default = "any")]
    pub path: String,
    /// A part of the query that must be there, such as `after=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The matching call with which it begins, from 1.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many matching calls it spoils; 0 for all.
    #[serde(default = "one")]
    pub times: u32,
    /// It spoils every so many-th matching call from there on; each when it is 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub every: u32,
    /// What goes wrong.
    pub effect: Effect,
}

fn any() -> String {
    "*".to_owned()
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_one(number: &u32) -> bool {
    *number == 1
}

impl Fault {
    /// A rule that spoils the first call of a method to a path.
    #[must_use]
    pub fn new(method: &str, path: &str, effect: Effect) -> Self {
        Self {
            method: Some(method.to_owned()),
            path: path.to_owned(),
            query: None,
            nth: 1,
            times: 1,
            every: 1,
            effect,
        }
    }

    /// The same for every so many-th matching call.
    #[must_use]
    pub fn every(mut self, every: u32) -> Self {
        self.every = every;
        self
    }

    /// The same, beginning with another matching call.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// The same for so many calls; 0 for all.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// The same for calls whose query holds a text.
    #[must_use]
    pub fn query(mut self, part: &str) -> Self {
        self.query = Some(part.to_owned());
        self
    }
}

/// A call as rules see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) template: &'a str,
    pub(crate) query: &'a str,
    pub(crate) now: Time,
}

#[derive(Clone, Debug)]
struct Armed {
    fault: Fault,
    seen: u32,
    until: Option<Time>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Armed>,
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|tail| {
            (0..=tail.len())
                .filter_map(|at| tail.get(at..))
                .any(|tail| fits(rest, tail))
        }),
    }
}

impl Armed {
    fn matches(&self, asked: Asked<'_>) -> bool {
        let fault = &self.fault;
        // What the org itself sends is meant only by its name.
        let is_call = asked.path.starts_with('/') || fault.path == asked.path;
        is_call
            && fault
                .method
                .as_ref()
                .is_none_or(|method| method.eq_ignore_ascii_case(asked.method))
            && (fits(&fault.path, asked.path) || fits(&fault.path, asked.template))
            && fault
                .query
                .as_ref()
                .is_none_or(|part| asked.query.contains(part.as_str()))
    }

    /// Whether the matching call of this number is spoilt.
    fn spoils(&self, number: u32) -> bool {
        let Some(since) = number.checked_sub(self.fault.nth) else {
            return false;
        };
        let every = self.fault.every.max(1);
        let done = self.fault.times != 0 && since / every >= self.fault.times;
        since.is_multiple_of(every) && !done
    }

    /// Counts a matching call and says whether it is spoilt.
    fn fires(&mut self, now: Time) -> bool {
        if let Some(until) = self.until {
            return now < until;
        }
        if matches!(self.fault.effect, Effect::Saml(_)) {
            // Whether an assertion leaves with the answer is known only when it does.
            return self.spoils(self.seen.saturating_add(1));
        }
        self.seen = self.seen.saturating_add(1);
        if !self.spoils(self.seen) {
            return false;
        }
        if let Effect::RateLimit { seconds } = self.fault.effect {
            self.until = Some(now.plus(seconds));
        }
        true
    }
}

impl Faults {
    /// Adds a rule.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push(Armed {
            fault,
            seen: 0,
            until: None,
        });
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Takes all rules away.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules, and how many matching calls each has seen.
    pub(crate) fn list(&self) -> Vec<(Fault, u32)> {
        self.rules
            .iter()
            .map(|rule| (rule.fault.clone(), rule.seen))
            .collect()
    }

    /// Notes that an assertion left with the answer to a call.
    pub(crate) fn count_assertion(&mut self, asked: Asked<'_>) {
        for rule in &mut self.rules {
            if matches!(rule.fault.effect, Effect::Saml(_)) && rule.matches(asked) {
                rule.seen = rule.seen.saturating_add(1);
            }
        }
    }

    /// What goes wrong with a call, and until when where that matters.
    pub(crate) fn strike(&mut self, asked: Asked<'_>) -> Vec<(Effect, Option<Time>)> {
        let mut effects = Vec::new();
        for rule in &mut self.rules {
            if rule.matches(asked) && rule.fires(asked.now) {
                effects.push((rule.fault.effect.clone(), rule.until));
            }
        }
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(path: &'a str, query: &'a str, now: Time) -> Asked<'a> {
        Asked {
            method: "GET",
            path,
            template: "/api/v1/groups/{groupId}/users",
            query,
            now,
        }
    }

    #[test]
    fn patterns() {
        for (pattern, text, want) in [
            ("*", "/x", true),
            ("/api/v1/groups*", "/api/v1/groups/1/users", true),
            ("/api/*/users", "/api/v1/groups/1/users", true),
            ("/api/v1/groups", "/api/v1/groups/1", false),
            ("*x*y", "axby", true),
            ("*x*y", "axb", false),
        ] {
            assert_eq!(fits(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_spoils_the_calls_it_counts() {
        let mut faults = Faults::default();
        faults.add(
            Fault::new("GET", "/api/v1/groups/{groupId}/users", Effect::EmptyList)
                .nth(2)
                .times(2),
        );
        let mut hit = |query: &str| {
            !faults
                .strike(asked("/api/v1/groups/x/users", query, Time(0)))
                .is_empty()
        };
        assert_eq!(
            [hit(""), hit(""), hit(""), hit("")],
            [false, true, true, false]
        );
    }

    #[test]
    fn a_rule_about_assertions_counts_those_that_leave() {
        let mut faults = Faults::default();
        faults.add(Fault::new("GET", "*", Effect::Saml(SamlFault::Wrapping(3))));
        let call = asked("/app/x/exk/sso/saml", "", Time(0));
        assert_eq!(faults.strike(call).len(), 1, "asked to sign in first");
        assert_eq!(faults.strike(call).len(), 1, "answered");
        faults.count_assertion(call);
        assert_eq!(faults.strike(call).len(), 0, "once was enough");
        let text = r#"{"effect": {"saml": {"wrapping": 3}}}"#;
        let read: Fault = serde_json::from_str(text).unwrap();
        assert_eq!(read.effect, Effect::Saml(SamlFault::Wrapping(3)));
    }

    #[test]
    fn a_rate_limit_lasts_by_the_clock() {
        let mut faults = Faults::default();
        faults.add(Fault::new("GET", "*", Effect::RateLimit { seconds: 60 }).query("after="));
        let mut hit =
            |query: &str, at: i64| !faults.strike(asked("/x", query, Time(at))).is_empty();
        assert!(!hit("", 0));
        assert!(hit("after=1", 0));
        assert!(hit("after=1", 59_999));
        assert!(!hit("after=1", 60_000));
    }

    #[test]
    fn rules_are_read_from_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"path": "/api/v1/*", "times": 0, "effect": {"cut": 0.5}}"#)
                .unwrap();
        assert_eq!(
            fault,
            Fault {
                method: None,
                ..Fault::new("GET", "/api/v1/*", Effect::Cut(0.5)).times(0)
            }
        );
        assert!(
            serde_json::from_str::<Fault>(r#"{"effect": "empty_list", "unknown": 1}"#).is_err()
        );
    }
}
