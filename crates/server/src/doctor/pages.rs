//! The page `/doctor`: what is wrong, why, and the mend.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::{Finding, Repaired, Severity, examine, repair};
use crate::actor::Permission;
use crate::app::App;
use crate::console::{Frame, Pages, State as Stated, Visit, show};
use crate::web::Problem;

/// `/doctor` and what its forms send.
pub fn pages() -> Pages {
    Pages::new()
        .get("/doctor", Permission::SettingsRead, look)
        .post("/doctor", Permission::SettingsRead, run)
        .post("/doctor/repair", Permission::SettingsManage, mend)
}

#[derive(Template)]
#[template(path = "doctor/doctor.html")]
struct Doctor {
    frame: Frame,
    /// What is wrong; none before it was looked for.
    findings: Option<Vec<Shown>>,
    repairable: usize,
    tried: Vec<Repaired>,
    may_repair: bool,
}

struct Shown {
    finding: Finding,
    state: Stated,
}

impl From<Finding> for Shown {
    fn from(finding: Finding) -> Self {
        let state = match finding.severity {
            Severity::Critical => Stated::fail("Critical"),
            Severity::Warning => Stated::held("Warning").icon("warn"),
            Severity::Note => Stated::note("Note"),
        };
        Self { finding, state }
    }
}

fn page(
    visit: &Visit,
    findings: Option<Vec<Finding>>,
    tried: Vec<Repaired>,
) -> Result<Response, Problem> {
    let repairable = findings
        .iter()
        .flatten()
        .filter(|finding| finding.repair.is_some())
        .count();
    show(&Doctor {
        frame: visit.frame("Doctor"),
        findings: findings.map(|all| all.into_iter().map(Shown::from).collect()),
        repairable,
        tried,
        may_repair: visit.may(Permission::SettingsManage),
    })
}

async fn look(visit: Visit) -> Result<Response, Problem> {
    page(&visit, None, Vec::new())
}

async fn run(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let findings = examine(&app, &visit.actor).await?;
    page(&visit, Some(findings), Vec::new())
}

async fn mend(State(app): State<App>, visit: Visit) -> Result<Response, Problem> {
    let (tried, left) = repair(&app, &visit.actor).await?;
    page(&visit, Some(left), tried)
}
