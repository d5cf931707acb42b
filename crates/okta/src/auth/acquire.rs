//! Getting an access token from the org authorization server.

use std::time::Duration;

use jiff::SignedDuration;
use keywright_model::{OAuthError, TokenAnswer};
use tokio::time::Instant;

use super::{AccessToken, Auth, SignedIn, TokenScheme, jwt, sensitive, signing_time};
use crate::budget::kind_of;
use crate::error::{Answered, classify};
use crate::grant::Tokens;
use crate::tries::Tries;
use crate::wire::{Answer, Wire};
use crate::{Error, Secret, SigningKey};

/// The token request, as errors and logs name it.
const TOKEN_CALL: &str = "POST /oauth2/v1/token";

/// A token is renewed this long before its end, or at half its life if it lives shorter.
const RENEW_EARLY: Duration = Duration::from_secs(5 * 60);

/// Who asks for a token, bound by `DPoP` or not.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) client_id: &'a str,
    pub(super) proof: Proof<'a>,
    pub(super) dpop_key: Option<&'a SigningKey>,
}

/// By what a client authenticates itself.
#[derive(Clone, Copy)]
pub(super) enum Proof<'a> {
    /// `private_key_jwt`.
    Key(&'a SigningKey),
    /// `client_secret_basic`.
    Secret(&'a Secret),
}

/// When a token of this life is renewed.
pub(super) fn renew_at(lives: Duration) -> Instant {
    Instant::now() + lives.saturating_sub(RENEW_EARLY.min(lives / 2))
}

/// Form-encoded, as client id and secret are before they go into `Authorization` (RFC 6749 section 2.3.1).
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// What is asked for: the members of the form that differ between grants.
type Grant<'a> = &'a [(&'a str, &'a str)];

impl Auth {
    /// Client credentials (RFC 6749 section 4.4).
    pub(super) async fn client_credentials(&self, asker: Asker<'_>) -> Result<AccessToken, Error> {
        let scope = self.scopes.join(" ");
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope.as_str()),
        ];
        let answer = self.acquire_answer(asker, &form).await?;
        self.accept(&answer)
    }

    /// Asks until there is a token or a refusal that asking again will not change. Assertion and proof are fresh for
    /// every try: their `jti` is good once, and a refused try may have used it up.
    pub(super) async fn acquire_answer(
        &self,
        asker: Asker<'_>,
        grant: Grant<'_>,
    ) -> Result<Answer, Error> {
        let mut tries = Tries::default();
        loop {
            let skew = self.wire.clock.skew();
            let sent = self.post_form(asker, "/oauth2/v1/token", TOKEN_CALL, grant, &mut tries);
            let error = match sent.await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => self.refusal(&answer),
                Err(error) => error,
            };
            let again = match &error {
                Error::RateLimited { said, .. } => said.is_some(),
                wants if wants.is_about_nonce() => {
                    asker.dpop_key.is_some() && tries.another_nonce()
                }
                Error::ClockSkew { .. } => tries.clock_learned(skew, self.wire.clock.skew()),
                other if other.is_transient() => tries.pause(&self.wire.limits, &self.random).await,
                _ => false,
            };
            if !again {
                return Err(error);
            }
        }
    }

    /// Asks once.
    pub(super) async fn once(&self, asker: Asker<'_>, grant: Grant<'_>) -> Result<Answer, Error> {
        let tries = &mut Tries::default();
        let answer = self
            .post_form(asker, "/oauth2/v1/token", TOKEN_CALL, grant, tries)
            .await?;
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(self.refusal(&answer))
        }
    }

    /// Posts a form to an endpoint of the authorization server, with the client's own authentication.
    pub(super) async fn post_form(
        &self,
        asker: Asker<'_>,
        path: &str,
        call: &str,
        grant: Grant<'_>,
        tries: &mut Tries,
    ) -> Result<Answer, Error> {
        let Wire {
            org,
            clock,
            limits,
            http,
        } = &self.wire;
        let endpoint = org.token_endpoint();
        let url = org
            .join(path)
            .ok_or_else(|| Error::BadPath(path.to_owned()))?;
        let kind = kind_of("POST", url.path());
        let pass = self
            .budget
            .admit(&kind, &mut tries.waited, limits.rate_wait, &self.random)
            .await;
        let pass = pass.map_err(|late| late.into_error(call))?;
        let now = signing_time(clock);
        let mut form = grant.to_vec();
        let mut request = http.post(url.clone()).header("accept", "application/json");
        let assertion;
        match asker.proof {
            Proof::Key(key) => {
                let jti = self.random.token_id();
                assertion = jwt::assertion(key, asker.client_id, &endpoint, now, &jti)?;
                form.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ));
                form.push(("client_assertion", &assertion));
            }
            Proof::Secret(secret) => {
                request =
                    request.basic_auth(encoded(asker.client_id), Some(encoded(secret.reveal())));
            }
        }
        let mut request = request.form(&form);
        if let Some(dpop_key) = asker.dpop_key {
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
        let answer = self
            .wire
            .exchange(request.build().map_err(|_| Error::NotAHeader)?, call)
            .await?;
        self.budget.note(&pass, &answer, clock);
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

    /// The tokens of a consent. Of what was asked less may have been granted, without a word.
    pub(super) fn tokens(&self, answer: &Answer) -> Result<Tokens, Error> {
        let malformed = |cause: &str| Error::Malformed {
            call: TOKEN_CALL.to_owned(),
            cause: cause.to_owned(),
            request_id: answer.request_id(),
        };
        // The JSON's own error would quote the token.
        let token: TokenAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| malformed("not a token answer"))?;
        if !token.token_type.eq_ignore_ascii_case("bearer") {
            return Err(malformed("not a bearer token"));
        }
        let scopes = match token.scope.as_str() {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            None => self.scopes.clone(),
        };
        let now = self.wire.clock.local();
        let lives = SignedDuration::from_secs(i64::try_from(token.expires_in).unwrap_or_default());
        Ok(Tokens {
            access: Secret::new(token.access_token.into_inner()),
            refresh: token
                .refresh_token
                .into_value()
                .map(|token| Secret::new(token.into_inner())),
            scopes,
            expires_at: now.checked_add(lives).unwrap_or(now),
        })
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
        Ok(AccessToken {
            secret: Secret::new(token.access_token.into_inner()),
            signed_in: SignedIn {
                scheme,
                scopes,
                lives: Some(lives),
            },
            renew_at: Some(renew_at(lives)),
        })
    }
}
