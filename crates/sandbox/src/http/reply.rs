//! An answer before it goes on the wire.

use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use serde::Serialize;

/// Status, headers and body of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// Whether an assertion about a person leaves with it.
    pub(crate) carries_assertion: bool,
}

impl Reply {
    /// 200 with a JSON body.
    pub(crate) fn json(body: &impl Serialize) -> Self {
        Self::raw(serde_json::to_vec(body).unwrap_or_default())
    }

    /// 200 with JSON that is already printed.
    pub(crate) fn raw(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            status: StatusCode::OK,
            headers: Vec::new(),
            content_type: "application/json",
            body,
            carries_assertion: false,
        }
    }

    /// A status without a body; it carries no content type.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "",
            body: Bytes::new(),
            carries_assertion: false,
        }
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a `Link` header for one relation.
    pub(crate) fn link(self, url: &str, relation: &str) -> Self {
        self.header(header::LINK, format!("<{url}>; rel=\"{relation}\""))
    }
}
