//! The page `/`.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::doors::{self, Door};
use super::soon::{self, Ending};
use crate::activity::{self, Shown};
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::console::{Frame, Pages, State as Stated, Visit, show};
use crate::db::Timestamp;
use crate::web::{Need, Problem};
use crate::{audit, connections, directory, sync};

/// Entries of the trail that are shown.
const ENTRIES: u32 = 8;
/// Connections whose doors are shown; the rest is on their own page.
const CONNECTIONS: usize = 6;

/// `/`.
pub fn pages() -> Pages {
    Pages::new().get("/", Need::Credential, overview)
}

#[derive(Template)]
#[template(path = "overview/overview.html")]
struct Overview {
    frame: Frame,
    /// Whether there is any connection; none for who may not know.
    connected: Option<bool>,
    may_connect: bool,
    may_doctor: bool,
    doors: Vec<Door>,
    held: Vec<Held>,
    endings: Option<Vec<Ending>>,
    checks: Option<Vec<Check>>,
    entries: Option<Vec<Shown>>,
}

/// A run that waits for a decision.
struct Held {
    href: String,
    connection: String,
    words: String,
    since: Timestamp,
    until: Option<Timestamp>,
    admins: bool,
}

/// Something that must always hold.
struct Check {
    state: Stated,
    words: String,
    more: &'static str,
}

async fn overview(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let mut page = Overview {
        frame: visit.frame("Overview"),
        connected: None,
        may_connect: visit.may(Permission::ConnectionsManage),
        may_doctor: visit.may(Permission::SettingsRead),
        doors: Vec::new(),
        held: Vec::new(),
        endings: None,
        checks: None,
        entries: None,
    };
    if visit.may(Permission::ConnectionsRead) {
        let all = connections::list(&work).await?;
        page.connected = Some(!all.is_empty());
        for connection in all.iter().take(CONNECTIONS) {
            page.doors
                .extend(doors::of(&work, connection, &visit).await?);
        }
        if visit.may(Permission::RunsRead) {
            page.held = held(&work, &all).await?;
        }
        page.endings = Some(soon::all(&work, &all, &visit).await?);
    }
    if visit.may(Permission::UsersRead) {
        page.checks = Some(checks(&work).await?);
    }
    if visit.may(Permission::AuditRead) {
        let found = audit::list(&work, &audit::Filter::default(), ENTRIES).await?;
        page.entries = Some(activity::in_words(&work, found).await?);
    }
    show(&page)
}

async fn held(work: &Work, all: &[connections::Connection]) -> Result<Vec<Held>, Problem> {
    let mut found = Vec::new();
    for connection in all {
        let run = sync::held(work, connection.id).await?;
        let Some(run) = run.filter(|run| run.expires_at.is_none_or(|until| until > work.now))
        else {
            continue;
        };
        let counts = run.counts;
        let parts = [
            (counts.held_removed, "roles taken"),
            (counts.held_granted, "roles given"),
            (counts.held_blocked, "people kept out"),
        ];
        let words: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{number} {what}"))
            .collect();
        found.push(Held {
            href: format!("/runs/{}", run.id),
            connection: connection.name.clone(),
            words: words.join(", "),
            since: run.finished_at.unwrap_or(run.created_at),
            until: run.expires_at,
            admins: run.touches_admins,
        });
    }
    Ok(found)
}

async fn checks(work: &Work) -> Result<Vec<Check>, Problem> {
    let rescue = directory::admins(work, true, None).await?;
    let others = directory::admins(work, false, None).await?;
    let count = |number: i64, what: &str| match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    };
    Ok(vec![
        Check {
            state: if rescue > 0 {
                Stated::ok("holds")
            } else {
                Stated::fail("broken")
            },
            words: count(rescue, "break-glass admin"),
            more: "gets in when Okta or a sync fails",
        },
        Check {
            state: if others > 0 {
                Stated::ok("holds")
            } else {
                Stated::held("one is enough to be locked out")
            },
            words: count(others, "other admin"),
            more: "able to sign in now",
        },
    ])
}
