//! Why a SCIM request was refused, and how the client is told (RFC 7644 section 3.12).

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keywright_proto::scim::{self, MEDIA_TYPE, ScimType};

use super::collisions::Clash;
use crate::{db, directory};

/// Why a SCIM request was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum Error {
    /// The message itself is wrong.
    #[error(transparent)]
    Message(#[from] scim::Error),
    /// No valid token. Why is in the audit trail, not here.
    #[error("a valid SCIM token of this connection is needed")]
    Unauthorized,
    /// There is no such resource.
    #[error("there is no {0} `{1}`")]
    NoSuch(&'static str, String),
    /// There is no such address.
    #[error("there is nothing at `{0}`")]
    NoAddress(String),
    /// The address does not take the method.
    #[error("this address does not take {0}")]
    Method(String),
    /// A user name or group name is taken.
    #[error("{0}")]
    Taken(Clash),
    /// A collision cannot be decided so.
    #[error("{0}")]
    Undecidable(&'static str),
    /// The directory refused.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// If-Match named another version.
    #[error("the resource has changed: its version is {0}")]
    Stale(String),
    /// The body says it is something else.
    #[error("send `Content-Type: application/scim+json`")]
    MediaType,
    /// The body is larger than is taken.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Not offered.
    #[error("{0}")]
    NotOffered(&'static str),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Error {
    /// Status, `scimType` and words for the client.
    pub(super) fn told(&self) -> (u16, Option<ScimType>, String) {
        let text = self.to_string();
        match self {
            Self::Message(error) => (error.status(), error.scim_type(), text),
            Self::Unauthorized => (401, None, text),
            Self::NoSuch(..) | Self::NoAddress(_) => (404, None, text),
            Self::Method(_) => (405, None, text),
            Self::Taken(_) => (409, Some(ScimType::Uniqueness), text),
            Self::Undecidable(_) => (400, None, text),
            Self::Stale(_) => (412, None, text),
            Self::MediaType => (415, None, text),
            Self::TooLarge(_) => (413, None, text),
            Self::NotOffered(_) => (501, None, text),
            Self::Db(error) | Self::Directory(directory::Error::Db(error)) => database(error),
            Self::Directory(_) => (403, None, text),
        }
    }
}

fn database(error: &db::Error) -> (u16, Option<ScimType>, String) {
    match error {
        // Two writers of one resource: the client's retry meets the new version.
        db::Error::Stale | db::Error::Busy => (
            503,
            None,
            "the resource is being changed by another request: try again".to_owned(),
        ),
        db::Error::Clash(_) => {
            let text = "another resource of this connection has taken this name in the meantime";
            (409, Some(ScimType::Uniqueness), text.to_owned())
        }
        db::Error::Applying => (503, None, error.to_string()),
        db::Error::Full => (507, None, error.to_string()),
        db::Error::LeaseLost
        | db::Error::NewerSchema { .. }
        | db::Error::File(_)
        | db::Error::Engine(_) => {
            tracing::error!(error = %crate::web::chain(error), "a SCIM request failed");
            (
                500,
                None,
                "something went wrong on our side; it is in the server's log".to_owned(),
            )
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (status, scim_type, detail) = self.told();
        let body = scim::error_body(status, scim_type, &detail).to_string();
        let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (code, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if status == 401 {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"scim\""),
            );
        }
        if status == 503 {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
