//! `/people/{user}/sessions`: where somebody is signed in, and ending that.

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::{IntoResponse, Response};

use super::person::{self, Head};
use super::words;
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Affected, Confirm, Done, Fields, Frame, Listing, Pages, State, Visit, show};
use crate::db::{SessionId, Timestamp, UserId};
use crate::directory;
use crate::directory::browse;
use crate::sessions;
use crate::web::{Browser, Problem};

/// Most people whose sessions end by one form.
const MOST: usize = 200;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/people/{user}/sessions", Permission::UsersRead, list)
        .post(
            "/people/{user}/sessions/{session}/end",
            Permission::UsersManage,
            end_one,
        )
        .get("/people/end-sessions", Permission::UsersManage, ask)
        .post("/people/end-sessions", Permission::UsersManage, end)
}

#[derive(Template)]
#[template(path = "people/person_sessions.html")]
struct Sessions {
    frame: Frame,
    head: Head,
    rows: Vec<Row>,
    open: usize,
}

struct Row {
    id: SessionId,
    agent: String,
    address: String,
    method: String,
    created_at: Timestamp,
    seen_at: Timestamp,
    state: State,
    open: bool,
}

async fn list(Of(app): Of<App>, visit: Visit, Path(id): Path<UserId>) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let rules = sessions::rules(&work).await?;
    let row = |session: sessions::Session| {
        let open = session.stands(user.access_epoch, &rules, work.now) && !user.blocked;
        Row {
            id: session.id,
            agent: session
                .agent
                .as_deref()
                .map(Browser::words)
                .unwrap_or_default(),
            address: session.address.unwrap_or_default(),
            method: session.method,
            created_at: session.created_at,
            seen_at: session.seen_at,
            state: if open {
                State::ok("Open")
            } else {
                State::off("Ended")
            },
            open,
        }
    };
    let rows: Vec<Row> = sessions::of_user(&work, id)
        .await?
        .into_iter()
        .map(row)
        .collect();
    show(&Sessions {
        frame: person::frame(&visit, &user),
        open: rows.iter().filter(|row| row.open).count(),
        rows,
        head: Head::new(&visit, user, "sessions"),
    })
}

async fn end_one(
    Of(app): Of<App>,
    visit: Visit,
    Path((id, session)): Path<(UserId, SessionId)>,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let theirs = sessions::of_user(&work, id).await?;
    let known = theirs.iter().any(|one| one.id == session);
    if !known || !sessions::end(&mut work, session, "ended by an admin").await? {
        return Err(Problem::not_found("session that is still open"));
    }
    work.commit().await?;
    Ok(Done::to(format!("/people/{id}/sessions")).ok("Ended the session"))
}

/// The people meant, each once.
fn meant<'a>(values: impl Iterator<Item = &'a str>) -> Vec<UserId> {
    let mut ids: Vec<UserId> = values.filter_map(|id| id.parse().ok()).take(MOST).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

async fn ask(Of(app): Of<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    question(&app, &visit, meant(list.all("user")), "", None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    ids: Vec<UserId>,
    reason: &str,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let people = browse::these(&app.read(&visit.actor).await?, &ids).await?;
    if people.is_empty() {
        let done = Done::to("/people").say(crate::console::Tone::Note, "Nobody was selected");
        return Ok(done.into_response());
    }
    let title = match people.as_slice() {
        [one] => format!("End all sessions of {}?", words::name(one)),
        many => format!("End all sessions of {} people?", many.len()),
    };
    let affected = |user: &directory::User| Affected {
        name: words::name(user).to_owned(),
        note: user.login.clone(),
    };
    Confirm {
        title,
        words: vec!["They are signed out everywhere at once. They may sign in again: to keep somebody out, suspend them in Okta.".to_owned()],
        affected: people.iter().map(affected).collect(),
        action: "/people/end-sessions".to_owned(),
        hidden: people.iter().map(|user| ("user", user.id.to_string())).collect(),
        button: "End the sessions",
        back: match people.as_slice() {
            [one] => format!("/people/{}/sessions", one.id),
            _ => "/people".to_owned(),
        },
        reason: reason.to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(visit.frame("").crumb("People", "/people"))
}

async fn end(Of(app): Of<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let ids = meant(fields.all("user"));
    let mut work = app.begin(&visit.actor).await?;
    for &id in &ids {
        if let Err(error) = directory::end_sessions(&mut work, id, fields.text("reason")).await {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            return question(&app, &visit, ids, fields.text("reason"), Some(error)).await;
        }
    }
    work.commit().await?;
    let to = match ids.as_slice() {
        [one] => format!("/people/{one}/sessions"),
        _ => "/people".to_owned(),
    };
    let people = if ids.len() == 1 { "person" } else { "people" };
    Ok(Done::to(to)
        .ok(format!("Ended the sessions of {} {people}", ids.len()))
        .into_response())
}
