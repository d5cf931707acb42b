//! Users: creation, profile, status and its rules, credentials, lists (FACTS section 6).

mod about;
mod create;
mod credentials;
mod lifecycle;
mod list;
mod password;
mod person;
mod print;
mod profile;
mod rest;
mod update;

use http::StatusCode;
use serde_json::json;

pub(crate) use create::NewPerson;
pub(crate) use credentials::set_password;
pub(crate) use lifecycle::remove;
pub(crate) use list::array;
pub(crate) use person::{People, Person, Provider, Secrets, Status, digest};
pub(crate) use print::{Form, print};
pub(crate) use profile::Profile;
pub(crate) use update::is_password;

use crate::http::{Answer, Call, Caller, Fail, Reply, Routes};
use crate::org::Org;
use crate::store::Kind;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .list("/api/v1/users", list::list)
        .post("/api/v1/users", create::create)
        .get("/api/v1/users/{id}", one)
        .post("/api/v1/users/{id}", update::partial)
        .put("/api/v1/users/{id}", update::replace)
        .delete("/api/v1/users/{id}", lifecycle::delete)
        .get("/api/v1/users/{id}/groups", rest::groups)
        .get("/api/v1/users/{id}/appLinks", rest::app_links)
        .get("/api/v1/users/{id}/blocks", rest::blocks)
        .get("/api/v1/users/{userId}/grants", rest::no_grants)
        .delete("/api/v1/users/{userId}/grants", rest::nothing_to_revoke)
        .delete("/api/v1/users/{userId}/sessions", rest::end_sessions)
        .get("/api/v1/users/{userId}/clients", rest::no_grants)
        .get("/api/v1/users/{userId}/grants/{grantId}", rest::no_grant)
        .delete("/api/v1/users/{userId}/grants/{grantId}", |org, call| {
            rest::no_grant(org, call)
        })
        .get(
            "/api/v1/users/{userId}/clients/{clientId}/grants",
            rest::no_client_grants,
        )
        .delete(
            "/api/v1/users/{userId}/clients/{clientId}/grants",
            |org, call| {
                rest::no_client_grants(org, call)?;
                rest::nothing_to_revoke(org, call)
            },
        )
        .get("/api/v1/users/{userId}/devices", rest::devices);
    lifecycle::routes(routes);
    credentials::routes(routes);
    about::routes(routes);
}

/// The user that a path names: by id, login, or the part of a login before the `@` where only one user has it; `me` is
/// the caller.
pub(crate) fn find(org: &Org, call: &Call, name: &str) -> Result<u32, Fail> {
    if name == "me" {
        return match call.caller {
            Caller::Token { user, .. }
            | Caller::App {
                user: Some(user), ..
            } => Ok(user),
            _ => Err(Fail::not_found("me", "User")),
        };
    }
    org.people
        .find(&org.tail, name)
        .ok_or_else(|| Fail::not_found(name, "User"))
}

/// The user that a path names, with its data.
pub(crate) fn person<'a>(org: &'a Org, call: &Call, name: &str) -> Result<(u32, &'a Person), Fail> {
    let serial = find(org, call, name)?;
    org.people
        .get(serial)
        .map(|person| (serial, person))
        .ok_or_else(|| Fail::not_found(name, "User"))
}

/// `GET /users/{id}`.
fn one(org: &Org, call: &Call) -> Answer {
    let (serial, _) = person(org, call, call.param("id"))?;
    if call
        .query
        .get("expand")
        .is_some_and(|expand| expand.contains("blocks"))
    {
        return embedded_blocks(org, call, serial);
    }
    Ok(whole(org, call, serial))
}

fn embedded_blocks(org: &Org, call: &Call, serial: u32) -> Answer {
    let mut user: serde_json::Value =
        serde_json::from_slice(&whole(org, call, serial).body).map_err(|_| Fail::malformed())?;
    user["_embedded"] = json!({ "blocks": [] });
    Ok(Reply::json(&user))
}

/// A user in full, with its `ETag`.
pub(crate) fn whole(org: &Org, call: &Call, serial: u32) -> Reply {
    let Some(person) = org.people.get(serial) else {
        return Reply::empty(StatusCode::NOT_FOUND);
    };
    let mut body = Vec::with_capacity(2048);
    print(&mut body, org, serial, person, &call.base, Form::Whole);
    Reply::raw(body).header(
        http::header::ETAG,
        person.etag(&org.tail.id(Kind::USER, serial)),
    )
}
