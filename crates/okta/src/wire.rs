//! One request, one answer: bounded in time and size, redirects not followed.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

use crate::clock::http_date;
use crate::{Clock, Error, Limits, OrgUrl};

/// Our name in Okta's log.
const USER_AGENT: &str = concat!("keywright-okta/", env!("CARGO_PKG_VERSION"));

/// A received answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Okta's `Date`.
    pub(crate) date: Option<Timestamp>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn request_id(&self) -> Option<String> {
        self.header("x-okta-request-id").map(str::to_owned)
    }
}

/// The way to one org.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) http: reqwest::Client,
    pub(crate) org: OrgUrl,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
}

impl Wire {
    pub(crate) fn new(org: OrgUrl, clock: Clock, limits: Limits) -> Result<Self, reqwest::Error> {
        // What the process has installed is kept; a library user may have installed nothing.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(limits.connect)
            .referer(false);
        if org.is_loopback() {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build()?,
            org,
            clock,
            limits,
        })
    }

    /// Sends a request. `call` names it for errors and logs: method and path, no query.
    pub(crate) async fn exchange(
        &self,
        request: reqwest::Request,
        call: &str,
    ) -> Result<Answer, Error> {
        // The caller made the address; this is the last gate before the network.
        if !self.org.covers(request.url()) {
            return Err(Error::BadPath(request.url().path().to_owned()));
        }
        let answer = tokio::time::timeout(self.limits.answer, self.receive(request, call))
            .await
            .map_err(|_| Error::Timeout {
                call: call.to_owned(),
            })??;
        tracing::debug!(
            call,
            status = answer.status.as_u16(),
            bytes = answer.body.len(),
            request_id = answer.header("x-okta-request-id"),
            "okta"
        );
        if answer.status.is_redirection() {
            let location = answer.header("location").unwrap_or_default();
            let location = location
                .split(['?', '#'])
                .next()
                .unwrap_or_default()
                .to_owned();
            return Err(Error::Redirected {
                call: call.to_owned(),
                location,
            });
        }
        Ok(answer)
    }

    async fn receive(&self, request: reqwest::Request, call: &str) -> Result<Answer, Error> {
        let response = self
            .http
            .execute(request)
            .await
            .map_err(|error| self.failed(&error, call))?;
        let status = response.status();
        let headers = response.headers().clone();
        let date = headers
            .get(header::DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(http_date);
        if let Some(date) = date {
            self.clock.learn(date);
        }
        let request_id = headers
            .get("x-okta-request-id")
            .and_then(|id| id.to_str().ok())
            .map(str::to_owned);
        let body = self.read(response, call, request_id).await?;
        Ok(Answer {
            status,
            headers,
            body,
            date,
        })
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        call: &str,
        request_id: Option<String>,
    ) -> Result<Bytes, Error> {
        let limit = self.limits.answer_bytes;
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    return Err(Error::TooLarge {
                        call: call.to_owned(),
                        limit,
                    });
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body.freeze()),
                Err(error) if error.is_timeout() => {
                    return Err(Error::Timeout {
                        call: call.to_owned(),
                    });
                }
                Err(_) => {
                    return Err(Error::Truncated {
                        call: call.to_owned(),
                        request_id,
                    });
                }
            }
        }
    }

    /// No headers came.
    fn failed(&self, error: &reqwest::Error, call: &str) -> Error {
        let call = call.to_owned();
        if error.is_connect() {
            return Error::Unreachable {
                host: self.org.host(),
                cause: innermost(error),
            };
        }
        if error.is_timeout() {
            Error::Timeout { call }
        } else {
            Error::Truncated {
                call,
                request_id: None,
            }
        }
    }
}

/// The text of the last error in the chain: the one the operating system or TLS gave.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
