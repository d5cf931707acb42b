//! Signing in with a name and a password, and the session of a browser that comes of it.

use http::{HeaderName, StatusCode, header};

use super::sign_ins::Session;
use super::{Memory, page};
use crate::clock::Time;
use crate::http::{Call, Query, Reply};
use crate::log::{Event, Target};
use crate::org::Org;
use crate::users::{Status, digest};

/// The cookie of a session.
const COOKIE: &str = "sid";
/// A session lives so long, in seconds (the default global session policy: two hours).
pub(crate) const LIFE: i64 = 7200;
/// So many wrong passwords in a row lock a user out (the default password policy).
const TRIES: u32 = 10;

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Wrong,
    Expired,
    Locked,
}

/// Checks name and password. A wrong password counts, and the tenth in a row locks the user out.
pub(crate) fn verify(
    org: &mut Org,
    call: &Call,
    name: &str,
    password: &str,
) -> Result<u32, Refused> {
    let Some(user) = org.people.find(&org.tail, name) else {
        let target = Target::new("User", "unknown", name, "unknown");
        org.record(
            call,
            Event::new("user.session.start")
                .target(target)
                .failed("VERIFICATION_ERROR"),
        );
        return Err(Refused::Wrong);
    };
    let target = org.user_target(user);
    let refused = |org: &mut Org, why: &str, refused: Refused| {
        org.record(
            call,
            Event::new("user.session.start")
                .target(target.clone())
                .failed(why),
        );
        Err(refused)
    };
    let Some(person) = org.people.get(user) else {
        return Err(Refused::Wrong);
    };
    let status = person.status;
    let right =
        person.secrets.as_ref().and_then(|secrets| secrets.password) == Some(digest(password));
    match status {
        Status::LockedOut => return refused(org, "LOCKED_OUT", Refused::Locked),
        Status::Active | Status::PasswordExpired if !right => {
            if org.sign_ins.failed(user) < TRIES {
                return refused(org, "INVALID_CREDENTIALS", Refused::Wrong);
            }
            if let Some(person) = org.people.get_mut(user) {
                person.turn(Status::LockedOut, call.now);
            }
            org.sign_ins.succeeded(user);
            let event = Event::new("user.account.lock").target(target.clone());
            org.record(call, event.failed("LOCKED_OUT"));
            return Err(Refused::Locked);
        }
        Status::PasswordExpired => return refused(org, "PASSWORD_EXPIRED", Refused::Expired),
        Status::Active => {}
        _ => return refused(org, "INVALID_CREDENTIALS", Refused::Wrong),
    }
    org.sign_ins.succeeded(user);
    if let Some(person) = org.people.get_mut(user) {
        person.last_login = Some(call.now.whole());
    }
    org.record(call, Event::new("user.session.start").target(target));
    Ok(user)
}

/// The id of the session that a call shows.
pub(crate) fn cookie(call: &Call) -> Option<&str> {
    let header = call.header("cookie")?;
    header
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

/// The session that a call shows.
pub(crate) fn of(org: &Org, call: &Call) -> Option<Session> {
    let session = org.sign_ins.sessions.get(cookie(call)?)?;
    let alive = session.until > call.now && super::grants::may_sign_in(org, session.user);
    alive.then(|| session.clone())
}

/// Ends the session that a call shows; gives the user.
pub(super) fn end(org: &mut Org, call: &Call) -> Option<u32> {
    let id = cookie(call)?.to_owned();
    let session = org.sign_ins.sessions.remove(&id)?;
    let target = org.user_target(session.user);
    org.record(call, Event::new("user.session.end").target(target));
    Some(session.user)
}

/// Begins the session of a user; `factor` is when a second factor was proved. Gives its id.
pub(crate) fn begin(org: &mut Org, call: &Call, user: u32, factor: Option<Time>) -> String {
    let id = format!("102{}", call.opaque_for(3, 22));
    let session = Session {
        user,
        created: call.now,
        until: call.now.plus(LIFE),
        factor,
    };
    let sessions = &mut org.sign_ins.sessions;
    sessions.retain(|_, session| session.until > call.now);
    sessions.insert(id.clone(), session);
    id
}

/// Where a sign-in leads: only to what this org itself has for people.
fn onward(form: &Query) -> Option<&str> {
    let path = form.get("fromURI")?;
    let own = ["/oauth2/", "/app/", "/home/"];
    let is_own = own.iter().any(|start| path.starts_with(start));
    (is_own && !path.contains(['\\', '\r', '\n'])).then_some(path)
}

/// Sends somebody to the sign-in page, which leads back to a path; with `force` also who is signed in.
pub(crate) fn sign_in_first(call: &Call, back: &str, force: bool) -> Reply {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("fromURI", back);
    if force {
        query.append_pair("prompt", "login");
    }
    redirect(&call.url(&format!("/login/login.htm?{}", query.finish())))
}

/// `GET /login/signout`: ends the session.
pub(crate) fn sign_out(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    end(org, call);
    redirect(&call.url("/login/login.htm"))
        .header(header::SET_COOKIE, format!("{COOKIE}=; Path=/; Max-Age=0"))
}

/// `GET /login/login.htm`: the sign-in page; who has a session goes on at once, unless asked to sign in again.
pub(crate) fn show(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let force = call.query.get("prompt") == Some("login");
    if let Some(path) = onward(&call.query).filter(|_| !force && of(org, call).is_some()) {
        return redirect(&call.url(path));
    }
    page::sign_in(
        call.query.get("fromURI").unwrap_or_default(),
        call.query.get("username").unwrap_or_default(),
        None,
    )
}

/// `POST /login/login.htm`: name and password.
pub(crate) fn sign_in(org: &mut Org, call: &Call, _memory: &mut Memory) -> Reply {
    let form = Query::parse(&String::from_utf8_lossy(&call.body));
    let (name, password) = (
        form.get("username").unwrap_or_default(),
        form.get("password").unwrap_or_default(),
    );
    let from = form.get("fromURI").unwrap_or_default();
    let user = match verify(org, call, name, password) {
        Ok(user) => user,
        Err(refused) => {
            let why = match refused {
                Refused::Wrong => "Unable to sign in",
                Refused::Expired => "Your password has expired",
                Refused::Locked => "Your account is locked",
            };
            return page::sign_in(from, name, Some(why));
        }
    };
    let id = begin(org, call, user, None);
    let secure = if call.base.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax{secure}");
    let reply = match onward(&form) {
        Some(path) => redirect(&call.url(path)),
        None => redirect(&call.url("/app/UserHome")),
    };
    reply.header(header::SET_COOKIE, cookie)
}

/// 302 to an address.
pub(crate) fn redirect(to: &str) -> Reply {
    Reply::empty(StatusCode::FOUND)
        .header(header::LOCATION, to)
        .header(header::CACHE_CONTROL, "no-cache, no-store")
        .header(HeaderName::from_static("referrer-policy"), "no-referrer")
}
