//! People who are made here, and keeping them out.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::person;
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Affected, Confirm, Done, Fields, Frame, Pages, Visit, show_as};
use crate::db::UserId;
use crate::directory::{self, Kind, UserDraft};
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/people/new", Permission::UsersManage, new)
        .post("/people/new", Permission::UsersManage, make)
        .get("/people/{user}/block", Permission::UsersManage, ask)
        .post("/people/{user}/block", Permission::UsersManage, block)
        .post("/people/{user}/unblock", Permission::UsersManage, unblock)
}

#[derive(Template)]
#[template(path = "people/new.html")]
struct New<'a> {
    frame: Frame,
    fields: &'a Fields,
    break_glass: bool,
    error: Option<String>,
}

async fn new(visit: Visit) -> Result<Response, Problem> {
    form(&visit, &Fields::default(), None)
}

fn form(visit: &Visit, fields: &Fields, error: Option<Problem>) -> Result<Response, Problem> {
    let status = error.as_ref().map_or(StatusCode::OK, Problem::status);
    show_as(
        status,
        &New {
            frame: visit.frame("Add a person").crumb("People", "/people"),
            fields,
            break_glass: fields.has("kind", "break_glass"),
            error: error.map(|error| error.words()),
        },
    )
}

async fn make(State(app): State<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let kind = if fields.has("kind", "break_glass") {
        Kind::BreakGlass
    } else {
        Kind::Local
    };
    let draft = UserDraft {
        kind,
        login: fields.text("login").to_owned(),
        email: fields.text("email").to_owned(),
        display_name: fields.text("name").to_owned(),
    };
    let mut work = app.begin(&visit.actor).await?;
    match directory::create_user(&mut work, &draft, fields.text("reason")).await {
        Ok(user) => {
            work.commit().await?;
            let to = format!("/people/{}/roles", user.id);
            Ok(Done::to(to)
                .ok(format!("Added {}", user.display_name))
                .into_response())
        }
        Err(error) => {
            drop(work);
            form(&visit, &fields, Some(Problem::from(error).or_fault()?))
        }
    }
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    question(&app, &visit, id, &Fields::default(), None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    id: UserId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let user = directory::find_user(&app.read(&visit.actor).await?, id).await?;
    let frame = person::frame(visit, &user);
    Confirm {
        title: format!("Keep {} out?", super::words::name(&user)),
        words: vec![
            "Sessions and API keys stop at once. Roles stay as they are and count again when you let them in."
                .to_owned(),
        ],
        affected: vec![Affected {
            name: super::words::name(&user).to_owned(),
            note: user.login.clone(),
        }],
        action: format!("/people/{id}/block"),
        button: "Keep out",
        back: format!("/people/{id}"),
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(frame)
}

async fn block(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<UserId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match directory::set_blocked(&mut work, id, true, fields.text("reason")).await {
        Ok(user) => {
            work.commit().await?;
            Ok(Done::to(format!("/people/{id}"))
                .ok(format!("{} is kept out", super::words::name(&user)))
                .into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            question(&app, &visit, id, &fields, Some(error)).await
        }
    }
}

async fn unblock(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<UserId>,
    fields: Fields,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let user = directory::set_blocked(&mut work, id, false, fields.text("reason")).await?;
    work.commit().await?;
    Ok(Done::to(format!("/people/{id}"))
        .ok(format!("{} may sign in again", super::words::name(&user))))
}
