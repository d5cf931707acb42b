//! A person's consent: the authorization code that begins it, and where its tokens are kept.
//!
//! ```text
//! AuthorizationRequest::url -> Okta's pages -> code -> Client::exchange -> Tokens (kept by whoever asked)
//! call -> Grants::take -> fresh access token
//!                      -> or ours to refresh: noted as in flight BEFORE the refresh token is used
//!                         -> POST /oauth2/v1/token -> Grants::keep, BEFORE the new access token is used
//! ```
//!
//! With rotation each refresh token is good once, and for a leeway of some seconds more. Whoever is killed between use and
//! keep finds a rotation in flight, and within the leeway the old token still works. Okta: Refresh access tokens and rotate
//! refresh tokens; RFC 6749 section 4.1, RFC 7636, RFC 9700 section 4.14.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{OrgUrl, Secret};

/// The tokens of a consent.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// What authorizes calls.
    pub access: Secret,
    /// What the next access token is got by; none without `offline_access`.
    pub refresh: Option<Secret>,
    /// What was granted, which may be less than was asked.
    pub scopes: Vec<String>,
    /// When the access token ends, by our clock.
    pub expires_at: Timestamp,
}

/// Why a consent is at its end: the person must sign in to Okta again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// We were stopped between using a refresh token and keeping the next, and the leeway has passed.
    Interrupted,
    /// Somebody else used our refresh token: Okta has taken all tokens back.
    Reused,
    /// Revoked in Okta, or unused for too long.
    Revoked,
}

impl Ended {
    /// The word for it, to keep.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::Reused => "reused",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the word; an unknown one is [`Ended::Revoked`].
    #[must_use]
    pub fn of(word: &str) -> Self {
        [Self::Interrupted, Self::Reused]
            .into_iter()
            .find(|one| one.word() == word)
            .unwrap_or(Self::Revoked)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupted => {
                "a refresh was interrupted, and its token could not be used again in time"
            }
            Self::Reused => {
                "somebody else has used the refresh token; Okta has taken back all tokens of this consent"
            }
            Self::Revoked => "the consent was revoked in Okta, or not used for too long",
        })
    }
}

/// What [`Grants::take`] gives.
#[derive(Debug, Clone)]
pub enum Held {
    /// The access token is good: nothing to do.
    Fresh(Tokens),
    /// The grant is ours to refresh. That a refresh token is used now is noted already.
    Stale {
        /// The refresh token to use.
        refresh: Secret,
        /// The access token, while it has not ended by the clock.
        access: Option<Secret>,
        /// An earlier use of this refresh token was noted and never came to its end.
        in_flight: bool,
    },
    /// There is no consent any more.
    Ended(Ended),
}

/// The store could not do it: why, without a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreFault(pub String);

/// A pending answer of a store.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreFault>> + Send + 'a>>;

/// Where the tokens of one consent are kept, so that only one refresh goes on at a time among all processes, and none is
/// lost when one is killed.
pub trait Grants: Send + Sync + fmt::Debug {
    /// Gives the access token while it is good and is not the refused one; else takes the grant for one refresh, notes
    /// durably that its refresh token is about to be used, and keeps others waiting until [`Grants::keep`],
    /// [`Grants::release`] or [`Grants::end`].
    fn take<'a>(&'a self, refused: Option<&'a Secret>) -> Pending<'a, Held>;
    /// Keeps new tokens durably; the rotation is at its end.
    fn keep<'a>(&'a self, tokens: &'a Tokens) -> Pending<'a, ()>;
    /// Lets others try: the refresh failed, and nobody knows whether the token was used.
    fn release(&self) -> Pending<'_, ()>;
    /// Notes that the consent is at its end.
    fn end(&self, why: Ended) -> Pending<'_, ()>;
}

/// What is asked of the person at Okta's authorize endpoint.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest<'a> {
    /// The web app's client id.
    pub client_id: &'a str,
    /// Where the code is to be sent; must be among the app's sign-in redirect URIs, letter by letter.
    pub redirect_uri: &'a str,
    /// What is asked for.
    pub scopes: &'a [String],
    /// Comes back with the code; unguessable, bound to who asked.
    pub state: &'a str,
    /// The secret of which the code is bound to the hash (PKCE).
    pub code_verifier: &'a str,
}

impl AuthorizationRequest<'_> {
    /// The address to send the browser to.
    #[must_use]
    pub fn url(&self, org: &OrgUrl) -> Option<Url> {
        let mut url = org.join("/oauth2/v1/authorize")?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.code_verifier));
        url.query_pairs_mut()
            .append_pair("client_id", self.client_id)
            .append_pair("response_type", "code")
            .append_pair("response_mode", "query")
            .append_pair("scope", &self.scopes.join(" "))
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("state", self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Some(url)
    }
}

/// A code as it came back, with what it is bound to.
#[derive(Debug, Clone)]
pub struct Code<'a> {
    /// The code.
    pub code: &'a Secret,
    /// Where it was sent.
    pub redirect_uri: &'a str,
    /// The secret of the request.
    pub code_verifier: &'a Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let scopes = ["okta.users.read".to_owned(), "offline_access".to_owned()];
        let request = AuthorizationRequest {
            client_id: "0oa1",
            redirect_uri: "https://kw.example/consent",
            scopes: &scopes,
            state: "s",
            code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        };
        let url = request.url(&OrgUrl::parse("acme").unwrap()).unwrap();
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let of = |name: &str| query.iter().find(|(one, _)| one == name).unwrap().1.clone();
        assert_eq!(
            of("code_challenge"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        assert_eq!(of("scope"), "okta.users.read offline_access");
        assert!(
            url.as_str()
                .starts_with("https://acme.okta.com/oauth2/v1/authorize?")
        );
    }
}
