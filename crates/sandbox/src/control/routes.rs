//! The controls over HTTP.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Edit, Fault};
use crate::clock::Time;
use crate::factors::{self, PhoneOrder};
use crate::http::{Query, Reply};
use crate::shared::Shared;

/// Answers a call under `/_sandbox/`.
pub(crate) fn answer(
    shared: &Shared,
    method: &Method,
    path: &str,
    query: &Query,
    body: &Bytes,
) -> Reply {
    let found = match (method.as_str(), path.trim_start_matches("/_sandbox/")) {
        ("POST", "reset") => {
            shared.reset();
            Ok(json!({ "reset": true }))
        }
        ("GET", "requests") => Ok(requests(shared, query)),
        ("DELETE", "requests") => {
            shared.requests().clear();
            Ok(json!({}))
        }
        ("GET", "faults") => Ok(faults(shared)),
        ("POST", "faults") => add_faults(shared, body),
        ("DELETE", "faults") => {
            shared.faults().clear();
            Ok(json!({}))
        }
        ("GET", "clock") => Ok(clock(shared)),
        ("POST", "clock") => set_clock(shared, body),
        ("POST", "people") => people(shared, body),
        ("POST", "limits") => limits(shared, body),
        ("POST", "nonce") => {
            Ok(json!({ "nonce": shared.memory().renew(shared.clock.now(), true) }))
        }
        ("GET", "hosts") => Ok(hosts(shared)),
        ("POST", "hosts") => set_hosts(shared, body),
        ("GET", "messages") => Ok(factors::messages(&shared.read())),
        ("POST", "phone") => phone(shared, body),
        ("GET", "credentials") => Ok(shared.credentials_json()),
        ("GET", "routes") => Ok(routes(shared)),
        _ => {
            return Reply::json(&json!({ "error": "no such control" }))
                .status(StatusCode::NOT_FOUND);
        }
    };
    match found {
        Ok(body) => Reply::json(&body),
        Err(why) => Reply::json(&json!({ "error": why })).status(StatusCode::BAD_REQUEST),
    }
}

fn requests(shared: &Shared, query: &Query) -> Value {
    let log = shared.requests();
    let numbers = log.numbers();
    let last = query
        .get("last")
        .and_then(|last| last.parse().ok())
        .unwrap_or(1000_usize);
    let calls: Vec<_> = log.calls().collect();
    let shown = calls
        .get(calls.len().saturating_sub(last)..)
        .unwrap_or_default();
    json!({ "total": numbers.total, "counts": numbers.counts, "requests": shown })
}

fn faults(shared: &Shared) -> Value {
    let list = shared.faults().list();
    list.into_iter()
        .map(|(fault, seen)| json!({ "fault": fault, "seen": seen }))
        .collect()
}

/// One thing or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    fn list(self) -> Vec<T> {
        match self {
            Self::Many(list) => list,
            Self::One(one) => vec![one],
        }
    }
}

fn read<T: for<'a> Deserialize<'a>>(body: &Bytes) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn add_faults(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let list = read::<OneOrMany<Fault>>(body)?.list();
    let mut faults = shared.faults();
    for fault in list {
        faults.add(fault);
    }
    Ok(json!({ "faults": faults.list().len() }))
}

fn clock(shared: &Shared) -> Value {
    json!({ "now": shared.clock.now(), "frozen": shared.clock.is_frozen() })
}

fn set_clock(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let asked: Value = read(body)?;
    if let Some(still) = asked.get("frozen").and_then(Value::as_bool) {
        shared.clock.freeze(still);
    }
    if let Some(text) = asked.get("set").and_then(Value::as_str) {
        shared
            .clock
            .set(Time::parse(text).ok_or("`set` is no time")?);
    }
    if let Some(by) = asked.get("advance_ms").and_then(Value::as_i64) {
        shared.clock.advance_ms(by);
    }
    shared.touched();
    Ok(clock(shared))
}

fn people(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let edits = read::<OneOrMany<Edit>>(body)?.list();
    let made = shared.edit(&edits).map_err(|error| error.to_string())?;
    Ok(json!({ "made": made }))
}

/// Does what the phones of people do.
fn phone(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let orders = read::<OneOrMany<PhoneOrder>>(body)?.list();
    let now = shared.clock.now();
    let mut org = shared.write();
    let done = orders
        .iter()
        .map(|order| factors::phone(&mut org, order, now));
    done.collect()
}

fn limits(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let asked: Value = read(body)?;
    let mut limits = shared.limits();
    if let Some(on) = asked.get("on").and_then(Value::as_bool) {
        limits.switch(on);
    }
    if asked.get("clear") == Some(&Value::Bool(true)) {
        limits.clear();
    }
    if let Some(bucket) = asked.get("bucket").and_then(Value::as_str) {
        let quota = asked
            .get("per_minute")
            .and_then(Value::as_u64)
            .and_then(|quota| u32::try_from(quota).ok());
        if !limits.set(bucket, quota.ok_or("`per_minute` is missing")?) {
            return Err(format!("no bucket `{bucket}`"));
        }
    }
    Ok(json!({ "on": limits.is_on() }))
}

fn hosts(shared: &Shared) -> Value {
    let hosts = shared.outside.hosts();
    hosts
        .iter()
        .map(|(host, at)| (host.clone(), json!(at.as_str())))
        .collect()
}

/// Says where hosts are that the org calls; null takes one away.
fn set_hosts(shared: &Shared, body: &Bytes) -> Result<Value, String> {
    let asked: BTreeMap<String, Option<String>> = read(body)?;
    for (host, at) in asked {
        let at = at.map(|at| Url::parse(&at).map_err(|error| format!("`{at}`: {error}")));
        let mut hosts = shared.outside.hosts();
        match at.transpose()? {
            Some(at) => hosts.insert(host, at),
            None => hosts.remove(&host),
        };
    }
    Ok(hosts(shared))
}

fn routes(shared: &Shared) -> Value {
    shared
        .router
        .all()
        .into_iter()
        .map(|(method, path)| format!("{method} {path}"))
        .collect()
}
