//! Certificates that identity providers sign with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::IdpKey;
use crate::http::{Answer, Call, Fail, Page, Reply, Routes};
use crate::oauth::base64url;
use crate::org::Org;

/// The routes of certificates.
pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/api/v1/idps/credentials/keys", list)
        .post("/api/v1/idps/credentials/keys", add)
        .get("/api/v1/idps/credentials/keys/{kid}", one)
        .put("/api/v1/idps/credentials/keys/{kid}", replace)
        .delete("/api/v1/idps/credentials/keys/{kid}", delete);
}

fn der(x5c: &[String]) -> Option<Vec<u8>> {
    let text: String = x5c
        .first()?
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    STANDARD.decode(text).ok()
}

/// The RSA key in a certificate: the bit string that holds two integers, found by its DER form.
fn rsa(der: &[u8]) -> Option<(String, String)> {
    // AlgorithmIdentifier rsaEncryption with NULL, then BIT STRING { 0, SEQUENCE { INTEGER n, INTEGER e } }.
    const RSA: [u8; 13] = [
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ];
    let at = der.windows(RSA.len()).position(|window| window == RSA)? + RSA.len();
    let (tag, bits) = element(der.get(at..)?)?;
    let (_, sequence) = element(bits.get(1..).filter(|_| tag == 0x03)?)?;
    let (_, n) = element(sequence)?;
    let past = sequence.len() - sequence.len().checked_sub(header(sequence)? + n.len())?;
    let (_, e) = element(sequence.get(past..)?)?;
    let plain = |bytes: &[u8]| base64url(bytes.strip_prefix(&[0]).unwrap_or(bytes));
    Some((plain(n), plain(e)))
}

/// The length of the tag and length octets of a DER element.
fn header(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.get(1)?;
    Some(if first < 0x80 {
        2
    } else {
        2 + usize::from(first & 0x7f)
    })
}

/// Tag and content of a DER element.
fn element(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let start = header(bytes)?;
    let length = if start == 2 {
        usize::from(*bytes.get(1)?)
    } else {
        bytes
            .get(2..start)?
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte))
    };
    Some((
        *bytes.first()?,
        bytes.get(start..start.checked_add(length)?)?,
    ))
}

fn print(key: &IdpKey) -> Value {
    let der = der(&key.x5c).unwrap_or_default();
    let (n, e) = rsa(&der).unwrap_or_default();
    json!({
        "kty": "RSA", "created": key.created, "lastUpdated": key.created, "expiresAt": key.created.plus(10 * 365 * 86_400),
        "alg": "RSA", "kid": key.kid, "use": "sig", "x5c": key.x5c, "x5t#S256": base64url(&Sha256::digest(&der)), "e": e,
        "n": n,
    })
}

fn list(org: &Org, call: &Call) -> Answer {
    let body: Vec<_> = org.idp_keys.iter().map(print).collect();
    Ok(Page::of(call, 20, 200)?.links(Reply::json(&body), call, &[], None))
}

fn place(org: &Org, call: &Call) -> Result<usize, Fail> {
    let kid = call.param("kid");
    org.idp_keys
        .iter()
        .position(|key| key.kid == kid)
        .ok_or_else(|| Fail::not_found(kid, "IdpTrust"))
}

fn one(org: &Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    Ok(Reply::json(&org.idp_keys.get(at).map(print)))
}

/// The certificates of a body.
fn given(call: &Call) -> Result<Vec<String>, Fail> {
    let body = call.object()?;
    let list = body.get("x5c").and_then(Value::as_array);
    let list = list.into_iter().flatten().filter_map(Value::as_str);
    let x5c: Vec<String> = list.map(str::to_owned).collect();
    if der(&x5c).and_then(|der| rsa(&der)).is_none() {
        return Err(Fail::validation(
            "x5c",
            ["x5c: The certificate is not valid"],
        ));
    }
    Ok(x5c)
}

fn replace(org: &mut Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    let x5c = given(call)?;
    if let Some(key) = org.idp_keys.get_mut(at) {
        key.x5c = x5c;
    }
    one(org, call)
}

fn add(org: &mut Org, call: &Call) -> Answer {
    let x5c = given(call)?;
    let kid = uuid::Builder::from_random_bytes(spread(call.salt))
        .into_uuid()
        .to_string();
    let key = IdpKey {
        kid,
        x5c,
        created: call.now.whole(),
    };
    let shown = print(&key);
    org.idp_keys.push(key);
    Ok(Reply::json(&shown))
}

fn spread(salt: u64) -> [u8; 16] {
    let wide = u128::from(salt) << 64 | u128::from(crate::store::mix(salt));
    wide.to_be_bytes()
}

fn delete(org: &mut Org, call: &Call) -> Answer {
    let at = place(org, call)?;
    let kid = call.param("kid");
    let used = org.idps.iter().any(|(_, idp)| {
        idp.at(&["protocol", "credentials", "trust", "kid"])
            .and_then(Value::as_str)
            == Some(kid)
    });
    if used {
        return Err(Fail::validation(
            "kid",
            ["The key is used by an identity provider and cannot be deleted"],
        ));
    }
    org.idp_keys.remove(at);
    Ok(Reply::no_content())
}
