//! Lists of people, groups and apps.

use askama::Template;

use super::frame::{At, Frame, Pager, ROWS, State, count};
use super::{Visit, shown};
use crate::clock::Time;
use crate::groups::{EVERYONE, Group};
use crate::http::Reply;
use crate::org::Org;
use crate::store::Kind;
use crate::users::{Person, Status};

/// What was searched for, in small letters.
fn wanted(visit: &Visit<'_>) -> String {
    visit
        .query
        .get("q")
        .unwrap_or_default()
        .trim()
        .to_lowercase()
}

fn holds(texts: &[&str], wanted: &str) -> bool {
    wanted.is_empty()
        || texts
            .iter()
            .any(|text| text.to_lowercase().contains(wanted))
}

struct PersonRow {
    id: String,
    initials: String,
    name: String,
    local: String,
    domain: String,
    state: State,
    groups: usize,
    made: At,
}

struct Chip {
    name: String,
    href: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    frame: Frame,
    all: String,
    q: String,
    chips: Vec<Chip>,
    rows: Vec<PersonRow>,
    pager: Pager,
}

const PEOPLE: &str = "/_sandbox/view/people";

fn initials(person: &Person) -> String {
    let first = |text: &str| text.chars().next();
    let profile = &person.profile;
    first(&profile.first_name)
        .into_iter()
        .chain(first(&profile.last_name))
        .collect()
}

fn person_row(org: &Org, serial: u32, person: &Person, now: Time) -> PersonRow {
    let profile = &person.profile;
    let at = profile.login.find('@').unwrap_or(profile.login.len());
    let (local, domain) = profile.login.split_at(at);
    PersonRow {
        id: org.tail.id(Kind::USER, serial),
        initials: initials(person),
        name: format!("{} {}", profile.first_name, profile.last_name),
        local: local.to_owned(),
        domain: domain.to_owned(),
        state: State::of(person.status.text()),
        groups: person.groups.len(),
        made: At::of(person.created, now),
    }
}

fn chips(asked: Option<Status>) -> Vec<Chip> {
    let all = Chip {
        name: "All".to_owned(),
        href: PEOPLE.to_owned(),
        here: asked.is_none(),
    };
    let of_status = Status::ALL.into_iter().map(|status| Chip {
        name: State::of(status.text()).word,
        href: format!("{PEOPLE}?status={}", status.text()),
        here: asked == Some(status),
    });
    std::iter::once(all).chain(of_status).collect()
}

/// Everybody.
pub(super) fn people(visit: &Visit<'_>) -> Reply {
    let (org, now, q) = (visit.shared.read(), visit.shared.clock.now(), wanted(visit));
    let status = visit.query.get("status").and_then(Status::parse);
    let one = org
        .tail
        .serial(Kind::USER, visit.query.get("q").unwrap_or_default().trim());
    let fits = |serial: u32, person: &Person| {
        let profile = &person.profile;
        let name = format!("{} {}", profile.first_name, profile.last_name);
        status.is_none_or(|status| person.status == status)
            && (one == Some(serial) || holds(&[&name, &profile.login, &profile.email], &q))
    };
    let found = || {
        org.people
            .from(0)
            .filter(|(serial, person)| fits(*serial, person))
    };
    let number = if q.is_empty() && status.is_none() {
        org.people.len()
    } else {
        found().count()
    };
    let pager = Pager::of(PEOPLE, visit.query, number);
    let rows = found().skip(pager.skip()).take(ROWS);
    let rows = rows
        .map(|(serial, person)| person_row(&org, serial, person, now))
        .collect();
    let page = People {
        all: count(org.people.len()),
        q: visit.query.get("q").unwrap_or_default().to_owned(),
        chips: chips(status),
        rows,
        pager,
        frame: Frame::new(visit, "People", "People"),
    };
    shown(&page)
}

struct GroupRow {
    id: String,
    name: String,
    description: String,
    kind: &'static str,
    people: String,
    moved: At,
}

struct RuleRow {
    name: String,
    expression: String,
    state: State,
}

#[derive(Template)]
#[template(path = "groups.html")]
struct Groups {
    frame: Frame,
    all: String,
    q: String,
    rows: Vec<GroupRow>,
    pager: Pager,
    rules: Vec<RuleRow>,
}

fn group_row(org: &Org, serial: u32, group: &Group, now: Time) -> GroupRow {
    let people = if serial == EVERYONE {
        org.people.len()
    } else {
        group.members.len()
    };
    GroupRow {
        id: org.tail.id(Kind::GROUP, serial),
        name: group.name.to_string(),
        description: group.description.as_deref().unwrap_or_default().to_owned(),
        kind: group.origin.text(),
        people: count(people),
        moved: At::of(group.last_membership_updated, now),
    }
}

/// Groups and the rules that fill them.
pub(super) fn groups(visit: &Visit<'_>) -> Reply {
    let (org, now, q) = (visit.shared.read(), visit.shared.clock.now(), wanted(visit));
    let one = org
        .tail
        .serial(Kind::GROUP, visit.query.get("q").unwrap_or_default().trim());
    let found = || {
        org.groups.from(0).filter(|(serial, group)| {
            let description = group.description.as_deref().unwrap_or_default();
            one == Some(*serial) || holds(&[&group.name, description], &q)
        })
    };
    let pager = Pager::of("/_sandbox/view/groups", visit.query, found().count());
    let rows = found().skip(pager.skip()).take(ROWS);
    let rules = org.rules.iter().take(ROWS).map(|(_, rule)| RuleRow {
        name: rule.text("name").to_owned(),
        expression: rule
            .at(&["conditions", "expression", "value"])
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        state: State::of(rule.status()),
    });
    let page = Groups {
        all: count(org.groups.len()),
        q: visit.query.get("q").unwrap_or_default().to_owned(),
        rows: rows
            .map(|(serial, group)| group_row(&org, serial, group, now))
            .collect(),
        pager,
        rules: rules.collect(),
        frame: Frame::new(visit, "Groups", "Groups"),
    };
    shown(&page)
}

struct AppRow {
    id: String,
    label: String,
    name: String,
    state: State,
    mode: &'static str,
    assigned: String,
}

#[derive(Template)]
#[template(path = "apps.html")]
struct Apps {
    frame: Frame,
    all: String,
    q: String,
    rows: Vec<AppRow>,
    pager: Pager,
}

/// Apps.
pub(super) fn apps(visit: &Visit<'_>) -> Reply {
    let (org, q) = (visit.shared.read(), wanted(visit));
    let found = || {
        org.apps.rows.iter().filter(|(serial, app)| {
            let id = org.tail.id(Kind::APP, *serial);
            holds(&[&app.label, &app.name, &id], &q)
        })
    };
    let pager = Pager::of("/_sandbox/view/apps", visit.query, found().count());
    let rows = found()
        .skip(pager.skip())
        .take(ROWS)
        .map(|(serial, app)| AppRow {
            id: org.tail.id(Kind::APP, serial),
            label: app.label.clone(),
            name: app.name.clone(),
            state: State::of(if app.active { "ACTIVE" } else { "INACTIVE" }),
            mode: app.mode.text().unwrap_or("none"),
            assigned: format!("{} people, {} groups", app.users.len(), app.groups.len()),
        });
    let page = Apps {
        all: count(org.apps.rows.len()),
        q: visit.query.get("q").unwrap_or_default().to_owned(),
        rows: rows.collect(),
        pager,
        frame: Frame::new(visit, "Apps", "Apps"),
    };
    shown(&page)
}
