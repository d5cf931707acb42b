//! Tokens of a person's consent: the code exchanged, the refresh token rotated.

use serde::Deserialize;

use super::acquire::{Asker, Proof};
use super::{AccessToken, Auth, SignedIn, TokenScheme};
use crate::error::{Answered, classify};
use crate::grant::{Code, Ended, Grants, Held, Tokens};
use crate::tries::Tries;
use crate::{Credentials, Error, Secret};

/// What introspection says (RFC 7662 section 2.2).
#[derive(Deserialize)]
struct Introspected {
    active: bool,
}

impl Auth {
    /// The access token of a consent: the one that is kept, or a new one.
    pub(super) async fn by_consent(
        &self,
        asker: Asker<'_>,
        grants: &dyn Grants,
        refused: Option<&Secret>,
    ) -> Result<AccessToken, Error> {
        match grants.take(refused).await? {
            Held::Fresh(tokens) => Ok(self.presented(&tokens)),
            Held::Ended(why) => Err(Error::ConsentEnded(why)),
            Held::Stale {
                refresh,
                access,
                in_flight,
            } => match self
                .refreshed(asker, &refresh, access.as_ref(), in_flight)
                .await
            {
                Ok(mut tokens) => {
                    // A static refresh token is not sent again.
                    tokens.refresh = tokens.refresh.or(Some(refresh));
                    grants.keep(&tokens).await?;
                    Ok(self.presented(&tokens))
                }
                Err(Error::ConsentEnded(why)) => {
                    grants.end(why).await?;
                    Err(Error::ConsentEnded(why))
                }
                Err(error) => {
                    grants.release().await?;
                    Err(error)
                }
            },
        }
    }

    /// Exchanges a code (RFC 6749 section 4.1.3). Sent once: a code is good once.
    pub(crate) async fn exchange(&self, code: &Code<'_>) -> Result<Tokens, Error> {
        let Credentials::AuthorizationCode {
            client_id,
            client_secret,
            ..
        } = &self.credentials
        else {
            return Err(Error::NotAHeader);
        };
        let asker = Asker {
            client_id,
            proof: Proof::Secret(client_secret),
            dpop_key: None,
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.code.reveal().as_str()),
            ("redirect_uri", code.redirect_uri),
            ("code_verifier", code.code_verifier.reveal().as_str()),
        ];
        let answer = self.once(asker, &form).await?;
        self.tokens(&answer)
    }

    /// Uses a refresh token. Where something speaks against it, Okta is asked first whether it is alive: to use a dead one
    /// looks like theft, and afterwards nobody could tell what it died of.
    async fn refreshed(
        &self,
        asker: Asker<'_>,
        refresh: &Secret,
        access: Option<&Secret>,
        in_flight: bool,
    ) -> Result<Tokens, Error> {
        let mut why = Ended::Revoked;
        if (in_flight || access.is_some())
            && !self.is_active(asker, refresh, "refresh_token").await?
        {
            if in_flight {
                return Err(Error::ConsentEnded(Ended::Interrupted));
            }
            let alive = match access {
                Some(access) => self.is_active(asker, access, "access_token").await?,
                None => false,
            };
            if !alive {
                return Err(Error::ConsentEnded(Ended::Revoked));
            }
            // Dead, and not by us, while its sign-in lives on: somebody else has rotated it. Using it now makes Okta
            // notice, which takes the thief's tokens back, too.
            why = Ended::Reused;
        }
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh.reveal().as_str()),
        ];
        match self.acquire_answer(asker, &form).await {
            Ok(answer) => self.tokens(&answer),
            Err(Error::GrantRejected(_)) if in_flight => {
                Err(Error::ConsentEnded(Ended::Interrupted))
            }
            Err(Error::GrantRejected(_)) => Err(Error::ConsentEnded(why)),
            Err(error) => Err(error),
        }
    }

    /// Whether Okta takes a token (RFC 7662).
    async fn is_active(&self, asker: Asker<'_>, token: &Secret, kind: &str) -> Result<bool, Error> {
        let form = [
            ("token", token.reveal().as_str()),
            ("token_type_hint", kind),
        ];
        let call = "POST /oauth2/v1/introspect";
        let answer = self
            .post_form(
                asker,
                "/oauth2/v1/introspect",
                call,
                &form,
                &mut Tries::default(),
            )
            .await?;
        if !answer.status.is_success() {
            return Err(classify(&Answered {
                call,
                status: answer.status,
                headers: &answer.headers,
                body: &answer.body,
                skew: self.wire.clock.skew(),
                asked: &self.scopes,
            }));
        }
        let said: Introspected =
            serde_json::from_slice(&answer.body).map_err(|_| Error::Malformed {
                call: call.to_owned(),
                cause: "not an introspection answer".to_owned(),
                request_id: answer.request_id(),
            })?;
        Ok(said.active)
    }

    fn presented(&self, tokens: &Tokens) -> AccessToken {
        let left = tokens.expires_at.duration_since(self.wire.clock.local());
        let lives = std::time::Duration::try_from(left).unwrap_or_default();
        AccessToken {
            secret: tokens.access.clone(),
            signed_in: SignedIn {
                scheme: TokenScheme::Bearer,
                scopes: tokens.scopes.clone(),
                lives: Some(lives),
            },
            renew_at: Some(super::acquire::renew_at(lives)),
        }
    }
}
