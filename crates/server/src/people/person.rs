//! `/people/{user}`: one person, in tabs.

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::Response;

use super::list::Choice;
use super::words;
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::audit;
use crate::connections;
use crate::console::{Frame, Listing, Pager, Pages, State, Visit, show};
use crate::db::{Timestamp, UserId};
use crate::directory::{self, User};
use crate::scim;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/people/{user}", Permission::UsersRead, profile)
        .get("/people/{user}/groups", Permission::UsersRead, groups)
        .get("/people/{user}/activity", Permission::AuditRead, activity)
}

/// The frame of a page about this person.
pub(super) fn frame(visit: &Visit, user: &User) -> Frame {
    visit.frame(words::name(user)).crumb("People", "/people")
}

/// What stands over every tab.
pub(super) struct Head {
    pub(super) user: User,
    pub(super) state: State,
    pub(super) tabs: Vec<Tab>,
    pub(super) may_manage: bool,
    /// Whether it is in our hands to keep the person out.
    pub(super) ours: bool,
}

/// One tab.
pub(super) struct Tab {
    pub(super) href: String,
    pub(super) label: &'static str,
    pub(super) current: bool,
}

impl Head {
    /// The head of this person's pages, with the tab `at` open.
    pub(super) fn new(visit: &Visit, user: User, at: &str) -> Self {
        let tab = |label, part: &str| Tab {
            href: if part.is_empty() {
                format!("/people/{}", user.id)
            } else {
                format!("/people/{}/{part}", user.id)
            },
            label,
            current: part == at,
        };
        let mut tabs = vec![
            tab("Profile", ""),
            tab("Groups", "groups"),
            tab("Roles", "roles"),
            tab("Sessions", "sessions"),
        ];
        if visit.may(Permission::AuditRead) {
            tabs.push(tab("Activity", "activity"));
        }
        Self {
            state: words::state(&user),
            tabs,
            may_manage: visit.may(Permission::UsersManage),
            ours: user.kind != "okta",
            user,
        }
    }

    /// The person's id as text.
    fn id_text(&self) -> String {
        self.user.id.to_string()
    }

    /// A command about the person.
    pub(super) fn command(&self, verb: &str) -> String {
        format!("keywright {verb} {}", self.user.login)
    }
}

#[derive(Template)]
#[template(path = "people/profile.html")]
struct Profile {
    frame: Frame,
    head: Head,
    facts: Vec<Fact>,
    words: Vec<Word>,
    differ: bool,
}

/// A fact about the person, and where it comes from.
struct Fact {
    label: &'static str,
    value: String,
    source: String,
    at: Timestamp,
}

/// What one source says of the person's access.
struct Word {
    org: String,
    source: &'static str,
    okta_id: String,
    status: String,
    state: State,
    at: Option<Timestamp>,
}

async fn profile(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let orgs = connections::list(&work).await?;
    let sources = scim::sources_of(&work, &user).await?;
    let org = |id: uuid::Uuid| {
        orgs.iter()
            .find(|org| org.id.0 == id)
            .map_or_else(|| id.to_string(), |org| org.name.clone())
    };
    let shown = |word: scim::Word| Word {
        org: org(word.connection),
        source: words::source(word.source),
        okta_id: word.okta_id,
        state: if word.lets_in {
            State::ok("lets in")
        } else {
            State::held("keeps out")
        },
        status: word.status,
        at: word.at,
    };
    show(&Profile {
        frame: frame(&visit, &user),
        facts: facts(&user),
        differ: sources.differ,
        words: sources.items.into_iter().map(shown).collect(),
        head: Head::new(&visit, user, ""),
    })
}

fn facts(user: &User) -> Vec<Fact> {
    let source = words::source(&user.facts_source).to_owned();
    let fact = |label, value: &str| Fact {
        label,
        value: value.to_owned(),
        source: source.clone(),
        at: user.facts_at,
    };
    let mut facts = vec![
        fact("Display name", &user.display_name),
        fact("Login", &user.login),
        fact("Mail", &user.email),
        fact("Given name", &user.given_name),
        fact("Family name", &user.family_name),
    ];
    if let Some(status) = &user.okta_status {
        facts.push(fact("Okta status", status));
    }
    facts
}

#[derive(Template)]
#[template(path = "people/person_groups.html")]
#[expect(clippy::struct_field_names, reason = "the word of the template")]
struct Groups {
    frame: Frame,
    head: Head,
    groups: Vec<InGroup>,
}

/// A group the person is in, and the roles it gives.
struct InGroup {
    href: String,
    name: String,
    kind: String,
    roles: Vec<String>,
    paused: bool,
    read_at: Option<Timestamp>,
}

async fn groups(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<UserId>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let known = directory::list_roles(&work).await?;
    let mappings = directory::list_mappings(&work, None).await?;
    let row = |group: directory::Group| {
        let mapping = mappings.iter().find(|mapping| mapping.group_id == group.id);
        let given = mapping.into_iter().flat_map(|mapping| &mapping.roles);
        InGroup {
            href: format!("/groups/{}", group.id),
            roles: given
                .filter_map(|id| known.iter().find(|role| role.id == *id))
                .map(|role| role.name.clone())
                .collect(),
            paused: mapping.is_some_and(|mapping| mapping.paused_at.is_some()),
            read_at: group.read_date,
            name: group.name,
            kind: group.kind,
        }
    };
    let found = directory::groups_of(&work, id).await?;
    show(&Groups {
        frame: frame(&visit, &user),
        groups: found.into_iter().map(row).collect(),
        head: Head::new(&visit, user, "groups"),
    })
}

#[derive(Template)]
#[template(path = "people/person_activity.html")]
struct Activity {
    frame: Frame,
    head: Head,
    entries: Vec<Entry>,
    pager: Pager,
}

/// Something that happened to the person.
struct Entry {
    id: uuid::Uuid,
    at: Timestamp,
    action: String,
    actor: String,
    reason: String,
}

async fn activity(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<UserId>,
    list: Listing,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let user = directory::find_user(&work, id).await?;
    let filter = audit::Filter {
        target_kind: Some("user".to_owned()),
        target_id: Some(id.to_string()),
        before: list.after().and_then(|after| after.parse().ok()),
        ..audit::Filter::default()
    };
    let limit = u32::try_from(list.rows()).unwrap_or(u32::MAX);
    let entry = |row: audit::Row| Entry {
        id: row.id,
        at: row.at,
        action: row.action,
        actor: row.actor_name,
        reason: row.reason,
    };
    let found = audit::list(&work, &filter, limit).await?;
    let mut entries: Vec<Entry> = found.into_iter().map(entry).collect();
    let pager = list.cut(&mut entries, "entries", |entry| entry.id.to_string());
    show(&Activity {
        frame: frame(&visit, &user),
        entries,
        pager,
        head: Head::new(&visit, user, "activity"),
    })
}

/// The roles that are not given yet, as options.
pub(super) async fn roles_to_give(work: &Work, chosen: &str) -> Result<Vec<Choice>, Problem> {
    let known = directory::list_roles(work).await?;
    let mine: Vec<_> = known
        .into_iter()
        .filter(|role| work.actor.permissions.hold_all(&role.permissions))
        .collect();
    Ok(super::list::choices(&mine, chosen))
}
