//! The forms: back to the start, and faults.

use std::collections::HashMap;

use askama::Template;
use http::{StatusCode, header};

use super::frame::{Frame, count};
use super::{Visit, shown};
use crate::control::{Effect, Fault};
use crate::http::{Query, Reply};
use crate::saml::SamlFault;

/// What the form offers: its value, and its words.
const EFFECTS: [(&str, &str); 16] = [
    ("503", "503 instead of the answer"),
    ("500", "500 instead of the answer"),
    ("rate_limit", "429 for a minute"),
    ("delay", "The answer comes 3 seconds late"),
    ("cut", "The connection ends in the middle of the body"),
    ("hangup", "The connection ends without an answer"),
    ("malformed_json", "JSON that breaks off"),
    ("empty_list", "A list comes back empty"),
    ("repeat_page", "The page before comes again"),
    ("drop_write", "A change is answered but not made"),
    ("token_expired", "The token is refused as expired"),
    ("saml_bad_signature", "SAML: a signature that does not hold"),
    ("saml_unsigned", "SAML: an answer without a signature"),
    ("saml_stale", "SAML: an answer of an hour ago"),
    ("saml_audience", "SAML: an answer for another audience"),
    ("saml_wrapping", "SAML: a wrapped signature (the third way)"),
];

fn effect(name: &str) -> Option<Effect> {
    let answer = |status| Effect::Answer {
        status,
        body: None,
        headers: HashMap::new(),
    };
    Some(match name {
        "503" => answer(503),
        "500" => answer(500),
        "rate_limit" => Effect::RateLimit { seconds: 60 },
        "delay" => Effect::DelayMs(3000),
        "cut" => Effect::Cut(0.5),
        "hangup" => Effect::Hangup,
        "malformed_json" => Effect::MalformedJson,
        "empty_list" => Effect::EmptyList,
        "repeat_page" => Effect::RepeatPage,
        "drop_write" => Effect::DropWrite,
        "token_expired" => Effect::TokenExpired,
        "saml_bad_signature" => Effect::Saml(SamlFault::BadSignature),
        "saml_unsigned" => Effect::Saml(SamlFault::Unsigned),
        "saml_stale" => Effect::Saml(SamlFault::Stale),
        "saml_audience" => Effect::Saml(SamlFault::WrongAudience),
        "saml_wrapping" => Effect::Saml(SamlFault::Wrapping(3)),
        _ => return None,
    })
}

struct Row {
    calls: String,
    effect: String,
    which: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "faults.html")]
struct Faults {
    frame: Frame,
    problem: String,
    rows: Vec<Row>,
    effects: [(&'static str, &'static str); 16],
}

fn row(fault: &Fault, seen: u32) -> Row {
    let query = fault.query.as_ref().map(|part| format!("?…{part}…"));
    Row {
        calls: format!(
            "{} {}{}",
            fault.method.as_deref().unwrap_or("any"),
            fault.path,
            query.unwrap_or_default()
        ),
        effect: serde_json::to_string(&fault.effect).unwrap_or_default(),
        which: match fault.times {
            0 => format!("all from number {}", fault.nth),
            1 => format!("number {}", fault.nth),
            times => format!("{times} from number {}", fault.nth),
        },
        seen: count(usize::try_from(seen).unwrap_or(usize::MAX)),
    }
}

/// The rules in force.
pub(super) fn faults(visit: &Visit<'_>, problem: &str) -> Reply {
    let list = visit.shared.faults().list();
    shown(&Faults {
        frame: Frame::new(visit, "Faults", "Faults"),
        problem: problem.to_owned(),
        rows: list.iter().map(|(fault, seen)| row(fault, *seen)).collect(),
        effects: EFFECTS,
    })
}

/// Whether a form comes from a page of ours: browsers say so by `Sec-Fetch-Site`, older ones by `Origin`.
fn is_own(visit: &Visit<'_>) -> bool {
    let text = |name: &str| {
        visit
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    match (text("sec-fetch-site"), text("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == visit.base,
        (None, None) => true,
    }
}

fn back_to(path: &str) -> Reply {
    Reply::empty(StatusCode::SEE_OTHER).header(header::LOCATION, path)
}

/// Takes a form.
pub(super) fn post(visit: &Visit<'_>, path: &[&str]) -> Option<Reply> {
    if !is_own(visit) {
        return Some(Reply::empty(StatusCode::FORBIDDEN));
    }
    match path {
        ["reset"] => {
            visit.shared.reset();
            Some(back_to("/_sandbox/?done=reset"))
        }
        ["faults", "clear"] => {
            visit.shared.faults().clear();
            Some(back_to("/_sandbox/view/faults"))
        }
        ["faults", "add"] => Some(match fault_of(visit) {
            Ok(fault) => {
                visit.shared.faults().add(fault);
                back_to("/_sandbox/view/faults")
            }
            Err(problem) => faults(visit, problem).status(StatusCode::BAD_REQUEST),
        }),
        _ => None,
    }
}

fn fault_of(visit: &Visit<'_>) -> Result<Fault, &'static str> {
    let form = Query::parse(&String::from_utf8_lossy(visit.body));
    let text = |name: &str| form.get(name).map(str::trim).unwrap_or_default();
    let effect = effect(text("effect")).ok_or("Choose what is to go wrong.")?;
    let path = text("path");
    if !path.starts_with(['/', '*']) {
        return Err("A path begins with / or *.");
    }
    let number = |name: &str| text(name).parse::<u32>();
    let nth = number("nth").ok().filter(|nth| *nth > 0);
    let mut fault = Fault::new("", path, effect)
        .nth(nth.ok_or("The first call is a number from 1 on.")?)
        .times(number("times").map_err(|_| "How many calls is a number.")?);
    fault.method = Some(text("method").to_owned()).filter(|method| !method.is_empty());
    Ok(fault)
}
