//! Errors of the authorization server: `error` and `error_description` (RFC 6749 section 5.2, texts by Okta).

use std::borrow::Cow;

use http::StatusCode;
use serde_json::json;

use crate::http::Reply;

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OAuthFail {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) text: Cow<'static, str>,
}

impl OAuthFail {
    /// An error with its status.
    pub(crate) fn new(
        status: u16,
        error: &'static str,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            error,
            text: text.into(),
        }
    }

    /// 401 `invalid_client`.
    pub(crate) fn client(text: &'static str) -> Self {
        Self::new(401, "invalid_client", text)
    }

    /// 400 with this error.
    pub(crate) fn bad(error: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, error, text)
    }

    /// The answer.
    pub(crate) fn reply(self) -> Reply {
        let body = json!({ "error": self.error, "error_description": self.text });
        Reply::json(&body)
            .status(StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST))
    }
}
