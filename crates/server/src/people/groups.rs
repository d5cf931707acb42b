//! `/groups`: the groups that we know, and one of them with its members and the roles it gives.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::Response;

use super::list::{self, Choice};
use crate::actor::Permission;
use crate::app::App;
use crate::connections;
use crate::console::{Chip, Frame, Listing, Pager, Pages, State, Visit, show};
use crate::db::{ConnectionId, Timestamp};
use crate::directory::browse::{self, GroupsWanted, PeopleWanted, ShowGroups};
use crate::directory::{self, Group, GroupId, Mapping, Role};
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/groups", Permission::GroupsRead, groups)
        .get("/groups/{group}", Permission::GroupsRead, group)
}

#[derive(Template)]
#[template(path = "people/groups.html")]
struct Groups {
    frame: Frame,
    list: Listing,
    chips: Vec<Chip>,
    orgs: Vec<Choice>,
    rows: Vec<Row>,
    pager: Pager,
    narrowed: bool,
}

/// One group of a list.
struct Row {
    id: GroupId,
    name: String,
    href: String,
    org: String,
    kind: String,
    members: i64,
    roles: Vec<String>,
    state: State,
    read_at: Option<Timestamp>,
    name_key: String,
}

/// How a group stands.
fn state(group: &Group, mapping: Option<&Mapping>) -> State {
    match (group.suspect.as_deref(), mapping) {
        (Some("vanished"), _) => State::fail("Not in Okta any more"),
        (Some(_), _) => State::held("Emptied, not believed"),
        _ if group.gone_at.is_some() => State::off("Removed by SCIM"),
        (None, Some(mapping)) if mapping.paused_at.is_some() => State::held("Mapping paused"),
        (None, Some(_)) if group.read_date.is_none() && group.scim_id.is_none() => {
            State::wait("Not read yet")
        }
        (None, Some(_)) => State::ok("Mapped"),
        (None, None) => State::off("Not mapped"),
    }
}

/// Okta's kind in words.
fn kind(group: &Group) -> &str {
    match group.kind.as_str() {
        "OKTA_GROUP" => "Okta group",
        "APP_GROUP" => "App group",
        "BUILT_IN" => "Built in",
        "SCIM_GROUP" => "Pushed by SCIM",
        "" => "not read yet",
        other => other,
    }
}

/// Mappings by their group.
fn by_group(mappings: Vec<Mapping>) -> HashMap<GroupId, Mapping> {
    let pair = |mapping: Mapping| (mapping.group_id, mapping);
    mappings.into_iter().map(pair).collect()
}

/// The names of a mapping's roles.
fn names(mapping: Option<&Mapping>, known: &[Role]) -> Vec<String> {
    let ids = mapping.into_iter().flat_map(|mapping| &mapping.roles);
    ids.filter_map(|id| known.iter().find(|role| role.id == *id))
        .map(|role| role.name.clone())
        .collect()
}

async fn groups(Of(app): Of<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let orgs = connections::list(&work).await?;
    let known = directory::list_roles(&work).await?;
    let mappings = by_group(directory::list_mappings(&work, None).await?);
    let after = list.after().and_then(|key| {
        let (id, name) = key.split_once(' ')?;
        Some((name.to_owned(), id.parse().ok()?))
    });
    let wanted = GroupsWanted {
        q: list.q(),
        show: ShowGroups::of(list.get("show")),
        connection: list.get("connection").parse::<ConnectionId>().ok(),
        after,
        limit: list.rows(),
    };
    let row = |group: Group| {
        let mapping = mappings.get(&group.id);
        Row {
            id: group.id,
            href: format!("/groups/{}", group.id),
            org: orgs
                .iter()
                .find(|org| org.id == group.connection_id)
                .map_or_else(String::new, |org| org.name.clone()),
            kind: kind(&group).to_owned(),
            members: group.members,
            roles: names(mapping, &known),
            state: state(&group, mapping),
            read_at: group.read_date,
            name_key: group.name.to_lowercase(),
            name: group.name,
        }
    };
    let found = browse::groups(&work, &wanted).await?;
    let mut rows: Vec<Row> = found.into_iter().map(row).collect();
    let pager = list.cut(&mut rows, "groups", |row| {
        format!("{} {}", row.id, row.name_key)
    });
    let chip = |show: ShowGroups| list.chip(label(show), "show", show.word());
    let org = |org: &connections::Connection| Choice {
        value: org.id.to_string(),
        label: org.name.clone(),
        chosen: list.is("connection", &org.id.to_string()),
    };
    show(&Groups {
        frame: visit.frame("Groups"),
        chips: ShowGroups::ALL.into_iter().map(chip).collect(),
        orgs: orgs.iter().map(org).collect(),
        rows,
        pager,
        narrowed: list.narrowed(),
        list,
    })
}

fn label(show: ShowGroups) -> &'static str {
    match show {
        ShowGroups::All => "All",
        ShowGroups::Mapped => "Mapped",
        ShowGroups::Suspect => "Not believed",
        ShowGroups::Pushed => "Pushed by SCIM",
    }
}

#[derive(Template)]
#[template(path = "people/group.html")]
struct One {
    frame: Frame,
    group: Group,
    kind: String,
    org: String,
    org_href: String,
    state: State,
    roles: Vec<String>,
    members: i64,
    blocked: i64,
    rows: Vec<list::Row>,
    pager: Pager,
    list: Listing,
    may_read: bool,
}

async fn group(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<GroupId>,
    list: Listing,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let group = directory::find_group(&work, id).await?;
    let org = connections::find(&work, group.connection_id).await?;
    let known = directory::list_roles(&work).await?;
    let mappings = by_group(directory::list_mappings(&work, Some(org.id)).await?);
    let mapping = mappings.get(&id);
    let tally = browse::group_tally(&work, id).await?;
    let may_read = visit.may(Permission::UsersRead);
    let wanted = PeopleWanted {
        q: list.q(),
        group: Some(id),
        after: list::read_key(&list),
        limit: list.rows(),
        ..PeopleWanted::default()
    };
    let found = if may_read {
        browse::people(&work, &wanted).await?
    } else {
        Vec::new()
    };
    let mut rows = list::rows(&work, found, &known).await?;
    let pager = list.cut(&mut rows, "members", list::key);
    show(&One {
        frame: visit.frame(group.name.clone()).crumb("Groups", "/groups"),
        kind: kind(&group).to_owned(),
        state: state(&group, mapping),
        roles: names(mapping, &known),
        org_href: format!("/connections/{}", org.id),
        org: org.name,
        members: tally.members,
        blocked: tally.blocked,
        rows,
        pager,
        list,
        may_read,
        group,
    })
}
