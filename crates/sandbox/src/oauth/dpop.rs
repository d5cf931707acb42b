//! DPoP proofs (RFC 9449, with the texts and bounds of FACTS section 1.5).

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::jws::{ALGORITHMS, Jws, encode, is_private, thumbprint};
use super::nonces::Memory;
use crate::clock::Time;

/// Proofs may be so old.
const OLDEST: i64 = 300;
/// Clocks may differ by so much.
const SKEW: i64 = 30;

/// The request that a proof must be made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) method: &'a str,
    /// Without query and fragment.
    pub(crate) url: &'a str,
}

/// A proof that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proof {
    /// The thumbprint of its key.
    pub(crate) jkt: String,
    pub(crate) nonce: Option<String>,
}

/// What is wrong with a proof, in Okta's words.
pub(crate) type Wrong = &'static str;

/// Checks a proof for a request. `access_token` is given at a resource, where `ath` must match it.
pub(crate) fn check(
    proofs: &[&str],
    target: Target<'_>,
    access_token: Option<&str>,
    now: Time,
    memory: &mut Memory,
) -> Result<Proof, Wrong> {
    let text = match proofs {
        [] => return Err("The DPoP proof JWT header is missing."),
        [one] => *one,
        _ => return Err("Multiple DPoP proof JWT headers are not allowed."),
    };
    let jws = Jws::parse(text).ok_or("The DPoP proof JWT cannot be parsed.")?;
    if jws.header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err("'typ' must be 'dpop+jwt' in the DPoP proof JWT.");
    }
    if !ALGORITHMS.contains(&jws.algorithm()) {
        return Err("The DPoP proof JWT signature algorithm is invalid.");
    }
    let key = jws
        .header
        .get("jwk")
        .filter(|key| !is_private(key))
        .ok_or("The DPoP proof JWT is invalid.")?;
    let jkt = thumbprint(key).ok_or("The DPoP proof JWT is invalid.")?;
    if !jws.is_signed_by(key) {
        return Err("The DPoP proof JWT signature is invalid.");
    }
    claims(&jws, target, now)?;
    let id = jws
        .text("jti")
        .filter(|id| !id.is_empty())
        .ok_or("'jti' claim in the DPoP proof JWT is invalid.")?;
    if let Some(token) = access_token
        && jws.text("ath") != Some(encode(&Sha256::digest(token.as_bytes())).as_str())
    {
        return Err("'ath' claim in the DPoP proof does not match the presented access_token.");
    }
    if !memory.first_use(
        "proof",
        &format!("{jkt} {id}"),
        now.plus(OLDEST + SKEW),
        now,
    ) {
        return Err("The DPoP proof JWT has already been used.");
    }
    Ok(Proof {
        jkt,
        nonce: jws.text("nonce").map(str::to_owned),
    })
}

fn claims(jws: &Jws, target: Target<'_>, now: Time) -> Result<(), Wrong> {
    if jws.text("htm") != Some(target.method) {
        return Err("'htm' claim in the DPoP proof JWT is invalid.");
    }
    if !jws.text("htu").is_some_and(|htu| same_url(htu, target.url)) {
        return Err("'htu' claim in the DPoP proof JWT is invalid.");
    }
    let made = jws
        .seconds("iat")
        .ok_or("'iat' claim in the DPoP proof JWT is invalid.")?;
    if made > now.seconds() + SKEW {
        return Err("The DPoP proof JWT is issued in the future.");
    }
    if made < now.seconds() - OLDEST {
        return Err("The DPoP proof JWT is issued more than five minutes in the past.");
    }
    match jws.seconds("exp") {
        Some(end) if end <= now.seconds() => Err("The DPoP proof JWT is expired."),
        _ => Ok(()),
    }
}

