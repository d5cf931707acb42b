//! One person, group or app: what the API says of it, and what hangs on it.

use askama::Template;
use http::Method;
use serde_json::Value;

use super::frame::{Frame, State, count};
use super::{Visit, shown};
use crate::http::{Call, Found, Handler, Reply};
use crate::org::Org;
use crate::store::Kind;

struct Row {
    name: String,
    words: String,
    href: String,
}

struct List {
    name: &'static str,
    icon: &'static str,
    count: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "thing.html")]
struct Thing {
    frame: Frame,
    up: &'static str,
    up_name: &'static str,
    id: String,
    state: State,
    facts: Vec<(String, String)>,
    lists: Vec<List>,
    json: String,
    command: String,
}

/// What the API answers the super admin.
fn ask(visit: &Visit<'_>, org: &Org, path: &str) -> Option<Value> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let now = visit.shared.clock.now();
    let mut call = Call::own(org, Method::GET, path, query, now);
    call.base.clone_from(&visit.base);
    let Found::Route(route, params) = visit.shared.router.find(&call.method, &call.path) else {
        return None;
    };
    call.params = params;
    let Handler::Read(read) = route.handler else {
        return None;
    };
    serde_json::from_slice(&read(org, &call).ok()?.body).ok()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The members of a part of an answer that say something.
fn facts(of: &Value, skip: &[&str]) -> Vec<(String, String)> {
    let members = of.as_object().into_iter().flatten();
    members
        .filter(|(name, value)| {
            !skip.contains(&name.as_str()) && !value.is_object() && !value.is_array()
        })
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect()
}

/// What a service provider has to know of a SAML app.
fn sign_on(visit: &Visit<'_>, org: &Org, id: &str) -> Vec<(String, String)> {
    let serial = crate::apps::find(org, id).ok();
    let saml = serial.filter(|serial| {
        let app = org.apps.get(*serial);
        app.is_some_and(|app| app.mode == crate::apps::Mode::Saml2)
    });
    let Some(serial) = saml else {
        return Vec::new();
    };
    let address = format!("{}{}", visit.base, crate::saml::address(org, serial));
    vec![
        ("SAML sign-on".to_owned(), address.clone()),
        ("SAML metadata".to_owned(), format!("{address}/metadata")),
    ]
}

fn list(
    name: &'static str,
    icon: &'static str,
    found: Option<&Value>,
    row: impl Fn(&Value) -> Row,
) -> List {
    let items = found
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    List {
        name,
        icon,
        count: count(items.len()),
        rows: items.iter().map(row).collect(),
    }
}

fn group_row(group: &Value) -> Row {
    Row {
        name: plain(&group["profile"]["name"]),
        words: plain(&group["profile"]["description"]),
        href: format!("/_sandbox/view/groups/{}", plain(&group["id"])),
    }
}

fn person_row(person: &Value) -> Row {
    let profile = &person["profile"];
    Row {
        name: format!(
            "{} {}",
            plain(&profile["firstName"]),
            plain(&profile["lastName"])
        ),
        words: plain(&profile["login"]),
        href: format!("/_sandbox/view/people/{}", plain(&person["id"])),
    }
}

fn role_row(role: &Value) -> Row {
    Row {
        name: plain(&role["label"]),
        words: plain(&role["type"]),
        href: String::new(),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn command(path: &str) -> String {
    format!("curl -H 'Authorization: SSWS …' …{path}")
}

/// A person.
pub(super) fn person(visit: &Visit<'_>, id: &str) -> Option<Reply> {
    let org = visit.shared.read();
    let path = format!("/api/v1/users/{id}");
    let found = ask(visit, &org, &path)?;
    let profile = &found["profile"];
    let name = format!(
        "{} {}",
        plain(&profile["firstName"]),
        plain(&profile["lastName"])
    );
    let app_row = |link: &Value| Row {
        name: plain(&link["label"]),
        words: plain(&link["appName"]),
        href: format!("/_sandbox/view/apps/{}", plain(&link["appInstanceId"])),
    };
    let lists = vec![
        list(
            "Groups",
            "group",
            ask(visit, &org, &format!("{path}/groups")).as_ref(),
            group_row,
        ),
        list(
            "Apps",
            "apps",
            ask(visit, &org, &format!("{path}/appLinks")).as_ref(),
            app_row,
        ),
        list(
            "Administrator roles",
            "admin",
            ask(visit, &org, &format!("{path}/roles")).as_ref(),
            role_row,
        ),
    ];
    let mut known = facts(profile, &[]);
    known.extend(facts(&found, &["id", "status"]));
    drop(org);
    Some(shown(&Thing {
        frame: Frame::new(visit, "People", name),
        up: "/_sandbox/view/people",
        up_name: "People",
        id: plain(&found["id"]),
        state: State::of(&plain(&found["status"])),
        facts: known,
        lists,
        json: pretty(&found),
        command: command(&path),
    }))
}

/// A group.
pub(super) fn group(visit: &Visit<'_>, id: &str) -> Option<Reply> {
    let org = visit.shared.read();
    let path = format!("/api/v1/groups/{id}");
    let found = ask(visit, &org, &path)?;
    let app_row = |app: &Value| Row {
        name: plain(&app["label"]),
        words: plain(&app["name"]),
        href: format!("/_sandbox/view/apps/{}", plain(&app["id"])),
    };
    let mut members = list(
        "Members",
        "users",
        ask(visit, &org, &format!("{path}/users?limit=50")).as_ref(),
        person_row,
    );
    let serial = org.tail.serial(Kind::GROUP, id)?;
    let number = if serial == crate::groups::EVERYONE {
        org.people.len()
    } else {
        org.groups
            .get(serial)
            .map_or(0, |group| group.members.len())
    };
    members.count = if number > members.rows.len() {
        format!("the first {} of {}", members.rows.len(), count(number))
    } else {
        count(number)
    };
    let lists = vec![
        members,
        list(
            "Apps",
            "apps",
            ask(visit, &org, &format!("{path}/apps")).as_ref(),
            app_row,
        ),
        list(
            "Administrator roles",
            "admin",
            ask(visit, &org, &format!("{path}/roles")).as_ref(),
            role_row,
        ),
    ];
    let mut known = facts(&found["profile"], &[]);
    known.extend(facts(&found, &["id"]));
    drop(org);
    Some(shown(&Thing {
        frame: Frame::new(visit, "Groups", plain(&found["profile"]["name"])),
        up: "/_sandbox/view/groups",
        up_name: "Groups",
        id: id.to_owned(),
        state: State::of("ACTIVE"),
        facts: known,
        lists,
        json: pretty(&found),
        command: command(&path),
    }))
}

/// An app.
pub(super) fn app(visit: &Visit<'_>, id: &str) -> Option<Reply> {
    let org = visit.shared.read();
    let path = format!("/api/v1/apps/{id}");
    let found = ask(visit, &org, &path)?;
    let user_row = |held: &Value| {
        let id = plain(&held["id"]);
        let serial = org.tail.serial(Kind::USER, &id);
        let person = serial.and_then(|serial| org.people.get(serial));
        Row {
            name: person.map_or_else(String::new, |person| person.profile.login.to_string()),
            words: plain(&held["credentials"]["userName"]),
            href: format!("/_sandbox/view/people/{id}"),
        }
    };
    let held_row = |held: &Value| {
        let id = plain(&held["id"]);
        let serial = org.tail.serial(Kind::GROUP, &id);
        let group = serial.and_then(|serial| org.groups.get(serial));
        Row {
            name: group.map_or_else(String::new, |group| group.name.to_string()),
            words: format!("priority {}", held["priority"]),
            href: format!("/_sandbox/view/groups/{id}"),
        }
    };
    let grant_row = |grant: &Value| Row {
        name: plain(&grant["scopeId"]),
        words: String::new(),
        href: String::new(),
    };
    let lists = vec![
        list(
            "People",
            "users",
            ask(visit, &org, &format!("{path}/users?limit=50")).as_ref(),
            user_row,
        ),
        list(
            "Groups",
            "group",
            ask(visit, &org, &format!("{path}/groups")).as_ref(),
            held_row,
        ),
        list(
            "Granted scopes",
            "key",
            ask(visit, &org, &format!("{path}/grants")).as_ref(),
            grant_row,
        ),
        list(
            "Administrator roles",
            "admin",
            ask(visit, &org, &format!("/oauth2/v1/clients/{id}/roles")).as_ref(),
            role_row,
        ),
    ];
    let mut known = facts(&found, &["id", "status", "label"]);
    known.extend(sign_on(visit, &org, id));
    Some(shown(&Thing {
        frame: Frame::new(visit, "Apps", plain(&found["label"])),
        up: "/_sandbox/view/apps",
        up_name: "Apps",
        id: id.to_owned(),
        state: State::of(&plain(&found["status"])),
        facts: known,
        lists,
        json: pretty(&found),
        command: command(&path),
    }))
}
