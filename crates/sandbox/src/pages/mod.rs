//! What the org looks like, for people: `/_sandbox/` and the pages beneath `/_sandbox/view/`.
//!
//! Plain pages that work without script, in Keywright's style. They only look, but for three forms: back to the start, and
//! adding and clearing faults; those are taken from the pages' own origin alone.
//!
//! ```text
//! /_sandbox/                         numbers, credentials, orgs of the process
//! /_sandbox/view/people[/{id}]       /groups[/{id}]   /apps[/{id}]
//! /_sandbox/view/log  /requests      newest first
//! /_sandbox/view/faults              rules, and a form to add one
//! /_sandbox/assets/                  style sheet, icons
//! ```

mod acts;
mod frame;
mod lists;
mod rows;
mod thing;

use askama::Template;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

use crate::http::{Query, Reply};
use crate::orgs::Orgs;
use crate::shared::Shared;

/// Nothing from elsewhere, no script, no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// One request of a person.
pub(crate) struct Visit<'a> {
    pub(crate) orgs: &'a Orgs,
    pub(crate) shared: &'a Shared,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    /// Scheme and host as the browser wrote them.
    pub(crate) base: String,
}

/// Whether a path is one of a page.
pub(crate) fn is_page(path: &str) -> bool {
    path == "/_sandbox"
        || path == "/_sandbox/view"
        || path.starts_with("/_sandbox/view/")
        || path.starts_with("/_sandbox/assets/")
}

/// Answers a person.
pub(crate) fn answer(visit: &Visit<'_>) -> Reply {
    let rest = visit.path.trim_start_matches("/_sandbox");
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    let found = match (visit.method.as_str(), parts.as_slice()) {
        ("GET", ["assets", name]) => asset(name),
        ("GET", [] | ["view"]) => Some(frame::overview(visit)),
        ("GET", ["view", "people"]) => Some(lists::people(visit)),
        ("GET", ["view", "groups"]) => Some(lists::groups(visit)),
        ("GET", ["view", "apps"]) => Some(lists::apps(visit)),
        ("GET", ["view", "people", id]) => thing::person(visit, id),
        ("GET", ["view", "groups", id]) => thing::group(visit, id),
        ("GET", ["view", "apps", id]) => thing::app(visit, id),
        ("GET", ["view", "log"]) => Some(rows::log(visit)),
        ("GET", ["view", "requests"]) => Some(rows::requests(visit)),
        ("GET", ["view", "faults"]) => Some(acts::faults(visit, "")),
        ("POST", ["view", rest @ ..]) => acts::post(visit, rest),
        _ => None,
    };
    found.unwrap_or_else(|| frame::nothing(visit))
}

fn asset(name: &str) -> Option<Reply> {
    let (text, kind) = match name {
        "keywright.css" => (
            include_str!("assets/keywright.css"),
            "text/css; charset=utf-8",
        ),
        "icons.svg" => (include_str!("assets/icons.svg"), "image/svg+xml"),
        "logo.svg" => (include_str!("assets/logo.svg"), "image/svg+xml"),
        _ => return None,
    };
    let mut reply = Reply::raw(text);
    reply.content_type = kind;
    Some(
        reply
            .header(header::CACHE_CONTROL, "max-age=3600")
            .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    )
}

/// A page on the wire.
fn shown(page: &impl Template) -> Reply {
    let Ok(text) = page.render() else {
        return Reply::empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut reply = Reply::raw(text);
    reply.content_type = "text/html; charset=utf-8";
    reply
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}
