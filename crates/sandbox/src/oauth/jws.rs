//! Compact JWS: taking one apart, and checking its signature by a JWK (RFC 7515, RFC 7518).

use aws_lc_rs::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// The algorithms that Okta takes from clients.
pub(crate) const ALGORITHMS: [&str; 6] = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// A JWS that was taken apart; nothing about it is checked yet.
#[derive(Clone, Debug)]
pub(crate) struct Jws {
    pub(crate) header: Map<String, Value>,
    pub(crate) claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// Decodes base64url without padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// Encodes base64url without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Jws {
    /// Takes a compact JWS with a JSON object as payload apart.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        Some(Self {
            header: serde_json::from_slice(&decode(header)?).ok()?,
            claims: serde_json::from_slice(&decode(payload)?).ok()?,
            signed: signed.to_owned(),
            signature: decode(signature)?,
        })
    }

    /// The algorithm it names.
    pub(crate) fn algorithm(&self) -> &str {
        self.header
            .get("alg")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A claim that is a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    /// A claim that is a time in seconds.
    pub(crate) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value.as_i64().or_else(|| value.as_number().and_then(whole))
    }

    /// Whether this secret made its HMAC.
    pub(crate) fn is_sealed_by(&self, secret: &str) -> bool {
        let how = match self.algorithm() {
            "HS256" => aws_lc_rs::hmac::HMAC_SHA256,
            "HS384" => aws_lc_rs::hmac::HMAC_SHA384,
            "HS512" => aws_lc_rs::hmac::HMAC_SHA512,
            _ => return false,
        };
        let key = aws_lc_rs::hmac::Key::new(how, secret.as_bytes());
        aws_lc_rs::hmac::verify(&key, self.signed.as_bytes(), &self.signature).is_ok()
    }

    /// Whether this key made its signature.
    pub(crate) fn is_signed_by(&self, key: &Value) -> bool {
        verified(
            key,
            self.algorithm(),
            self.signed.as_bytes(),
            &self.signature,
        )
        .is_some()
    }
}

/// The whole part of a number that has a fraction, as some clients send times.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.to_string().split('.').next()?.parse().ok()
}

fn part(key: &Value, name: &str) -> Option<Vec<u8>> {
    decode(key.get(name)?.as_str()?)
}

fn verified(key: &Value, algorithm: &str, message: &[u8], signature: &[u8]) -> Option<()> {
    match key.get("kty")?.as_str()? {
        "RSA" => {
            let how = match algorithm {
                "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
                "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                _ => return None,
            };
            let key = RsaPublicKeyComponents {
                n: part(key, "n")?,
                e: part(key, "e")?,
            };
            key.verify(how, message, signature).ok()
        }
        "EC" => {
            let how: &'static dyn signature::VerificationAlgorithm =
                match (algorithm, key.get("crv")?.as_str()?) {
                    ("ES256", "P-256") => &signature::ECDSA_P256_SHA256_FIXED,
                    ("ES384", "P-384") => &signature::ECDSA_P384_SHA384_FIXED,
                    ("ES512", "P-521") => &signature::ECDSA_P521_SHA512_FIXED,
                    _ => return None,
                };
            let point = [vec![4], part(key, "x")?, part(key, "y")?].concat();
            UnparsedPublicKey::new(how, point)
                .verify(message, signature)
                .ok()
        }
        _ => None,
    }
}

/// The thumbprint of a public key (RFC 7638), or nothing for a key of another kind.
pub(crate) fn thumbprint(key: &Value) -> Option<String> {
    let text = |name: &str| key.get(name)?.as_str();
    let canonical = match text("kty")? {
        "RSA" => format!(
            r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
            text("e")?,
            text("n")?
        ),
        "EC" => format!(
            r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#,
            text("crv")?,
            text("x")?,
            text("y")?
        ),
        _ => return None,
    };
    Some(encode(&Sha256::digest(canonical.as_bytes())))
}

/// Whether a JWK also holds the private half.
pub(crate) fn is_private(key: &Value) -> bool {
    ["d", "p", "q", "dp", "dq", "qi", "k"]
        .iter()
        .any(|member| key.get(*member).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_thumbprint_of_rfc_7638() {
        let key = json!({
            "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
            "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        });
        assert_eq!(
            thumbprint(&key).as_deref(),
            Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        );
    }

    /// RFC 7515 appendix A.3: ES256.
    #[test]
    fn an_ec_signature_of_rfc_7515() {
        let text = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        let key = json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let jws = Jws::parse(text).unwrap();
        assert!(jws.is_signed_by(&key));
        assert_eq!(jws.text("iss"), Some("joe"));
        assert_eq!(jws.seconds("exp"), Some(1_300_819_380));
        let other = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" });
        assert!(!jws.is_signed_by(&other));
    }
}
