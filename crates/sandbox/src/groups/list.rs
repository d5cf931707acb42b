//! Lists of groups: plain, `q`, `filter` and `search` (FACTS sections 3 and 4).

use std::cmp::Ordering;

use http::StatusCode;
use serde_json::{Map, Value};

use super::{Expand, Group, array};
use crate::filter::{Case, Datum, Filter, parse};
use crate::http::{Answer, Call, Fail, Page, Reply};
use crate::org::Org;
use crate::store::Kind;

const KNOWN: [&str; 5] = ["search", "filter", "expand", "sortBy", "sortOrder"];
const FILTERED: [&str; 6] = [
    "id",
    "type",
    "lastUpdated",
    "lastMembershipUpdated",
    "profile.name",
    "source.id",
];

/// `GET /groups`.
pub(super) fn list(org: &Org, call: &Call) -> Answer {
    let given = |name: &str| call.query.get(name).filter(|text| !text.is_empty());
    let expand = if given("expand") == Some("stats") {
        Expand::Stats
    } else {
        Expand::Nothing
    };
    let filter = given("filter").map(filtered).transpose()?;
    let search = given("search").map(searched).transpose()?;
    let seen = call.power.groups();
    let keep = |serial: u32, group: &Group| {
        let at = |path: &str| datum(org, serial, group, path);
        seen(serial)
            && filter
                .as_ref()
                .is_none_or(|filter| filter.matches(Case::Exact, &at))
            && search
                .as_ref()
                .is_none_or(|search| search.matches(Case::Blind, &at))
    };
    if let Some(q) = given("q") {
        let q = q.to_lowercase();
        let page = Page::of(call, 300, 10_000)?;
        let found = org
            .groups
            .from(0)
            .filter(|(_, group)| group.name.to_lowercase().starts_with(&q));
        let found = found
            .filter(|(serial, group)| keep(*serial, group))
            .take(page.limit);
        return Ok(Reply::raw(array(org, call, found, expand)));
    }
    let page = Page::of(call, 10_000, 10_000)?;
    match given("sortBy") {
        Some(path) if search.is_some() => Ok(sorted(org, call, &page, path, expand, &keep)),
        _ => Ok(walk(org, call, &page, expand, &keep)),
    }
}

fn filtered(text: &str) -> Result<Filter, Fail> {
    let invalid = |why: String| {
        Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000053",
            format!("Invalid filter '{text}': {why}"),
        )
    };
    let filter = parse(text).map_err(|error| invalid(error.to_string()))?;
    match filter
        .comparisons()
        .into_iter()
        .find(|(path, ..)| !FILTERED.contains(path))
    {
        Some((path, ..)) => Err(invalid(format!("Unsupported attribute '{path}'"))),
        None => Ok(filter),
    }
}

fn searched(text: &str) -> Result<Filter, Fail> {
    parse(text).map_err(|_| {
        Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000031",
            "Invalid search criteria.",
        )
    })
}

fn walk(
    org: &Org,
    call: &Call,
    page: &Page,
    expand: Expand,
    keep: &dyn Fn(u32, &Group) -> bool,
) -> Reply {
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::GROUP, after));
    let start = after.map_or(0, |serial| serial.saturating_add(1));
    let mut found: Vec<_> = org
        .groups
        .from(start)
        .filter(|(serial, group)| keep(*serial, group))
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(Kind::GROUP, *serial));
    let body = array(org, call, found.into_iter(), expand);
    page.links(Reply::raw(body), call, &KNOWN, next.as_deref())
}

fn sorted(
    org: &Org,
    call: &Call,
    page: &Page,
    path: &str,
    expand: Expand,
    keep: &dyn Fn(u32, &Group) -> bool,
) -> Reply {
    let down = call
        .query
        .get("sortOrder")
        .is_some_and(|order| order.eq_ignore_ascii_case("desc"));
    let mut found: Vec<_> = org
        .groups
        .from(0)
        .filter(|(serial, group)| keep(*serial, group))
        .collect();
    found.sort_by(|a, b| {
        let order = compare(datum(org, a.0, a.1, path), datum(org, b.0, b.1, path));
        (if down { order.reverse() } else { order }).then(a.0.cmp(&b.0))
    });
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::GROUP, after));
    let skip = after
        .and_then(|after| found.iter().position(|(serial, _)| *serial == after))
        .map_or(0, |at| at + 1);
    let more = found.len() > skip + page.limit;
    let shown: Vec<_> = found.into_iter().skip(skip).take(page.limit).collect();
    let next = shown
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(Kind::GROUP, *serial));
    page.links(
        Reply::raw(array(org, call, shown.into_iter(), expand)),
        call,
        &KNOWN,
        next.as_deref(),
    )
}

fn compare(a: Option<Datum<'_>>, b: Option<Datum<'_>>) -> Ordering {
    match (a, b) {
        (Some(Datum::Time(a)), Some(Datum::Time(b))) => a.cmp(&b),
        (Some(Datum::Text(a)), Some(Datum::Text(b))) => a.to_lowercase().cmp(&b.to_lowercase()),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

/// What a group holds at a path of a filter.
pub(crate) fn datum<'a>(org: &Org, serial: u32, group: &'a Group, path: &str) -> Option<Datum<'a>> {
    match path {
        "id" => Some(org.tail.id(Kind::GROUP, serial).into()),
        "type" => Some(group.origin.text().into()),
        "created" => Some(Datum::Time(group.created)),
        "lastUpdated" => Some(Datum::Time(group.last_updated)),
        "lastMembershipUpdated" => Some(Datum::Time(group.last_membership_updated)),
        "profile.name" => Some(group.name.as_ref().into()),
        "profile.description" => group.description.as_deref().map(Into::into),
        _ => {
            let name = path.strip_prefix("profile.")?;
            let mut more: Map<String, Value> =
                serde_json::from_str(&format!("{{{}}}", group.more)).ok()?;
            more.remove(name).and_then(Datum::json)
        }
    }
}
