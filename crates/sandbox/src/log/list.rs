//! `GET /logs`: polling and bounded (Okta: System Log query).

use http::StatusCode;
use serde_json::{Value, json};

use super::Entry;
use crate::clock::Time;
use crate::filter::{Case, Datum, Filter, parse};
use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::org::Org;

/// How far back the log goes.
const OLDEST_DAYS: i64 = 180;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes.list("/api/v1/logs", list);
}

/// Errors of the log have no `errorLink` (FACTS section 8).
fn fail(code: &'static str, summary: &str, causes: &[String]) -> Fail {
    let causes: Vec<_> = causes
        .iter()
        .map(|cause| json!({ "errorSummary": cause }))
        .collect();
    let body = json!({ "errorCode": code, "errorSummary": summary, "errorId": "oae0000000000000000000000", "errorCauses": causes });
    Fail::instead(Reply::json(&body).status(StatusCode::BAD_REQUEST))
}

struct Asked {
    since: Time,
    until: Option<Time>,
    /// The serial after which to go on.
    after: Option<u32>,
    limit: usize,
    down: bool,
    filter: Option<Filter>,
    words: Vec<String>,
}

fn time(call: &Call, name: &str) -> Result<Option<Time>, Fail> {
    let Some(text) = call.query.get(name).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let wrong = || {
        let cause = format!(
            "{name}: The date format in your query is not recognized. Please enter dates using ISO8601 string format."
        );
        fail(
            "E0000001",
            &format!("Api validation failed: {name}"),
            &[cause],
        )
    };
    Time::parse(text).map(Some).ok_or_else(wrong)
}

fn asked(call: &Call) -> Result<Asked, Fail> {
    let (since, until) = (time(call, "since")?, time(call, "until")?);
    if since.is_some_and(|since| since < call.now.plus(-OLDEST_DAYS * 86_400)) {
        let text =
            "Invalid parameter: The since parameter is over 180 days prior to the current day.";
        return Err(fail("E0000053", text, &[]));
    }
    let after = call.query.get("after").filter(|text| !text.is_empty());
    if after.is_some()
        && since.is_some()
        && until.is_none()
        && call.query.get("sortOrder").is_none()
    {
        // A next link of ours holds both; only a foreign mixture is refused, which has no `limit`.
        if call.query.get("limit").is_none() {
            return Err(fail(
                "E0000001",
                "Api validation failed: after",
                &["after: since and after exclude each other".to_owned()],
            ));
        }
    }
    let limit = match call.query.get("limit") {
        None => 100,
        Some(text) => match text.parse::<usize>() {
            Ok(limit) if limit <= 1000 => limit,
            _ => {
                return Err(fail(
                    "E0000001",
                    "Api validation failed: limit",
                    &["limit: must be between 0 and 1000".to_owned()],
                ));
            }
        },
    };
    let filter = call
        .query
        .get("filter")
        .filter(|text| !text.is_empty())
        .map(filter)
        .transpose()?;
    let words = call.query.get("q").map(|q| {
        q.to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    });
    Ok(Asked {
        since: since.unwrap_or_else(|| until.unwrap_or(call.now).plus(-7 * 86_400)),
        until,
        after: after.and_then(|after| after.split('_').next()?.parse().ok()),
        limit,
        down: call
            .query
            .get("sortOrder")
            .is_some_and(|order| order.eq_ignore_ascii_case("descending")),
        filter,
        words: words.unwrap_or_default(),
    })
}

