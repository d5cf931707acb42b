//! What can go wrong, by whose fault it is.

mod challenge;
mod classify;
mod mend;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::SignedDuration;

pub use classify::{Answered, classify};

/// What Okta said with a refusal: what a person needs to find it in Okta's log, and what Okta's support asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The call, `GET /api/v1/users` (without query: it may hold names).
    pub call: String,
    /// HTTP status.
    pub status: u16,
    /// `errorCode`, or the OAuth `error`.
    pub code: Option<String>,
    /// `errorSummary`, or the OAuth `error_description`; empty if Okta gave none.
    pub summary: String,
    /// `errorCauses`.
    pub causes: Vec<String>,
    /// `x-okta-request-id`.
    pub request_id: Option<String>,
    /// `errorId`.
    pub error_id: Option<String>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.call, self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.summary.is_empty() {
            write!(f, ": {}", self.summary)?;
        }
        for cause in &self.causes {
            write!(f, "; {cause}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (Okta request {id})")?;
        }
        Ok(())
    }
}

/// Whose fault an error is, and so who can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The credentials: token, client, key.
    Credentials,
    /// What the org allows them: scopes, roles, features, network.
    Permission,
    /// The request, or the state of what it is about.
    Request,
    /// The rate limit.
    RateLimit,
    /// The way to Okta.
    Network,
    /// Okta itself, or something answering in its place.
    Okta,
    /// The clock of one of both.
    Clock,
}

