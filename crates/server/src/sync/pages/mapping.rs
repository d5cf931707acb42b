//! `/mapping`: rows of Okta group -> roles, with what the next run would do before anything is saved.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::super::lookup::okta_groups;
use super::super::simulate::{self, Draft, Preview, Row};
use super::super::{DEFAULT_INTERVAL, INTERVALS, settings};
use super::diff::{self, Person};
use super::orgs::{self, Org};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::connections::Connection;
use crate::console::{Done, Fields, Frame, Listing, Pager, Pages, Visit, show, show_as};
use crate::db::ConnectionId;
use crate::directory::{self, Mapping, MappingChange, MappingId, Role, RoleId, browse};
use crate::web::Problem;

/// Most people of a preview that are named.
const NAMES: usize = 50;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/mapping", Permission::MappingsRead, mapping)
        .post("/mapping", Permission::MappingsManage, work_on)
        .post(
            "/mapping/{mapping}/resume",
            Permission::MappingsManage,
            resume,
        )
}

#[derive(Template)]
#[template(path = "sync/pages/mapping.html")]
struct Page {
    frame: Frame,
    here: &'static str,
    orgs: Vec<Org>,
    connection: Option<Connection>,
    rows: Vec<Shown>,
    roles: Vec<RoleOffer>,
    pager: Pager,
    q: String,
    narrowed: bool,
    found: Option<Vec<Found>>,
    find: String,
    intervals: Vec<Interval>,
    okta_only: bool,
    reason: String,
    preview: Option<Previewed>,
    may_manage: bool,
    error: Option<String>,
    note: Option<String>,
}

/// One row of the form.
struct Shown {
    okta_id: String,
    name: String,
    members: Option<i64>,
    version: String,
    roles: Vec<Pick>,
    gone: bool,
    suspect: bool,
    /// To resume it, when it is paused.
    resume: Option<String>,
    is_new: bool,
    href: String,
}

struct Pick {
    id: RoleId,
    name: String,
    on: bool,
    /// The person may not give it.
    locked: bool,
}

struct RoleOffer {
    name: String,
    description: String,
}

struct Found {
    value: String,
    label: String,
}

struct Interval {
    minutes: i64,
    label: String,
    chosen: bool,
}

struct Previewed {
    gain: usize,
    lose: usize,
    held: usize,
    total: usize,
    reasons: Vec<String>,
    unread: Vec<String>,
    digest: String,
    people: Vec<Person>,
    more: usize,
}

/// What the form holds: the draft, and what is looked for.
struct Form {
    draft: Draft,
    /// Rows of the page that is shown, besides those of the draft.
    find: String,
    found: Option<Vec<Found>>,
    preview: Option<Preview>,
    error: Option<Problem>,
    note: Option<String>,
}

async fn mapping(Of(app): Of<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let (connection, orgs) = orgs::listed(&work, &list).await?;
    let Some(connection) = connection else {
        return show(&nothing(&visit, orgs));
    };
    let settings = settings(&work, connection.id).await?;
    let (rows, pager) = stored(&work, connection.id, &list).await?;
    let form = Form {
        draft: Draft {
            rows: rows.iter().map(row).collect(),
            interval_minutes: settings.interval_minutes,
            okta_only: settings.okta_only,
            reason: String::new(),
        },
        find: String::new(),
        found: None,
        preview: None,
        error: None,
        note: None,
    };
    let page = page(&work, &visit, (connection, orgs), form).await?;
    show(&Page {
        pager,
        q: list.q().to_owned(),
        narrowed: list.narrowed() && !list.q().is_empty(),
        ..page
    })
}

fn nothing(visit: &Visit, orgs: Vec<Org>) -> Page {
    Page {
        frame: visit.frame("Which groups give which roles"),
        here: "/mapping",
        orgs,
        connection: None,
        rows: Vec::new(),
        roles: Vec::new(),
        pager: Pager::default(),
        q: String::new(),
        narrowed: false,
        found: None,
        find: String::new(),
        intervals: Vec::new(),
        okta_only: false,
        reason: String::new(),
        preview: None,
        may_manage: visit.may(Permission::MappingsManage),
        error: None,
        note: None,
    }
}

fn row(mapping: &Mapping) -> Row {
    Row {
        okta_group_id: mapping.okta_group_id.clone(),
        name: mapping.group_name.clone(),
        roles: mapping.roles.clone(),
        version: Some(mapping.version),
        gone: false,
    }
}

/// The stored mappings of a page, by the group's name.
async fn stored(
    work: &Work,
    connection: ConnectionId,
    list: &Listing,
) -> Result<(Vec<Mapping>, Pager), Problem> {
    let mut all = directory::list_mappings(work, Some(connection)).await?;
    let key = |mapping: &Mapping| format!("{} {}", mapping.group_name.to_lowercase(), mapping.id);
    all.sort_by_cached_key(key);
    let q = list.q().to_lowercase();
    let after = list.after().unwrap_or_default();
    let limit = usize::try_from(list.rows()).unwrap_or(usize::MAX);
    let mut rows: Vec<Mapping> = all
        .into_iter()
        .filter(|mapping| mapping.group_name.to_lowercase().contains(&q))
        .filter(|mapping| key(mapping) > after)
        .take(limit)
        .collect();
    let pager = list.cut(&mut rows, "mapped groups", key);
    Ok((rows, pager))
}

