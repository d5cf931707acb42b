//! What was asked of the org.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// How many calls are kept in full; counts go on.
const KEPT: usize = 20_000;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    pub(crate) at: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) template: String,
    pub(crate) status: u16,
    pub(crate) request_id: String,
    pub(crate) caller: String,
}

/// Calls and their counts.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    calls: VecDeque<Record>,
    counts: BTreeMap<String, u64>,
    total: u64,
}

/// What was asked of the org, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Requests {
    /// All calls, without those to controls.
    pub total: u64,
    /// Calls by method and path template, such as `GET /api/v1/groups/{groupId}/users`.
    pub counts: BTreeMap<String, u64>,
}

impl Requests {
    /// The calls of one method and template.
    #[must_use]
    pub fn of(&self, method: &str, template: &str) -> u64 {
        self.counts
            .get(&format!("{method} {template}"))
            .copied()
            .unwrap_or_default()
    }
}

impl RequestLog {
    /// Notes a call.
    pub(crate) fn add(&mut self, record: Record) {
        self.total += 1;
        *self
            .counts
            .entry(format!("{} {}", record.method, record.template))
            .or_default() += 1;
        if self.calls.len() >= KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(record);
    }

    /// Forgets all calls.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The numbers.
    pub(crate) fn numbers(&self) -> Requests {
        Requests {
            total: self.total,
            counts: self.counts.clone(),
        }
    }

    /// The calls that are kept, newest first.
    pub(crate) fn newest(&self) -> impl Iterator<Item = &Record> {
        self.calls.iter().rev()
    }

    /// The calls that are kept, oldest first.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Record> {
        self.calls.iter()
    }
}