/// Why a call to Okta failed. `Display` says what happened, [`Error::mend`] what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // Credentials
    /// The API token is wrong or revoked, or the access token is refused (401 `E0000011`, `invalid_token`).
    #[error("Okta refuses the token: {0}")]
    TokenInvalid(Box<Said>),
    /// The token has expired; an API token does after 30 days without use.
    #[error("the token has expired: {0}")]
    TokenExpired(Box<Said>),
    /// Sign-in or session refused (401 `E0000004`, 403 `E0000005`).
    #[error("Okta refuses the sign-in: {0}")]
    AuthenticationFailed(Box<Said>),
    /// No client has this id, or it is inactive.
    #[error("Okta knows no such client: {0}")]
    ClientUnknown(Box<Said>),
    /// The client exists but may not use this grant (not a service app, wrong authentication method).
    #[error("the client may not get tokens this way: {0}")]
    ClientNotAllowed(Box<Said>),
    /// The signing key is not one of the client's: signature, `kid`, or no key set at all.
    #[error("Okta refuses the key: {0}")]
    KeyRejected(Box<Said>),
    /// The assertion is refused for another reason than key and clock.
    #[error("Okta refuses the client assertion: {0}")]
    AssertionRejected(Box<Said>),
    /// The app asks for `DPoP` and these credentials do not use it.
    #[error("the app binds access tokens by DPoP: {0}")]
    DpopRequired(Box<Said>),
    /// The `DPoP` proof is refused.
    #[error("Okta refuses the DPoP proof: {0}")]
    InvalidDpopProof(Box<Said>),
    /// Grant, code or refresh token refused (`invalid_grant`).
    #[error("Okta refuses the grant: {0}")]
    GrantRejected(Box<Said>),
    /// A person's consent is at its end: that person, or another, must sign in to Okta again for it.
    #[error("the consent has ended: {0}")]
    ConsentEnded(crate::Ended),
    /// The private key could not sign.
    #[error("the private key could not sign")]
    CannotSign,
    /// A token or client id holds characters that no HTTP header may.
    #[error("the credentials hold characters that cannot be sent")]
    NotAHeader,
    /// The HTTP client could not be made (certificate store, proxy settings).
    #[error("no HTTP client could be made: {0}")]
    NoHttpClient(String),

    // Permission
    /// The access token lacks a scope (403 with an empty body and `WWW-Authenticate`).
    #[error("the access token lacks {}: {said}", scopes.join(" or "))]
    ScopeMissing {
        /// What it needs, as Okta names it.
        scopes: Vec<String>,
        /// What Okta said.
        said: Box<Said>,
    },
    /// A scope asked for was not granted to the app, told by the token endpoint.
    #[error("not all scopes are granted to the app (missing: {}){}", missing.join(" "), told(said.as_deref()))]
    ScopeNotGranted {
        /// What was asked for and not given; all that was asked where Okta does not say.
        missing: Vec<String>,
        /// What Okta said; nothing where it answered with a token of fewer scopes.
        said: Option<Box<Said>>,
    },
    /// The admin role of app or user does not reach this (403 `E0000006`).
    #[error("the admin role does not allow this: {0}")]
    RoleMissing(Box<Said>),
    /// The org does not have the feature (401 `E0000015`).
    #[error("the org does not have this feature: {0}")]
    FeatureMissing(Box<Said>),
    /// Asked from outside the permitted network zones.
    #[error("Okta does not allow calls from this network: {0}")]
    NetworkNotAllowed(Box<Said>),
    /// 403 for a reason of its own.
    #[error("Okta forbids this: {0}")]
    Forbidden(Box<Said>),

    // Request
    /// There is no such thing (404).
    #[error("not found: {0}")]
    NotFound(Box<Said>),
    /// The request is not valid (400).
    #[error("Okta finds the request wrong: {0}")]
    Validation(Box<Said>),
    /// What it is about is in a state that does not allow this (403 `E0000016`, `E0000038`, `E0000056`, 409 and the like).
    #[error("not possible in the present state: {0}")]
    WrongState(Box<Said>),
    /// Changed by someone else since it was read (412).
    #[error("changed since it was read: {0}")]
    Stale(Box<Said>),
    /// No such path or method at Okta (404 `E0000008`, 405).
    #[error("Okta has no such call: {0}")]
    NoSuchCall(Box<Said>),
    /// The body given to a call cannot be printed as JSON.
    #[error("the request cannot be printed: {0}")]
    Unprintable(String),
    /// The path given to a raw call leads out of the org.
    #[error("`{0}` is no path of the org")]
    BadPath(String),

    // Rate limit
    /// The limit stayed used up longer than we wait.
    #[error("the rate limit of {call} stayed used up for {} s", waited.as_secs())]
    RateLimited {
        /// The call.
        call: String,
        /// How long was waited in all.
        waited: std::time::Duration,
        /// How much longer it would take.
        needs: std::time::Duration,
        /// What Okta said, if it was asked at all.
        said: Option<Box<Said>>,
    },

    // Network
    /// No connection: name, route, TLS.
    #[error("{host} cannot be reached: {cause}")]
    Unreachable {
        /// Which host.
        host: String,
        /// Why, as the network says it.
        cause: String,
    },
    /// No answer, or not all of it, in time.
    #[error("{call} was not answered in time")]
    Timeout {
        /// The call.
        call: String,
    },
    /// The answer stopped before its end.
    #[error("the answer of {call} was cut off")]
    Truncated {
        /// The call.
        call: String,
        /// Okta's request id.
        request_id: Option<String>,
    },

    /// The tokens of a consent could not be kept or read here.
    #[error("the tokens of the consent could not be kept: {0}")]
    Store(#[from] crate::StoreFault),

    // Okta
    /// Okta is being reconciled; it asks to try again (423).
    #[error("Okta is busy with this: {0}")]
    Busy(Box<Said>),
    /// Okta's own failure (5xx).
    #[error("Okta failed: {0}")]
    ServerFault(Box<Said>),
    /// The answer is not the JSON it should be.
    #[error("the answer of {call} makes no sense: {cause}")]
    Malformed {
        /// The call.
        call: String,
        /// What is wrong with it.
        cause: String,
        /// Okta's request id.
        request_id: Option<String>,
    },
    /// The answer is larger than any page should be.
    #[error("the answer of {call} is larger than {limit} bytes")]
    TooLarge {
        /// The call.
        call: String,
        /// The limit.
        limit: usize,
    },
    /// Pages lead back to where they have been, or show only what was shown.
    #[error("the pages of {call} go in a circle at page {page}")]
    PagingLoop {
        /// The call.
        call: String,
        /// Which page, from 1.
        page: usize,
    },
    /// The next page is said to be on another host.
    #[error("the next page of {call} is said to be at {host}, which is not the org")]
    ForeignHost {
        /// The call.
        call: String,
        /// Where it leads.
        host: String,
    },
    /// The answer is a redirect, which the API never sends.
    #[error("{call} was redirected to {location}")]
    Redirected {
        /// The call.
        call: String,
        /// Where to, without query.
        location: String,
    },
    /// A refusal this client does not know.
    #[error("unexpected: {0}")]
    Unexpected(Box<Said>),

    // Clock
    /// Okta finds assertion or proof expired or from the future, even by the time it told.
    #[error("the clocks differ (Okta's is {} s ahead of ours): {said}", skew.as_secs())]
    ClockSkew {
        /// How far Okta's clock is ahead of ours.
        skew: SignedDuration,
        /// What Okta said.
        said: Box<Said>,
    },
}

