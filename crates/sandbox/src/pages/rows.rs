//! The system log and the requests, newest first, as rows that open.

use askama::Template;
use serde_json::Value;

use super::frame::{At, Frame, Pager, ROWS, State, count};
use super::{Visit, shown};
use crate::clock::Time;
use crate::control::Record;
use crate::http::Reply;
use crate::log::Entry;

struct Row {
    at: At,
    who: String,
    what: String,
    about: String,
    state: State,
    facts: Vec<(&'static str, String)>,
    json: String,
}

#[derive(Template)]
#[template(path = "rows.html")]
struct Sheet {
    frame: Frame,
    all: String,
    lede: &'static str,
    action: &'static str,
    hint: &'static str,
    q: String,
    counts: Vec<(String, u64)>,
    heads: [&'static str; 5],
    rows: Vec<Row>,
    pager: Pager,
    command: String,
}

fn state(tone: &'static str, icon: &'static str, word: impl Into<String>) -> State {
    State {
        tone,
        icon,
        word: word.into(),
    }
}

fn entry_row(entry: &Entry, now: Time) -> Row {
    let printed = entry.print();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let targets = printed["target"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<_> = targets
        .iter()
        .map(|target| text(&target["displayName"]))
        .collect();
    let done = printed["outcome"]["result"] == "SUCCESS";
    Row {
        at: At::of(entry.published, now),
        who: text(&printed["actor"]["displayName"]),
        what: text(&printed["displayMessage"]),
        about: names.join(", "),
        state: if done {
            state("ok", "ok", "Success")
        } else {
            state("fail", "fail", "Failure")
        },
        facts: vec![
            ("Event type", entry.event.to_owned()),
            ("UUID", entry.uuid.clone()),
        ],
        json: serde_json::to_string_pretty(&printed).unwrap_or_default(),
    }
}

fn wanted(visit: &Visit<'_>) -> String {
    visit
        .query
        .get("q")
        .unwrap_or_default()
        .trim()
        .to_lowercase()
}

/// The system log.
pub(super) fn log(visit: &Visit<'_>) -> Reply {
    let (org, now, q) = (visit.shared.read(), visit.shared.clock.now(), wanted(visit));
    let fits = |entry: &Entry| {
        q.is_empty()
            || entry.event.contains(&q)
            || entry.print().to_string().to_lowercase().contains(&q)
    };
    let found = || org.log.newest().filter(|entry| fits(entry));
    let number = if q.is_empty() {
        org.log.len()
    } else {
        found().count()
    };
    let pager = Pager::of("/_sandbox/view/log", visit.query, number);
    let rows = found()
        .skip(pager.skip())
        .take(ROWS)
        .map(|entry| entry_row(entry, now));
    let page = Sheet {
        all: count(org.log.len()),
        lede: "What happened in this org, as Okta’s system log tells it. Newest first.",
        action: "/_sandbox/view/log",
        hint: "Event type, person, id",
        q: visit.query.get("q").unwrap_or_default().to_owned(),
        counts: Vec::new(),
        heads: ["When", "Who", "Did what", "To what", "Result"],
        rows: rows.collect(),
        pager,
        command: "curl -H 'Authorization: SSWS …' …/api/v1/logs?sortOrder=DESCENDING".to_owned(),
        frame: Frame::new(visit, "System log", "System log"),
    };
    shown(&page)
}

fn record_row(record: &Record, now: Time) -> Row {
    let query = if record.query.is_empty() {
        String::new()
    } else {
        format!("?{}", record.query)
    };
    Row {
        at: At::of(Time::parse(&record.at).unwrap_or(now), now),
        who: record.caller.clone(),
        what: format!("{} {}", record.method, record.path),
        about: query.clone(),
        state: match record.status {
            ..400 => state("ok", "ok", record.status.to_string()),
            400..500 => state("held", "warn", record.status.to_string()),
            _ => state("fail", "fail", record.status.to_string()),
        },
        facts: vec![
            ("Call", format!("{} {}{query}", record.method, record.path)),
            ("Path template", record.template.clone()),
            ("Request id", record.request_id.clone()),
            ("Caller", record.caller.clone()),
        ],
        json: String::new(),
    }
}

/// What was asked of the org.
pub(super) fn requests(visit: &Visit<'_>) -> Reply {
    let (log, now, q) = (
        visit.shared.requests(),
        visit.shared.clock.now(),
        wanted(visit),
    );
    let fits = |record: &&Record| {
        let status = record.status.to_string();
        let call = format!("{} {}?{}", record.method, record.path, record.query);
        q.is_empty()
            || [call, status, record.caller.clone()]
                .iter()
                .any(|text| text.to_lowercase().contains(&q))
    };
    let found = || log.newest().filter(fits);
    let pager = Pager::of("/_sandbox/view/requests", visit.query, found().count());
    let numbers = log.numbers();
    let rows = found()
        .skip(pager.skip())
        .take(ROWS)
        .map(|record| record_row(record, now))
        .collect();
    let mut counts: Vec<_> = numbers.counts.into_iter().collect();
    counts.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    drop(log);
    let page = Sheet {
        all: count(usize::try_from(numbers.total).unwrap_or(usize::MAX)),
        lede: "Every call to this org since the start or the last reset. Newest first.",
        action: "/_sandbox/view/requests",
        hint: "Path, status, caller",
        q: visit.query.get("q").unwrap_or_default().to_owned(),
        counts,
        heads: ["When", "Who", "Asked what", "Query", "Answer"],
        rows,
        pager,
        command: "curl …/_sandbox/requests?last=50".to_owned(),
        frame: Frame::new(visit, "Requests", "Requests"),
    };
    shown(&page)
}
