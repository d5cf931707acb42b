//! The one way to the server: its `/api/v1`, over HTTP or inside this process.

use anyhow::Context;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use crate::args::Global;
use crate::exit::bad_usage;
use crate::local::Local;

/// The variable that holds a person's own API key.
pub(crate) const API_KEY: &str = "KEYWRIGHT_API_KEY";

/// A server's refusal, as its problem document tells it (RFC 9457).
#[derive(Debug, thiserror::Error)]
#[error("{}", self.sentence())]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The problem document, or null when the body was none.
    pub(crate) problem: Value,
}

impl ApiError {
    fn new(status: u16, body: &[u8]) -> Self {
        Self {
            status,
            problem: serde_json::from_slice(body).unwrap_or(Value::Null),
        }
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.problem.get(name).and_then(Value::as_str)
    }

    fn sentence(&self) -> String {
        let title = self.member("title");
        let words = match (title, self.member("detail")) {
            (_, Some(detail)) => detail.to_owned(),
            (Some(title), None) => title.to_owned(),
            (None, None) => format!("the server answered {}", self.status),
        };
        match self.member("request_id") {
            Some(id) if self.status >= 500 => format!("{words} (request {id})"),
            _ => words,
        }
    }

    /// What to do about it, when the server knows.
    pub(crate) fn mend(&self) -> Option<&str> {
        self.member("mend")
    }
}

/// The API of one tenant, as one caller.
pub(crate) struct Api {
    reach: Reach,
}

enum Reach {
    Http {
        base: Url,
        key: SecretString,
        client: reqwest::Client,
    },
    Local(Box<Local>),
}

impl Api {
    /// Opens the way that the options name: a server with `KEYWRIGHT_API_KEY`, else the local database.
    pub(crate) async fn open(global: &Global) -> anyhow::Result<Self> {
        let key = std::env::var(API_KEY)
            .ok()
            .filter(|key| !key.trim().is_empty())
            .map(|key| SecretString::from(key.trim()));
        let reach = match &global.server {
            Some(server) => http(server, key)?,
            None => Reach::Local(Box::new(Local::open(global, key).await?)),
        };
        Ok(Self { reach })
    }

    /// The API of an application that is already open in this process.
    pub(crate) fn within(local: Local) -> Self {
        Self {
            reach: Reach::Local(Box::new(local)),
        }
    }

    /// The API of a server, as the owner of a key.
    pub(crate) fn over_http(server: &str, key: SecretString) -> anyhow::Result<Self> {
        Ok(Self {
            reach: http(server, Some(key))?,
        })
    }

    /// `GET` of a path under `/api/v1`, with its query.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// `POST` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// `POST` with a JSON body and further headers.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        body: &Value,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Value> {
        let bytes = self.bytes(Method::POST, path, Some(body), headers).await?;
        serde_json::from_slice(&bytes).context("the server's answer is no JSON")
    }

    /// `PUT` with a JSON body.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    /// `PATCH` with a JSON body.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE`.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, None).await
    }

    /// Sends one call.
    ///
    /// # Errors
    /// [`ApiError`] when the server refuses; else what kept the call from being made.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let bytes = self.bytes(method, path, body, &[]).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).context("the server's answer is no JSON")
    }

    /// `GET` of a path whose answer is text.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let bytes = self.bytes(Method::GET, path, None, &[]).await?;
        String::from_utf8(bytes).context("the server's answer is no text")
    }

    async fn bytes(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Vec<u8>> {
        let (status, bytes) = match &self.reach {
            Reach::Http { base, key, client } => {
                let url = base.join(&format!("api/v1{path}"))?;
                let mut request = client.request(method, url).bearer_auth(key.expose_secret());
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                send(base, request, body).await?
            }
            Reach::Local(local) => local.send(method, path, body, headers).await?,
        };
        if (200..300).contains(&status) {
            Ok(bytes)
        } else {
            Err(ApiError::new(status, &bytes).into())
        }
    }

    /// All items of a list, through every page.
    pub(crate) async fn all(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = match &after {
                None => self.get(path).await?,
                Some(cursor) => {
                    let joint = if path.contains('?') { '&' } else { '?' };
                    self.get(&format!("{path}{joint}after={}", encode(cursor)))
                        .await?
                }
            };
            items.extend_from_slice(crate::output::items(&page));
            match page.get("next").and_then(Value::as_str) {
                Some(next) if after.as_deref() != Some(next) => after = Some(next.to_owned()),
                _ => return Ok(items),
            }
        }
    }

    /// Waits for one step of long work: in this process by doing a job, else by giving the server time.
    pub(crate) async fn step(&self) -> anyhow::Result<()> {
        match &self.reach {
            Reach::Local(local) => local.work().await,
            Reach::Http { .. } => {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                Ok(())
            }
        }
    }

    /// Ends what runs in this process on the API's behalf.
    pub(crate) async fn close(self) {
        if let Reach::Local(local) = self.reach {
            local.close().await;
        }
    }
}

/// A value fit for one part of a path or query.
pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

fn http(server: &str, key: Option<SecretString>) -> anyhow::Result<Reach> {
    let key = key.ok_or_else(|| {
        bad_usage(format!(
            "{API_KEY} is not set: a server is only talked to as a person"
        ))
    })?;
    let mut base = Url::parse(server)
        .map_err(|error| bad_usage(format!("{server} is no address: {error}")))?;
    let loopback = match base.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if base.scheme() != "https" && !(base.scheme() == "http" && loopback) {
        return Err(bad_usage(format!(
            "{server}: an API key only travels over https"
        )));
    }
    if !base.path().ends_with('/') {
        let path = format!("{}/", base.path());
        base.set_path(&path);
    }
    let client = reqwest::Client::builder()
        .user_agent(concat!("keywright/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(std::time::Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(Reach::Http { base, key, client })
}

async fn send(
    base: &Url,
    mut request: reqwest::RequestBuilder,
    body: Option<&Value>,
) -> anyhow::Result<(u16, Vec<u8>)> {
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request
        .send()
        .await
        .with_context(|| format!("cannot reach {base}"))?;
    let status = answer.status().as_u16();
    Ok((status, answer.bytes().await?.to_vec()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_says_its_detail_and_mend() {
        let body = json!({"type": "https://keywright.dev/problems/not-found", "title": "Not found", "detail": "no connection is called acme", "mend": "look at keywright connection list"});
        let error = ApiError::new(404, body.to_string().as_bytes());
        assert_eq!(error.to_string(), "no connection is called acme");
        assert_eq!(error.mend(), Some("look at keywright connection list"));
    }

    #[test]
    fn an_answer_that_is_no_problem_still_has_words() {
        assert_eq!(
            ApiError::new(502, b"<html>").to_string(),
            "the server answered 502"
        );
    }

    #[test]
    fn a_key_never_travels_in_the_open() {
        let key = || Some(SecretString::from("k"));
        assert!(http("http://keywright.acme.com", key()).is_err());
        assert!(http("http://localhost:8080", key()).is_ok());
        assert!(http("https://keywright.acme.com/base", key()).is_ok());
        assert!(http("https://keywright.acme.com", None).is_err());
    }

    #[test]
    fn a_path_part_is_escaped() {
        assert_eq!(encode("a b/c"), "a%20b%2Fc");
    }
}
