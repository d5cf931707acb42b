//! Lists of users: plain, `q`, `filter` and `search`, sorted and in pages (FACTS sections 3 and 4).

use std::cmp::Ordering;

use http::StatusCode;
use serde_json::Value;

use super::{Form, Person, Status, print};
use crate::filter::{Case, Datum, Filter, parse};
use crate::http::{Answer, Call, Fail, Page, Reply};
use crate::org::Org;
use crate::store::Kind;

const FILTERED: [&str; 8] = [
    "status",
    "lastUpdated",
    "id",
    "profile.login",
    "profile.email",
    "profile.firstName",
    "profile.lastName",
    "type.id",
];

/// `GET /users`.
pub(super) fn list(org: &Org, call: &Call) -> Answer {
    let q = call.query.get("q").filter(|text| !text.is_empty());
    let filter = call.query.get("filter").filter(|text| !text.is_empty());
    let search = call.query.get("search").filter(|text| !text.is_empty());
    if filter.is_some() && search.is_some() {
        let text = "Invalid search criteria. Use either search or filter, not both.";
        return Err(Fail::new(StatusCode::BAD_REQUEST, "E0000033", text));
    }
    let page = Page::of(call, if q.is_some() { 10 } else { 200 }, 200)?;
    match (search, filter, q) {
        (Some(text), _, _) => searched(org, call, &page, text),
        (_, Some(text), q) => filtered(org, call, &page, text, q),
        (_, _, Some(q)) => Ok(beginning(org, call, &page, q)),
        _ => Ok(walk(org, call, &page, &[], &|_, person| {
            person.status != Status::Deprovisioned
        })),
    }
}

fn filtered(org: &Org, call: &Call, page: &Page, text: &str, q: Option<&str>) -> Answer {
    let invalid = |why: String| {
        Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000053",
            format!("Invalid filter '{text}': {why}"),
        )
    };
    let filter = parse(text).map_err(|error| invalid(error.to_string()))?;
    if let Some((path, ..)) = filter
        .comparisons()
        .into_iter()
        .find(|(path, ..)| !FILTERED.contains(path))
    {
        return Err(invalid(format!("Unsupported attribute '{path}'")));
    }
    let matches = |serial: u32, person: &Person| {
        let at = |path: &str| datum(org, serial, person, path);
        filter.matches(Case::Exact, &at) && q.is_none_or(|q| begins(person, q))
    };
    if let Straight::To(found) = straight(org, &filter) {
        return Ok(one_page(
            org,
            call,
            page,
            &["filter"],
            found.filter(|(serial, person)| matches(*serial, person)),
        ));
    }
    Ok(walk(org, call, page, &["filter"], &matches))
}

/// Where a filter leads.
enum Straight<'a> {
    /// To one user or nobody.
    To(Option<(u32, &'a Person)>),
    /// Through all users.
    Through,
}

/// The one user that a filter can match, when it asks for a login or an id.
fn straight<'a>(org: &'a Org, filter: &Filter) -> Straight<'a> {
    let serial = match (filter.demands("profile.login"), filter.demands("id")) {
        (Some(login), _) => org.people.by_login(login),
        (_, Some(id)) => org.tail.serial(Kind::USER, id),
        _ => return Straight::Through,
    };
    let found = serial.and_then(|serial| org.people.get(serial).map(|person| (serial, person)));
    Straight::To(found)
}

fn searched(org: &Org, call: &Call, page: &Page, text: &str) -> Answer {
    let invalid = || {
        Fail::new(
            StatusCode::BAD_REQUEST,
            "E0000031",
            "Invalid search criteria.",
        )
    };
    let filter = parse(text).map_err(|_| invalid())?;
    let matches = |serial: u32, person: &Person| {
        filter.matches(Case::Blind, &|path: &str| datum(org, serial, person, path))
    };
    let known = ["search", "sortBy", "sortOrder"];
    if let Straight::To(found) = straight(org, &filter) {
        return Ok(one_page(
            org,
            call,
            page,
            &known,
            found.filter(|(serial, person)| matches(*serial, person)),
        ));
    }
    match call.query.get("sortBy") {
        None => Ok(walk(org, call, page, &known, &matches)),
        Some(path) => Ok(sorted(org, call, page, path, &matches)),
    }
}

fn beginning(org: &Org, call: &Call, page: &Page, q: &str) -> Reply {
    let seen = call.power.users(org);
    let found = org
        .people
        .from(0)
        .filter(|(serial, _)| seen(*serial))
        .filter(|(_, person)| person.status != Status::Deprovisioned && begins(person, q))
        .take(page.limit);
    let body = array(org, call, found);
    Reply::raw(body)
}

fn begins(person: &Person, q: &str) -> bool {
    let q = q.to_lowercase();
    let profile = &person.profile;
    let whole = format!("{} {}", profile.first_name, profile.last_name);
    [
        &*profile.first_name,
        &profile.last_name,
        &profile.email,
        &whole,
    ]
    .iter()
    .any(|text| text.to_lowercase().starts_with(&q))
}

