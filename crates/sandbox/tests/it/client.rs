//! A small client for tests: an API token, or a service app with or without DPoP.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_sandbox::{Sandbox, SandboxOptions, ServiceApp};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::judge::watched::Watched;

/// An org with so many people and groups, without rate limits.
/// Every answer is judged by the specification.
pub(crate) async fn org(people: u32, groups: u32) -> Watched {
    let mut options = SandboxOptions::default();
    (options.people, options.groups, options.rate_limits) = (people, groups, false);
    Watched::start(options).await
}

pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A call with the API token.
pub(crate) fn call(org: &Sandbox, method: Method, path: &str) -> RequestBuilder {
    let url = if path.starts_with("http") {
        path.to_owned()
    } else {
        format!("{}{path}", org.url())
    };
    http()
        .request(method, url)
        .header("authorization", format!("SSWS {}", org.api_token()))
}

/// Status and JSON body of a call with the API token.
pub(crate) async fn ask(
    org: &Sandbox,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (u16, Value) {
    let mut request = call(org, method, path);
    request = match body {
        Some(body) => request.json(&body),
        None => request.header("content-length", "0"),
    };
    let answer = request.send().await.unwrap();
    (
        answer.status().as_u16(),
        answer.json().await.unwrap_or_default(),
    )
}

/// The address in the `Link` header of a relation.
pub(crate) fn link(answer: &Response, relation: &str) -> Option<String> {
    let wanted = format!("rel=\"{relation}\"");
    answer.headers().get_all("link").iter().find_map(|value| {
        let text = value.to_str().unwrap();
        text.ends_with(&wanted).then(|| {
            text.trim_start_matches('<')
                .split('>')
                .next()
                .unwrap()
                .to_owned()
        })
    })
}

/// A key that signs, by its PEM.
pub(crate) struct Signer {
    pair: RsaKeyPair,
    pub(crate) kid: String,
}

impl Signer {
    pub(crate) fn of(app: &ServiceApp) -> Self {
        let body: String = app
            .private_key_pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let pair = RsaKeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap();
        Self {
            pair,
            kid: app.kid.clone(),
        }
    }

    pub(crate) fn new() -> Self {
        Self {
            pair: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            kid: "own".to_owned(),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA", "n": text(public.modulus().big_endian_without_leading_zero()),
            "e": text(public.exponent().big_endian_without_leading_zero()),
        })
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A DPoP proof; `more` adds or replaces claims.
    pub(crate) fn proof(
        &self,
        org: &Sandbox,
        method: &str,
        url: &str,
        id: &str,
        more: &Value,
    ) -> String {
        let mut claims =
            json!({ "htm": method, "htu": url, "iat": org.clock_ms() / 1000, "jti": id });
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.sign(
            &json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": self.jwk() }),
            &claims,
        )
    }
}

/// The claims of a right client assertion.
pub(crate) fn claims(org: &Sandbox, app: &ServiceApp, id: &str) -> Value {
    let now = org.clock_ms() / 1000;
    json!({
        "iss": app.client_id, "sub": app.client_id, "aud": format!("{}/oauth2/v1/token", org.url()), "iat": now,
        "exp": now + 300, "jti": id,
    })
}

/// A call of the token endpoint with an assertion.
pub(crate) async fn token(
    org: &Sandbox,
    assertion: &str,
    scope: &str,
    proof: Option<&str>,
) -> Response {
    let mut request = http()
        .post(format!("{}/oauth2/v1/token", org.url()))
        .form(&[
            ("grant_type", "client_credentials"),
            ("scope", scope),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ]);
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    request.send().await.unwrap()
}

/// The base64url digest of an access token.
pub(crate) fn ath(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}
