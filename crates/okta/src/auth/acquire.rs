//! Getting an access token from the org authorization server.

use std::time::Duration;

use keywright_model::{OAuthError, TokenAnswer};
use tokio::time::Instant;

use super::{AccessToken, Auth, SignedIn, TokenScheme, jwt, sensitive, signing_time};
use crate::budget::kind_of;
use crate::error::{Answered, classify};
use crate::tries::Tries;
use crate::wire::{Answer, Wire};
use crate::{Error, Secret, SigningKey};

/// The token request, as errors and logs name it.
const TOKEN_CALL: &str = "POST /oauth2/v1/token";

/// A token is renewed this long before its end, or at half its life if it lives shorter.
const RENEW_EARLY: Duration = Duration::from_secs(5 * 60);

/// Who asks for a token: authenticated by `private_key_jwt`, bound by `DPoP` or not.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) client_id: &'a str,
    pub(super) key: &'a SigningKey,
    pub(super) dpop_key: Option<&'a SigningKey>,
}

/// What is asked for: the members of the form that differ between grants. The authorization code and refresh token
/// grants are other lists of members; all around them is the same.
type Grant<'a> = &'a [(&'a str, &'a str)];

impl Auth {
    /// Client credentials (RFC 6749 section 4.4).
    pub(super) async fn client_credentials(&self, asker: Asker<'_>) -> Result<AccessToken, Error> {
        let scope = self.scopes.join(" ");
        self.acquire(
            asker,
            &[("grant_type", "client_credentials"), ("scope", &scope)],
        )
        .await
    }

    /// Asks until there is a token or a refusal that asking again will not change. Assertion and proof are fresh for
    /// every try: their `jti` is good once, and a refused try may have used it up.
    async fn acquire(&self, asker: Asker<'_>, grant: Grant<'_>) -> Result<AccessToken, Error> {
        let mut tries = Tries::default();
        loop {
            let skew = self.wire.clock.skew();
            let error = match self.ask(asker, grant, &mut tries).await {
                Ok(answer) if answer.status.is_success() => return self.accept(&answer),
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

    async fn ask(
        &self,
        asker: Asker<'_>,
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
            .join("/oauth2/v1/token")
            .ok_or_else(|| Error::BadPath(endpoint.clone()))?;
        let kind = kind_of("POST", url.path());
        let pass = self
            .budget
            .admit(&kind, &mut tries.waited, limits.rate_wait, &self.random)
            .await;
        let pass = pass.map_err(|late| late.into_error(TOKEN_CALL))?;
        let now = signing_time(clock);
        let assertion = jwt::assertion(
            asker.key,
            asker.client_id,
            &endpoint,
            now,
            &self.random.token_id(),
        )?;
        let mut form = grant.to_vec();
        form.push((
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ));
        form.push(("client_assertion", &assertion));
        let mut request = http
            .post(url.clone())
            .header("accept", "application/json")
            .form(&form);
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
            .exchange(request.build().map_err(|_| Error::NotAHeader)?, TOKEN_CALL)
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
