//! A group as JSON.

use crate::clock::Time;
use crate::http::Call;
use crate::org::Org;
use crate::store::Kind;

use super::{EVERYONE, Group, Origin};

/// What is embedded in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expand {
    Nothing,
    /// Counts of users, apps and rules.
    Stats,
}

const LOGO: &str = "https://op3static.oktacdn.com/assets/img/logos/groups/odyssey/okta";

fn quoted(out: &mut Vec<u8>, value: &str) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

fn time(out: &mut Vec<u8>, name: &str, at: Time) {
    out.extend_from_slice(format!("\"{name}\":\"{}\",", at.text()).as_bytes());
}

/// Writes a group.
pub(super) fn print(
    out: &mut Vec<u8>,
    org: &Org,
    serial: u32,
    group: &Group,
    base: &str,
    expand: Expand,
) {
    let id = org.tail.id(Kind::GROUP, serial);
    out.extend_from_slice(format!("{{\"id\":\"{id}\",").as_bytes());
    time(out, "created", group.created);
    time(out, "lastUpdated", group.last_updated);
    time(out, "lastMembershipUpdated", group.last_membership_updated);
    let class = if group.origin == Origin::App {
        "okta:windows_security_principal"
    } else {
        "okta:user_group"
    };
    out.extend_from_slice(
        format!(
            "\"objectClass\":[\"{class}\"],\"type\":\"{}\",\"profile\":{{\"name\":",
            group.origin.text()
        )
        .as_bytes(),
    );
    quoted(out, &group.name);
    out.extend_from_slice(b",\"description\":");
    match &group.description {
        Some(text) => quoted(out, text),
        None => out.extend_from_slice(b"null"),
    }
    if !group.more.is_empty() {
        out.push(b',');
        out.extend_from_slice(group.more.as_bytes());
    }
    out.extend_from_slice(b"},");
    if expand == Expand::Stats {
        stats(out, org, serial, group, base, &id);
    }
    out.extend_from_slice(
        format!(
            "\"_links\":{{\"logo\":[{{\"name\":\"medium\",\"href\":\"{LOGO}-medium.30ce6d4085dff29412984e4c191bc874.png\",\
             \"type\":\"image/png\"}},{{\"name\":\"large\",\"href\":\"{LOGO}-large.c3cb8cda8ae0add1b4fe928f5844dbe3.png\",\
             \"type\":\"image/png\"}}],\"users\":{{\"href\":\"{base}/api/v1/groups/{id}/users\"}},\
             \"apps\":{{\"href\":\"{base}/api/v1/groups/{id}/apps\"}}}}}}"
        )
        .as_bytes(),
    );
}

fn stats(out: &mut Vec<u8>, org: &Org, serial: u32, group: &Group, base: &str, id: &str) {
    let users = if serial == EVERYONE {
        org.people.len()
    } else {
        group.members.len()
    };
    let apps = org.apps.count_of_group(serial);
    let pushes = crate::apps::pushes_of_group(org, serial);
    let admin = org.roles.group_has_any(serial);
    let at = Time(group.last_membership_updated.0.max(group.last_updated.0)).text();
    out.extend_from_slice(
        format!(
            "\"_embedded\":{{\"stats\":{{\"usersCount\":{users},\"appsCount\":{apps},\"groupPushMappingsCount\":{pushes},\
             \"hasAdminPrivilege\":{admin},\"_links\":{{\"self\":{{\"href\":\"{base}/api/v1/groups/{id}/stats\"}}}},\
             \"lastUpdated\":\"{at}\"}}}},"
        )
        .as_bytes(),
    );
}

/// Prints groups as a list.
pub(crate) fn array<'a>(
    org: &Org,
    call: &Call,
    groups: impl Iterator<Item = (u32, &'a Group)>,
    expand: Expand,
) -> Vec<u8> {
    let mut body = vec![b'['];
    for (serial, group) in groups {
        if body.len() > 1 {
            body.push(b',');
        }
        print(&mut body, org, serial, group, &call.base, expand);
    }
    body.push(b']');
    body
}
