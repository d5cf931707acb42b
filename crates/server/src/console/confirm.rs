//! Asking before an act that takes something away: a page of its own that names who is affected, so that it works without
//! script; with script it is a dialog.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::answer::show_as;
use super::frame::Frame;
use crate::web::Problem;

/// Most names that are told; the rest is counted.
const NAMES: usize = 50;

/// One who is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// Their name.
    pub name: String,
    /// Login, or what happens to them.
    pub note: String,
}

/// A question before an act.
#[derive(Debug, Clone, Default)]
pub struct Confirm {
    /// What is asked: `End the sessions of 3 people?`
    pub title: String,
    /// What follows, in sentences.
    pub words: Vec<String>,
    /// Who is affected.
    pub affected: Vec<Affected>,
    /// Where the answer is sent.
    pub action: String,
    /// What is sent beside the reason.
    pub hidden: Vec<(&'static str, String)>,
    /// What must be typed, where nothing brings it back.
    pub typed: Option<String>,
    /// Words of the button.
    pub button: &'static str,
    /// Where no leads.
    pub back: String,
    /// The reason so far.
    pub reason: String,
    /// What was wrong with the last try.
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "console/confirm.html")]
struct Page {
    frame: Frame,
    ask: Confirm,
    more: usize,
}

impl Confirm {
    /// The page, in a frame without title.
    pub fn show(mut self, mut frame: Frame) -> Result<Response, Problem> {
        let more = self.affected.len().saturating_sub(NAMES);
        self.affected.truncate(NAMES);
        frame.title.clone_from(&self.title);
        let status = if self.error.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        show_as(
            status,
            &Page {
                frame,
                ask: self,
                more,
            },
        )
    }
}
