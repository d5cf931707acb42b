//! `/runs`: all runs, newest first; asking for one.

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse, Response};

use super::super::run::{self, Run, RunId, RunKind, Show};
use super::super::{settings, trigger};
use super::orgs::{self, Org};
use crate::actor::Permission;
use crate::app::App;
use crate::connections::Connection;
use crate::console::{Chip, Done, Fields, Frame, Listing, Pager, Pages, State, Visit, show};
use crate::db::Timestamp;
use crate::web::Problem;

pub(super) fn pages() -> Pages {
    Pages::new().get("/runs", Permission::RunsRead, runs).post(
        "/runs",
        Permission::RunsStart,
        start,
    )
}

#[derive(Template)]
#[template(path = "sync/pages/runs.html")]
struct Runs {
    frame: Frame,
    here: &'static str,
    orgs: Vec<Org>,
    connection: Option<Connection>,
    minutes: i64,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    pager: Pager,
    may_start: bool,
}

struct Row {
    id: RunId,
    short: String,
    kind: &'static str,
    state: State,
    at: Timestamp,
    by: String,
    took: Option<(Timestamp, Timestamp)>,
    granted: u64,
    removed: u64,
    outcome: String,
}

/// How a run stands.
pub(super) fn state(run: &Run) -> State {
    match run.state.as_str() {
        _ if run.undone_by.is_some() => State::off("Undone").icon("undo"),
        "queued" => State::wait("Waiting"),
        "running" => State::wait("Running"),
        "done" if run.kind == "plan" => State::note("Simulated"),
        "done" => State::ok("Applied"),
        "held" => State::held("Held"),
        "approved" => State::ok("Approved"),
        "rejected" => State::off("Rejected"),
        "expired" => State::off("Not decided in time"),
        "replaced" => State::off("Replaced by a newer run"),
        "failed" => State::fail("Failed"),
        other => State::note(other),
    }
}

/// What a run is, in words.
pub(super) fn kind(word: &str) -> &'static str {
    match word {
        "plan" => "Simulation",
        "scim" => "By SCIM",
        "approval" => "Approved change",
        "undo" => "Undo",
        _ => "Run",
    }
}

/// The end of an id, enough for people to tell runs apart.
pub(super) fn short(id: RunId) -> String {
    let text = id.to_string();
    text.chars().skip(text.len().saturating_sub(6)).collect()
}

/// What came of it, in a sentence.
fn outcome(run: &Run) -> String {
    let waiting = run.counts.held_granted + run.counts.held_removed + run.counts.held_blocked;
    match run.state.as_str() {
        "held" => format!("{waiting} changes wait: {}", run.reasons.join("; ")),
        "queued" | "running" => String::new(),
        _ => run
            .findings
            .first()
            .map(|finding| finding.words.clone())
            .or_else(|| run.decided_by.as_ref().map(|by| format!("decided by {by}")))
            .unwrap_or_else(|| run.reason.clone()),
    }
}

async fn runs(Of(app): Of<App>, visit: Visit, list: Listing) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let (connection, orgs) = orgs::listed(&work, &list).await?;
    let mut rows = Vec::new();
    let mut minutes = 0;
    if let Some(connection) = &connection {
        let before = list.after().and_then(|id| id.parse().ok());
        let wanted = Show::of(list.get("show"));
        rows = run::browse(&work, connection.id, wanted, before, list.rows()).await?;
        minutes = settings(&work, connection.id).await?.interval_minutes;
    }
    let pager = list.cut(&mut rows, "runs", |run| run.id.to_string());
    let row = |run: Run| Row {
        id: run.id,
        short: short(run.id),
        kind: kind(&run.kind),
        state: state(&run),
        at: run.created_at,
        took: run.started_at.zip(run.finished_at),
        granted: run.counts.granted + run.counts.held_granted,
        removed: run.counts.removed + run.counts.held_removed,
        outcome: outcome(&run),
        by: run.by,
    };
    let chip = |show: Show| list.chip(show.label(), "show", show.word());
    show(&Runs {
        frame: visit.frame("Runs"),
        here: "/runs",
        orgs,
        minutes,
        chips: Show::ALL.into_iter().map(chip).collect(),
        rows: rows.into_iter().map(row).collect(),
        pager,
        may_start: visit.may(Permission::RunsStart),
        connection,
    })
}

/// Asks for a run, or for a simulation.
async fn start(Of(app): Of<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let (connection, _) = orgs::chosen(&work, fields.text("connection")).await?;
    let connection = connection.ok_or_else(|| Problem::not_found("connection"))?;
    let kind = if fields.has("kind", "plan") {
        RunKind::Plan
    } else {
        RunKind::Run
    };
    let started = trigger(
        &mut work,
        connection.id,
        kind,
        fields.is_on("whole"),
        "asked for in the console",
    )
    .await?;
    work.commit().await?;
    Ok(Done::to(format!("/runs/{}", started.run)).into_response())
}
