//! What all pages share, and the first page.

use askama::Template;
use http::StatusCode;

use super::{Visit, shown};
use crate::clock::Time;
use crate::http::{Query, Reply};
use crate::orgs::OrgPlace;

/// What stands around a page.
pub(super) struct Frame {
    pub(super) org: String,
    pub(super) title: String,
    /// The section that the page belongs to.
    here: &'static str,
}

/// A link of the side bar.
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) href: String,
    pub(super) icon: &'static str,
    pub(super) here: bool,
}

const SECTIONS: [(&str, &str, &str); 7] = [
    ("Overview", "", "overview"),
    ("People", "view/people", "directory"),
    ("Groups", "view/groups", "users"),
    ("Apps", "view/apps", "apps"),
    ("System log", "view/log", "activity"),
    ("Requests", "view/requests", "terminal"),
    ("Faults", "view/faults", "broken"),
];

impl Frame {
    pub(super) fn new(visit: &Visit<'_>, here: &'static str, title: impl Into<String>) -> Self {
        Self {
            org: visit.shared.read().subdomain().to_owned(),
            title: title.into(),
            here,
        }
    }

    /// The links of the side bar.
    pub(super) fn links(&self) -> Vec<Link> {
        let links = SECTIONS.iter().map(|(name, path, icon)| Link {
            name,
            href: format!("/_sandbox/{path}"),
            icon,
            here: *name == self.here,
        });
        links.collect()
    }
}

/// A state as icon, word and colour.
#[derive(Clone)]
pub(super) struct State {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) word: String,
}

impl State {
    /// The state of something with this status of Okta's.
    pub(super) fn of(status: &str) -> Self {
        let (tone, icon) = match status {
            "ACTIVE" => ("ok", "ok"),
            "STAGED" | "PROVISIONED" => ("wait", "wait"),
            "RECOVERY" | "PASSWORD_EXPIRED" | "SUSPENDED" => ("held", "held"),
            "LOCKED_OUT" => ("held", "lock"),
            "INVALID" => ("fail", "fail"),
            _ => ("off", "off"),
        };
        let word = status.replace('_', " ").to_lowercase();
        let mut letters = word.chars();
        let word = letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect())
            .unwrap_or_default();
        Self { tone, icon, word }
    }
}

/// An instant: exact, and as people say it.
#[derive(Clone)]
pub(super) struct At {
    pub(super) exact: String,
    pub(super) said: String,
}

impl At {
    pub(super) fn of(at: Time, now: Time) -> Self {
        let past = now.seconds() - at.seconds();
        let said = match past {
            ..0 => "later".to_owned(),
            0..5 => "now".to_owned(),
            5..60 => format!("{past} s ago"),
            60..3600 => format!("{} min ago", past / 60),
            3600..86_400 => format!("{} h ago", past / 3600),
            _ => at.text().get(..10).unwrap_or_default().to_owned(),
        };
        Self {
            exact: at.text(),
            said,
        }
    }
}

/// How many rows a page shows.
pub(super) const ROWS: usize = 50;

/// Where a page stands among its like.
pub(super) struct Pager {
    pub(super) page: usize,
    pub(super) pages: usize,
    pub(super) said: String,
    pub(super) previous: Option<String>,
    pub(super) next: Option<String>,
}

impl Pager {
    /// The page that a query asks for, of so many rows.
    pub(super) fn of(path: &str, query: &Query, rows: usize) -> Self {
        let pages = rows.div_ceil(ROWS).max(1);
        let asked = query.get("page").and_then(|page| page.parse().ok());
        let page = asked.unwrap_or(1_usize).clamp(1, pages);
        let first = (page - 1) * ROWS;
        let last = (first + ROWS).min(rows);
        let to = |page: usize| {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for name in ["q", "status"] {
                if let Some(value) = query.get(name).filter(|value| !value.is_empty()) {
                    form.append_pair(name, value);
                }
            }
            form.append_pair("page", &page.to_string());
            format!("{path}?{}", form.finish())
        };
        Self {
            page,
            pages,
            said: match rows {
                0 => "none".to_owned(),
                _ => format!("{} to {} of {}", count(first + 1), count(last), count(rows)),
            },
            previous: (page > 1).then(|| to(page - 1)),
            next: (page < pages).then(|| to(page + 1)),
        }
    }

