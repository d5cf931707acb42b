//! The address of an org: the only host this client ever calls.

use std::fmt;

use url::{Host, Url};

/// Okta's own domains, below which an org is one label.
const OKTA_DOMAINS: [&str; 5] = [
    "okta.com",
    "oktapreview.com",
    "okta-emea.com",
    "okta-gov.com",
    "okta.mil",
];

/// The base address of an Okta org, such as `https://acme.okta.com`: `https` on port 443, or any scheme and port on
/// loopback (where the sandbox listens). Never has a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrgUrl(Url);

/// Why a text is no address of an org.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrgUrlError {
    /// Not an address at all.
    #[error("`{0}` is not a domain such as acme.okta.com")]
    NotADomain(String),
    /// Only loopback may be called without TLS.
    #[error("`{0}` would be called without TLS; use https (http is for loopback only)")]
    NotHttps(String),
    /// Okta orgs listen on 443.
    #[error("`{0}` names a port; Okta orgs use none (other ports are for loopback only)")]
    Port(String),
    /// User name or password in the address.
    #[error("the address must not hold a user name or password")]
    Credentials,
}

impl OrgUrl {
    /// Reads what people paste: `acme`, `acme.okta.com`, `https://acme-admin.okta.com/admin/dashboard`, a custom domain,
    /// `http://127.0.0.1:8080`. The admin console's host becomes the org's; path and query are dropped.
    pub fn parse(input: &str) -> Result<Self, OrgUrlError> {
        let not_a_domain = || OrgUrlError::NotADomain(input.trim().to_owned());
        let text = input.trim().trim_end_matches('/');
        let text = match text.split_once("://") {
            Some(_) => text.to_owned(),
            None if is_loopback_text(text) => format!("http://{text}"),
            None if is_label(text) => format!("https://{text}.okta.com"),
            None => format!("https://{text}"),
        };
        let mut url = Url::parse(&text).map_err(|_| not_a_domain())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OrgUrlError::Credentials);
        }
        if !is_loopback(&url) {
            check_public(&url).map_err(|wrong| wrong(input.trim().to_owned()))?;
            let host = org_host(url.host_str().unwrap_or_default());
            url.set_host(Some(&host)).map_err(|_| not_a_domain())?;
        } else if !matches!(url.scheme(), "http" | "https") {
            return Err(not_a_domain());
        }
        url.set_path("");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// The address without a slash at its end; also the issuer of the org authorization server.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Host, and port if any.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Where the API is: `https://acme.okta.com/api/v1`.
    #[must_use]
    pub fn api(&self) -> String {
        format!("{}/api/v1", self.as_str())
    }

    /// Token endpoint of the org authorization server, the only one that mints tokens for `okta.*` scopes.
    #[must_use]
    pub fn token_endpoint(&self) -> String {
        format!("{}/oauth2/v1/token", self.as_str())
    }

    /// Authorization endpoint of the org authorization server.
    #[must_use]
    pub fn authorize_endpoint(&self) -> String {
        format!("{}/oauth2/v1/authorize", self.as_str())
    }

    /// Whether the org is on this machine (a sandbox).
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether an address has the org's scheme, host and port.
    #[must_use]
    pub fn covers(&self, url: &Url) -> bool {
        self.0.scheme() == url.scheme()
            && self.0.host() == url.host()
            && self.0.port_or_known_default() == url.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// The address of a path (with or without query) of this org.
    #[must_use]
    pub fn join(&self, path: &str) -> Option<Url> {
        let url = Url::parse(&format!(
            "{}/{}",
            self.as_str(),
            path.trim_start_matches('/')
        ))
        .ok()?;
        self.covers(&url).then_some(url)
    }
}

impl fmt::Display for OrgUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for OrgUrl {
    type Err = OrgUrlError;

    fn from_str(text: &str) -> Result<Self, OrgUrlError> {
        Self::parse(text)
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_loopback_text(text: &str) -> bool {
    Url::parse(&format!("http://{text}")).is_ok_and(|url| is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn check_public(url: &Url) -> Result<(), fn(String) -> OrgUrlError> {
    match url.host() {
        Some(Host::Domain(name)) if name.contains('.') => {}
        _ => return Err(OrgUrlError::NotADomain),
    }
    if url.scheme() != "https" {
        return Err(OrgUrlError::NotHttps);
    }
    if url.port().is_some() {
        return Err(OrgUrlError::Port);
    }
    Ok(())
}

/// `acme-admin.okta.com` is the admin console of `acme.okta.com`.
fn org_host(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host.split_once('.') {
        Some((label, domain)) if OKTA_DOMAINS.contains(&domain) => {
            format!("{}.{domain}", label.strip_suffix("-admin").unwrap_or(label))
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_paste() {
        for (input, want) in [
            ("acme", "https://acme.okta.com"),
            ("acme.okta.com", "https://acme.okta.com"),
            (
                " https://ACME-admin.okta.com/admin/dashboard?x=1#y ",
                "https://acme.okta.com",
            ),
            ("acme-admin.oktapreview.com", "https://acme.oktapreview.com"),
            ("https://acme.okta.com/api/v1/", "https://acme.okta.com"),
            ("https://acme.okta.com:443", "https://acme.okta.com"),
            ("login.acme-admin.com", "https://login.acme-admin.com"),
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080/x", "http://localhost:8080"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(OrgUrl::parse(input).unwrap().as_str(), want, "{input}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        let named = |text: &str| text.to_owned();
        for (input, want) in [
            ("", OrgUrlError::NotADomain(named(""))),
            (
                "http://acme.okta.com",
                OrgUrlError::NotHttps(named("http://acme.okta.com")),
            ),
            (
                "ftp://acme.okta.com",
                OrgUrlError::NotHttps(named("ftp://acme.okta.com")),
            ),
            (
                "https://acme.okta.com:8443",
                OrgUrlError::Port(named("https://acme.okta.com:8443")),
            ),
            (
                "https://192.0.2.7",
                OrgUrlError::NotADomain(named("https://192.0.2.7")),
            ),
            ("https://me:pw@acme.okta.com", OrgUrlError::Credentials),
            ("acme okta", OrgUrlError::NotADomain(named("acme okta"))),
        ] {
            assert_eq!(OrgUrl::parse(input), Err(want), "{input}");
        }
    }

    #[test]
    fn covers_only_its_own_host() {
        let org = OrgUrl::parse("acme.okta.com").unwrap();
        for (url, want) in [
            ("https://acme.okta.com/api/v1/users?after=1", true),
            ("https://acme.okta.com:443/", true),
            ("http://acme.okta.com/", false),
            ("https://acme.okta.com:444/", false),
            ("https://acme.okta.com.evil.example/", false),
            ("https://me@acme.okta.com/", false),
        ] {
            assert_eq!(org.covers(&Url::parse(url).unwrap()), want, "{url}");
        }
        assert!(
            org.join("//evil.example/x")
                .is_some_and(|url| url.host_str() == Some("acme.okta.com"))
        );
    }
}
