//! Sessions of users: made from the session token of a sign-in, looked at, lengthened and ended.

use http::StatusCode;
use serde_json::{Value, json};

use crate::http::{Answer, Call, Fail, Reply, Routes};
use crate::log::Event;
use crate::oauth::{self, SESSION_LIFE, Session};
use crate::org::Org;
use crate::store::Kind;

/// The routes of this family.
pub(crate) fn routes(routes: &mut Routes) {
    routes
        .post("/api/v1/sessions", create)
        .get("/api/v1/sessions/{sessionId}", one)
        .delete("/api/v1/sessions/{sessionId}", end)
        .post("/api/v1/sessions/{sessionId}/lifecycle/refresh", refresh)
        .public("/api/v1/sessions/me", mine)
        .open(http::Method::DELETE, "/api/v1/sessions/me", end_mine)
        .open(
            http::Method::POST,
            "/api/v1/sessions/me/lifecycle/refresh",
            refresh_mine,
        );
}

/// How a session names itself in its links: by its id, or as that of the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum As {
    Id,
    Me,
}

fn unknown(id: &str) -> Fail {
    Fail::not_found(id, "AppSession")
}

/// The session with an id, while it lives.
fn find<'a>(org: &'a Org, call: &Call, id: &str) -> Result<&'a Session, Fail> {
    let session = org.sign_ins.sessions.get(id);
    let alive =
        session.filter(|session| session.until > call.now && oauth::may_sign_in(org, session.user));
    alive.ok_or_else(|| unknown(id))
}

fn print(org: &Org, call: &Call, id: &str, session: &Session, name: As) -> Value {
    let user = org.tail.id(Kind::USER, session.user);
    let profile = org.people.get(session.user).map(|person| &person.profile);
    let login = profile.map(|profile| profile.login.to_string());
    let whole = profile.map(|profile| format!("{} {}", profile.first_name, profile.last_name));
    let has_factor = crate::factors::of_user(org, session.user).any(|(_, factor)| factor.active);
    let (here, person) = match name {
        As::Id => (id, user.as_str()),
        As::Me => ("me", "me"),
    };
    let here = call.url(&format!("/api/v1/sessions/{here}"));
    let mut amr = vec!["pwd"];
    if session.factor.is_some() {
        amr.extend(["mfa", "otp"]);
    }
    json!({
        "id": id, "userId": user, "login": login, "createdAt": session.created.whole(),
        "expiresAt": session.until.whole(), "status": "ACTIVE", "lastPasswordVerification": session.created.whole(),
        "lastFactorVerification": session.factor.map(crate::clock::Time::whole), "amr": amr,
        "idp": { "id": org.tail.id(Kind::ORG, 0), "type": "OKTA" },
        "mfaActive": has_factor || offers_factors(org),
        "_links": {
            "self": { "href": here, "hints": { "allow": ["GET", "DELETE"] } },
            "refresh": { "href": format!("{here}/lifecycle/refresh"), "hints": { "allow": ["POST"] } },
            "user": { "name": whole, "href": call.url(&format!("/api/v1/users/{person}")), "hints": { "allow": ["GET"] } },
        },
    })
}

/// Whether people could enrol a factor: a new org offers some.
fn offers_factors(org: &Org) -> bool {
    crate::factors::ALL.iter().any(|kind| kind.is_offered(org))
}

fn shown(org: &Org, call: &Call, id: &str, name: As) -> Answer {
    let session = find(org, call, id)?;
    Ok(Reply::json(&print(org, call, id, session, name)))
}

/// `POST /sessions`: the session token of a sign-in, which holds once.
fn create(org: &mut Org, call: &Call) -> Answer {
    let body = call.object()?;
    let token = body.get("sessionToken").and_then(Value::as_str);
    let token = token.ok_or_else(Fail::malformed)?;
    let ticket = org.authn.redeem(token, call.now).ok_or_else(|| {
        Fail::new(
            StatusCode::UNAUTHORIZED,
            "E0000004",
            "Authentication failed",
        )
    })?;
    let id = oauth::begin_session(org, call, ticket.user, ticket.factor);
    shown(org, call, &id, As::Me)
}

fn one(org: &Org, call: &Call) -> Answer {
    shown(org, call, call.param("sessionId"), As::Id)
}

fn lengthen(org: &mut Org, call: &Call, id: &str, name: As) -> Answer {
    find(org, call, id)?;
    if let Some(session) = org.sign_ins.sessions.get_mut(id) {
        session.until = call.now.plus(SESSION_LIFE);
    }
    shown(org, call, id, name)
}

fn refresh(org: &mut Org, call: &Call) -> Answer {
    lengthen(org, call, call.param("sessionId"), As::Id)
}

fn close(org: &mut Org, call: &Call, id: &str) -> Answer {
    let user = find(org, call, id)?.user;
    org.sign_ins.sessions.remove(id);
    let target = org.user_target(user);
    org.record(call, Event::new("user.session.end").target(target));
    Ok(Reply::no_content())
}

fn end(org: &mut Org, call: &Call) -> Answer {
    close(org, call, call.param("sessionId"))
}

/// The id of the session of the caller's cookie.
fn own(call: &Call) -> Result<&str, Fail> {
    oauth::cookie(call).ok_or_else(|| unknown("me"))
}

fn mine(org: &Org, call: &Call) -> Answer {
    shown(org, call, own(call)?, As::Me)
}

fn refresh_mine(org: &mut Org, call: &Call) -> Answer {
    lengthen(org, call, own(call)?, As::Me)
}

fn end_mine(org: &mut Org, call: &Call) -> Answer {
    close(org, call, own(call)?)
}
