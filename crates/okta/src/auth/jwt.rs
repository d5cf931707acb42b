//! The two signed texts we send: the client assertion and the `DPoP` proof.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::{Error, SigningKey};

/// How long an assertion may be used. Okta allows an hour; ours is made for one request.
const ASSERTION_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// What a proof is about.
pub(super) struct Proven<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a Url,
    /// Access token it goes with, at a resource.
    pub(super) token: Option<&'a str>,
    /// Nonce the server asked for.
    pub(super) nonce: Option<&'a str>,
}

/// A client assertion (RFC 7523 section 3; Okta: implement OAuth for service apps).
pub(super) fn assertion(
    key: &SigningKey,
    client_id: &str,
    endpoint: &str,
    now: Timestamp,
    jti: &str,
) -> Result<String, Error> {
    let header = json!({ "alg": key.algorithm().as_str(), "kid": key.kid(), "typ": "JWT" });
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": endpoint,
        "iat": now.as_second(),
        "exp": (now + ASSERTION_LIFE).as_second(),
        "jti": jti,
    });
    sign(key, &header, &claims)
}

/// A `DPoP` proof (RFC 9449 section 4.2): `htu` has neither query nor fragment.
pub(super) fn proof(
    key: &SigningKey,
    proven: &Proven<'_>,
    now: Timestamp,
    jti: &str,
) -> Result<String, Error> {
    let header =
        json!({ "typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": key.bare_jwk() });
    let mut htu = proven.url.clone();
    htu.set_query(None);
    htu.set_fragment(None);
    let mut claims =
        json!({ "htm": proven.method, "htu": htu.as_str(), "iat": now.as_second(), "jti": jti });
    if let Some(token) = proven.token {
        claims["ath"] = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
    }
    if let Some(nonce) = proven.nonce {
        claims["nonce"] = nonce.into();
    }
    sign(key, &header, &claims)
}

/// JWS compact serialisation (RFC 7515 section 7.1).
fn sign(key: &SigningKey, header: &Value, claims: &Value) -> Result<String, Error> {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(message.as_bytes()).ok_or(Error::CannotSign)?;
    Ok(format!(
        "{message}.{}",
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    ))
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, TokenData, Validation, decode};

    use super::*;
    use crate::SigningAlgorithm;

    /// Verified by code that is not ours.
    fn read(jwt: &str, key: &SigningKey) -> TokenData<Value> {
        let algorithm = if key.algorithm() == SigningAlgorithm::Rs256 {
            Algorithm::RS256
        } else {
            Algorithm::ES256
        };
        let mut validation = Validation::new(algorithm);
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let jwk: jsonwebtoken::jwk::Jwk =
            serde_json::from_value(serde_json::to_value(key.public_jwk()).unwrap()).unwrap();
        decode(jwt, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).unwrap()
    }

    #[test]
    fn assertions_verify() {
        let now: Timestamp = "2026-03-12T04:57:45Z".parse().unwrap();
        for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
            let key = SigningKey::generate(algorithm).unwrap();
            let endpoint = "https://acme.okta.com/oauth2/v1/token";
            let read = read(&assertion(&key, "0oa1", endpoint, now, "a").unwrap(), &key);
            assert_eq!(read.header.kid.as_deref(), Some(key.kid()));
            assert_eq!(
                read.claims,
                json!({"iss": "0oa1", "sub": "0oa1", "aud": endpoint, "iat": now.as_second(),
                    "exp": now.as_second() + 300, "jti": "a"})
            );
        }
    }

    #[test]
    fn proofs_verify() {
        let now: Timestamp = "2026-03-12T04:57:45Z".parse().unwrap();
        let url = Url::parse("https://acme.okta.com/api/v1/users?limit=1#x").unwrap();
        for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
            let key = SigningKey::generate(algorithm).unwrap();
            // The access token and its hash of RFC 9449 section 7.1.
            let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
            let proven = Proven {
                method: "GET",
                url: &url,
                token: Some(token),
                nonce: Some("n"),
            };
            let read = read(&proof(&key, &proven, now, "b").unwrap(), &key);
            assert_eq!(read.header.typ.as_deref(), Some("dpop+jwt"));
            assert_eq!(
                serde_json::to_value(read.header.jwk).unwrap(),
                serde_json::to_value(key.bare_jwk()).unwrap()
            );
            assert_eq!(
                read.claims,
                json!({"htm": "GET", "htu": "https://acme.okta.com/api/v1/users", "iat": now.as_second(), "jti": "b",
                    "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "nonce": "n"})
            );
        }
    }
}