fn told(said: Option<&Said>) -> String {
    said.map(|said| format!(": {said}")).unwrap_or_default()
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::TokenInvalid(_)
            | Self::TokenExpired(_)
            | Self::AuthenticationFailed(_)
            | Self::ClientUnknown(_)
            | Self::ClientNotAllowed(_)
            | Self::KeyRejected(_)
            | Self::AssertionRejected(_)
            | Self::DpopRequired(_)
            | Self::InvalidDpopProof(_)
            | Self::GrantRejected(_)
            | Self::ConsentEnded(_)
            | Self::CannotSign
            | Self::NotAHeader => Fault::Credentials,
            Self::ScopeMissing { .. }
            | Self::ScopeNotGranted { .. }
            | Self::RoleMissing(_)
            | Self::FeatureMissing(_)
            | Self::NetworkNotAllowed(_)
            | Self::Forbidden(_) => Fault::Permission,
            Self::NotFound(_)
            | Self::Validation(_)
            | Self::WrongState(_)
            | Self::Stale(_)
            | Self::NoSuchCall(_)
            | Self::BadPath(_)
            | Self::Unprintable(_) => Fault::Request,
            Self::RateLimited { .. } => Fault::RateLimit,
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Truncated { .. }
            | Self::Store(_)
            | Self::NoHttpClient(_) => Fault::Network,
            Self::Busy(_)
            | Self::ServerFault(_)
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::PagingLoop { .. }
            | Self::ForeignHost { .. }
            | Self::Redirected { .. }
            | Self::Unexpected(_) => Fault::Okta,
            Self::ClockSkew { .. } => Fault::Clock,
        }
    }

    /// What Okta said, where it said something.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::TokenInvalid(said)
            | Self::TokenExpired(said)
            | Self::AuthenticationFailed(said)
            | Self::ClientUnknown(said)
            | Self::ClientNotAllowed(said)
            | Self::KeyRejected(said)
            | Self::AssertionRejected(said)
            | Self::DpopRequired(said)
            | Self::InvalidDpopProof(said)
            | Self::GrantRejected(said)
            | Self::ScopeMissing { said, .. }
            | Self::RoleMissing(said)
            | Self::FeatureMissing(said)
            | Self::NetworkNotAllowed(said)
            | Self::Forbidden(said)
            | Self::NotFound(said)
            | Self::Validation(said)
            | Self::WrongState(said)
            | Self::Stale(said)
            | Self::NoSuchCall(said)
            | Self::Busy(said)
            | Self::ServerFault(said)
            | Self::Unexpected(said)
            | Self::ClockSkew { said, .. } => Some(said),
            Self::ScopeNotGranted { said, .. } | Self::RateLimited { said, .. } => said.as_deref(),
            _ => None,
        }
    }

    /// `x-okta-request-id` of the answer, where there was one.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Truncated { request_id, .. } | Self::Malformed { request_id, .. } => {
                request_id.as_deref()
            }
            other => other.said()?.request_id.as_deref(),
        }
    }

    /// `errorCode`, or the OAuth `error`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.said()?.code.as_deref()
    }

    /// Whether the same call may well succeed later, with nothing changed by anyone.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Busy(_) | Self::ServerFault(_) => true,
            other => matches!(other.fault(), Fault::Network | Fault::RateLimit),
        }
    }

    /// Whether there is no such thing.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}
