//! Which users have an app (FACTS section 15).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::print::{tile, tiles};
use super::{App, lookup};
use crate::clock::Time;
use crate::groups;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::provisioning;
use crate::store::Kind;
use crate::users;

/// A user to whom an app is assigned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UserAssignment {
    pub(crate) user_name: Option<String>,
    pub(crate) profile: Map<String, Value>,
    pub(crate) created: Time,
    pub(crate) last_updated: Time,
}

impl UserAssignment {
    /// The assignment of somebody who has the app by a group.
    pub(crate) fn by_group(app: &App, login: &str) -> Self {
        Self {
            user_name: Some(login.to_owned()),
            profile: Map::new(),
            created: app.last_updated,
            last_updated: app.last_updated,
        }
    }
}

/// The routes of assignments.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/apps/{appId}/users", list_users)
        .post("/api/v1/apps/{appId}/users", add_user)
        .get("/api/v1/apps/{appId}/users/{userId}", one_user)
        .post("/api/v1/apps/{appId}/users/{userId}", change_user)
        .delete("/api/v1/apps/{appId}/users/{userId}", drop_user);
}

/// A user's assignment.
pub(super) fn print(org: &Org, call: &Call, app: u32, user: u32, held: &UserAssignment) -> Value {
    let id = org.tail.id(Kind::USER, user);
    let here = call.url(&format!("/api/v1/apps/{}", org.tail.id(Kind::APP, app)));
    let mut profile: Map<String, Value> = org
        .apps
        .get(app)
        .map(|app| app.schema.base.clone())
        .unwrap_or_default();
    profile.shift_remove("userName");
    for value in profile.values_mut() {
        *value = Value::Null;
    }
    profile.extend(held.profile.clone());
    let mut shown = json!({
        "id": id, "externalId": null, "created": held.created, "lastUpdated": held.last_updated, "scope": "USER",
        "status": "ACTIVE", "statusChanged": held.created, "passwordChanged": null, "syncState": "DISABLED",
        "credentials": held.user_name.as_ref().map_or_else(|| json!({}), |name| json!({ "userName": name })),
        "profile": profile,
        "_links": { "app": { "href": here }, "user": { "href": call.url(&format!("/api/v1/users/{id}")) } },
    });
    provisioning::account_shown(org, app, user, &mut shown);
    shown
}

/// What an app gets to know of a user by its default mapping.
fn mapped(org: &Org, app: &App, user: u32) -> Map<String, Value> {
    let Some(person) = org.people.get(user) else {
        return Map::new();
    };
    let profile = &person.profile;
    let known = json!({
        "given_name": profile.first_name, "family_name": profile.last_name, "email": profile.email,
        "name": format!("{} {}", profile.first_name, profile.last_name), "zoneinfo": "America/Los_Angeles",
        "locale": "en_US",
    });
    crate::store::members(known)
        .into_iter()
        .filter(|(name, _)| app.schema.base.contains_key(name))
        .collect()
}

fn list_users(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let page = Page::of(call, 50, 500)?;
    let after = page
        .after
        .as_deref()
        .and_then(|after| org.tail.serial(Kind::USER, after));
    let q = call.query.get("q").unwrap_or_default().to_lowercase();
    let fits = |user: &u32| {
        org.people.get(*user).is_some_and(|person| {
            let profile = &person.profile;
            [
                &profile.login,
                &profile.first_name,
                &profile.last_name,
                &profile.email,
            ]
            .iter()
            .any(|text| text.to_lowercase().starts_with(&q))
        })
    };
    let by_group = provisioning::implicit(org, serial);
    let first = after.map_or(0, |user| user + 1);
    let mut all: Vec<_> = app
        .users
        .range(first..)
        .chain(by_group.range(first..))
        .collect();
    if !by_group.is_empty() {
        all.sort_by_key(|(user, _)| **user);
    }
    let rest = all.into_iter().filter(|(user, _)| fits(user));
    let mut found: Vec<_> = rest.take(page.limit + 1).collect();
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(user, _)| org.tail.id(Kind::USER, **user));
    let body: Vec<_> = found
        .into_iter()
        .map(|(user, held)| print(org, call, serial, *user, held))
        .collect();
    Ok(page.links(Reply::json(&body), call, &["q"], next.as_deref()))
}

fn user_name(body: &Map<String, Value>) -> Option<String> {
    body.get("credentials")?
        .get("userName")?
        .as_str()
        .map(str::to_owned)
}

fn add_user(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let id = body
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    put_user(org, call, &id, &body)
}

