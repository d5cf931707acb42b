//! Requests that go out to addresses people entered (webhooks): only to allowed hosts, never into private networks
//! unless that is allowed, never along a redirect.
//!
//! The name is resolved once, every address it has is judged, and the connection is made to just those addresses: a
//! name that changes its mind between the check and the call gains nothing.

mod address;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::config;

pub use address::Reach;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(15);

/// Where requests may go, and how.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    allow_private: bool,
    allowed_hosts: Vec<String>,
    proxy: Option<SecretString>,
}

/// Why a request did not go out or got no good answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address itself will not do.
    #[error("{0}")]
    Address(&'static str),
    /// The host is not among `outgoing.allowed_hosts`.
    #[error("the host `{0}` is not among `outgoing.allowed_hosts`")]
    HostNotAllowed(String),
    /// The host lies where requests may not go.
    #[error("`{host}` leads to {address}, {reach}; set `outgoing.allow_private` if that is meant")]
    Private {
        /// The host.
        host: String,
        /// Where it leads.
        address: IpAddr,
        /// What is there.
        reach: Reach,
    },
    /// The name has no address.
    #[error("the name `{0}` cannot be resolved")]
    Unresolved(String),
    /// The connection failed or took too long.
    #[error("no answer from `{host}`")]
    NoAnswer {
        /// The host.
        host: String,
        /// What went wrong.
        source: reqwest::Error,
    },
    /// The answer is larger than what is read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

fn no_answer(url: &Url) -> impl Fn(reqwest::Error) -> Error {
    let host = url.host_str().unwrap_or_default().to_owned();
    move |source| Error::NoAnswer {
        host: host.clone(),
        source: source.without_url(),
    }
}

impl Error {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unresolved(_) | Self::NoAnswer { .. })
    }
}

impl From<&config::Outgoing> for Outgoing {
    fn from(config: &config::Outgoing) -> Self {
        Self {
            allow_private: config.allow_private,
            allowed_hosts: config
                .allowed_hosts
                .iter()
                .map(|host| host.to_lowercase())
                .collect(),
            proxy: config.proxy.clone(),
        }
    }
}

impl Outgoing {
    /// Refuses an address that could never be called, without resolving its name: for forms.
    pub fn check(&self, url: &Url) -> Result<(), Error> {
        let host = url
            .host()
            .ok_or(Error::Address("the address names no host"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_private => {}
            "http" => return Err(Error::Address("the address must begin with `https://`")),
            _ => return Err(Error::Address("the address must be an https one")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Address(
                "the address must not hold a user or password",
            ));
        }
        if !self.allowed_hosts.is_empty()
            && !self
                .allowed_hosts
                .iter()
                .any(|allowed| covers(allowed, &host))
        {
            return Err(Error::HostNotAllowed(host.to_string()));
        }
        match host {
            Host::Ipv4(ip) => self.judge(&host.to_string(), ip.into()),
            Host::Ipv6(ip) => self.judge(&host.to_string(), ip.into()),
            Host::Domain(_) => Ok(()),
        }
    }

    /// Posts `body`; gives the status of the answer, whose body is not read.
    pub async fn post(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<u16, Error> {
        let client = self.client(url).await?;
        let request = client.post(url.clone()).headers(headers).body(body);
        let answer = request.send().await.map_err(no_answer(url))?;
        Ok(answer.status().as_u16())
    }

    /// Gets a document; gives the status and the body. A body of more than `most` bytes is [`Error::TooLarge`].
    pub async fn get(&self, url: &Url, most: usize) -> Result<(u16, Vec<u8>), Error> {
        let client = self.client(url).await?;
        let mut answer = client
            .get(url.clone())
            .send()
            .await
            .map_err(no_answer(url))?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(no_answer(url))? {
            if body.len() + part.len() > most {
                return Err(Error::TooLarge(most));
            }
            body.extend_from_slice(&part);
        }
        Ok((answer.status().as_u16(), body))
    }

    /// A client for just this address: it connects to nothing else.
    async fn client(&self, url: &Url) -> Result<reqwest::Client, Error> {
        self.check(url)?;
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .user_agent(concat!("keywright/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if let Some(proxy) = &self.proxy {
            // The proxy resolves names; what it lets through is its own affair.
            let proxy = reqwest::Proxy::all(proxy.expose_secret()).map_err(no_answer(url))?;
            builder = builder.proxy(proxy);
        } else if let Some(Host::Domain(name)) = url.host() {
            builder = builder.resolve_to_addrs(
                name,
                &self
                    .resolve(name, url.port_or_known_default().unwrap_or(443))
                    .await?,
            );
        }
        builder.build().map_err(no_answer(url))
    }

    /// All addresses of a name, each of them judged.
    async fn resolve(&self, name: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        let found = tokio::net::lookup_host((name, port))
            .await
            .map_err(|_| Error::Unresolved(name.to_owned()))?;
        let addresses: Vec<SocketAddr> = found.collect();
        for address in &addresses {
            self.judge(name, address.ip())?;
        }
        if addresses.is_empty() {
            Err(Error::Unresolved(name.to_owned()))
        } else {
            Ok(addresses)
        }
    }

    fn judge(&self, host: &str, address: IpAddr) -> Result<(), Error> {
        match Reach::of(address) {
            Reach::Public => Ok(()),
            Reach::Private if self.allow_private => Ok(()),
            reach => Err(Error::Private {
                host: host.to_owned(),
                address,
                reach,
            }),
        }
    }
}

/// Whether an entry of `outgoing.allowed_hosts` covers a host: itself, or with `*.` every name below it.
fn covers(allowed: &str, host: &Host<&str>) -> bool {
    let host = host.to_string().to_lowercase();
    let host = host.trim_end_matches('.');
    match allowed.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
        None => host == allowed,
    }
}
