//! Deciding about a run: approve, reject, undo, stop. Each is asked first, with the people named.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::run::{self, Run, RunId};
use super::super::{Approval, approve, changes, halt, reject, undo};
use super::run::frame;
use crate::actor::Permission;
use crate::app::{App, Work};
use crate::console::{Affected, Confirm, Done, Fields, Pages, Tone, Visit};
use crate::web::Problem;

/// Most people who are named.
const NAMES: i64 = 200;

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Approve,
    Reject,
    Undo,
}

pub(super) fn pages() -> Pages {
    Pages::new()
        .get("/runs/{run}/{verdict}", Permission::RunsApprove, ask)
        .post("/runs/{run}/{verdict}", Permission::RunsApprove, decide)
        .get("/runs/{run}/stop", Permission::RunsStart, ask_stop)
        .post("/runs/{run}/stop", Permission::RunsStart, stop)
}

async fn ask(
    State(app): State<App>,
    visit: Visit,
    Path((id, verdict)): Path<(RunId, Verdict)>,
) -> Result<Response, Problem> {
    question(&app, &visit, id, verdict, &Fields::default(), None).await
}

async fn question(
    app: &App,
    visit: &Visit,
    id: RunId,
    verdict: Verdict,
    fields: &Fields,
    error: Option<Problem>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let run = run::find_any(&work, id).await?;
    let affected = affected(&work, id, verdict != Verdict::Undo).await?;
    let (title, words, button) = words(&run, verdict, affected.len());
    Confirm {
        title,
        words,
        affected,
        action: format!("/runs/{id}/{}", word(verdict)),
        button,
        back: format!("/runs/{id}"),
        reason: fields.text("reason").to_owned(),
        error: error.map(|error| error.words()),
        ..Confirm::default()
    }
    .show(frame(visit, &run))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approve",
        Verdict::Reject => "reject",
        Verdict::Undo => "undo",
    }
}

fn words(run: &Run, verdict: Verdict, people: usize) -> (String, Vec<String>, &'static str) {
    let counts = &run.counts;
    match verdict {
        Verdict::Approve => {
            let mut words = vec![format!(
                "{} roles are given, {} taken, {} people barred. It is planned again first: only the same or less passes.",
                counts.held_granted, counts.held_removed, counts.held_blocked
            )];
            if run.touches_admins {
                words.push("Admins are touched: when there are two admins, another person must approve, too.".to_owned());
            }
            (format!("Approve for {people} people?"), words, "Approve")
        }
        Verdict::Reject => (
            format!("Reject it? {people} people stay as they are"),
            vec!["The same plan is not raised again for 24 hours; a different one is.".to_owned()],
            "Reject",
        ),
        Verdict::Undo => (
            format!("Undo it for {people} people?"),
            vec![format!(
                "{} roles it gave are taken, {} it took are given back. Its mappings pause until somebody resumes them.",
                counts.granted, counts.removed
            )],
            "Undo",
        ),
    }
}

/// Who is affected: by what waits, or by what was done.
async fn affected(work: &Work, id: RunId, held: bool) -> Result<Vec<Affected>, Problem> {
    let found = changes::list(work, id, Some(held), -1, NAMES).await?;
    let one = |change: &changes::Change| {
        let steps: Vec<String> = super::super::words::in_words(change)
            .into_iter()
            .map(|step| match step.class {
                "add" => format!("+ {}", step.what),
                "del" => format!("− {}", step.what),
                _ => step.what,
            })
            .collect();
        Affected {
            name: if change.name.is_empty() {
                change.login.clone()
            } else {
                change.name.clone()
            },
            note: format!("{} · {}", change.login, steps.join(", ")),
        }
    };
    Ok(found.iter().map(one).collect())
}

async fn decide(
    State(app): State<App>,
    visit: Visit,
    Path((id, verdict)): Path<(RunId, Verdict)>,
    fields: Fields,
) -> Result<Response, Problem> {
    match try_decide(&app, &visit, id, &fields, verdict).await {
        Ok(done) => Ok(done.into_response()),
        Err(error) => question(&app, &visit, id, verdict, &fields, Some(error.or_fault()?)).await,
    }
}

async fn try_decide(
    app: &App,
    visit: &Visit,
    id: RunId,
    fields: &Fields,
    verdict: Verdict,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let connection = run::find_any(&work, id).await?.connection_id;
    let reason = fields.text("reason");
    let done = match verdict {
        Verdict::Approve => match approve(&mut work, connection, id, reason).await? {
            Approval::Applying(run) => {
                Done::to(format!("/runs/{run}")).ok("Approved: this run applies it")
            }
            Approval::NeedsSecond => Done::to(format!("/runs/{id}")).say(
                Tone::Held,
                "Your approval is kept. Another person must approve, too",
            ),
        },
        Verdict::Reject => {
            reject(&mut work, connection, id, reason).await?;
            Done::to(format!("/runs/{id}")).ok("Rejected: nobody lost or gained anything by it")
        }
        Verdict::Undo => {
            let run = undo(&mut work, connection, id, reason).await?;
            Done::to(format!("/runs/{run}")).ok("This run reverses it; its mappings are paused")
        }
    };
    work.commit().await?;
    Ok(done)
}

async fn ask_stop(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RunId>,
) -> Result<Response, Problem> {
    let run = run::find_any(&app.read(&visit.actor).await?, id).await?;
    Confirm {
        title: "Stop this run?".to_owned(),
        words: vec![
            "Nothing of it is changed: roles stay as they are. The next run comes at its time."
                .to_owned(),
        ],
        action: format!("/runs/{id}/stop"),
        button: "Stop it",
        back: format!("/runs/{id}"),
        ..Confirm::default()
    }
    .show(frame(&visit, &run))
}

async fn stop(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<RunId>,
    fields: Fields,
) -> Result<Done, Problem> {
    let mut work = app.begin(&visit.actor).await?;
    let connection = run::find_any(&work, id).await?.connection_id;
    let done = Done::to(format!("/runs/{id}"));
    match halt(&mut work, connection, id, fields.text("reason")).await {
        Ok(()) => {
            work.commit().await?;
            Ok(done.ok("Stopped: nothing of it was changed"))
        }
        Err(error) => {
            let error = Problem::from(error).or_fault()?;
            Ok(done.say(Tone::Fail, error.words()))
        }
    }
}
