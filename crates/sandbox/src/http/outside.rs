//! What the org asks of others, such as the endpoints of event hooks.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Method, StatusCode, header};
use url::Url;

/// So long Okta waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// An answer may be so large, in bytes.
const LARGEST: usize = 256 * 1024;

/// One request to somebody outside.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) body: Bytes,
    /// How many times more it is tried when no answer comes.
    pub(crate) again: u32,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// The way out. The client is made when it is first needed.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    client: OnceLock<Option<reqwest::Client>>,
    /// Hosts that are somewhere else: name, and the address asked in its place.
    hosts: Mutex<BTreeMap<String, Url>>,
}

impl Outside {
    /// Hosts that are somewhere else than their names say.
    pub(crate) fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Url>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leads a request to where its host is, with the name of the host that was meant.
    fn lead(&self, asked: &mut Asked) -> Option<()> {
        let mut url = Url::parse(&asked.url).ok()?;
        let host = url.host_str()?.to_owned();
        let there = self.hosts().get(&host)?.clone();
        url.set_scheme(there.scheme()).ok()?;
        url.set_host(there.host_str()).ok()?;
        url.set_port(there.port()).ok()?;
        asked.headers.push((header::HOST, host));
        asked.url = url.into();
        Some(())
    }

    /// Sends a request; nothing when no whole answer came in time.
    pub(crate) async fn send(&self, mut asked: Asked) -> Option<Answered> {
        self.lead(&mut asked);
        let make = || {
            let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE);
            client
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .ok()
        };
        let client = self.client.get_or_init(make).clone()?;
        for _ in 0..=asked.again {
            if let Some(answer) = once(&client, &asked).await {
                return Some(answer);
            }
        }
        None
    }
}

async fn once(client: &reqwest::Client, asked: &Asked) -> Option<Answered> {
    let mut request = client
        .request(asked.method.clone(), &asked.url)
        .body(asked.body.clone());
    for (name, value) in &asked.headers {
        request = request.header(name, value);
    }
    let mut answer = request.send().await.ok()?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.ok()? {
        if body.len() + part.len() > LARGEST {
            return None;
        }
        body.extend_from_slice(&part);
    }
    Some(Answered {
        status,
        body: body.into(),
    })
}
