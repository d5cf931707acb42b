//! The bodies that Okta sends (FACTS section 14.3).

use serde_json::{Map, Value, json};

use crate::org::Org;
use crate::store::{Kind, mix};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// What Okta says of a person, without `active`, `groups` and the password.
pub(super) fn person(org: &Org, user: u32) -> Map<String, Value> {
    let Some(person) = org.people.get(user) else {
        return Map::new();
    };
    let profile = &person.profile;
    let extra = profile.extra();
    let text = |name: &str| {
        extra
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let shown = text("displayName").map_or_else(
        || format!("{} {}", profile.first_name, profile.last_name),
        str::to_owned,
    );
    let mut body = crate::store::members(json!({
        "schemas": [USER],
        "userName": profile.login,
        "name": { "givenName": profile.first_name, "familyName": profile.last_name },
        "emails": [{ "primary": true, "value": profile.email, "type": "work" }],
        "displayName": shown,
        "locale": text("locale").unwrap_or("en-US"),
        "externalId": org.tail.id(Kind::USER, user),
    }));
    for (ours, theirs) in [
        ("title", "title"),
        ("nickName", "nickName"),
        ("preferredLanguage", "preferredLanguage"),
        ("userType", "userType"),
        ("timezone", "timezone"),
    ] {
        if let Some(value) = text(ours) {
            body.insert(theirs.to_owned(), value.into());
        }
    }
    let phones: Vec<Value> = [("primaryPhone", "work"), ("mobilePhone", "mobile")]
        .into_iter()
        .filter_map(|(name, kind)| Some(json!({ "value": text(name)?, "type": kind })))
        .collect();
    if !phones.is_empty() {
        body.insert("phoneNumbers".to_owned(), phones.into());
    }
    let enterprise: Map<String, Value> = [
        "employeeNumber",
        "costCenter",
        "organization",
        "division",
        "department",
    ]
    .into_iter()
    .filter_map(|name| Some((name.to_owned(), text(name)?.into())))
    .collect();
    if !enterprise.is_empty() {
        body.insert(ENTERPRISE.to_owned(), enterprise.into());
        if let Some(Value::Array(schemas)) = body.get_mut("schemas") {
            schemas.push(ENTERPRISE.into());
        }
    }
    body
}

fn active(on: bool, as_text: bool) -> Value {
    if as_text {
        Value::from(if on { "true" } else { "false" })
    } else {
        Value::from(on)
    }
}

/// The body of a create. A password is sent also without password sync.
pub(super) fn create(person: &Map<String, Value>, as_text: bool, salt: u64) -> Value {
    let mut body = person.clone();
    body.insert("groups".to_owned(), json!([]));
    let secret = format!("{:016x}{:016X}!", mix(salt), mix(!salt));
    body.insert("password".to_owned(), secret.into());
    body.insert("active".to_owned(), active(true, as_text));
    body.into()
}

/// What the server gave, with Okta's values over it.
pub(super) fn merged(
    server: &Map<String, Value>,
    person: &Map<String, Value>,
    on: bool,
    as_text: bool,
) -> Value {
    let mut body = server.clone();
    let ours = [
        "title",
        "nickName",
        "preferredLanguage",
        "userType",
        "timezone",
        "phoneNumbers",
        ENTERPRISE,
    ];
    // An attribute that was emptied in Okta is emptied at the app.
    if !person.is_empty() {
        body.retain(|name, _| !ours.contains(&name.as_str()));
    }
    body.extend(person.clone());
    body.insert("active".to_owned(), active(on, as_text));
    body.into()
}

/// Switches a person on or off: PATCH without a path.
pub(super) fn switch(on: bool, as_text: bool) -> Value {
    patch(json!([{ "op": "replace", "value": { "active": active(on, as_text) } }]))
}

/// PATCH with these operations.
pub(super) fn patch(operations: Value) -> Value {
    let mut body = json!({ "schemas": [PATCH] });
    body["Operations"] = operations;
    body
}

/// A new group: Okta sends it without members.
pub(super) fn group(name: &str) -> Value {
    json!({ "schemas": [GROUP], "displayName": name, "members": [] })
}

/// A member of a group: id at the app, login.
pub(super) type Member = (String, String);

/// A group as a whole, with its members.
pub(super) fn whole_group(id: &str, name: &str, members: &[Member]) -> Value {
    json!({ "schemas": [GROUP], "id": id, "displayName": name, "members": listed(members) })
}

/// Members as Okta lists them.
pub(super) fn listed(members: &[Member]) -> Vec<Value> {
    members
        .iter()
        .map(|(id, login)| json!({ "value": id, "display": login }))
        .collect()
}
