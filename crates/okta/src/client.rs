//! One client of one org: every call goes through [`Client::send`].

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::SignedDuration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::auth::{Auth, SignedIn};
use crate::budget::{RateHeaders, kind_of};
use crate::clock::NOTABLE_SKEW;
use crate::error::{Answered, classify};
use crate::random::Random;
use crate::wire::{Answer, Wire};
use crate::{Clock, Credentials, Error, Limits, OrgUrl, RateBudget};

/// How often a resource may ask for another nonce before we take it for broken.
const MOST_NONCES: u32 = 3;

/// What a client is made of. Only org and credentials have no default.
#[derive(Debug)]
pub struct Builder {
    org: OrgUrl,
    credentials: Credentials,
    scopes: Vec<String>,
    budget: Arc<RateBudget>,
    clock: Clock,
    limits: Limits,
    seed: Option<u64>,
}

impl Builder {
    /// Scopes to ask for; nothing for an API token.
    #[must_use]
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// The connection's rate budget; a new one of 50 % where none is given.
    #[must_use]
    pub fn budget(mut self, budget: Arc<RateBudget>) -> Self {
        self.budget = budget;
        self
    }

    /// Where the local time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Bounds of time and size.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes ids and jitter repeatable, for tests.
    #[must_use]
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The client. Nothing is sent yet.
    pub fn build(self) -> Result<Client, Error> {
        let random = self.seed.map_or_else(Random::from_os, Random::seeded);
        let wire = Wire::new(self.org, self.clock, self.limits)
            .map_err(|error| Error::NoHttpClient(error.to_string()))?;
        let auth = Auth::new(
            self.credentials,
            self.scopes,
            wire.clone(),
            Arc::clone(&self.budget),
            random.clone(),
        );
        Ok(Client(Arc::new(Inner {
            wire,
            auth,
            budget: self.budget,
            random,
        })))
    }
}

#[derive(Debug)]
struct Inner {
    wire: Wire,
    auth: Auth,
    budget: Arc<RateBudget>,
    random: Random,
}

/// A client of one Okta org. Cheap to clone; clones share token, nonces, budget and connections.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

/// One call, to be sent as often as its tries need.
#[derive(Debug)]
pub(crate) struct Call {
    method: Method,
    url: Url,
    body: Option<Bytes>,
    if_match: Option<String>,
    /// Method and path, for errors and logs.
    pub(crate) name: String,
    public: bool,
}

/// What was already tried again, each for its own reason.
#[derive(Default)]
struct Tries {
    renewed: bool,
    clock: bool,
    nonces: u32,
    failures: u32,
    waited: Duration,
}

impl Client {
    /// Starts a client.
    #[must_use]
    pub fn builder(org: OrgUrl, credentials: Credentials) -> Builder {
        Builder {
            org,
            credentials,
            scopes: Vec::new(),
            budget: Arc::default(),
            clock: Clock::system(),
            limits: Limits::default(),
            seed: None,
        }
    }

