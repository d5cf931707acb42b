//! Masks secrets in text that is about to be written to a log. The second line of defence: code does not log secrets
//! in the first place, but libraries at trace level may.
//!
//! Masked are: the values of fields named like a secret, credentials behind `Bearer`, `SSWS`, `DPoP` and `Basic`,
//! JWTs, our own keys (`kw_`), Okta's API tokens, PEM blocks, passwords in addresses.

use std::borrow::Cow;

/// What stands where a secret stood.
pub const MASK: &str = "***";

/// Names whose value is masked, in lower case; a name ends in one of them.
const NAMES: &[&str] = &[
    "authorization",
    "cookie",
    "client_secret",
    "clientsecret",
    "client_assertion",
    "code_verifier",
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "privatekey",
    "private_key_pem",
    "credentials",
    "dpop",
    "signature",
    "pin",
    "whsec",
];

/// Names whose value goes to the end of the line when it is not quoted.
const WHOLE_LINE: &[&str] = &["authorization", "cookie", "dpop"];

const SCHEMES: &[&str] = &["bearer ", "ssws ", "dpop ", "basic "];

/// The text with secrets masked; borrowed when there was none.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while at < text.len() {
        if let Some((start, end)) = secret_at(text, at) {
            out.push_str(&text[kept..start]);
            out.push_str(MASK);
            kept = end;
            at = end.max(at + 1);
        } else {
            at += 1;
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// The secret that begins at or behind the marker at `at`: from where to where.
fn secret_at(text: &str, at: usize) -> Option<(usize, usize)> {
    let rest = &text[at..];
    match rest.as_bytes().first()? {
        b'-' if rest.starts_with("-----BEGIN ") => Some((at, at + pem(rest))),
        b'e' if rest.starts_with("eyJ") && starts_word(text, at) => {
            jwt(rest).map(|len| (at, at + len))
        }
        b'k' if rest.starts_with("kw_") => {
            long_run(&rest[3..], 20).map(|len| (at + 3, at + 3 + len))
        }
        b'w' if rest.starts_with("whsec_") => {
            long_run(&rest[6..], 20).map(|len| (at + 6, at + 6 + len))
        }
        b'0' if starts_word(text, at) && run(rest) == 42 => Some((at, at + 42)),
        b':' if rest.starts_with("://") => userinfo(rest).map(|(from, to)| (at + from, at + to)),
        b'b' | b'B' | b's' | b'S' | b'd' | b'D' if starts_word(text, at) => {
            scheme(rest).map(|(from, to)| (at + from, at + to))
        }
        b'=' | b':' => field(text, at),
        _ => None,
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'/')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn starts_word(text: &str, at: usize) -> bool {
    at == 0 || !is_word(text.as_bytes()[at - 1])
}

fn run(rest: &str) -> usize {
    rest.bytes().take_while(|byte| is_word(*byte)).count()
}

fn long_run(rest: &str, least: usize) -> Option<usize> {
    let len = rest.bytes().take_while(|byte| is_token(*byte)).count();
    let padding = rest[len..].bytes().take_while(|byte| *byte == b'=').count();
    (len >= least).then_some(len + padding)
}

/// A PEM block to its end; a cut one to the end of the text.
fn pem(rest: &str) -> usize {
    const END: &str = "-----END ";
    let Some(end) = rest.find(END) else {
        return rest.len();
    };
    let behind = end + END.len();
    rest[behind..]
        .find("-----")
        .map_or(rest.len(), |close| behind + close + 5)
}

/// A JWT or JWE: `eyJ`, at least one dot and 16 characters.
fn jwt(rest: &str) -> Option<usize> {
    let len = rest
        .bytes()
        .take_while(|byte| is_word(*byte) || *byte == b'.')
        .count();
    (len >= 16 && rest[..len].contains('.')).then_some(len)
}

/// The password in `://user:password@host`.
fn userinfo(rest: &str) -> Option<(usize, usize)> {
    let authority = &rest[3..];
    let end = authority.bytes().position(|byte| {
        matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\\') || byte.is_ascii_whitespace()
    });
    let authority = &authority[..end.unwrap_or(authority.len())];
    let host = authority.rfind('@')?;
    let colon = authority[..host].find(':')?;
    Some((3 + colon + 1, 3 + host))
}

/// `Bearer x`: the `x`.
fn scheme(rest: &str) -> Option<(usize, usize)> {
    let name = SCHEMES.iter().find(|name| {
        rest.get(..name.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(name))
    })?;
    let len = long_run(&rest[name.len()..], 12)?;
    Some((name.len(), name.len() + len))
}

/// `name=value`, `"name": "value"`, `\"name\":\"value\"`: the value, when the name is one of a secret.
fn field(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text[..at].trim_end_matches(['"', '\\', '\'', ' ']);
    let name_len = before
        .bytes()
        .rev()
        .take_while(|byte| is_word(*byte))
        .count();
    let name = before[before.len() - name_len..].to_ascii_lowercase();
    let quoted_name = text[before.len()..at].contains('"');
    let private_jwk =
        quoted_name && matches!(name.as_str(), "d" | "p" | "q" | "dp" | "dq" | "qi" | "k");
    if !private_jwk && !NAMES.iter().any(|secret| ends_in(&name, secret)) {
        return None;
    }
    let value = text[at + 1..].trim_start_matches(' ');
    let start = text.len() - value.len();
    if let Some(quote) = ["\\\\\\\"", "\\\"", "\"", "'"]
        .into_iter()
        .find(|quote| value.starts_with(quote))
    {
        let inner = &value[quote.len()..];
        let len = inner.find(quote).unwrap_or(inner.len());
        return (len > 0).then_some((start + quote.len(), start + quote.len() + len));
    }
    let whole_line = WHOLE_LINE.iter().any(|line| ends_in(&name, line));
    let stops = |byte: u8| match byte {
        b'\n' | b'\r' | b'"' | b'\\' => true,
        b'&' | b',' | b';' | b'}' | b')' | b']' => !whole_line,
        other => !whole_line && other.is_ascii_whitespace(),
    };
    let mut len = value.bytes().position(stops).unwrap_or(value.len());
    // A line's rest that runs into `next="...`: the next field's name is left for its own turn.
    if whole_line && value[..len].ends_with('=') {
        len = value[..len].rfind(' ').unwrap_or(len);
    }
    let plain = &value[..len];
    // Said in words or numbers, nothing is a secret: `token: None`, `pin=true`, `token: 5`.
    let harmless = plain.is_empty()
        || plain.starts_with(['{', '[', '(', '/'])
        || matches!(plain, "None" | "null" | "true" | "false" | "***");
    (!harmless).then_some((start, start + len))
}

/// Whether `name` is `secret` or ends in it behind a joint: `x_client_secret`, not `topsecret-ish`.
fn ends_in(name: &str, secret: &str) -> bool {
    name.strip_suffix(secret)
        .is_some_and(|before| before.is_empty() || before.ends_with(['_', '-', '.']))
        || (secret.len() > 5 && name.ends_with(secret))
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_are_masked() {
        let okta = format!("00{}", "a1B2".repeat(10));
        let cases: &[(&str, &str)] = &[
            ("Authorization: Bearer abc.def-ghi123", "Authorization: ***"),
            (
                "\"authorization\": \"SSWS 00abcdefghij\", next",
                "\"authorization\": \"***\", next",
            ),
            ("sent ssws 00abcdefghijk now", "sent ssws *** now"),
            (
                "{\"client_secret\":\"hunter2\",\"a\":1}",
                "{\"client_secret\":\"***\",\"a\":1}",
            ),
            (
                "{\\\"refresh_token\\\":\\\"hunter2\\\"}",
                "{\\\"refresh_token\\\":\\\"***\\\"}",
            ),
            (
                "grant_type=x&client_assertion=aaa.bbb&b=c",
                "grant_type=x&client_assertion=***&b=c",
            ),
            (
                "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln ok",
                "got *** ok",
            ),
            ("key kw_0123456789abcdefghijklmnop.", "key kw_***"),
            ("postgres://kw:hunter2@db/x", "postgres://kw:***@db/x"),
            (
                "a -----BEGIN PRIVATE KEY-----\\nMII\\n-----END PRIVATE KEY-----\\n b",
                "a ***\\n b",
            ),
            ("a -----BEGIN PRIVATE KEY-----\nMII", "a ***"),
            (
                "{\"kty\":\"RSA\",\"n\":\"abc\",\"d\":\"hunter2\"}",
                "{\"kty\":\"RSA\",\"n\":\"abc\",\"d\":\"***\"}",
            ),
            (
                "Authorization: SSWS abc client_secret=\"def\"",
                "Authorization: *** client_secret=\"***\"",
            ),
            ("cookie: __Host-session=abc; other=def", "cookie: ***"),
            ("password=hunter2 user=me", "password=*** user=me"),
            ("DPoP: eyJ0eXAiOiJkcG9wK2p3dCJ9.e30.c2ln", "DPoP: ***"),
            ("über password=hünter ü", "über password=*** ü"),
        ];
        for (text, want) in cases {
            assert_eq!(redact(text), *want, "{text}");
        }
        assert_eq!(redact(&format!("token was {okta}!")), "token was ***!");
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "GET /api/v1/users?limit=20 200 in 3 ms",
            "token_type=Bearer expires_in=3600",
            "tokens: 5, secrets: 3, next_token: None",
            "basic setup of the directory done",
            "00u1234567890abcdefg joined group 00g1234567890abcdefg",
            "http://localhost:8080/a:b@c",
            "keywright listens on http://127.0.0.1:8080",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
