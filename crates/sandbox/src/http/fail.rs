//! Okta's error answers: five members always, the code decides the status (Okta: Error codes).

use std::fmt::Write as _;

use http::{HeaderName, StatusCode};
use serde_json::json;

use super::Reply;

/// Why a call was refused.
#[derive(Debug, Clone)]
pub(crate) struct Fail {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    summary: String,
    causes: Vec<String>,
    headers: Vec<(HeaderName, String)>,
    /// An answer that is not of Okta's management form: OAuth errors, and 403 with an empty body.
    instead: Option<Box<Reply>>,
}

impl Fail {
    /// An error with a code and its text.
    pub(crate) fn new(status: StatusCode, code: &'static str, summary: impl Into<String>) -> Self {
        Self {
            status,
            code,
            summary: summary.into(),
            causes: Vec::new(),
            headers: Vec::new(),
            instead: None,
        }
    }

    /// An answer in another form than that of the management API.
    pub(crate) fn instead(reply: Reply) -> Self {
        let mut fail = Self::new(reply.status, "", "");
        fail.instead = Some(Box::new(reply));
        fail
    }

    /// `E0000001`: the object named did not validate; each cause is `field: what is wrong`.
    pub(crate) fn validation(
        object: &str,
        causes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let mut fail = Self::new(
            StatusCode::BAD_REQUEST,
            "E0000001",
            format!("Api validation failed: {object}"),
        );
        fail.causes = causes.into_iter().map(Into::into).collect();
        fail
    }

    /// `E0000007`: nothing of this type has this id.
    pub(crate) fn not_found(id: &str, kind: &str) -> Self {
        let text = format!("Not found: Resource not found: {id} ({kind})");
        Self::new(StatusCode::NOT_FOUND, "E0000007", text)
    }

    /// `E0000003`: the body is missing or no JSON object.
    pub(crate) fn malformed() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "E0000003",
            "The request body was not well-formed.",
        )
    }

    /// `E0000006`: the caller may not do this.
    pub(crate) fn forbidden() -> Self {
        let text = "You do not have permission to perform the requested action";
        Self::new(StatusCode::FORBIDDEN, "E0000006", text)
    }

    /// `E0000015`: this org does not have the feature.
    pub(crate) fn no_feature() -> Self {
        let text = "You do not have permission to access the feature you are requesting";
        Self::new(StatusCode::UNAUTHORIZED, "E0000015", text)
    }

    /// `E0000011`: the API token is unknown.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "E0000011",
            "Invalid token provided",
        )
    }

    /// `E0000022`: the path exists, but not with this method.
    pub(crate) fn method() -> Self {
        let text = "The endpoint does not support the provided HTTP method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "E0000022", text)
    }

    /// Adds a cause.
    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Summary and causes in one line, for people.
    pub(crate) fn words(&self) -> String {
        if self.causes.is_empty() {
            return self.summary.clone();
        }
        format!("{} ({})", self.summary, self.causes.join("; "))
    }

    /// The answer; `error_id` names this one error as Okta does.
    pub(crate) fn reply(self, error_id: &str) -> Reply {
        if let Some(reply) = self.instead {
            return *reply;
        }
        let causes: Vec<_> = self
            .causes
            .iter()
            .map(|cause| json!({ "errorSummary": cause }))
            .collect();
        let body = json!({
            "errorCode": self.code, "errorSummary": self.summary, "errorLink": self.code,
            "errorId": error_id, "errorCauses": causes,
        });
        let mut reply = Reply::json(&body);
        reply.status = self.status;
        reply.headers.extend(self.headers);
        reply
    }
}

/// An error id: `oae` and 22 characters made from a number.
pub(crate) fn error_id(number: u64) -> String {
    let mut id = String::from("oae");
    let _ = write!(id, "{:011x}{:011x}", number & 0xfff_ffff_ffff, number >> 20);
    id
}
