//! Requests to the app's SCIM server, and what Okta makes of the answers.

use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::{Map, Value};

use super::fault::{PushFaults, Strike};

/// Why a request did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// 429: all waits, for so many seconds if the server said how many.
    TooMany(Option<i64>),
    /// Nothing is there.
    Missing(String),
    /// In Okta's words.
    Failed(String),
}

impl Trouble {
    /// In Okta's words.
    pub(super) fn text(&self) -> String {
        match self {
            Self::TooMany(_) => "Too Many Requests".to_owned(),
            Self::Missing(text) | Self::Failed(text) => text.clone(),
        }
    }
}

/// One task's way to the server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) http: reqwest::Client,
    pub(super) base_url: String,
    pub(super) token: String,
    pub(super) faults: Option<PushFaults>,
    /// A number of this task alone; each request adds one.
    pub(super) salt: u64,
    pub(super) requests: u64,
    pub(super) struck: u64,
    pub(super) timeout: Duration,
}

impl Client {
    /// One request; the body of the answer, null when there is none.
    pub(super) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        self.requests += 1;
        let strike = self
            .faults
            .and_then(|faults| faults.draw(self.salt.wrapping_add(self.requests)));
        self.struck += u64::from(strike.is_some());
        let timed_out = || {
            Err(Trouble::Failed(
                "Remote server did not answer in time: Read timed out".to_owned(),
            ))
        };
        match strike {
            None => self.send(&method, path, query, body).await,
            Some(Strike::LostRequest) => timed_out(),
            Some(Strike::Refused) => Err(broken(StatusCode::SERVICE_UNAVAILABLE)),
            Some(Strike::LostAnswer) => {
                let _answer = self.send(&method, path, query, body).await;
                timed_out()
            }
            Some(Strike::BrokenAnswer) => {
                let _answer = self.send(&method, path, query, body).await;
                Err(broken(StatusCode::INTERNAL_SERVER_ERROR))
            }
            Some(Strike::Twice) => {
                let _first = self.send(&method, path, query, body).await;
                self.send(&method, path, query, body).await
            }
        }
    }

    /// The resources of a list.
    pub(super) async fn list(
        &mut self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<(u64, Vec<Value>), Trouble> {
        let answer = self.ask(Method::GET, path, query, None).await?;
        let total = answer.get("totalResults").and_then(Value::as_u64);
        let resources = answer.get("Resources").and_then(Value::as_array);
        match (total, resources) {
            (Some(total), Some(resources)) => Ok((total, resources.clone())),
            _ => Err(Trouble::Failed(format!(
                "No results for {} returned",
                path.trim_start_matches('/').to_lowercase()
            ))),
        }
    }

    /// One resource as it is at the app.
    pub(super) async fn get(&mut self, path: &str) -> Result<Map<String, Value>, Trouble> {
        let answer = self.ask(Method::GET, path, &[], None).await?;
        Ok(crate::store::members(answer))
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        let url = format!("{}{path}", self.base_url);
        let mut request = self
            .http
            .request(method.clone(), url)
            .timeout(self.timeout)
            .header(header::USER_AGENT, "Okta SCIM Client 1.0.0")
            .header(header::ACCEPT, "application/scim+json")
            .header(header::ACCEPT_CHARSET, "utf-8")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        if !query.is_empty() {
            request = request.query(query);
        }
        if let Some(body) = body {
            request = request
                .header(header::CONTENT_TYPE, "application/scim+json; charset=utf-8")
                .body(body.to_string());
        }
        let failed = |error: reqwest::Error| {
            Trouble::Failed(if error.is_timeout() {
                "Remote server did not answer in time: Read timed out".to_owned()
            } else {
                format!("Remote server could not be reached: {}", innermost(&error))
            })
        };
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let wait = answer
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = answer.bytes().await.map_err(failed)?;
        read(status, wait, &bytes)
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Unknown")
}

/// A page of something in between, which is no JSON.
fn broken(status: StatusCode) -> Trouble {
    let page = format!("<html><body>{}</body></html>", reason(status));
    read(status, None, page.as_bytes())
        .err()
        .unwrap_or(Trouble::Failed(page))
}

/// What Okta makes of an answer.
fn read(status: StatusCode, wait: Option<i64>, bytes: &[u8]) -> Result<Value, Trouble> {
    let parsed = serde_json::from_slice::<Value>(bytes);
    if status.is_success() {
        return match parsed {
            Ok(value) => Ok(value),
            Err(_) if bytes.is_empty() => Ok(Value::Null),
            Err(_) => Err(Trouble::Failed(format!(
                "Invalid JSON: {}",
                beginning(bytes)
            ))),
        };
    }
    let told = match &parsed {
        Ok(body) => match body.get("detail").and_then(Value::as_str) {
            Some(detail) => format!("Errors reported by remote server: {detail}"),
            None => "Errors reported by remote server".to_owned(),
        },
        Err(_) => format!(
            "Errors reported by remote server: Invalid JSON: {}",
            beginning(bytes)
        ),
    };
    let text = format!("{}. {told}", reason(status));
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => Trouble::TooMany(wait),
        StatusCode::NOT_FOUND => Trouble::Missing(text),
        _ => Trouble::Failed(text),
    })
}

fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_in_oktas_words() {
        let read = |status: u16, body: &str| {
            read(
                StatusCode::from_u16(status).unwrap(),
                Some(7),
                body.as_bytes(),
            )
        };
        assert_eq!(read(204, ""), Ok(Value::Null));
        assert_eq!(
            read(409, r#"{"detail":"userName is taken","status":409}"#),
            Err(Trouble::Failed(
                "Conflict. Errors reported by remote server: userName is taken".to_owned()
            ))
        );
        assert_eq!(
            read(502, "Bad gateway"),
            Err(Trouble::Failed(
                "Bad Gateway. Errors reported by remote server: Invalid JSON: Bad gateway"
                    .to_owned()
            ))
        );
        assert_eq!(read(429, "{}"), Err(Trouble::TooMany(Some(7))));
        assert_eq!(
            read(404, r#"{"detail":"gone"}"#),
            Err(Trouble::Missing(
                "Not Found. Errors reported by remote server: gone".to_owned()
            ))
        );
    }
}
