//! What people type as "our Okta", turned into one org address, and the addresses that follow from it. Pure.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Okta's own domains: an org is one label in front of one of these (Okta: Okta domains and regions).
const OKTA_DOMAINS: [&str; 6] = [
    "okta.com",
    "oktapreview.com",
    "okta-emea.com",
    "okta-gov.com",
    "okta.mil",
    "trexcloud.com",
];

/// Names under Okta's domains that are Okta's own sites, not orgs.
const NOT_ORGS: [&str; 8] = [
    "www",
    "login",
    "support",
    "help",
    "developer",
    "trust",
    "status",
    "api",
];

/// The domain of one Okta org: a host name, with a port only on this machine.
///
/// ```text
/// acme                                      -> acme.okta.com
/// https://acme-admin.okta.com/admin/users   -> acme.okta.com
/// id.acme.com                               -> id.acme.com      (custom domain)
/// http://localhost:9000                     -> localhost:9000   (http, this machine only)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain {
    /// `https://acme.okta.com`: scheme, host and port, no slash at the end.
    origin: String,
}

/// Why a text names no Okta org.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// Nothing was given.
    #[error("give the address of your Okta org, as acme.okta.com")]
    Empty,
    /// No host name can be read out of it.
    #[error("`{0}` is no address; give the one you sign in to, as acme.okta.com")]
    Unreadable(String),
    /// `http` to another machine.
    #[error("http is for this machine only; Okta is reached by https://{0}")]
    Insecure(String),
    /// A port on another machine.
    #[error("Okta has no port {port}; give {host} alone")]
    Port {
        /// The host.
        host: String,
        /// The port that was given.
        port: u16,
    },
    /// An address of Okta itself, such as `www.okta.com`.
    #[error("`{0}` is Okta's own site, not an org; give the one you sign in to, as acme.okta.com")]
    NotAnOrg(String),
    /// A number in place of a name.
    #[error("`{0}` is a number; an Okta org has a name")]
    Number(String),
    /// A user name or password in the address.
    #[error("the address holds a user name; give the host alone, as acme.okta.com")]
    UserName,
}

impl Domain {
    /// Reads what was typed. Forgiving about scheme, path, capitals, the admin console's name and a missing `.okta.com`.
    pub fn parse(typed: &str) -> Result<Self, DomainError> {
        let typed = typed.trim().trim_matches(['"', '\'', '<', '>']);
        if typed.is_empty() {
            return Err(DomainError::Empty);
        }
        let url = as_url(typed)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DomainError::UserName);
        }
        match url.host() {
            Some(Host::Domain(name)) if name.trim_end_matches('.') == "localhost" => {
                Ok(on_this_machine(&url, "localhost"))
            }
            Some(Host::Domain(name)) => named(&url, typed, name),
            Some(Host::Ipv4(address)) => numbered(&url, IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => numbered(&url, IpAddr::V6(address)),
            None => Err(DomainError::Unreadable(typed.to_owned())),
        }
    }

    /// `https://acme.okta.com`: the org's address and the issuer of its tokens.
    #[must_use]
    pub fn org_url(&self) -> &str {
        &self.origin
    }

    /// Where the management API lives: `https://acme.okta.com/api/v1`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("{}/api/v1", self.origin)
    }

    /// Where people authorise: `https://acme.okta.com/oauth2/v1/authorize`.
    #[must_use]
    pub fn authorization_url(&self) -> String {
        format!("{}/oauth2/v1/authorize", self.origin)
    }

    /// Where tokens come from: `https://acme.okta.com/oauth2/v1/token`.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/oauth2/v1/token", self.origin)
    }

    /// The admin console: `https://acme-admin.okta.com`; a custom domain has none of its own, so the org's address.
    #[must_use]
    pub fn admin_url(&self) -> String {
        let host = self.host();
        match okta_domain(host).and_then(|domain| Some((host.strip_suffix(domain)?, domain))) {
            Some((label, domain)) => {
                format!("https://{}-admin.{domain}", label.trim_end_matches('.'))
            }
            None => self.origin.clone(),
        }
    }

    /// The host, with its port when it has one.
    #[must_use]
    pub fn host(&self) -> &str {
        self.origin
            .split_once("://")
            .map_or(self.origin.as_str(), |(_, host)| host)
    }

    /// True for an address of this machine: the sandbox.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.origin.starts_with("http://") || {
            let host = self.host();
            host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
        }
    }

    /// True when the org has a domain of its own in front.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        !self.is_loopback() && okta_domain(self.host()).is_none()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.host())
    }
}

impl TryFrom<String> for Domain {
    type Error = DomainError;

