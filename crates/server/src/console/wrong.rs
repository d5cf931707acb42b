//! Refusals as pages: what is wrong, how to mend it, and for a missing permission who can give it.

use askama::Template;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};

use super::answer::show_as;
use super::frame::Frame;
use super::visit::Visit;
use crate::actor::Permission;
use crate::db::Timestamp;
use crate::web::{Problem, request_id};

/// Why somebody may not see a page, and the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// What it takes.
    pub permission: Permission,
    /// The roles that have it.
    pub roles: Vec<String>,
    /// People who can give one of them.
    pub people: Vec<String>,
}

#[derive(Template)]
#[template(path = "console/wrong.html")]
struct Inside<'a> {
    frame: Frame,
    wrong: Wrong<'a>,
}

#[derive(Template)]
#[template(path = "console/wrong_solo.html")]
struct Outside<'a> {
    frame: Frame,
    wrong: Wrong<'a>,
}

struct Wrong<'a> {
    status: u16,
    icon: &'static str,
    title: &'static str,
    detail: String,
    request: Option<String>,
    why: Option<&'a Why>,
}

/// Turns refusals into pages for who asks for pages; programs get their problems (RFC 9457).
pub async fn as_pages(request: Request, next: Next) -> Response {
    let wanted = wants_page(request.headers(), request.uri().path());
    let response = next.run(request).await;
    if !wanted {
        return response;
    }
    let Some(problem) = response.extensions().get::<Problem>().cloned() else {
        return response;
    };
    let visit = response.extensions().get::<Visit>().cloned();
    let why = response.extensions().get::<Why>().cloned();
    match page(&problem, visit.as_ref(), why.as_ref()) {
        Ok(page) => keep(page, &response),
        Err(_) => response,
    }
}

/// A browser asks for HTML by name; what Okta and programs call never shows a page.
fn wants_page(headers: &HeaderMap, path: &str) -> bool {
    let html = headers
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    html && !path.starts_with("/api/v1/") && !path.contains("/scim/")
}

/// The page with the headers of the refusal (a time to wait, cookies), save those of its body.
fn keep(mut page: Response, refusal: &Response) -> Response {
    for (name, value) in refusal.headers() {
        let own: [&HeaderName; 3] = [&CONTENT_TYPE, &CONTENT_LENGTH, &CONTENT_ENCODING];
        if !own.contains(&name) {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}

fn page(problem: &Problem, visit: Option<&Visit>, why: Option<&Why>) -> Result<Response, Problem> {
    let status = problem.status();
    let wrong = Wrong {
        status: status.as_u16(),
        icon: icon(status),
        title: title(status, problem),
        detail: problem.text().unwrap_or_default().to_owned(),
        request: status.is_server_error().then(request_id::current).flatten(),
        why,
    };
    if let Some(visit) = visit {
        let frame = visit.frame(wrong.title);
        show_as(status, &Inside { frame, wrong })
    } else {
        let frame = Frame::solo(wrong.title, Timestamp::default());
        show_as(status, &Outside { frame, wrong })
    }
}

fn icon(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "lock",
        404 => "search",
        429 | 503 => "timer",
        500.. => "broken",
        _ => "warn",
    }
}

fn title(status: StatusCode, problem: &Problem) -> &'static str {
    match status.as_u16() {
        403 => "Why can I not do this?",
        404 => "There is no such page",
        412 => "Somebody changed it meanwhile",
        429 => "Too many tries",
        500 => "Something went wrong on our side",
        _ => problem.title(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_browsers_get_pages() {
        let mut headers = HeaderMap::new();
        assert!(!wants_page(&headers, "/people"));
        headers.insert(
            ACCEPT,
            "text/html,application/xhtml+xml,*/*;q=0.8".parse().unwrap(),
        );
        assert!(wants_page(&headers, "/people"));
        assert!(!wants_page(&headers, "/api/v1/users"));
        assert!(!wants_page(&headers, "/connections/0190/scim/v2/Users"));
    }

    #[test]
    fn a_page_says_the_mend_and_never_more_of_a_fault_than_its_request() {
        let problem = Problem::invalid("`days` must be a number <b>");
        let page = Outside {
            frame: Frame::solo("x", Timestamp::default()),
            wrong: Wrong {
                status: 422,
                icon: "warn",
                title: problem.title(),
                detail: problem.text().unwrap().to_owned(),
                request: Some("r-1".to_owned()),
                why: None,
            },
        };
        let html = page.render().unwrap();
        assert!(html.contains("`days` must be a number &#60;b&#62;") && html.contains("r-1"));
    }
}