/// Whether two addresses are the same after percent-decoding, without query and fragment.
fn same_url(one: &str, other: &str) -> bool {
    let plain = |url: &str| {
        let cut = url
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .replace('+', "%2B");
        let decoded =
            url::form_urlencoded::parse(format!("x={}", cut.replace('&', "%26")).as_bytes())
                .next()
                .map_or_else(String::new, |(_, value)| value.into_owned());
        decoded.trim_end_matches('/').to_owned()
    };
    // Only scheme and host are blind to case.
    let (one, other) = (plain(one), plain(other));
    one == other || {
        let split = |url: &str| {
            let at = url.find("://").map_or(0, |at| at + 3);
            let host = url
                .get(at..)
                .and_then(|rest| rest.find('/'))
                .map_or(url.len(), |end| at + end);
            (
                url.get(..host).unwrap_or_default().to_lowercase(),
                url.get(host..).unwrap_or_default().to_owned(),
            )
        };
        split(&one) == split(&other)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::keys::PrivateKey;
    use super::*;

    #[test]
    fn addresses_are_compared_decoded_and_without_query() {
        assert!(same_url(
            "https://a.example/api/v1/users/x%40y?limit=1",
            "https://a.example/api/v1/users/x@y"
        ));
        assert!(same_url("HTTPS://A.example/x", "https://a.example/x"));
        assert!(!same_url("https://a.example/X", "https://a.example/x"));
        assert!(!same_url("http://a.example/x", "https://a.example/x"));
    }

    #[test]
    fn each_fault_has_its_text() {
        let key = PrivateKey::generate().unwrap();
        let other = PrivateKey::generate().unwrap();
        let now = Time(1_700_000_000_000);
        let target = Target {
            method: "GET",
            url: "https://a.example/api/v1/users",
        };
        let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": key.jwk() });
        let ath = encode(&Sha256::digest(b"token"));
        let good = json!({
            "htm": "GET", "htu": target.url, "iat": 1_700_000_000, "jti": "one", "ath": ath,
        });
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            key.sign(&header, &claims)
        };
        let mut typ = header.clone();
        typ["typ"] = "JWT".into();
        let mut alg = header.clone();
        alg["alg"] = "HS256".into();
        let mut private = header.clone();
        private["jwk"]["d"] = "x".into();
        let mut foreign = header.clone();
        foreign["jwk"] = other.jwk();
        for (proof, want) in [
            ("x.y".to_owned(), "The DPoP proof JWT cannot be parsed."),
            (
                key.sign(&typ, &good),
                "'typ' must be 'dpop+jwt' in the DPoP proof JWT.",
            ),
            (
                key.sign(&alg, &good),
                "The DPoP proof JWT signature algorithm is invalid.",
            ),
            (key.sign(&private, &good), "The DPoP proof JWT is invalid."),
            (
                key.sign(&foreign, &good),
                "The DPoP proof JWT signature is invalid.",
            ),
            (
                with("htm", "POST".into()),
                "'htm' claim in the DPoP proof JWT is invalid.",
            ),
            (
                with("htu", "https://a.example/other".into()),
                "'htu' claim in the DPoP proof JWT is invalid.",
            ),
            (
                with("iat", Value::Null),
                "'iat' claim in the DPoP proof JWT is invalid.",
            ),
            (
                with("iat", 1_700_000_600.into()),
                "The DPoP proof JWT is issued in the future.",
            ),
            (
                with("iat", 1_699_999_699.into()),
                "The DPoP proof JWT is issued more than five minutes in the past.",
            ),
            (
                with("exp", 1_699_999_999.into()),
                "The DPoP proof JWT is expired.",
            ),
            (
                with("jti", Value::Null),
                "'jti' claim in the DPoP proof JWT is invalid.",
            ),
            (
                with("ath", "x".into()),
                "'ath' claim in the DPoP proof does not match the presented access_token.",
            ),
        ] {
            let found = check(
                &[&proof],
                target,
                Some("token"),
                now,
                &mut Memory::default(),
            );
            assert_eq!(found, Err(want));
        }
        let mut memory = Memory::default();
        let proof = key.sign(&header, &good);
        let found = check(&[&proof], target, Some("token"), now, &mut memory).unwrap();
        assert_eq!(found.jkt, key.kid);
        let again = check(&[&proof], target, Some("token"), now, &mut memory);
        assert_eq!(again, Err("The DPoP proof JWT has already been used."));
        let none = check(&[], target, None, now, &mut memory);
        assert_eq!(none, Err("The DPoP proof JWT header is missing."));
        let two = check(&[&proof, &proof], target, None, now, &mut memory);
        assert_eq!(two, Err("Multiple DPoP proof JWT headers are not allowed."));
    }
}
