//! Answers of pages: HTML under a strict policy, or a way on.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};

use super::flash::Flash;
use super::parts::Tone;
use crate::web::Problem;

/// What a page may do: load our own style, script and pictures, talk to us, send forms to us.
pub const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page of a filled template.
pub fn show(template: &impl Template) -> Result<Response, Problem> {
    show_as(StatusCode::OK, template)
}

/// The same with another status: 422 for a form that is shown again with its input and what is wrong.
pub fn show_as(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template
        .render()
        .map_err(|error| Problem::internal(&error))?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((status, headers, html).into_response())
}

/// The way on after a form did what it should (303), with a message told once on the next page.
#[derive(Debug, Clone)]
#[must_use]
pub struct Done {
    to: String,
    flash: Option<Flash>,
}

impl Done {
    /// On to an address of ours; anything else becomes `/`.
    pub fn to(address: impl Into<String>) -> Self {
        Self {
            to: inside(&address.into()).to_owned(),
            flash: None,
        }
    }

    /// Saying that it worked: `Added Ada Lovelace`.
    pub fn ok(self, text: impl Into<String>) -> Self {
        self.say(Tone::Ok, text)
    }

    /// Saying something in another tone.
    pub fn say(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.flash = Some(Flash::new(tone, text));
        self
    }
}

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let to = HeaderValue::from_str(&self.to).unwrap_or(HeaderValue::from_static("/"));
        response.headers_mut().insert(LOCATION, to);
        if let Some(flash) = self.flash {
            response.extensions_mut().insert(flash);
        }
        response
    }
}

/// `address` when it leads to a page of ours, else `/`: never another site, however it is written.
#[must_use]
pub(crate) fn inside(address: &str) -> &str {
    let plain = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let mut start = address.bytes();
    let ours = start.next() == Some(b'/') && start.next() != Some(b'/');
    if plain && ours { address } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_never_leaves_us() {
        for (address, want) in [
            ("/people?q=a&after=b", "/people?q=a&after=b"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\r\nset-cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(inside(address), want, "{address}");
        }
    }
}
