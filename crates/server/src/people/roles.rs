//! `/people/{user}/roles`: which roles, and why; giving and taking by hand.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::list::Choice;
use super::person::{self, Head};
use super::words;
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Affected, Confirm, Done, Fields, Frame, Pages, Visit, show_as};
use crate::db::{Timestamp, UserId};
use crate::directory::{self, RoleId};
use crate::sync;
use crate::web::Problem;

/// How long a role given by hand may last, days and words; 0 is for good.
const SPANS: [(i64, &str); 6] = [
    (0, "Never"),
    (1, "After 1 day"),
    (7, "After 7 days"),
    (30, "After 30 days"),
    (90, "After 90 days"),
    (365, "After a year"),
];

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/people/{user}/roles", Permission::UsersRead, roles)
        .post("/people/{user}/roles", Permission::GrantsManage, give)
        .get(
            "/people/{user}/roles/{role}/take",
            Permission::GrantsManage,
            ask,
        )
        .post(
            "/people/{user}/roles/{role}/take",
            Permission::GrantsManage,
            take,
        )
}

#[derive(Template)]
#[template(path = "people/person_roles.html")]
struct Roles<'a> {
    frame: Frame,
    head: Head,
    causes: Vec<Cause>,
    history: Vec<Past>,
    may_give: bool,
    choices: Vec<Choice>,
    spans: Vec<Choice>,
    fields: &'a Fields,
    error: Option<String>,
}

/// One grant and where it comes from.
struct Cause {
    role: String,
    admin: bool,
    allows: usize,
    /// The group, when a mapping gives it.
    group: Option<String>,
    paused: bool,
    run: Option<String>,
    by: String,
    reason: String,
    at: Timestamp,
    expires_at: Option<Timestamp>,
    /// To take it away, when it was given by hand.
    take: Option<String>,
}

/// What one run did to the person.
struct Past {
    run: String,
    steps: Vec<sync::Words>,
}

async fn roles(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    page(&app, &visit, id, &Fields::default(), None).await
}

async fn page(
    app: &App,
    visit: &Visit,
    id: UserId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let status = error.as_ref().map_or(StatusCode::OK, Problem::status);
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let known = directory::list_roles(&work).await?;
    let why = sync::why(&work, id, None).await?;
    let may_give = visit.may(Permission::GrantsManage);
    let cause = |cause: sync::Cause| {
        let role = known.iter().find(|role| role.name == cause.role);
        let manual = cause.source == "manual";
        Cause {
            admin: role.is_some_and(|role| directory::is_admin(role.id)),
            allows: role.map_or(0, |role| role.permissions.iter().count()),
            take: role
                .filter(|_| manual && may_give)
                .map(|role| format!("/people/{id}/roles/{}/take", role.id)),
            role: cause.role,
            group: cause.group,
            paused: cause.paused,
            run: cause.run.map(|run| format!("/runs/{run}")),
            by: cause.by,
            reason: cause.reason,
            at: cause.at,
            expires_at: cause.expires_at,
        }
    };
    let past = |past: sync::Past| Past {
        run: format!("/runs/{}", past.run),
        steps: sync::in_words(&past.change),
    };
    let span = |(days, label): (i64, &str)| Choice {
        value: days.to_string(),
        label: label.to_owned(),
        chosen: fields.has("days", &days.to_string()),
    };
    show_as(
        status,
        &Roles {
            frame: person::frame(visit, &user),
            causes: why.grants.into_iter().map(cause).collect(),
            history: why.history.into_iter().map(past).collect(),
            may_give,
            choices: person::roles_to_give(&work, fields.text("role")).await?,
            spans: SPANS.into_iter().map(span).collect(),
            head: Head::new(visit, user, "roles"),
            fields,
            error: error.map(|error| error.words()),
        },
    )
}

async fn give(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<UserId>,
    fields: Fields,
) -> Result<Response, Problem> {
    match try_give(&app, &visit, id, &fields).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => page(&app, &visit, id, &fields, Some(error.or_fault()?)).await,
    }
}

async fn try_give(app: &App, visit: &Visit, id: UserId, fields: &Fields) -> Result<Done, Problem> {
    let days: i64 = fields.read("days", "a number of days")?;
    if !SPANS.iter().any(|(known, _)| *known == days) {
        return Err(Problem::invalid("`days` must be one of those offered"));
    }
    let mut work = app.begin(&visit.actor).await?;
    let role = directory::find_role_by(&work, fields.text("role")).await?;
    let expires = (days > 0).then(|| work.now.plus_seconds(days * 86_400));
    directory::give(&mut work, id, role.id, expires, fields.text("reason")).await?;
    work.commit().await?;
    Ok(Done::to(format!("/people/{id}/roles")).ok(format!("Gave {}", role.name)))
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path((id, role)): Path<(UserId, RoleId)>,
) -> Result<Response, Problem> {
    question(&app, &visit, (id, role), &Fields::default(), None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    (id, role): (UserId, RoleId),
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let role = directory::find_role(&work, role).await?;
    let grants = directory::grants_of(&work, id).await?;
    let others = grants.iter().any(|grant| grant.role_id != role.id);
    let mapped = grants
        .iter()
        .any(|grant| grant.role_id == role.id && grant.source != "manual");
    let after = match (mapped, others) {
        (true, _) => {
            "A mapped group gives the same role, so it stays; only the grant by hand goes."
        }
        (false, true) => "The person keeps the other roles; sessions go on with fewer rights.",
        (false, false) => "The person has no other role: all sessions end at once.",
    };
    Confirm {
        title: format!("Take {} from {}?", role.name, words::name(&user)),
        words: vec![after.to_owned()],
        affected: vec![Affected {
            name: words::name(&user).to_owned(),
            note: user.login.clone(),
        }],
        action: format!("/people/{id}/roles/{}/take", role.id),
        button: "Take it away",
        back: format!("/people/{id}/roles"),
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(person::frame(visit, &user))
}

async fn take(
    State(app): State<App>,
    visit: Visit,
    Path((id, role)): Path<(UserId, RoleId)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match directory::revoke(&mut work, id, role, fields.text("reason")).await {
        Ok(()) => {
            work.commit().await?;
            Ok(Done::to(format!("/people/{id}/roles"))
                .ok("Taken away")
                .into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            question(&app, &visit, (id, role), &fields, Some(error)).await
        }
    }
}