fn walk(
    org: &Org,
    call: &Call,
    page: &Page,
    known: &[&str],
    keep: &dyn Fn(u32, &Person) -> bool,
) -> Reply {
    let start = start(org, page);
    let seen = call.power.users(org);
    let mut found: Vec<_> = org
        .people
        .from(start)
        .filter(|(serial, _)| seen(*serial))
        .filter(|(serial, person)| keep(*serial, person))
        .take(page.limit + 1)
        .collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(serial, _)| org.tail.id(Kind::USER, *serial));
    page.links(
        Reply::raw(array(org, call, found.into_iter())),
        call,
        known,
        next.as_deref(),
    )
}

/// The first serial after the cursor of a page.
pub(crate) fn start(org: &Org, page: &Page) -> u32 {
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::USER, after));
    after.map_or(0, |serial| serial.saturating_add(1))
}

fn sorted(
    org: &Org,
    call: &Call,
    page: &Page,
    path: &str,
    keep: &dyn Fn(u32, &Person) -> bool,
) -> Reply {
    let down = call
        .query
        .get("sortOrder")
        .is_some_and(|order| order.eq_ignore_ascii_case("desc"));
    let seen = call.power.users(org);
    let mut found: Vec<(u32, &Person, Option<Datum<'_>>)> = org
        .people
        .from(0)
        .filter(|(serial, _)| seen(*serial))
        .filter(|(serial, person)| keep(*serial, person))
        .map(|(serial, person)| (serial, person, datum(org, serial, person, path)))
        .collect();
    found.sort_by(|a, b| {
        let order = compare(a.2.as_ref(), b.2.as_ref());
        (if down { order.reverse() } else { order }).then(a.0.cmp(&b.0))
    });
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::USER, after));
    let skip = after
        .and_then(|after| found.iter().position(|(serial, ..)| *serial == after))
        .map_or(0, |at| at + 1);
    let next = found
        .get(skip + page.limit)
        .and_then(|_| found.get(skip + page.limit - 1))
        .map(|(serial, ..)| org.tail.id(Kind::USER, *serial));
    let shown = found
        .iter()
        .skip(skip)
        .take(page.limit)
        .map(|(serial, person, _)| (*serial, *person));
    let body = array(org, call, shown);
    page.links(
        Reply::raw(body),
        call,
        &["search", "sortBy", "sortOrder"],
        next.as_deref(),
    )
}

fn compare(a: Option<&Datum<'_>>, b: Option<&Datum<'_>>) -> Ordering {
    match (a, b) {
        (Some(Datum::Time(a)), Some(Datum::Time(b))) => a.cmp(b),
        (Some(Datum::Text(a)), Some(Datum::Text(b))) => a.to_lowercase().cmp(&b.to_lowercase()),
        (Some(Datum::Json(a)), Some(Datum::Json(b))) => a
            .as_f64()
            .partial_cmp(&b.as_f64())
            .unwrap_or(Ordering::Equal),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn one_page(
    org: &Org,
    call: &Call,
    page: &Page,
    known: &[&str],
    found: Option<(u32, &Person)>,
) -> Reply {
    let seen = call.power.users(org);
    let found = found.filter(|(serial, _)| seen(*serial));
    page.links(
        Reply::raw(array(org, call, found.into_iter())),
        call,
        known,
        None,
    )
}

/// Prints users as list elements.
pub(crate) fn array<'a>(
    org: &Org,
    call: &Call,
    people: impl Iterator<Item = (u32, &'a Person)>,
) -> Vec<u8> {
    let mut body = vec![b'['];
    for (serial, person) in people {
        if body.len() > 1 {
            body.push(b',');
        }
        print(&mut body, org, serial, person, &call.base, Form::Listed);
    }
    body.push(b']');
    body
}

/// What a user holds at a path of a filter.
pub(crate) fn datum<'a>(
    org: &Org,
    serial: u32,
    person: &'a Person,
    path: &str,
) -> Option<Datum<'a>> {
    match path {
        "id" => Some(org.tail.id(Kind::USER, serial).into()),
        "status" => Some(person.status.text().into()),
        "created" => Some(Datum::Time(person.created)),
        "activated" => person.activated.map(Datum::Time),
        "statusChanged" => person.status_changed.map(Datum::Time),
        "lastUpdated" => Some(Datum::Time(person.last_updated)),
        "lastLogin" => person.last_login.map(Datum::Time),
        "passwordChanged" => person.password_changed.map(Datum::Time),
        "type.id" => Some(org.tail.id(Kind::USER_TYPE, person.user_type).into()),
        "profile.login" => text(&person.profile.login),
        "profile.email" => text(&person.profile.email),
        "profile.firstName" => text(&person.profile.first_name),
        "profile.lastName" => text(&person.profile.last_name),
        _ => person
            .profile
            .member(path.strip_prefix("profile.")?)
            .filter(|value| *value != Value::Null)
            .and_then(Datum::json),
    }
}

fn text(text: &str) -> Option<Datum<'_>> {
    (!text.is_empty()).then(|| text.into())
}