fn change_user(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let (_, app) = lookup(org, call)?;
    let user = users::find(org, call, call.param("userId"))?;
    if !app.users.contains_key(&user) {
        return Err(Fail::not_found(call.param("userId"), "AppUser"));
    }
    let id = call.param("userId").to_owned();
    put_user(org, call, &id, &body)
}

fn put_user(org: &mut Org, call: &Call, id: &str, body: &Map<String, Value>) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let user = users::find(org, call, id)?;
    let old = app.users.get(&user).cloned();
    let mut profile = old
        .as_ref()
        .map_or_else(|| mapped(org, app, user), |held| held.profile.clone());
    if let Some(Value::Object(given)) = body.get("profile") {
        if let Some(name) = given
            .keys()
            .find(|name| app.schema.get(name).is_none() && !profile.contains_key(*name))
        {
            return Err(Fail::validation(
                "profile",
                [format!("Property name '{name}' is not defined in profile")],
            ));
        }
        profile.extend(given.clone());
    }
    let login = org
        .people
        .get(user)
        .map(|person| person.profile.login.to_string());
    let named = user_name(body)
        .or_else(|| old.as_ref().and_then(|held| held.user_name.clone()))
        .or(login);
    let held = UserAssignment {
        user_name: named,
        profile,
        created: old.as_ref().map_or(call.now.whole(), |held| held.created),
        last_updated: call.now.whole(),
    };
    let shown = print(org, call, serial, user, &held);
    if let Some(app) = org.apps.get_mut(serial) {
        app.users.insert(user, held);
    }
    let event = if old.is_some() {
        "application.user_membership.update"
    } else {
        "application.user_membership.add"
    };
    told(
        org,
        call,
        serial,
        event,
        org.user_target(user).with_kind("AppUser"),
    );
    Ok(Reply::json(&shown))
}

/// Notes an assignment in the log.
pub(super) fn told(
    org: &mut Org,
    call: &Call,
    app: u32,
    event: &'static str,
    who: crate::log::Target,
) {
    let app = org.app_target(app);
    org.record(call, Event::new(event).target(who).target(app));
}

fn one_user(org: &Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("userId");
    let user = org.tail.serial(Kind::USER, id);
    let by_group = provisioning::implicit(org, serial);
    let held = user.and_then(|user| {
        let held = app.users.get(&user).or_else(|| by_group.get(&user));
        held.map(|held| (user, held))
    });
    let (user, held) = held.ok_or_else(|| Fail::not_found(id, "AppUser"))?;
    Ok(Reply::json(&print(org, call, serial, user, held)))
}

fn drop_user(org: &mut Org, call: &Call) -> Answer {
    let (serial, app) = lookup(org, call)?;
    let id = call.param("userId");
    let user = org
        .tail
        .serial(Kind::USER, id)
        .filter(|user| app.users.contains_key(user));
    let user = user.ok_or_else(|| Fail::not_found(id, "AppUser"))?;
    if let Some(app) = org.apps.get_mut(serial) {
        app.users.remove(&user);
    }
    told(
        org,
        call,
        serial,
        "application.user_membership.remove",
        org.user_target(user).with_kind("AppUser"),
    );
    Ok(Reply::no_content())
}

/// The tiles of a user.
pub(crate) fn links_of(org: &Org, call: &Call, user: u32) -> Vec<Value> {
    let mine = org
        .people
        .get(user)
        .map(|person| person.groups.as_slice())
        .unwrap_or_default();
    let has = |app: &App| {
        app.users.contains_key(&user)
            || app.groups.contains_key(&groups::EVERYONE)
            || mine.iter().any(|group| app.groups.contains_key(group))
    };
    let mut links = Vec::new();
    for (serial, app) in org
        .apps
        .rows
        .iter()
        .filter(|(_, app)| app.active && has(app))
    {
        let id = org.tail.id(Kind::APP, serial);
        let held = app.users.get(&user);
        for name in tiles(app) {
            links.push(json!({
                "id": format!("00ub{}", &org.tail.id(Kind::APP, serial)[4..]), "label": app.label,
                "linkUrl": tile(call, app, &id, &name),
                "logoUrl": "https://op3static.oktacdn.com/assets/img/logos/default.6770228fb0dab49a1695ef440a5279bb.png",
                "appName": app.name, "appInstanceId": id, "appAssignmentId": org.tail.id(Kind("0ua"), user),
                "credentialsSetup": held.is_some_and(|held| held.user_name.is_some()), "hidden": false, "sortOrder": 0,
            }));
        }
    }
    links
}
