//! Factors of users (FACTS section 7): security questions, codes by text message, call and mail, codes of authenticator
//! apps, and approval on a phone. Security keys follow.
//!
//! ```text
//! enroll -> PENDING_ACTIVATION -> activate (code) -> ACTIVE -> verify (code, answer or approval)
//! ```
//!
//! What is sent to people is read at `GET /_sandbox/messages`; a phone approves by `POST /_sandbox/phone`.

mod code;
mod enroll;
mod kind;
mod message;
mod phone;
mod print;
mod question;
mod totp;
mod verify;

pub(crate) use kind::{ALL, Channel, FactorKind, Proof};
pub(crate) use message::{Messages, list as messages};
pub(crate) use phone::{PhoneOrder, carry_out as phone, outcome};
pub(crate) use print::print;
pub(crate) use verify::{Verdict, judge};

use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::org::Org;
use crate::store::Doc;
use crate::users;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    let one = "/api/v1/users/{userId}/factors/{factorId}";
    routes
        .get("/api/v1/users/{userId}/factors", list)
        .post("/api/v1/users/{userId}/factors", enroll::enroll)
        .get("/api/v1/users/{userId}/factors/questions", question::list)
        .get("/api/v1/users/{userId}/factors/catalog", catalog)
        .get(one, read)
        .put(one, enroll::change)
        .delete(one, drop)
        .post(
            "/api/v1/users/{userId}/factors/{factorId}/lifecycle/activate",
            enroll::activate,
        )
        .post(
            "/api/v1/users/{userId}/factors/{factorId}/lifecycle/activate/poll",
            enroll::activate,
        )
        .post(
            "/api/v1/users/{userId}/factors/{factorId}/resend",
            enroll::resend,
        )
        .post(
            "/api/v1/users/{userId}/factors/{factorId}/verify",
            verify::verify,
        );
    phone::routes(routes);
}

/// The user of a factor.
pub(crate) fn user_of(factor: &Doc) -> Option<u32> {
    let user = factor.body.get("user").and_then(Value::as_u64);
    user.and_then(|user| u32::try_from(user).ok())
}

/// What kind a factor is of.
pub(crate) fn kind_of(factor: &Doc) -> Option<FactorKind> {
    FactorKind::find(factor.text("factorType"), factor.text("provider"))
}

/// The id of a factor.
pub(crate) fn id(org: &Org, serial: u32) -> String {
    let kind = org.factors.get(serial).and_then(kind_of);
    kind.map_or_else(String::new, |kind| org.tail.id(kind.id, serial))
}

/// The factors of a user, oldest first.
pub(crate) fn of_user(org: &Org, user: u32) -> impl Iterator<Item = (u32, &Doc)> {
    let all = org.factors.iter();
    all.filter(move |(_, factor)| user_of(factor) == Some(user))
}

/// The factor of a user with an id.
pub(crate) fn find_id(org: &Org, user: u32, id: &str) -> Result<u32, Fail> {
    let mut mine = of_user(org, user);
    let found = mine.find(|(serial, factor)| {
        kind_of(factor).is_some_and(|kind| org.tail.id(kind.id, *serial) == id)
    });
    found
        .map(|(serial, _)| serial)
        .ok_or_else(|| Fail::not_found(id, "UserFactor"))
}

/// User and factor that a path names.
fn find(org: &Org, call: &Call) -> Result<(u32, u32), Fail> {
    let user = users::find(org, call, call.param("userId"))?;
    find_id(org, user, call.param("factorId")).map(|serial| (user, serial))
}

fn list(org: &Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userId"))?;
    let mine = of_user(org, user).map(|(serial, factor)| print(org, call, serial, factor));
    Ok(Reply::json(&mine.collect::<Vec<_>>()))
}

fn shown(org: &Org, call: &Call, serial: u32) -> Answer {
    let factor = org
        .factors
        .get(serial)
        .ok_or_else(|| Fail::not_found(call.param("factorId"), "UserFactor"))?;
    Ok(Reply::json(&print(org, call, serial, factor)))
}

fn read(org: &Org, call: &Call) -> Answer {
    let (_, serial) = find(org, call)?;
    shown(org, call, serial)
}

/// What a user may enrol, and what it has.
fn catalog(org: &Org, call: &Call) -> Answer {
    let user = users::find(org, call, call.param("userId"))?;
    let here = call.url(&format!(
        "/api/v1/users/{}/factors",
        org.tail.id(crate::store::Kind::USER, user)
    ));
    let offered = ALL.into_iter().filter(|kind| kind.is_offered(org));
    let shown = offered.map(|kind| {
        let held = of_user(org, user).find(|(_, factor)| kind_of(factor) == Some(kind));
        let status = match held {
            None => "NOT_SETUP",
            Some((_, factor)) => print::status(factor),
        };
        let mut body = json!({
            "factorType": kind.name, "provider": kind.provider, "vendorName": kind.provider, "status": status,
            "enrollment": "OPTIONAL",
        });
        if kind.name == "question" {
            body["_links"]["questions"] =
                json!({ "href": format!("{here}/questions"), "hints": { "allow": ["GET"] } });
        }
        body["_links"]["enroll"] = json!({ "href": here, "hints": { "allow": ["POST"] } });
        body
    });
    Ok(Reply::json(&shown.collect::<Vec<_>>()))
}

fn drop(org: &mut Org, call: &Call) -> Answer {
    let (user, serial) = find(org, call)?;
    org.factors.remove(serial);
    let target = org.user_target(user);
    let event = Event::new("user.mfa.factor.deactivate");
    org.record(call, event.target(target));
    Ok(Reply::no_content())
}

/// Takes all factors of a user.
pub(crate) fn forget(org: &mut Org, user: u32) {
    let gone: Vec<u32> = of_user(org, user).map(|(serial, _)| serial).collect();
    for serial in gone {
        org.factors.remove(serial);
    }
}
