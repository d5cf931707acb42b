//! People's own page: who they are here, what they may do, where they are signed in.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::SET_COOKIE;

use super::codes;
use super::pages::Codes;
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::console::{Done, Fields, Frame, Pages, State as Stated, Tone, Visit, show};
use crate::db::{SessionId, UserId};
use crate::directory::{self, Kind, Role, User};
use crate::sessions::{self, Session, cookie};
use crate::web::{Browser, Need, Options, Problem};

/// `/me` and what its forms send.
pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/me", Need::Credential, me)
        .post("/me/sessions/{id}/end", Need::Credential, end)
        .post("/me/sessions/end-others", Need::Credential, end_others)
        .post("/me/codes", Need::Credential, renew)
        .post("/me/theme", Need::Credential, theme)
}

#[derive(Template)]
#[template(path = "signin/me.html")]
struct Me {
    frame: Frame,
    user: Option<User>,
    local: bool,
    roles: Vec<Role>,
    permissions: Vec<Permission>,
    sessions: Vec<Row>,
    left: Stated,
    theme: &'static str,
}

/// A session as the page shows it.
struct Row {
    session: Session,
    browser: String,
    how: &'static str,
    here: bool,
}

async fn me(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let (mut user, mut roles, mut sessions, mut left) = (None, Vec::new(), Vec::new(), 0);
    if let Some(id) = visit.person.id {
        user = Some(directory::find_user(&work, id).await?);
        roles = directory::roles_of(&work, id).await?;
        sessions = rows(&work, &visit, id).await?;
        left = codes::count(&work, id).await?;
    }
    show(&Me {
        frame: visit.frame(visit.person.name.clone()),
        local: user
            .as_ref()
            .is_some_and(|user| user.kind != Kind::Okta.word()),
        user,
        roles,
        permissions: visit.actor.permissions.iter().collect(),
        sessions,
        left: match left {
            0..3 => Stated::held(format!("{left} left")),
            _ => Stated::ok(format!("{left} left")),
        },
        theme: visit.theme.unwrap_or("system"),
    })
}

async fn rows(work: &Work, visit: &Visit, id: UserId) -> Result<Vec<Row>, Problem> {
    let rules = sessions::rules(work).await?;
    let epoch = directory::access(work, id)
        .await?
        .map_or(0, |access| access.epoch);
    let all = sessions::of_user(work, id).await?;
    let standing = all
        .into_iter()
        .filter(|session| session.stands(epoch, &rules, work.now));
    Ok(standing
        .map(|session| Row {
            browser: Browser::words(session.agent.as_deref().unwrap_or_default()),
            how: how(&session.method),
            here: visit.session == Some(session.id),
            session,
        })
        .collect())
}

/// How somebody signed in, in words.
fn how(method: &str) -> &'static str {
    match method {
        "saml" => "through Okta",
        "passkey" => "with a passkey",
        "recovery_code" => "with a recovery code",
        _ => "with a one-time link",
    }
}

async fn end(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<SessionId>,
) -> Result<Response, Problem> {
    let person = visit
        .person
        .id
        .ok_or_else(|| Problem::not_found("session"))?;
    let mut work = app.begin(&visit.actor).await?;
    let own = sessions::of_user(&work, person).await?;
    if !own.iter().any(|session| session.id == id)
        || !sessions::end(&mut work, id, "ended by its owner").await?
    {
        return Err(Problem::not_found("open session"));
    }
    work.commit().await?;
    Ok(Done::to("/me").ok("The session has ended").into_response())
}

async fn end_others(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let person = visit
        .person
        .id
        .ok_or_else(|| Problem::not_found("session"))?;
    let mut work = app.begin(&visit.actor).await?;
    let ended =
        sessions::end_others(&mut work, person, visit.session, "ended by their owner").await?;
    work.commit().await?;
    let words = match ended {
        0 => "There was no other session".to_owned(),
        1 => "One other session has ended".to_owned(),
        n => format!("{n} other sessions have ended"),
    };
    Ok(Done::to("/me").ok(words).into_response())
}

async fn renew(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let person = visit
        .person
        .id
        .ok_or_else(|| Problem::not_found("person"))?;
    let mut work = app.begin(&visit.actor).await?;
    let user = directory::find_user(&work, person).await?;
    if user.kind == Kind::Okta.word() {
        return Err(Problem::conflict(
            "you sign in through Okta: recovery codes are for people made here",
        ));
    }
    let codes = codes::renew(&mut work, person).await?;
    work.commit().await?;
    show(&Codes {
        frame: Frame::solo("Your recovery codes", app.now()),
        login: user.login,
        codes,
        next: "/me",
    })
}

/// Keeps the colours that were chosen, in a cookie of this browser.
async fn theme(State(app): State<App>, fields: Fields) -> Response {
    let https = Options::of(&app).https();
    let cookie: Option<HeaderValue> = match fields.text("theme") {
        "light" => cookie::set("theme", "light", Some(365 * 86_400), https),
        "dark" => cookie::set("theme", "dark", Some(365 * 86_400), https),
        _ => cookie::set("theme", "", Some(0), https),
    };
    let mut response = Done::to("/me")
        .say(Tone::Ok, "Kept for this browser")
        .into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
