//! Authorization of calls: which header goes with them, and the access tokens behind it.
//!
//! ```text
//!  call -> header() -> cached token? -> Authorization (+ DPoP proof)
//!                          | none, or soon to end
//!                          v
//!                   acquire: assertion (+ proof) -> POST /oauth2/v1/token
//!                            ^ use_dpop_nonce, clock, 429, 5xx: again with everything fresh
//! ```

mod acquire;
mod consent;
mod jwt;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use url::Url;

use crate::random::Random;
use crate::wire::Wire;
use crate::{Clock, Credentials, Error, RateBudget, Secret};
use acquire::{Asker, Proof};

/// While we do not know Okta's time, what we sign is dated back by this: Okta refuses what comes from its future.
const UNSURE: SignedDuration = SignedDuration::from_secs(5);

/// How an access token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScheme {
    /// An API token.
    Ssws,
    /// Whoever holds it may use it.
    Bearer,
    /// Bound to a key.
    Dpop,
}

impl TokenScheme {
    /// The word in `Authorization`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ssws => "SSWS",
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What signing in gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// How the token is presented.
    pub scheme: TokenScheme,
    /// Scopes granted; empty for an API token, which has none.
    pub scopes: Vec<String>,
    /// How long it lives from when it was given.
    pub lives: Option<Duration>,
}

#[derive(Debug)]
struct AccessToken {
    secret: Secret,
    signed_in: SignedIn,
    renew_at: Option<Instant>,
}

impl AccessToken {
    fn is_fresh(&self) -> bool {
        self.renew_at
            .is_none_or(|renew_at| Instant::now() < renew_at)
    }
}

/// Nonces Okta asked for: those of the token endpoint and those of resources differ.
#[derive(Debug, Default)]
struct Nonces {
    token_endpoint: Option<String>,
    resource: Option<String>,
}

/// What authorized a call, to be told when Okta refused it.
#[derive(Debug)]
pub(crate) struct Used(Arc<AccessToken>);

/// The token in force, and the last that Okta refused.
#[derive(Debug, Default)]
struct Cached {
    token: Option<Arc<AccessToken>>,
    refused: Option<Secret>,
}

#[derive(Debug)]
pub(crate) struct Auth {
    pub(super) credentials: Credentials,
    pub(super) scopes: Vec<String>,
    pub(super) wire: Wire,
    pub(super) budget: Arc<RateBudget>,
    pub(super) random: Random,
    token: tokio::sync::Mutex<Cached>,
    nonces: Mutex<Nonces>,
}

impl Auth {
    pub(crate) fn new(
        credentials: Credentials,
        scopes: Vec<String>,
        wire: Wire,
        budget: Arc<RateBudget>,
        random: Random,
    ) -> Self {
        Self {
            credentials,
            scopes,
            wire,
            budget,
            random,
            token: tokio::sync::Mutex::default(),
            nonces: Mutex::default(),
        }
    }

    pub(crate) const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    pub(crate) fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Signs in, unless signed in already.
    pub(crate) async fn sign_in(&self) -> Result<SignedIn, Error> {
        Ok(self.token().await?.signed_in.clone())
    }

    /// Headers that authorize one try of a call. Never used for a second try: a proof is good once.
    pub(crate) async fn headers(
        &self,
        method: &str,
        url: &Url,
    ) -> Result<(HeaderMap, Used), Error> {
        let token = self.token().await?;
        let mut headers = HeaderMap::new();
        let authorization = format!(
            "{} {}",
            token.signed_in.scheme.as_str(),
            token.secret.reveal()
        );
        headers.insert(header::AUTHORIZATION, sensitive(&authorization)?);
        if let (TokenScheme::Dpop, Some(key)) =
            (token.signed_in.scheme, self.credentials.dpop_key())
        {
            let nonce = self.nonces().resource.clone();
            let proven = jwt::Proven {
                method,
                url,
                token: Some(token.secret.reveal()),
                nonce: nonce.as_deref(),
            };
            let proof = jwt::proof(
                key,
                &proven,
                signing_time(&self.wire.clock),
                &self.random.token_id(),
            )?;
            headers.insert("dpop", sensitive(&proof)?);
        }
        Ok((headers, Used(token)))
    }

    /// Takes in a nonce that came with a resource's answer.
    pub(crate) fn learn_resource_nonce(&self, nonce: &str) {
        self.nonces().resource = Some(nonce.to_owned());
    }

    /// Forgets a token that Okta refused, unless another call has replaced it already.
    pub(crate) async fn forget(&self, used: &Used) {
        let mut cached = self.token.lock().await;
        if cached
            .token
            .as_ref()
            .is_some_and(|token| Arc::ptr_eq(token, &used.0))
        {
            cached.token = None;
            cached.refused = Some(used.0.secret.clone());
        }
    }

    /// Whether a refused token can be replaced without a person.
    pub(crate) const fn can_renew(&self) -> bool {
        !matches!(self.credentials, Credentials::ApiToken(_))
    }

    /// The token in force. One caller acquires, the others wait for what it gets.
    async fn token(&self) -> Result<Arc<AccessToken>, Error> {
        let mut cached = self.token.lock().await;
        if let Some(token) = cached.token.as_ref().filter(|token| token.is_fresh()) {
            return Ok(Arc::clone(token));
        }
        let token = Arc::new(match &self.credentials {
            Credentials::ApiToken(secret) => AccessToken {
                secret: secret.clone(),
                signed_in: SignedIn {
                    scheme: TokenScheme::Ssws,
                    scopes: Vec::new(),
                    lives: None,
                },
                renew_at: None,
            },
            Credentials::Oauth { client_id, key } => {
                self.client_credentials(Asker {
                    client_id,
                    proof: Proof::Key(key),
                    dpop_key: None,
                })
                .await?
            }
            Credentials::OauthDpop {
                client_id,
                key,
                dpop_key,
            } => {
                self.client_credentials(Asker {
                    client_id,
                    proof: Proof::Key(key),
                    dpop_key: Some(dpop_key),
                })
                .await?
            }
            Credentials::AuthorizationCode {
                client_id,
                client_secret,
                grants,
            } => {
                let asker = Asker {
                    client_id,
                    proof: Proof::Secret(client_secret),
                    dpop_key: None,
                };
                self.by_consent(asker, &**grants, cached.refused.as_ref())
                    .await?
            }
        });
        cached.token = Some(Arc::clone(&token));
        cached.refused = None;
        Ok(token)
    }

    fn nonces(&self) -> MutexGuard<'_, Nonces> {
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, by Okta's clock, for what we sign.
fn signing_time(clock: &Clock) -> Timestamp {
    let now = clock.okta();
    if clock.has_met_okta() {
        now
    } else {
        now.checked_sub(UNSURE).unwrap_or(now)
    }
}

/// A header value that logs do not show.
fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Error::NotAHeader)?;
    value.set_sensitive(true);
    Ok(value)
}
