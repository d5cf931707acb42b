//! Errors of the authorization server: `error` and `error_description` (RFC 6749 section 5.2, texts by Okta).

use http::StatusCode;
use serde_json::json;

use crate::http::Reply;

/// An error answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OAuthFail {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) text: &'static str,
}

impl OAuthFail {
    /// 401 `invalid_client`.
    pub(crate) const fn client(text: &'static str) -> Self {
        Self {
            status: 401,
            error: "invalid_client",
            text,
        }
    }

    /// 400 with this error.
    pub(crate) const fn bad(error: &'static str, text: &'static str) -> Self {
        Self {
            status: 400,
            error,
            text,
        }
    }

    /// The answer.
    pub(crate) fn reply(self) -> Reply {
        reply(self.status, self.error, self.text)
    }
}

/// An error answer with a text made for it.
pub(crate) fn reply(status: u16, error: &str, text: &str) -> Reply {
    let body = json!({ "error": error, "error_description": text });
    Reply::json(&body).status(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST))
}
