//! One call, and its answer's JSON.

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::Error;
use crate::wire::Answer;

/// One call, to be sent as often as its tries need.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<Bytes>,
    pub(crate) if_match: Option<String>,
    /// Method and path, for errors and logs.
    pub(crate) name: String,
    pub(crate) public: bool,
}

impl Call {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        let name = format!("{method} {}", url.path());
        Self {
            method,
            url,
            body: None,
            if_match: None,
            name,
            public: false,
        }
    }

    /// Needs no credentials.
    pub(crate) fn public(mut self) -> Self {
        self.public = true;
        self
    }

    pub(crate) fn json<B: Serialize + ?Sized>(mut self, body: &B) -> Result<Self, Error> {
        let body =
            serde_json::to_vec(body).map_err(|error| Error::Unprintable(error.to_string()))?;
        self.body = Some(Bytes::from(body));
        Ok(self)
    }

    pub(crate) fn if_match(mut self, etag: &str) -> Self {
        self.if_match = Some(etag.to_owned());
        self
    }

    /// Whether sending it twice is the same as once. `DELETE` is not: on an active user the first deactivates and the
    /// second deletes (Okta: Users, delete).
    pub(crate) fn is_repeatable(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::PUT)
    }
}

/// Reads an answer's JSON.
pub(crate) fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let (call, request_id) = (call.name.clone(), answer.request_id());
        if error.is_eof() {
            return Error::Truncated { call, request_id };
        }
        // The error's text may quote what it read; place and kind are enough.
        let cause = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("no JSON at line {} column {}", error.line(), error.column()),
        };
        Error::Malformed {
            call,
            cause,
            request_id,
        }
    })
}