    fn try_from(text: String) -> Result<Self, DomainError> {
        Self::parse(&text)
    }
}

impl From<Domain> for String {
    fn from(domain: Domain) -> Self {
        domain.origin
    }
}

/// The typed text as an address; without a scheme, `http` on this machine and `https` elsewhere.
fn as_url(typed: &str) -> Result<Url, DomainError> {
    let unreadable = || DomainError::Unreadable(typed.to_owned());
    if typed.contains(char::is_whitespace) {
        return Err(unreadable());
    }
    let url = match typed.split_once("://") {
        Some((scheme, _)) if matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https") => {
            Url::parse(typed)
        }
        Some(_) => return Err(unreadable()),
        None => {
            let typed = typed.trim_start_matches('/');
            let secure = Url::parse(&format!("https://{typed}")).map_err(|_| unreadable())?;
            if is_loopback(&secure) {
                Url::parse(&format!("http://{typed}"))
            } else {
                Ok(secure)
            }
        }
    };
    url.map_err(|_| unreadable())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn on_this_machine(url: &Url, host: &str) -> Domain {
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Domain {
        origin: format!("{}://{host}{port}", url.scheme()),
    }
}

fn numbered(url: &Url, address: IpAddr) -> Result<Domain, DomainError> {
    if !address.is_loopback() {
        return Err(DomainError::Number(address.to_string()));
    }
    Ok(match address {
        IpAddr::V4(address) => on_this_machine(url, &address.to_string()),
        IpAddr::V6(address) => on_this_machine(url, &format!("[{address}]")),
    })
}

fn named(url: &Url, typed: &str, name: &str) -> Result<Domain, DomainError> {
    let host = complete(name.trim_end_matches('.'));
    let unreadable = || DomainError::Unreadable(typed.to_owned());
    if host.contains('_') || host.split('.').any(str::is_empty) {
        return Err(unreadable());
    }
    let host = match okta_domain(&host) {
        Some(domain) => org_of(&host, domain)?,
        None => host,
    };
    if url.scheme() != "https" {
        return Err(DomainError::Insecure(host));
    }
    match url.port() {
        Some(port) => Err(DomainError::Port { host, port }),
        None => Ok(Domain {
            origin: format!("https://{host}"),
        }),
    }
}

/// `acme` and `acme.oktapreview` miss their end.
fn complete(name: &str) -> String {
    if !name.contains('.') {
        return format!("{name}.okta.com");
    }
    let with_com = format!("{name}.com");
    if OKTA_DOMAINS
        .iter()
        .any(|domain| with_com.ends_with(&format!(".{domain}")))
    {
        return with_com;
    }
    name.to_owned()
}

fn okta_domain(host: &str) -> Option<&'static str> {
    OKTA_DOMAINS.into_iter().find(|domain| {
        host.strip_suffix(domain)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    })
}

