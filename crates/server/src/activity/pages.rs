//! The page `/activity`: the trail with filters, as it grows; export and verification.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use uuid::Uuid;

use super::export::{self, Form};
use super::shown::{self, Shown};
use crate::actor::Permission;
use crate::app::App;
use crate::audit::{Anchor, Filter, Report, list, seal_all, verify};
use crate::console::{Chip, Fields, Frame, Listing, Pager, Pages, Visit, show};
use crate::db::Timestamp;
use crate::web::Problem;

/// `/activity` and what belongs to it.
pub fn pages() -> Pages {
    let read = Permission::AuditRead;
    Pages::new()
        .get("/activity", read, activity)
        .get("/activity/tail", read, tail)
        .get("/activity/export", read, export)
        .post("/activity/verify", read, check)
}

/// Kinds of entries, by the beginnings of their actions.
const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "access",
        "Access",
        &["role.", "mapping.", "sync.", "run.", "group.", "user."],
    ),
    (
        "sign-in",
        "Sign-in",
        &["session.", "sign-in", "recovery-code", "saml."],
    ),
    ("okta", "Connections", &["connection.", "scim."]),
    (
        "settings",
        "Settings",
        &[
            "notice-channel.",
            "sign-in-rules.",
            "tenant.",
            "vault.",
            "guard",
            "api-key.",
        ],
    ),
];

/// How far back to look.
const SINCE: &[(&str, &str, i64)] = &[
    ("1", "Last 24 hours", 1),
    ("7", "Last 7 days", 7),
    ("", "Last 30 days", 30),
    ("all", "All", 0),
];

#[derive(Template)]
#[template(path = "activity/activity.html")]
struct Activity {
    frame: Frame,
    list: Listing,
    chips: Vec<Chip>,
    since: Vec<Choice>,
    entries: Vec<Shown>,
    pager: Pager,
    tail: Option<String>,
    verified: Option<Verified>,
}

#[derive(Template)]
#[template(path = "activity/tail.html")]
#[expect(clippy::struct_field_names, reason = "the word of the template")]
struct Tail {
    frame: Frame,
    entries: Vec<Shown>,
    tail: Option<String>,
}

/// An option of the form.
struct Choice {
    value: &'static str,
    label: &'static str,
    chosen: bool,
}

/// What a verification found.
struct Verified {
    report: Report,
    anchor: String,
}

/// What the address asks for.
fn filter(list: &Listing, now: Timestamp) -> Filter {
    let kind = KINDS.iter().find(|(name, ..)| list.is("kind", name));
    let days = SINCE
        .iter()
        .find(|(value, ..)| list.is("since", value))
        .map_or(30, |(_, _, days)| *days);
    Filter {
        prefixes: kind.map_or_else(Vec::new, |(_, _, prefixes)| prefixes.to_vec()),
        refused: list.is("kind", "refused"),
        text: list.q().to_owned(),
        target_id: Some(list.get("target").to_owned()).filter(|id| !id.is_empty()),
        since: (days > 0).then(|| now.plus_seconds(-days * 86_400)),
        before: list.after().and_then(|after| after.parse().ok()),
        ..Filter::default()
    }
}

async fn activity(
    State(app): State<App>,
    visit: Visit,
    list: Listing,
) -> Result<Response, Problem> {
    page(&app, &visit, list, None).await
}

async fn page(
    app: &App,
    visit: &Visit,
    asked: Listing,
    verified: Option<Verified>,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let wanted = filter(&asked, work.now);
    let rows = u32::try_from(asked.rows()).unwrap_or(u32::MAX);
    let mut found = list(&work, &wanted, rows).await?;
    let pager = asked.cut(&mut found, "entries", |row| row.id.to_string());
    let newest = found.first().map_or(Uuid::nil(), |row| row.id);
    let tail = wanted
        .before
        .is_none()
        .then(|| tail_address(&asked, newest));
    let chips = KINDS
        .iter()
        .map(|(name, label, _)| asked.chip(*label, "kind", name));
    let chips = std::iter::once(asked.chip("All", "kind", ""))
        .chain(chips)
        .chain([asked.chip("Refused", "kind", "refused")]);
    show(&Activity {
        frame: visit.frame("Activity"),
        chips: chips.collect(),
        since: SINCE
            .iter()
            .map(|(value, label, _)| Choice {
                value,
                label,
                chosen: asked.is("since", value),
            })
            .collect(),
        entries: shown::all(&work, found).await?,
        pager,
        tail,
        verified,
        list: asked,
    })
}

/// Where the page asks for what came since.
fn tail_address(asked: &Listing, newest: Uuid) -> String {
    let page = asked.with("newest", &newest.to_string());
    let query = page.split_once('?').map_or("", |(_, query)| query);
    format!("/activity/tail?{query}")
}

/// What came since the newest entry that the page shows: rows to put above, and where to ask next.
async fn tail(
    State(app): State<App>,
    visit: Visit,
    list_asked: Listing,
) -> Result<Response, Problem> {
    let work = app.read(&visit.actor).await?;
    let newest: Uuid = list_asked
        .get("newest")
        .parse()
        .map_err(|_| Problem::bad_request("`newest` must be the id of an entry"))?;
    let mut wanted = filter(&list_asked, work.now);
    (wanted.before, wanted.after) = (None, Some(newest));
    let found = list(&work, &wanted, 200).await?;
    let newest = found.first().map_or(newest, |row| row.id);
    show(&Tail {
        frame: visit.frame("Activity"),
        entries: shown::all(&work, found).await?,
        tail: Some(tail_address(&list_asked, newest)),
    })
}

/// In which form to export.
#[derive(Debug, Deserialize)]
struct Wanted {
    #[serde(default)]
    form: Form,
}

async fn export(
    State(app): State<App>,
    visit: Visit,
    list: Listing,
    Query(wanted): Query<Wanted>,
) -> Response {
    let (media, name) = match wanted.form {
        Form::Csv => (
            "text/csv; charset=utf-8",
            "attachment; filename=\"activity.csv\"",
        ),
        Form::Jsonl => (
            "application/x-ndjson",
            "attachment; filename=\"activity.jsonl\"",
        ),
    };
    let body = export::stream(
        app.clone(),
        visit.actor,
        filter(&list, app.now()),
        wanted.form,
    );
    ([(CONTENT_TYPE, media), (CONTENT_DISPOSITION, name)], body).into_response()
}

/// Verifies the chain, against an anchor kept from before when one was pasted.
async fn check(State(app): State<App>, visit: Visit, fields: Fields) -> Result<Response, Problem> {
    let anchor: Option<Anchor> = match fields.given("anchor") {
        None => None,
        Some(text) => Some(serde_json::from_str(text).map_err(|_| {
            Problem::invalid(
                "this is no anchor: paste what an earlier verification gave, braces and all",
            )
        })?),
    };
    seal_all(&app, &visit.actor).await?;
    let report = verify(&app.read(&visit.actor).await?, anchor.as_ref()).await?;
    let text = report.anchor.as_ref().map(serde_json::to_string);
    let anchor = text.transpose().ok().flatten().unwrap_or_default();
    let listing = Listing::of("/activity", "");
    page(&app, &visit, listing, Some(Verified { report, anchor })).await
}
