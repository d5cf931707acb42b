//! Getting an access token from the org authorization server.

use std::time::Duration;

use http::StatusCode;
use keywright_model::{OAuthError, TokenAnswer};
use tokio::time::Instant;

use super::{AccessToken, Auth, SignedIn, TokenScheme, jwt, sensitive, signing_time};
use crate::budget::{RateHeaders, kind_of};
use crate::clock::NOTABLE_SKEW;
use crate::error::{Answered, classify};
use crate::wire::Answer;
use crate::{Error, Secret, SigningKey};

/// The token request, as errors and logs name it.
const TOKEN_CALL: &str = "POST /oauth2/v1/token";

/// How often the server may ask for another nonce before we take it for broken.
const MOST_NONCES: u32 = 3;

/// A token is renewed this long before its end, or at half its life if it lives shorter.
const RENEW_EARLY: Duration = Duration::from_secs(5 * 60);

/// What was already tried again, each for its own reason.
#[derive(Default)]
struct Tries {
    nonces: u32,
    clock: bool,
    failures: u32,
    waited: Duration,
}

impl Auth {
    /// Client credentials (RFC 6749 section 4.4) with a fresh assertion, and a fresh proof, for every try: an assertion's
    /// `jti` is good once, and a refused try may have used it up.
    pub(super) async fn acquire(
        &self,
        client_id: &str,
        key: &SigningKey,
        dpop_key: Option<&SigningKey>,
    ) -> Result<AccessToken, Error> {
        let mut tries = Tries::default();
        loop {
            let skew = self.wire.clock.skew();
            let error = match self.ask(client_id, key, dpop_key, &mut tries).await {
                Ok(answer) if answer.status.is_success() => return self.accept(&answer),
                Ok(answer) => self.refusal(&answer),
                Err(error) => error,
            };
            let again = match &error {
                Error::InvalidDpopProof(said) if said.code.as_deref() == Some("use_dpop_nonce") => {
                    tries.nonces += 1;
                    dpop_key.is_some() && tries.nonces <= MOST_NONCES
                }
                Error::ClockSkew { .. } => {
                    let learned = (self.wire.clock.skew() - skew).abs() > NOTABLE_SKEW;
                    learned && !std::mem::replace(&mut tries.clock, true)
                }
                Error::RateLimited { said: Some(_), .. } => true,
                other if other.is_transient() && !matches!(other, Error::RateLimited { .. }) => {
                    tries.failures += 1;
                    tries.failures < self.wire.limits.tries
                }
                _ => false,
            };
            if !again {
                return Err(error);
            }
            if tries.failures > 0
                && error.is_transient()
                && !matches!(error, Error::RateLimited { .. })
            {
                let pause = self.wire.limits.first_pause * 2_u32.pow(tries.failures.min(6) - 1);
                tokio::time::sleep(pause + self.random.up_to(pause)).await;
            }
        }
    }

    async fn ask(
        &self,
        client_id: &str,
        key: &SigningKey,
        dpop_key: Option<&SigningKey>,
        tries: &mut Tries,
    ) -> Result<Answer, Error> {
        let endpoint = self.wire.org.token_endpoint();
        let url = self
            .wire
            .org
            .join("/oauth2/v1/token")
            .ok_or_else(|| Error::BadPath(endpoint.clone()))?;
        let kind = kind_of("POST", url.path());
        let most = self.wire.limits.rate_wait;
        let pass = self
            .budget
            .admit(&kind, &mut tries.waited, most, &self.random)
            .await
            .map_err(|waited| Error::RateLimited {
                call: TOKEN_CALL.to_owned(),
                waited,
                reset: None,
                said: None,
            })?;
        let now = signing_time(&self.wire.clock);
        let assertion = jwt::assertion(key, client_id, &endpoint, now, &self.random.token_id())?;
        let mut request = self
            .wire
            .http
            .post(url.clone())
            .header("accept", "application/json")
            .form(&[
                ("grant_type", "client_credentials"),
                ("scope", &self.scopes.join(" ")),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &assertion),
            ]);
        if let Some(dpop_key) = dpop_key {
            let nonce = self.nonces().token_endpoint.clone();
            let proven = jwt::Proven {
                method: "POST",
                url: &url,
                token: None,
                nonce: nonce.as_deref(),
            };
            let proof = jwt::proof(dpop_key, &proven, now, &self.random.token_id())?;
            request = request.header("dpop", sensitive(&proof)?);
        }
        let request = request.build().map_err(|_| Error::NotAHeader)?;
        let answer = self.wire.exchange(request, TOKEN_CALL).await?;
        let headers = RateHeaders::read(&answer.headers, answer.date, self.wire.clock.okta());
        self.budget.note(
            &pass,
            headers,
            answer.status == StatusCode::TOO_MANY_REQUESTS,
        );
        if let Some(nonce) = answer.header("dpop-nonce") {
            self.nonces().token_endpoint = Some(nonce.to_owned());
        }
        Ok(answer)
    }

    fn refusal(&self, answer: &Answer) -> Error {
        let error = classify(&Answered {
            call: TOKEN_CALL,
            status: answer.status,
            headers: &answer.headers,
            body: &answer.body,
            skew: self.wire.clock.skew(),
            asked: &self.scopes,
        });
        // A demand for a nonce without a nonce cannot be met.
        let demands = serde_json::from_slice::<OAuthError>(&answer.body)
            .is_ok_and(|body| body.error == "use_dpop_nonce");
        match error {
            Error::InvalidDpopProof(mut said)
                if demands && answer.header("dpop-nonce").is_none() =>
            {
                said.code = Some("use_dpop_nonce without DPoP-Nonce".to_owned());
                Error::InvalidDpopProof(said)
            }
            other => other,
        }
    }

    fn accept(&self, answer: &Answer) -> Result<AccessToken, Error> {
        let malformed = |cause: String| Error::Malformed {
            call: TOKEN_CALL.to_owned(),
            cause,
            request_id: answer.request_id(),
        };
        // The JSON's own error would quote the token.
        let token: TokenAnswer = serde_json::from_slice(&answer.body)
            .map_err(|_| malformed("not a token answer".to_owned()))?;
        let scheme = match token.token_type.to_ascii_lowercase().as_str() {
            "bearer" => TokenScheme::Bearer,
            "dpop" if self.credentials.dpop_key().is_some() => TokenScheme::Dpop,
            other => return Err(malformed(format!("a token of type {other}"))),
        };
        let scopes: Vec<String> = match token.scope.as_str() {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            // RFC 6749 section 5.1: left out if identical to what was asked.
            None => self.scopes.clone(),
        };
        let missing: Vec<String> = self
            .scopes
            .iter()
            .filter(|scope| !scopes.contains(scope))
            .cloned()
            .collect();
        if !missing.is_empty() {
            return Err(Error::ScopeNotGranted {
                missing,
                said: None,
            });
        }
        let lives = Duration::from_secs(token.expires_in);
        let renew_at = Instant::now() + lives.saturating_sub(RENEW_EARLY.min(lives / 2));
        Ok(AccessToken {
            secret: Secret::new(token.access_token.into_inner()),
            signed_in: SignedIn {
                scheme,
                scopes,
                lives: Some(lives),
            },
            renew_at: Some(renew_at),
        })
    }
}
