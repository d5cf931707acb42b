//! Roles from Okta groups: read an org, plan, guard, apply; hold what is too much for a person to decide.
//!
//! ```text
//! sync.run (leased job) ─► read ─► judge: plan ─► guard ─► write ─► Run
//!                           Okta    stored state    │ held      all at once
//! scim.settle (leased job) ─► said ──┘ by SCIM      └─► approve (planned again) | reject | undo
//! ```
//!
//! The plan is made for one version of the directory and applied only while it stands, so it is as if it had been made
//! in the applying transaction; that transaction stays short however large the plan.

mod apply;
mod changes;
mod compose;
mod decide;
mod error;
mod finding;
pub mod guard;
mod halt;
mod job;
mod judge;
mod lookup;
mod lowering;
mod notice;
mod pages;
pub mod plan;
mod read;
mod roster;
mod routes;
pub mod rules;
mod run;
mod said;
mod settings;
mod simulate;
pub mod snapshot;
mod staged;
mod trigger;
mod undo;
mod why;
mod words;
mod write;

pub use changes::{Change, Op, Step, list as changes_of};
pub use decide::{Approval, approve, reject, undo_run as undo};
pub use error::{Error, Result};
pub use finding::Finding;
pub use halt::halt;
pub use job::{Clients, register};
pub use lowering::ask_for_limits;
pub use pages::pages;
pub use routes::routes;
pub use run::{Counts, Run, RunId, RunKind, RunState, count_held, find, held, list};
pub use settings::{
    Change as SettingsChange, DEFAULT_INTERVAL, INTERVALS, Settings, change as change_settings,
    settings, start, stop, tend,
};
pub use trigger::{Started, touch, trigger};
pub use why::{Cause, Past, Why, why};
pub use words::{Words, in_words};

/// The job of a run, scheduled or asked for.
pub const RUN_JOB: &str = "sync.run";
/// The job of a dry run.
pub const PLAN_JOB: &str = "sync.plan";
/// The job that carries out what a person decided.
pub const DECIDE_JOB: &str = "sync.decide";

#[cfg(test)]
pub(crate) mod tests;
