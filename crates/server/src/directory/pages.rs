//! `/roles`: roles and what they allow; making and changing custom ones.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::roles::{self, Draft, Role, RoleId};
use super::{browse, mappings};
use crate::actor::{Permission, Permissions};
use crate::app::App;
use crate::console::{Affected, Confirm, Done, Fields, Frame, Pages, Visit, show, show_as};
use crate::web::Problem;

/// Most people who are named.
const NAMES: i64 = 51;

/// `/roles` with all below.
pub fn pages() -> Pages {
    Pages::new()
        .get("/roles", Permission::RolesRead, list)
        .get("/roles/new", Permission::RolesManage, new)
        .post("/roles/new", Permission::RolesManage, make)
        .get("/roles/{role}", Permission::RolesRead, one)
        .post("/roles/{role}", Permission::RolesManage, save)
        .get("/roles/{role}/delete", Permission::RolesManage, ask)
        .post("/roles/{role}/delete", Permission::RolesManage, delete)
}

#[derive(Template)]
#[template(path = "directory/roles.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    may_manage: bool,
}

struct Row {
    href: String,
    people: String,
    name: String,
    description: String,
    built_in: bool,
    admin: bool,
    allows: usize,
    groups: Vec<String>,
}

async fn list(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let all = mappings::list(&work, None).await?;
    let row = |role: Role| Row {
        href: format!("/roles/{}", role.id),
        people: format!("/people?role={}", role.name),
        description: role.description,
        built_in: role.built_in,
        admin: roles::is_admin(role.id),
        allows: role.permissions.iter().count(),
        groups: all
            .iter()
            .filter(|mapping| mapping.roles.contains(&role.id))
            .map(|mapping| mapping.group_name.clone())
            .take(5)
            .collect(),
        name: role.name,
    };
    show(&List {
        frame: visit.frame("Roles"),
        rows: roles::list(&work).await?.into_iter().map(row).collect(),
        may_manage: visit.may(Permission::RolesManage),
    })
}

#[derive(Template)]
#[template(path = "directory/role.html")]
struct Editor {
    frame: Frame,
    action: String,
    /// Where deleting is asked; none for what cannot be deleted.
    delete: Option<String>,
    version: i64,
    name: String,
    description: String,
    reason: String,
    permissions: Vec<Pick>,
    fixed: bool,
    error: Option<String>,
}

struct Pick {
    name: &'static str,
    meaning: &'static str,
    on: bool,
    /// The person does not hold it.
    locked: bool,
}

fn picks(on: &Permissions, visit: &Visit, fixed: bool) -> Vec<Pick> {
    let pick = |permission: &Permission| Pick {
        name: permission.wire(),
        meaning: permission.meaning(),
        on: on.holds(*permission),
        locked: fixed || !visit.may(*permission),
    };
    Permission::ALL.iter().map(pick).collect()
}

async fn new(visit: Visit) -> Result<Response, Problem> {
    editor(&visit, None, None)
}

fn editor(
    visit: &Visit,
    role: Option<&Role>,
    sent: Option<(&Fields, &Problem)>,
) -> Result<Response, Problem> {
    let fields = sent.map(|(fields, _)| fields);
    let or = |name: &str, now: Option<&String>| match fields {
        Some(fields) => fields.raw(name).to_owned(),
        None => now.cloned().unwrap_or_default(),
    };
    let on = match fields {
        Some(fields) => fields
            .all("permissions")
            .filter_map(|name| name.parse::<Permission>().ok())
            .collect(),
        None => role
            .map(|role| role.permissions.clone())
            .unwrap_or_default(),
    };
    let fixed = !visit.may(Permission::RolesManage) || role.is_some_and(|role| role.built_in);
    let title = role.map_or_else(|| "A new role".to_owned(), |role| role.name.clone());
    show_as(
        sent.map_or(StatusCode::OK, |(_, error)| error.status()),
        &Editor {
            frame: visit.frame(title).crumb("Roles", "/roles"),
            action: role.map_or_else(
                || "/roles/new".to_owned(),
                |role| format!("/roles/{}", role.id),
            ),
            delete: role
                .filter(|_| !fixed)
                .map(|role| format!("/roles/{}/delete", role.id)),
            version: role.map_or(0, |role| role.version),
            name: or("name", role.map(|role| &role.name)),
            description: or("description", role.map(|role| &role.description)),
            reason: or("reason", None),
            permissions: picks(&on, visit, fixed),
            fixed,
            error: sent.map(|(_, error)| error.words()),
        },
    )
}