fn filter(text: &str) -> Result<Filter, Fail> {
    let filter = parse(text).map_err(|error| {
        fail(
            "E0000053",
            &format!("Invalid filter '{text}': {error}"),
            &[],
        )
    })?;
    for (path, op, _) in filter.comparisons() {
        let hidden =
            path == "debugContext.debugData.url" || path == "debugContext.debugData.requestUri";
        if hidden && op == crate::filter::Op::Co {
            return Err(fail("E0000031", "Invalid search criteria.", &[]));
        }
        let first = path.split('.').next().unwrap_or_default();
        const FIELDS: [&str; 17] = [
            "actor",
            "client",
            "device",
            "authenticationContext",
            "displayMessage",
            "eventType",
            "outcome",
            "securityContext",
            "severity",
            "debugContext",
            "legacyEventType",
            "transaction",
            "uuid",
            "version",
            "request",
            "target",
            "published",
        ];
        if !FIELDS.contains(&first) {
            return Err(fail(
                "E0000053",
                &format!("Invalid filter '{text}': field '{path}' is unknown"),
                &[],
            ));
        }
    }
    Ok(filter)
}

fn at(printed: &Value, path: &str) -> Option<Datum<'static>> {
    let mut here = vec![printed.clone()];
    for part in path.split('.') {
        here = here
            .into_iter()
            .filter_map(|value| value.get(part).cloned())
            .flat_map(|value| match value {
                Value::Array(list) => list,
                other => vec![other],
            })
            .collect();
    }
    match here.len() {
        0 => None,
        1 => here.pop().and_then(Datum::json),
        _ => Some(Datum::Many(here)),
    }
}

fn keeps(asked: &Asked, entry: &Entry) -> bool {
    let in_time =
        entry.published >= asked.since && asked.until.is_none_or(|until| entry.published < until);
    if !in_time {
        return false;
    }
    if asked.filter.is_none() && asked.words.is_empty() {
        return true;
    }
    let printed = entry.print();
    let text = if asked.words.is_empty() {
        String::new()
    } else {
        printed.to_string().to_lowercase()
    };
    asked
        .filter
        .as_ref()
        .is_none_or(|filter| filter.matches(Case::Exact, &|path| at(&printed, path)))
        && asked.words.iter().all(|word| text.contains(word.as_str()))
}

/// `GET /logs`.
fn list(org: &Org, call: &Call) -> Answer {
    let asked = asked(call)?;
    let rows = &org.log.rows;
    let end = rows.next_serial();
    let mut found: Vec<(u32, &Entry)> = if asked.down {
        let from = asked.after.unwrap_or(end);
        rows.back_from(from)
            .filter(|(_, entry)| keeps(&asked, entry))
            .take(asked.limit + 1)
            .collect()
    } else {
        let from = asked.after.map_or(0, |after| after.saturating_add(1));
        rows.from(from)
            .filter(|(_, entry)| keeps(&asked, entry))
            .take(asked.limit + 1)
            .collect()
    };
    let more = found.len() > asked.limit;
    found.truncate(asked.limit);
    let polling = !asked.down && asked.until.is_none();
    let last = found.last().map(|(serial, _)| *serial);
    let cursor = match last {
        Some(serial) if more || polling => Some(format!("{serial}_1")),
        None if polling => Some(match asked.after {
            Some(after) => format!("{after}_1"),
            None => format!("{}_1", i64::from(end) - 1),
        }),
        _ => None,
    };
    let body: Vec<_> = found.iter().map(|(_, entry)| entry.print()).collect();
    let reply = Reply::json(&body).link(&address(call, &asked, None), "self");
    Ok(match cursor {
        Some(cursor) => reply.link(&address(call, &asked, Some(&cursor)), "next"),
        None => reply,
    })
}

fn address(call: &Call, asked: &Asked, cursor: Option<&str>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for name in ["since", "until", "filter", "q", "sortOrder"] {
        if let Some(value) = call.query.get(name) {
            form.append_pair(name, value);
        }
    }
    form.append_pair("limit", &asked.limit.to_string());
    match cursor {
        Some(cursor) => form.append_pair("after", cursor),
        None => match call.query.get("after") {
            Some(after) => form.append_pair("after", after),
            None => &mut form,
        },
    };
    format!("{}{}?{}", call.base, call.path, form.finish())
}