    /// How many rows come before this page.
    pub(super) fn skip(&self) -> usize {
        (self.page - 1) * ROWS
    }

    /// Whether there is more than one page.
    pub(super) fn is_several(&self) -> bool {
        self.pages > 1
    }
}

/// A number with commas.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One number of the first page.
struct Tile {
    href: String,
    name: &'static str,
    count: String,
    words: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    url: String,
    clock: String,
    frozen: bool,
    said: &'static str,
    tiles: Vec<Tile>,
    token: String,
    oauth: String,
    dpop: String,
    orgs: Vec<OrgPlace>,
    command: String,
}

/// The first page.
pub(super) fn overview(visit: &Visit<'_>) -> Reply {
    let shared = visit.shared;
    let tiles = {
        let org = shared.read();
        let tile = |path: &str, name, number: usize, words: &str| Tile {
            href: format!("/_sandbox/view/{path}"),
            name,
            count: count(number),
            words: words.to_owned(),
        };
        let requests = usize::try_from(shared.requests().numbers().total).unwrap_or(usize::MAX);
        let rules = format!("{} rules fill them", org.rules.len());
        vec![
            tile("people", "People", org.people.len(), "with the first admin"),
            tile("groups", "Groups", org.groups.len(), &rules),
            tile("apps", "Apps", org.apps.rows.len(), "with two service apps"),
            tile("log", "Log entries", org.log.len(), "since the start"),
            tile("requests", "Requests", requests, "since the start or reset"),
            tile(
                "faults",
                "Faults",
                shared.faults().list().len(),
                "rules in force",
            ),
        ]
    };
    let credentials = &shared.credentials;
    shown(&Overview {
        frame: Frame::new(visit, "Overview", "Overview"),
        url: visit.base.clone(),
        clock: shared.clock.now().text(),
        frozen: shared.clock.is_frozen(),
        said: match visit.query.get("done") {
            Some("reset") => "The org is as it was at the start.",
            _ => "",
        },
        tiles,
        token: credentials.api_token.clone(),
        oauth: credentials.oauth.client_id.clone(),
        dpop: credentials.dpop.client_id.clone(),
        orgs: visit.orgs.list(),
        command: format!(
            "curl -H 'Authorization: SSWS {}' '{}/api/v1/users?limit=5'",
            credentials.api_token, visit.base
        ),
    })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = "{% extends \"base.html\" %}{% block main %}<div class=\"empty\"><h1>Not here</h1><p>No page has this address.</p><a class=\"btn\" href=\"/_sandbox/\">Overview</a></div>{% endblock %}"
)]
struct Nothing {
    frame: Frame,
}

/// The page of an address that leads nowhere.
pub(super) fn nothing(visit: &Visit<'_>) -> Reply {
    let frame = Frame::new(visit, "", "Not here");
    shown(&Nothing { frame }).status(StatusCode::NOT_FOUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, want) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), want);
        }
    }

    #[test]
    fn pages_are_led_through() {
        let pager = |query: &str, rows| Pager::of("/p", &Query::parse(query), rows);
        let first = pager("q=a b", 120);
        assert_eq!(
            (first.said.as_str(), first.previous),
            ("1 to 50 of 120", None)
        );
        assert_eq!(first.next.as_deref(), Some("/p?q=a+b&page=2"));
        let last = pager("page=9", 120);
        assert_eq!(
            (last.said.as_str(), &last.next, last.skip()),
            ("101 to 120 of 120", &None, 100)
        );
        assert_eq!(pager("page=x", 0).said, "none");
    }

    #[test]
    fn times_are_said_as_people_do() {
        let now = Time(1_800_000_000_000);
        for (seconds, want) in [
            (0, "now"),
            (59, "59 s ago"),
            (61, "1 min ago"),
            (7200, "2 h ago"),
            (200_000, "2027-01-13"),
        ] {
            assert_eq!(At::of(Time(now.0 - seconds * 1000), now).said, want);
        }
    }
}