/// The role that a form describes.
fn read(fields: &Fields) -> Result<Draft, Problem> {
    let permissions: Result<Permissions, _> = fields
        .all("permissions")
        .map(str::parse::<Permission>)
        .collect();
    Ok(Draft {
        name: fields.text("name").to_owned(),
        description: fields.text("description").to_owned(),
        permissions: permissions.map_err(|error| Problem::invalid(error.to_string()))?,
    })
}

async fn make(State(app): State<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let made = async {
        let mut work = app.begin(&visit.actor).await?;
        let role = roles::create(&mut work, &read(&fields)?, fields.text("reason")).await?;
        work.commit().await?;
        Ok::<_, Problem>(role)
    };
    match made.await {
        Ok(role) => Ok(Done::to("/roles")
            .ok(format!("Made {}", role.name))
            .into_response()),
        Err(error) => editor(&visit, None, Some((&fields, &error.or_fault()?))),
    }
}

async fn one(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RoleId>,
) -> Result<Response, Problem> {
    let role = roles::find(&app.read(&visit.actor).await?, id).await?;
    editor(&visit, Some(&role), None)
}

async fn save(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RoleId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let saved = async {
        let version = fields.read("version", "the one the form was made for")?;
        let mut work = app.begin(&visit.actor).await?;
        let draft = read(&fields)?;
        let role =
            roles::update(&mut work, id, &draft, Some(version), fields.text("reason")).await?;
        work.commit().await?;
        Ok::<_, Problem>(role)
    };
    match saved.await {
        Ok(role) => Ok(Done::to("/roles")
            .ok(format!("Saved {}", role.name))
            .into_response()),
        Err(error) => {
            let error = error.or_fault()?;
            let role = roles::find(&app.read(&visit.actor).await?, id).await?;
            editor(&visit, Some(&role), Some((&fields, &error)))
        }
    }
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RoleId>,
) -> Result<Response, Problem> {
    question(&app, &visit, id, &Fields::default(), None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    id: RoleId,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let role = roles::find(&work, id).await?;
    let wanted = browse::PeopleWanted {
        role: Some(id),
        limit: NAMES,
        ..browse::PeopleWanted::default()
    };
    let people = browse::people(&work, &wanted).await?;
    Confirm {
        title: format!("Delete the role {}?", role.name),
        words: vec![if people.is_empty() {
            "Nobody has it.".to_owned()
        } else {
            "Whoever has it by hand loses it at once. A role that a mapping gives cannot be deleted.".to_owned()
        }],
        affected: people
            .into_iter()
            .map(|user| Affected {
                name: user.display_name,
                note: user.login,
            })
            .collect(),
        action: format!("/roles/{id}/delete"),
        button: "Delete it",
        back: format!("/roles/{id}"),
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(visit.frame("").crumb("Roles", "/roles"))
}

async fn delete(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RoleId>,
    fields: Fields,
) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    match roles::delete(&mut work, id, fields.text("reason")).await {
        Ok(()) => {
            work.commit().await?;
            Ok(Done::to("/roles").ok("Deleted the role").into_response())
        }
        Err(error) => {
            drop(work);
            let error = Problem::from(error).or_fault()?;
            question(&app, &visit, id, &fields, Some(error)).await
        }
    }
}