/// The org under one of Okta's domains: one label, without the admin console's `-admin`.
fn org_of(host: &str, domain: &str) -> Result<String, DomainError> {
    let not_an_org = || DomainError::NotAnOrg(host.to_owned());
    let label = host
        .strip_suffix(domain)
        .map(|front| front.trim_end_matches('.'))
        .ok_or_else(not_an_org)?;
    let label = label.strip_suffix("-admin").unwrap_or(label);
    if label.is_empty() || label.contains('.') || NOT_ORGS.contains(&label) {
        return Err(not_an_org());
    }
    Ok(format!("{label}.{domain}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_are_read(cases: &[(&str, &str, &str)]) {
        for (name, typed, want) in cases {
            let domain = Domain::parse(typed).map(|domain| domain.org_url().to_owned());
            assert_eq!(domain, Ok((*want).to_owned()), "{name}: {typed}");
        }
    }

    #[test]
    fn every_spelling_of_an_org() {
        all_are_read(&[
            ("bare name", "acme", "https://acme.okta.com"),
            ("capitals and blanks", "  ACME ", "https://acme.okta.com"),
            ("bare admin name", "acme-admin", "https://acme.okta.com"),
            ("whole", "acme.okta.com", "https://acme.okta.com"),
            ("dot at the end", "acme.okta.com.", "https://acme.okta.com"),
            (
                "slash at the end",
                "acme.okta.com/",
                "https://acme.okta.com",
            ),
            (
                "address bar",
                "https://acme-admin.okta.com/admin/users?x=1#top",
                "https://acme.okta.com",
            ),
            (
                "the port of https",
                "https://acme.okta.com:443/",
                "https://acme.okta.com",
            ),
            (
                "trial",
                "trial-1234567-admin.okta.com",
                "https://trial-1234567.okta.com",
            ),
            (
                "quotes around it",
                "\"acme.okta.com\"",
                "https://acme.okta.com",
            ),
        ]);
    }

    #[test]
    fn other_domains_than_okta_com() {
        all_are_read(&[
            (
                "preview",
                "acme.oktapreview.com",
                "https://acme.oktapreview.com",
            ),
            (
                "preview admin",
                "https://dev-12-admin.oktapreview.com/",
                "https://dev-12.oktapreview.com",
            ),
            (
                "preview without its end",
                "acme.oktapreview",
                "https://acme.oktapreview.com",
            ),
            (
                "emea",
                "acme-admin.okta-emea.com",
                "https://acme.okta-emea.com",
            ),
            (
                "government",
                "acme.okta-gov.com",
                "https://acme.okta-gov.com",
            ),
            ("military", "acme.okta.mil", "https://acme.okta.mil"),
            ("custom", "https://id.acme.com/login", "https://id.acme.com"),
            (
                "custom ending in -admin",
                "id-admin.acme.com",
                "https://id-admin.acme.com",
            ),
            (
                "only ends like Okta's",
                "acme.notokta.com",
                "https://acme.notokta.com",
            ),
            (
                "other letters",
                "https://münchen.example",
                "https://xn--mnchen-3ya.example",
            ),
        ]);
    }

    #[test]
    fn this_machine_may_have_a_port() {
        all_are_read(&[
            ("whole", "http://localhost:9000/", "http://localhost:9000"),
            ("no scheme", "localhost:9000", "http://localhost:9000"),
            ("by number", "127.0.0.1:4001", "http://127.0.0.1:4001"),
            ("six", "http://[::1]:4001", "http://[::1]:4001"),
            (
                "by https",
                "https://localhost:9443",
                "https://localhost:9443",
            ),
        ]);
    }

    #[test]
    fn what_is_no_org_is_refused_with_its_reason() {
        let own = |name: &str| DomainError::NotAnOrg(name.to_owned());
        let cases = [
            ("nothing", "  ", DomainError::Empty),
            (
                "two words",
                "acme okta",
                DomainError::Unreadable("acme okta".into()),
            ),
            (
                "another scheme",
                "ftp://acme.okta.com",
                DomainError::Unreadable("ftp://acme.okta.com".into()),
            ),
            (
                "plain http",
                "http://acme.okta.com",
                DomainError::Insecure("acme.okta.com".into()),
            ),
            (
                "a port",
                "acme.okta.com:8443",
                DomainError::Port {
                    host: "acme.okta.com".into(),
                    port: 8443,
                },
            ),
            (
                "a number",
                "10.0.0.1",
                DomainError::Number("10.0.0.1".into()),
            ),
            ("Okta's site", "www.okta.com", own("www.okta.com")),
            ("Okta's domain alone", "okta.com", own("okta.com")),
            ("two labels", "a.b.okta.com", own("a.b.okta.com")),
            (
                "a user name",
                "https://admin:pw@acme.okta.com",
                DomainError::UserName,
            ),
            (
                "an underscore",
                "ac_me.okta.com",
                DomainError::Unreadable("ac_me.okta.com".into()),
            ),
            (
                "an empty label",
                "acme..okta.com",
                DomainError::Unreadable("acme..okta.com".into()),
            ),
        ];
        for (name, typed, want) in cases {
            assert_eq!(Domain::parse(typed), Err(want), "{name}: {typed}");
        }
    }

    #[test]
    fn the_other_addresses_follow() {
        let domain = Domain::parse("acme").unwrap();
        assert_eq!(domain.to_string(), "acme.okta.com");
        assert_eq!(domain.api_url(), "https://acme.okta.com/api/v1");
        assert_eq!(
            domain.authorization_url(),
            "https://acme.okta.com/oauth2/v1/authorize"
        );
        assert_eq!(domain.token_url(), "https://acme.okta.com/oauth2/v1/token");
        assert_eq!(domain.admin_url(), "https://acme-admin.okta.com");
        assert!(!domain.is_custom() && !domain.is_loopback());
        let custom = Domain::parse("id.acme.com").unwrap();
        assert!(custom.is_custom());
        assert_eq!(custom.admin_url(), "https://id.acme.com");
        assert!(Domain::parse("localhost:1").unwrap().is_loopback());
    }

    proptest! {
        #[test]
        fn what_was_normalised_stays_as_it_is(typed in "[a-zA-Z0-9./:-]{0,40}") {
            if let Ok(domain) = Domain::parse(&typed) {
                prop_assert_eq!(Domain::parse(domain.org_url()), Ok(domain.clone()));
            }
        }
    }
}