async fn page(
    work: &Work,
    visit: &Visit,
    (connection, orgs): (Connection, Vec<Org>),
    form: Form,
) -> Result<Page, Problem> {
    let known = directory::list_roles(work).await?;
    let present = directory::list_mappings(work, Some(connection.id)).await?;
    let groups = browse::groups_by_okta_id(work, connection.id, &ids(&form.draft)).await?;
    let may_manage = visit.may(Permission::MappingsManage);
    let shown = |row: &Row| {
        let group = groups
            .iter()
            .find(|group| group.okta_id == row.okta_group_id);
        let mapping = present
            .iter()
            .find(|mapping| mapping.okta_group_id == row.okta_group_id);
        Shown {
            okta_id: row.okta_group_id.clone(),
            name: if row.name.is_empty() {
                row.okta_group_id.clone()
            } else {
                row.name.clone()
            },
            members: group
                .filter(|group| group.read_date.is_some())
                .map(|group| group.members),
            version: row
                .version
                .map_or_else(String::new, |version| version.to_string()),
            roles: picks(&known, row, visit),
            gone: row.gone,
            suspect: group.is_some_and(|group| group.suspect.is_some() || group.gone_at.is_some()),
            resume: mapping
                .filter(|mapping| mapping.paused_at.is_some() && may_manage)
                .map(|mapping| format!("/mapping/{}/resume", mapping.id)),
            is_new: mapping.is_none(),
            href: group.map_or_else(String::new, |group| format!("/groups/{}", group.id)),
        }
    };
    Ok(Page {
        rows: form.draft.rows.iter().map(shown).collect(),
        roles: known
            .iter()
            .map(|role| RoleOffer {
                name: role.name.clone(),
                description: role.description.clone(),
            })
            .collect(),
        found: form.found,
        find: form.find,
        intervals: intervals(form.draft.interval_minutes),
        okta_only: form.draft.okta_only,
        reason: form.draft.reason,
        preview: form.preview.map(previewed),
        error: form.error.map(|error| error.words()),
        note: form.note,
        connection: Some(connection),
        ..nothing(visit, orgs)
    })
}

fn ids(draft: &Draft) -> Vec<String> {
    draft
        .rows
        .iter()
        .map(|row| row.okta_group_id.clone())
        .collect()
}

fn picks(known: &[Role], row: &Row, visit: &Visit) -> Vec<Pick> {
    let pick = |role: &Role| {
        let on = row.roles.contains(&role.id);
        Pick {
            id: role.id,
            name: role.name.clone(),
            on,
            locked: !on && !visit.actor.permissions.hold_all(&role.permissions),
        }
    };
    known.iter().map(pick).collect()
}

fn intervals(chosen: i64) -> Vec<Interval> {
    let interval = |minutes: i64| Interval {
        minutes,
        label: match minutes {
            60 => "1 hour".to_owned(),
            minutes if minutes > 60 => format!("{} hours", minutes / 60),
            minutes => format!("{minutes} minutes"),
        },
        chosen: minutes == chosen,
    };
    INTERVALS.into_iter().map(interval).collect()
}

fn previewed(preview: Preview) -> Previewed {
    let (gain, lose) = preview.people();
    let total = preview.now.len() + preview.held.len();
    let mut people: Vec<Person> = preview
        .held
        .iter()
        .chain(&preview.now)
        .take(NAMES)
        .map(diff::person)
        .collect();
    people.sort_by_key(|person| !person.held);
    Previewed {
        gain,
        lose,
        held: preview.held.len(),
        total,
        more: total.saturating_sub(people.len()),
        reasons: preview.reasons,
        unread: preview.unread,
        digest: preview.digest,
        people,
    }
}

/// The draft that a form sent.
fn read(fields: &Fields) -> Result<Draft, Problem> {
    let gone: BTreeSet<&str> = fields.all("gone").collect();
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for id in fields.all("row").filter(|id| !id.is_empty()) {
        if !seen.insert(id) {
            continue;
        }
        let roles: Result<Vec<RoleId>, _> =
            fields.all(&format!("roles:{id}")).map(str::parse).collect();
        rows.push(Row {
            okta_group_id: id.to_owned(),
            name: fields.text(&format!("name:{id}")).to_owned(),
            roles: roles.map_err(|_| Problem::invalid("a role is chosen that there is not"))?,
            version: fields
                .given(&format!("version:{id}"))
                .and_then(|version| version.parse().ok()),
            gone: gone.contains(id),
        });
    }
    Ok(Draft {
        rows,
        interval_minutes: fields.text("interval").parse().unwrap_or(DEFAULT_INTERVAL),
        okta_only: fields.is_on("okta_only"),
        reason: fields.text("reason").to_owned(),
    })
}