    /// A client like this one that asks for other scopes: it signs in by itself, and shares all else.
    #[must_use]
    pub fn with_scopes<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) -> Self {
        let Inner {
            wire,
            auth,
            budget,
            random,
        } = &*self.0;
        let scopes = scopes.into_iter().map(Into::into).collect();
        let auth = Auth::new(
            auth.credentials().clone(),
            scopes,
            wire.clone(),
            Arc::clone(budget),
            random.clone(),
        );
        Self(Arc::new(Inner {
            wire: wire.clone(),
            auth,
            budget: Arc::clone(budget),
            random: random.clone(),
        }))
    }

    /// The org.
    #[must_use]
    pub fn org(&self) -> &OrgUrl {
        &self.0.wire.org
    }

    /// The kind of credentials in force: `api_token`, `oauth`, `oauth_dpop`.
    #[must_use]
    pub fn credentials_kind(&self) -> &'static str {
        self.0.auth.credentials().kind()
    }

    /// The scopes it asks for.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        self.0.auth.scopes()
    }

    /// The rate budget it draws from.
    #[must_use]
    pub fn budget(&self) -> &Arc<RateBudget> {
        &self.0.budget
    }

    /// Its clock, which has learned Okta's.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.wire.clock
    }

    /// How far Okta's clock is ahead of ours, as of its latest answer.
    #[must_use]
    pub fn skew(&self) -> SignedDuration {
        self.0.wire.clock.skew()
    }

    /// Signs in, unless signed in already. With an API token nothing is sent.
    pub async fn sign_in(&self) -> Result<SignedIn, Error> {
        self.0.auth.sign_in().await
    }

    /// A call by its path in the org (`/api/v1/users/me`) and query.
    pub(crate) fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Call, Error> {
        let mut url = self
            .org()
            .join(path)
            .ok_or_else(|| Error::BadPath(path.to_owned()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(Call::new(method, url))
    }

    /// Sends a call until it is answered or must be given up.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let mut tries = Tries::default();
        loop {
            let skew = self.skew();
            let mut used = None;
            let error = match self.attempt(call, &mut tries, &mut used).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => self.refusal(call, &answer),
                Err(error) => error,
            };
            if used.is_none() && !call.public {
                // The call was not sent: signing in, or waiting for the limit, has had its own tries.
                return Err(error);
            }
            let learned = (self.skew() - skew).abs() > NOTABLE_SKEW;
            let again = match &error {
                Error::RateLimited { said: Some(_), .. } => true,
                Error::InvalidDpopProof(said) if said.code.as_deref() == Some("use_dpop_nonce") => {
                    tries.nonces += 1;
                    tries.nonces <= MOST_NONCES
                }
                Error::ClockSkew { .. } => learned && !std::mem::replace(&mut tries.clock, true),
                Error::TokenInvalid(_) | Error::TokenExpired(_) if self.0.auth.can_renew() => {
                    if let Some(used) = &used {
                        self.0.auth.forget(used).await;
                    }
                    used.is_some() && !std::mem::replace(&mut tries.renewed, true)
                }
                Error::Busy(_) => self.pause(&mut tries).await,
                Error::RateLimited { .. } => false,
                other if other.is_transient() && call.is_repeatable() => {
                    self.pause(&mut tries).await
                }
                _ => false,
            };
            if !again {
                return Err(error);
            }
            tracing::debug!(call = call.name, %error, "again");
        }
    }

    /// Waits before another try; `false` if there have been enough.
    async fn pause(&self, tries: &mut Tries) -> bool {
        tries.failures += 1;
        if tries.failures >= self.0.wire.limits.tries {
            return false;
        }
        let pause = self.0.wire.limits.first_pause * 2_u32.pow(tries.failures.min(6) - 1);
        tokio::time::sleep(pause + self.0.random.up_to(pause)).await;
        true
    }

    async fn attempt(
        &self,
        call: &Call,
        tries: &mut Tries,
        used: &mut Option<crate::auth::Used>,
    ) -> Result<Answer, Error> {
        let Inner {
            wire,
            auth,
            budget,
            random,
        } = &*self.0;
        let kind = kind_of(call.method.as_str(), call.url.path());
        let pass = budget
            .admit(&kind, &mut tries.waited, wire.limits.rate_wait, random)
            .await;
        let pass = pass.map_err(|waited| Error::RateLimited {
            call: call.name.clone(),
            waited,
            reset: None,
            said: None,
        })?;
        let mut request = wire
            .http
            .request(call.method.clone(), call.url.clone())
            .header("accept", "application/json");
        if !call.public {
            let (headers, token) = auth.headers(call.method.as_str(), &call.url).await?;
            request = request.headers(headers);
            *used = Some(token);
        }
        request = match &call.body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.clone()),
            // Okta answers 411 to a POST without length.
            None if matches!(call.method, Method::POST | Method::PUT) => request
                .header("content-type", "application/json")
                .header("content-length", "0"),
            None => request,
        };
        if let Some(etag) = &call.if_match {
            request = request.header("if-match", etag);
        }
        let request = request.build().map_err(|_| Error::NotAHeader)?;
        let answer = wire.exchange(request, &call.name).await?;
        let headers = RateHeaders::read(&answer.headers, answer.date, wire.clock.okta());
        budget.note(
            &pass,
            headers,
            answer.status == StatusCode::TOO_MANY_REQUESTS,
        );
        if let Some(nonce) = answer.header("dpop-nonce") {
            auth.learn_resource_nonce(nonce);
        }
        Ok(answer)
    }

    fn refusal(&self, call: &Call, answer: &Answer) -> Error {
        classify(&Answered {
            call: &call.name,
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
            skew: self.skew(),
            asked: self.scopes(),
        })
    }

    /// Sends a call and decodes its answer.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let answer = self.send(call).await?;
        decode(call, &answer)
    }
}

impl Call {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        let name = format!("{method} {}", url.path());
        Self {
            method,
            url,
            body: None,
            if_match: None,
            name,
            public: false,
        }
    }

    /// Needs no credentials.
    pub(crate) fn public(mut self) -> Self {
        self.public = true;
        self
    }

    pub(crate) fn json<B: Serialize + ?Sized>(mut self, body: &B) -> Result<Self, Error> {
        let body =
            serde_json::to_vec(body).map_err(|error| Error::Unprintable(error.to_string()))?;
        self.body = Some(Bytes::from(body));
        Ok(self)
    }

    pub(crate) fn if_match(mut self, etag: &str) -> Self {
        self.if_match = Some(etag.to_owned());
        self
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether sending it twice is the same as once. `DELETE` is not: on an active user the first deactivates and the
    /// second deletes (Okta: Users, delete).
    fn is_repeatable(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::PUT)
    }
}

/// Reads an answer's JSON.
pub(crate) fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        let (call, request_id) = (call.name.clone(), answer.request_id());
        if error.is_eof() {
            return Error::Truncated { call, request_id };
        }
        // The error's text may quote what it read; place and kind are enough.
        let cause = match error.classify() {
            serde_json::error::Category::Data => error.to_string(),
            _ => format!("no JSON at line {} column {}", error.line(), error.column()),
        };
        Error::Malformed {
            call,
            cause,
            request_id,
        }
    })
}
