//! Problem details (RFC 9457): the one form of our API's errors.

use std::error::Error as StdError;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::request_id;

/// The media type of a problem (RFC 9457 section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Why a request was refused, as the caller sees it. `type` is `urn:keywright:problem:<code>`; `detail` says what is
/// wrong and how to mend it, never a secret. A fault of ours (500) shows a request id and nothing else.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem(Box<Content>);

#[derive(Debug, Clone, PartialEq)]
struct Content {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    members: Map<String, Value>,
    retry_seconds: Option<u64>,
}

impl Problem {
    /// A problem of `status`; `code` in lower case with hyphens is its type, `title` the same for all of that type.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self(Box::new(Content {
            status,
            code,
            title,
            detail: None,
            members: Map::new(),
            retry_seconds: None,
        }))
    }

    /// With what is wrong in this case, and the mend.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// With a further member (RFC 9457 section 3.2).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.members.insert(name.to_owned(), value.into());
        self
    }

    /// With the time after which trying again makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_seconds = Some(seconds);
        self
    }

    /// 400: the request cannot be understood.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad-request",
            "The request cannot be understood",
        )
        .detail(detail)
    }

    /// 401: no credential, or none that is valid now. Which of the two is not told.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid credential is needed")
            .detail("send a personal API key as `Authorization: Bearer kw_...`; an expired or revoked key does not count")
    }

    /// 403: a valid credential that may not do this.
    #[must_use]
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed").detail(detail)
    }

    /// 404: there is no such thing, or none that the caller may know of. `what` names its kind: `connection`.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found")
            .detail(format!("there is no such {what}"))
    }

    /// 405: the address does not take this method.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "This address does not take that method",
        )
    }

    /// 409: what is there already stands against it.
    #[must_use]
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "conflict",
            "In conflict with what is there",
        )
        .detail(detail)
    }

    /// 412: changed by someone else in the meantime.
    #[must_use]
    pub fn stale() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "stale",
            "Changed in the meantime",
        )
        .detail("somebody else changed it since it was read: read it again")
    }

    /// 422: understood, but a value will not do.
    #[must_use]
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "A value will not do",
        )
        .detail(detail)
    }

    /// 429: too many requests or attempts.
    #[must_use]
    pub fn too_many(seconds: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many",
            "Too many requests",
        )
        .retry_after(seconds)
    }

    /// 502: somebody we had to ask (Okta, a webhook's receiver) failed or refused.
    #[must_use]
    pub fn upstream(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "upstream", "Another system failed").detail(detail)
    }

    /// 503: not now; trying again later makes sense.
    #[must_use]
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "Not available at the moment",
        )
        .detail(detail)
        .retry_after(5)
    }

    /// 500: a fault of ours. The chain of `error` goes to the log, once; the caller sees the request id.
    #[must_use]
    pub fn internal(error: &(dyn StdError + 'static)) -> Self {
        tracing::error!(error = %chain(error), "a request failed");
        Self::fault()
    }

    /// 500 of which the log knows already.
    pub(super) fn fault() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side",
        )
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The title, the same for all of its type.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.0.title
    }

    /// What is wrong in this case, and the mend.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// What is wrong, for a form that is shown again: with the mend where there is one.
    #[must_use]
    pub fn words(&self) -> String {
        let mend = self.0.members.get("mend").and_then(Value::as_str);
        let text = self.text().unwrap_or(self.title());
        mend.map_or_else(|| text.to_owned(), |mend| format!("{text}. {mend}"))
    }

    /// Itself when a form can be shown again with it; as an error when it is no matter of the form's input: faults of
    /// ours, and what is not there.
    pub fn or_fault(self) -> Result<Self, Self> {
        if self.status().is_server_error() && self.status() != StatusCode::BAD_GATEWAY
            || self.status() == StatusCode::NOT_FOUND
        {
            Err(self)
        } else {
            Ok(self)
        }
    }

    /// Seconds after which trying again makes sense.
    #[must_use]
    pub fn wait_seconds(&self) -> Option<u64> {
        self.0.retry_seconds
    }

    /// The last part of the `type`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The document itself (RFC 9457), where it is part of an answer.
    #[must_use]
    pub fn document(&self) -> Value {
        let mut body = Map::new();
        body.insert(
            "type".to_owned(),
            json!(format!("urn:keywright:problem:{}", self.0.code)),
        );
        body.insert("title".to_owned(), json!(self.0.title));
        body.insert("status".to_owned(), json!(self.0.status.as_u16()));
        if let Some(detail) = &self.0.detail {
            body.insert("detail".to_owned(), json!(detail));
        }
        if self.0.status == StatusCode::INTERNAL_SERVER_ERROR
            && let Some(id) = request_id::current()
        {
            body.insert("request_id".to_owned(), json!(id));
        }
        body.extend(self.0.members.clone());
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.0.status, Json(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"keywright\""),
            );
        }
        if let Some(seconds) = self.0.retry_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        // The console makes a page of it.
        response.extensions_mut().insert(self);
        response
    }
}

/// An error and all its sources in one line.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn read(response: Response) -> Value {
        serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn bodies_follow_rfc_9457() {
        let response = Problem::conflict("the name is taken")
            .with("name", "a")
            .into_response();
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()[CONTENT_TYPE], MEDIA_TYPE);
        let want = json!({
            "type": "urn:keywright:problem:conflict", "title": "In conflict with what is there", "status": 409,
            "detail": "the name is taken", "name": "a",
        });
        assert_eq!(read(response).await, want);
    }

    #[tokio::test]
    async fn a_fault_of_ours_shows_a_request_id_and_nothing_else() {
        let error = std::io::Error::other("planted");
        let answer = request_id::scope("r-1".to_owned(), async {
            Problem::internal(&error).into_response()
        });
        let body = read(answer.await).await;
        assert_eq!(body["request_id"], "r-1");
        assert!(!body.to_string().contains("planted"));
    }

    #[test]
    fn a_challenge_and_a_wait_are_headers() {
        assert!(
            Problem::unauthorized()
                .into_response()
                .headers()
                .contains_key(WWW_AUTHENTICATE)
        );
        assert_eq!(
            Problem::too_many(7).into_response().headers()[RETRY_AFTER],
            "7"
        );
    }
}
