//! Where a request comes from: its address and how the browser names itself.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use ipnet::IpNet;

/// Longest name of a browser that is kept, characters.
const LONGEST: usize = 300;

/// Proxies in front of us, whose word about the client's address is believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<IpNet>);

/// Who sent a request, as far as the network tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Browser {
    /// The client's address; none inside the process.
    pub address: Option<IpAddr>,
    /// How the browser names itself; may be empty, may lie.
    pub agent: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let proxies = parts.extensions.get::<Proxies>();
        let nets = proxies.map_or(&[][..], |proxies| &proxies.0);
        let agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|agent| agent.to_str().ok())
            .unwrap_or_default();
        Ok(Self {
            address: peer.map(|peer| client(peer, &parts.headers, nets)),
            agent: agent.chars().take(LONGEST).collect(),
        })
    }
}

impl Browser {
    /// The address as text.
    #[must_use]
    pub fn address_text(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    /// What counts as one place: an IPv4 address, or the /64 of an IPv6 address, which one person may have whole.
    #[must_use]
    pub fn place(&self) -> String {
        match self.address {
            None => "inside".to_owned(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// The browser in few words: `Firefox on Linux`.
    #[must_use]
    pub fn words(agent: &str) -> String {
        let one = |known: &[(&str, &'static str)]| {
            known
                .iter()
                .find(|(mark, _)| agent.contains(mark))
                .map(|(_, name)| *name)
        };
        let browser = one(&[
            ("Edg/", "Edge"),
            ("OPR/", "Opera"),
            ("Firefox/", "Firefox"),
            ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
            ("curl/", "curl"),
        ]);
        let system = one(&[
            ("Windows", "Windows"),
            ("Android", "Android"),
            ("iPhone", "iPhone"),
            ("iPad", "iPad"),
            ("Mac OS X", "macOS"),
            ("CrOS", "ChromeOS"),
            ("Linux", "Linux"),
        ]);
        match (browser, system) {
            (Some(browser), Some(system)) => format!("{browser} on {system}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "Unknown browser".to_owned(),
        }
    }
}

/// The client's address: the last one in `X-Forwarded-For` that no proxy of ours put its own name to, read from the end,
/// as everything before may be the client's invention. Without proxies it is the peer.
fn client(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let ours = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    if !ours(&peer) {
        return peer;
    }
    let told: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(','))
        .map(str::trim)
        .collect();
    let mut nearest = peer;
    for text in told.into_iter().rev() {
        let Some(address) = parse(text) else {
            return nearest;
        };
        nearest = address;
        if !ours(&address) {
            return address;
        }
    }
    nearest
}

/// An address, perhaps with a port or in brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|both| both.ip()))
        .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>());
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_proxies_are_believed() {
        let proxies: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (peer, told, want) in [
            ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
            ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "6.6.6.6, 192.0.2.1", "192.0.2.1"),
            ("10.0.0.1", "6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
            ("10.0.0.1", "nonsense", "10.0.0.1"),
            ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", told.parse().unwrap());
            let found = client(peer.parse().unwrap(), &headers, &proxies);
            assert_eq!(found, want.parse::<IpAddr>().unwrap(), "{peer} {told}");
        }
    }

    #[test]
    fn a_place_is_as_large_as_one_person_may_have() {
        let at = |text: &str| Browser {
            address: Some(text.parse().unwrap()),
            agent: String::new(),
        };
        assert_eq!(at("192.0.2.7").place(), "192.0.2.7");
        assert_eq!(at("2001:db8::1").place(), at("2001:db8::ffff").place());
        assert_ne!(at("2001:db8::1").place(), at("2001:db8:0:1::1").place());
    }

    #[test]
    fn browsers_are_named_in_few_words() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36";
        assert_eq!(Browser::words(chrome), "Chrome on Linux");
        assert_eq!(Browser::words(""), "Unknown browser");
    }
}
