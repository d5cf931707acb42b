//! `/runs/{run}`: one run, with what it does to whom.

use askama::Template;
use axum::extract::{Path, State as Of};
use axum::response::Response;

use super::super::changes;
use super::super::halt::can_be_stopped;
use super::super::run::{self, Run, RunId};
use super::diff::{self, Person};
use super::runs::{kind, short, state};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::{self, Connection};
use crate::console::{Frame, Listing, Pager, Pages, State, Visit, show};
use crate::directory;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new().get("/runs/{run}", Permission::RunsRead, one)
}

#[derive(Template)]
#[template(path = "sync/pages/run.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one part of the page that is shown or not"
)]
struct One {
    frame: Frame,
    run: Run,
    connection: Connection,
    kind: &'static str,
    state: State,
    list: Listing,
    people: Vec<Person>,
    pager: Pager,
    of_run: Option<String>,
    undone_by: Option<String>,
    first_approver: Option<String>,
    /// Whether this person may decide, and why not.
    may_decide: bool,
    mine: bool,
    waits: bool,
    live: bool,
    /// What is going on while it is.
    at_work: &'static str,
    may_undo: bool,
    may_stop: bool,
    held: u64,
}

/// The frame of a page about this run.
pub(super) fn frame(visit: &Visit, run: &Run) -> Frame {
    visit
        .frame(format!("{} {}", kind(&run.kind), short(run.id)))
        .crumb("Runs", format!("/runs?connection={}", run.connection_id))
}

/// Whether it can be reversed.
pub(super) fn can_be_undone(run: &Run) -> bool {
    run.undone_by.is_none()
        && matches!(run.kind.as_str(), "run" | "scim" | "approval")
        && !matches!(run.state.as_str(), "queued" | "running" | "failed")
        && run.counts.granted + run.counts.removed + run.counts.blocked + run.counts.unblocked > 0
}

/// Who approved first, by name.
pub(super) async fn first(work: &crate::app::Work, run: &Run) -> Result<Option<String>, Problem> {
    let Some(id) = run.first_approver else {
        return Ok(None);
    };
    Ok(Some(match directory::find_user(work, id).await {
        Ok(user) => user.display_name,
        Err(_) => "somebody who is no user any more".to_owned(),
    }))
}

async fn one(
    Of(app): Of<App>,
    visit: Visit,
    Path(id): Path<RunId>,
    list: Listing,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let run = run::find_any(&work, id).await?;
    let connection = connections::find(&work, run.connection_id).await?;
    let after = list.after().and_then(|seq| seq.parse().ok()).unwrap_or(-1);
    let held = match list.get("part") {
        "waits" => Some(true),
        "applied" => Some(false),
        _ => None,
    };
    let mut found = changes::list(&work, id, held, after, list.rows()).await?;
    let pager = list.cut(&mut found, "people", |change| change.seq.to_string());
    let waits = run.state == "held" && run.expires_at.is_none_or(|at| at > work.now);
    let link = |run: RunId| format!("/runs/{run}");
    show(&One {
        frame: frame(&visit, &run),
        kind: kind(&run.kind),
        state: state(&run),
        people: found.iter().map(diff::person).collect(),
        pager,
        list,
        of_run: run.of_run.map(link),
        undone_by: run.undone_by.map(link),
        first_approver: first(&work, &run).await?,
        may_decide: visit.may(Permission::RunsApprove),
        mine: run.first_approver.is_some() && run.first_approver == visit.actor.kind.person(),
        waits,
        live: matches!(run.state.as_str(), "queued" | "running"),
        at_work: at_work(&run),
        may_undo: visit.may(Permission::RunsApprove) && can_be_undone(&run),
        may_stop: visit.may(Permission::RunsStart) && can_be_stopped(&run.kind, &run.state),
        held: run.counts.held_granted + run.counts.held_removed + run.counts.held_blocked,
        connection,
        run,
    })
}

/// What a run that waits or runs is about to do.
fn at_work(run: &Run) -> &'static str {
    match (run.kind.as_str(), run.state.as_str()) {
        (_, "queued") => "It begins as soon as a worker is free; nothing is changed before.",
        ("approval", _) => {
            "What was approved is planned once more and applied if it is the same or less."
        }
        ("undo", _) => "What the run did is taken back.",
        ("scim", _) => "What Okta pushed is planned; nothing is changed before all of it was.",
        _ => "Okta is read page by page; nothing is changed before all of it was read and planned.",
    }
}
