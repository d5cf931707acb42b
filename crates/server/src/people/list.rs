//! `/people`: everybody, searched and filtered.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State as Of;
use axum::response::Response;

use super::words;
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::console::{Chip, Frame, Listing, Pager, Pages, State, Visit, show};
use crate::db::{Timestamp, UserId};
use crate::directory::browse::{self, PeopleWanted, Show};
use crate::directory::{self, Role, RoleId, User};
use crate::sessions;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new().get("/people", Permission::UsersRead, list)
}

#[derive(Template)]
#[template(path = "people/people.html")]
struct People {
    frame: Frame,
    list: Listing,
    chips: Vec<Chip>,
    roles: Vec<Choice>,
    group: Option<String>,
    rows: Vec<Row>,
    pager: Pager,
    may_manage: bool,
    narrowed: bool,
}

/// One option of a filter.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

/// One person of a list.
pub(super) struct Row {
    pub(super) id: UserId,
    pub(super) name: String,
    pub(super) login: String,
    pub(super) href: String,
    pub(super) state: State,
    pub(super) source: String,
    pub(super) roles: Vec<Tag>,
    pub(super) signed_in: Option<Timestamp>,
    login_key: String,
}

/// A role on a row.
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) admin: bool,
}

/// The login and id of the last row, as one text.
pub(super) fn key(row: &Row) -> String {
    format!("{} {}", row.id, row.login_key)
}

/// What [`key`] wrote.
pub(super) fn read_key(list: &Listing) -> Option<(String, UserId)> {
    let key = list.after()?;
    let (id, login) = key.split_once(' ')?;
    Some((login.to_owned(), id.parse().ok()?))
}

/// Rows of these people: with their roles and last sign-in, in two statements.
pub(super) async fn rows(
    work: &Work,
    users: Vec<User>,
    known: &[Role],
) -> Result<Vec<Row>, Problem> {
    let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
    let roles = browse::roles_of_each(work, &ids).await?;
    let seen = sessions::last_begun(work, &ids).await?;
    Ok(users
        .into_iter()
        .map(|user| row(user, &roles, &seen, known))
        .collect())
}

fn row(
    user: User,
    roles: &HashMap<UserId, Vec<RoleId>>,
    seen: &HashMap<UserId, Timestamp>,
    known: &[Role],
) -> Row {
    let tags = roles.get(&user.id).into_iter().flatten().filter_map(|id| {
        let role = known.iter().find(|role| role.id == *id)?;
        Some(Tag {
            name: role.name.clone(),
            admin: directory::is_admin(*id),
        })
    });
    Row {
        id: user.id,
        name: words::name(&user).to_owned(),
        href: format!("/people/{}", user.id),
        state: words::state(&user),
        source: words::source(&user.facts_source).to_owned(),
        roles: tags.collect(),
        signed_in: seen.get(&user.id).copied(),
        login_key: user.login.to_lowercase(),
        login: user.login,
    }
}

async fn list(Of(app): Of<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let known = directory::list_roles(&work).await?;
    let role = known.iter().find(|role| list.is("role", &role.name));
    let group = match list.get("group").parse().ok() {
        Some(id) => Some(directory::find_group(&work, id).await?),
        None => None,
    };
    let wanted = PeopleWanted {
        q: list.q(),
        show: Show::of(list.get("show")),
        role: role.map(|role| role.id),
        group: group.as_ref().map(|group| group.id),
        newest: list.is("sort", "newest"),
        after: read_key(&list),
        limit: list.rows(),
    };
    let found = browse::people(&work, &wanted).await?;
    let mut rows = rows(&work, found, &known).await?;
    let pager = list.cut(&mut rows, "people", key);
    let whole = list.q().is_empty() && role.is_none() && group.is_none();
    let counts = if whole {
        browse::tally(&work).await?
    } else {
        Vec::new()
    };
    let chips = Show::ALL.into_iter().enumerate().map(|(at, show)| {
        let chip = list.chip(label(show), "show", show.word());
        match counts.get(at) {
            Some(&count) => chip.count(count),
            None => chip,
        }
    });
    show(&People {
        chips: chips.collect(),
        roles: choices(&known, list.get("role")),
        group: group.map(|group| group.name),
        rows,
        pager,
        may_manage: visit.may(Permission::UsersManage),
        narrowed: list.narrowed(),
        frame: visit.frame("People"),
        list,
    })
}

/// The roles as options, by name.
pub(super) fn choices(known: &[Role], chosen: &str) -> Vec<Choice> {
    let choice = |role: &Role| Choice {
        value: role.name.clone(),
        label: role.name.clone(),
        chosen: role.name == chosen,
    };
    known.iter().map(choice).collect()
}

fn label(show: Show) -> &'static str {
    match show {
        Show::All => "All",
        Show::Active => "Active",
        Show::Waiting => "Waiting in Okta",
        Show::Suspended => "Suspended",
        Show::Left => "Left",
        Show::Admins => "Admins",
        Show::BreakGlass => "Break-glass",
        Show::Local => "Local",
    }
}