/// What the form asks to be done.
async fn work_on(Of(app): Of<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let (connection, orgs) =
        orgs::chosen(&app.read(&visit.actor).await?, fields.text("connection")).await?;
    let connection = connection.ok_or_else(|| Problem::not_found("connection"))?;
    let mut form = Form {
        draft: read(&fields)?,
        find: fields.text("find").to_owned(),
        found: None,
        preview: None,
        error: None,
        note: None,
    };
    let id = connection.id;
    let (verb, what) = fields
        .text("do")
        .split_once(':')
        .unwrap_or((fields.text("do"), ""));
    match verb {
        "find" => find(&app, &visit, id, &mut form).await?,
        "add" => add(&app, &visit, id, &fields, &mut form).await?,
        "remove" | "keep" => mark(&mut form, what, verb == "remove"),
        "save" if fields.given("seen").is_some() => {
            match simulate::save(&app, &visit.actor, id, &form.draft, fields.text("seen")).await {
                Ok(None) => {
                    let to = format!("/mapping?connection={id}");
                    return Ok(Done::to(to)
                        .ok("Saved. The next run does it, within the guard")
                        .into_response());
                }
                Ok(Some(preview)) => {
                    form.note = Some("Nothing is saved yet: something changed since the preview. Look at this one, then save.".to_owned());
                    form.preview = Some(preview);
                }
                Err(error) => form.error = Some(Problem::from(error).or_fault()?),
            }
        }
        _ => {
            if verb == "save" {
                form.note = Some(
                    "Nothing is saved yet: look at what the next run would do, then save."
                        .to_owned(),
                );
            }
            match simulate::preview(&app, &visit.actor, id, &form.draft).await {
                Ok(preview) => form.preview = Some(preview),
                Err(error) => form.error = Some(Problem::from(error).or_fault()?),
            }
        }
    }
    let status = form.error.as_ref().map_or(StatusCode::OK, Problem::status);
    let work = app.read(&visit.actor).await?;
    let page = page(&work, &visit, (connection, orgs), form).await?;
    show_as(status, &page)
}

/// Looks for groups in the org itself.
async fn find(app: &App, visit: &Visit, id: ConnectionId, form: &mut Form) -> Result<(), Problem> {
    match okta_groups(app, visit.actor.tenant, id, &form.find).await {
        Ok(groups) => {
            let mapped: BTreeSet<String> = ids(&form.draft).into_iter().collect();
            let found = groups
                .into_iter()
                .filter(|group| !mapped.contains(group.id.as_str()));
            form.found = Some(
                found
                    .map(|group| Found {
                        value: group.id.to_string(),
                        label: group.name().to_owned(),
                    })
                    .collect(),
            );
        }
        Err(error) => form.error = Some(Problem::from(error).or_fault()?),
    }
    Ok(())
}

/// Adds the chosen group as a row, with its name as Okta or we know it.
async fn add(
    app: &App,
    visit: &Visit,
    id: ConnectionId,
    fields: &Fields,
    form: &mut Form,
) -> Result<(), Problem> {
    let chosen = fields.text("add").to_owned();
    if chosen.is_empty() {
        form.error = Some(Problem::invalid("choose a group to add"));
        return Ok(());
    }
    let work = app.read(&visit.actor).await?;
    let mapped = directory::list_mappings(&work, Some(id)).await?;
    if let Some(mapping) = mapped
        .iter()
        .find(|mapping| mapping.okta_group_id == chosen)
    {
        if !form
            .draft
            .rows
            .iter()
            .any(|row| row.okta_group_id == chosen)
        {
            form.draft.rows.push(row(mapping));
        }
        return Ok(());
    }
    let known = directory::find_group_by_okta_id(&work, id, &chosen).await?;
    drop(work);
    find(app, visit, id, form).await?;
    let name = form
        .found
        .iter()
        .flatten()
        .find(|found| found.value == chosen)
        .map(|found| found.label.clone());
    if let Some(found) = &mut form.found {
        found.retain(|found| found.value != chosen);
    }
    form.draft.rows.push(Row {
        name: name
            .or(known.map(|group| group.name))
            .unwrap_or_else(|| chosen.clone()),
        okta_group_id: chosen,
        ..Row::default()
    });
    Ok(())
}

/// Marks a row to go, or to stay; a new row just goes.
fn mark(form: &mut Form, id: &str, gone: bool) {
    let is_it = |row: &Row| row.okta_group_id == id;
    form.draft
        .rows
        .retain(|row| !(gone && is_it(row) && row.version.is_none()));
    for row in form
        .draft
        .rows
        .iter_mut()
        .filter(|row| row.okta_group_id == id)
    {
        row.gone = gone;
    }
}

async fn resume(
    Of(app): Of<App>,
    visit: Visit,
    axum::extract::Path(id): axum::extract::Path<MappingId>,
) -> Result<Done, Problem> {
    let change = MappingChange {
        roles: None,
        paused: Some(false),
    };
    let mut work = app.begin(&visit.actor).await?;
    let mapping = directory::update_mapping(&mut work, id, &change, None, "resumed").await?;
    super::super::routes::settle(&mut work, &mapping).await?;
    work.commit().await?;
    let to = format!("/mapping?connection={}", mapping.connection_id);
    Ok(Done::to(to).ok(format!("{} is resumed", mapping.group_name)))
}
