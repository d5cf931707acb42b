//! One client of one org: every call goes through [`Client::send`].

use std::sync::Arc;

use http::Method;
use jiff::SignedDuration;
use serde::de::DeserializeOwned;

use crate::auth::{Auth, SignedIn, Used};
use crate::budget::kind_of;
use crate::call::{Call, decode};
use crate::error::{Answered, classify};
use crate::random::Random;
use crate::tries::Tries;
use crate::wire::{Answer, Wire};
use crate::{Clock, Credentials, Error, OrgUrl, RateBudget};

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

impl Client {
    pub(crate) fn assemble(
        wire: Wire,
        credentials: Credentials,
        scopes: Vec<String>,
        budget: Arc<RateBudget>,
        random: Random,
    ) -> Self {
        let auth = Auth::new(
            credentials,
            scopes,
            wire.clone(),
            Arc::clone(&budget),
            random.clone(),
        );
        Self(Arc::new(Inner {
            wire,
            auth,
            budget,
            random,
        }))
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
        let credentials = auth.credentials().clone();
        Self::assemble(
            wire.clone(),
            credentials,
            scopes,
            Arc::clone(budget),
            random.clone(),
        )
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

    /// Exchanges an authorization code for tokens, as the web app of the credentials. Sent once: a code is good once.
    pub async fn exchange(&self, code: &crate::Code<'_>) -> Result<crate::Tokens, Error> {
        self.0.auth.exchange(code).await
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
            let again = match &error {
                Error::RateLimited { said: Some(_), .. } => true,
                wants if wants.is_about_nonce() => tries.another_nonce(),
                Error::ClockSkew { .. } => tries.clock_learned(skew, self.skew()),
                Error::TokenInvalid(_) | Error::TokenExpired(_) => {
                    self.renew(used.as_ref(), &mut tries).await
                }
                Error::RateLimited { .. } => false,
                // Okta has done nothing, whatever the method.
                Error::Busy(_) => tries.pause(&self.0.wire.limits, &self.0.random).await,
                other if other.is_transient() && call.is_repeatable() => {
                    tries.pause(&self.0.wire.limits, &self.0.random).await
                }
                _ => false,
            };
            if !again {
                return Err(error);
            }
            tracing::debug!(call = call.name, %error, "again");
        }
    }

    /// Drops a refused access token; `false` if a new one would not help.
    async fn renew(&self, used: Option<&Used>, tries: &mut Tries) -> bool {
        let Some(used) = used.filter(|_| self.0.auth.can_renew()) else {
            return false;
        };
        self.0.auth.forget(used).await;
        tries.renewed()
    }

    async fn attempt(
        &self,
        call: &Call,
        tries: &mut Tries,
        used: &mut Option<Used>,
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
        let pass = pass.map_err(|late| late.into_error(&call.name))?;
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
        budget.note(&pass, &answer, &wire.clock);
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
