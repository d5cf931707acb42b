//! `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3, RFC 9449 section 7.1).

/// The parameters of a `Bearer` or `DPoP` challenge that matter here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) error: Option<String>,
    pub(super) description: String,
    pub(super) scopes: Vec<String>,
}

/// Reads a challenge of the schemes Okta uses; `None` for another scheme or none.
pub(super) fn parse(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("dpop") {
        return None;
    }
    let mut challenge = Challenge::default();
    for (name, value) in parameters(rest) {
        match name.as_str() {
            "error" => challenge.error = Some(value),
            "error_description" => challenge.description = value,
            "scope" => challenge.scopes = value.split_whitespace().map(str::to_owned).collect(),
            _ => {}
        }
    }
    Some(challenge)
}

/// `name=token` and `name="quoted \" text"`, parted by commas.
fn parameters(mut rest: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name
            .trim()
            .trim_start_matches(',')
            .trim()
            .to_ascii_lowercase();
        let after = after.trim_start();
        let (value, left) = after.strip_prefix('"').map_or_else(|| bare(after), unquote);
        found.push((name, value));
        rest = left;
    }
    found
}

/// The text up to the next comma, and what is behind it.
fn bare(text: &str) -> (String, &str) {
    let (token, left) = text.split_once(',').unwrap_or((text, ""));
    (token.trim().to_owned(), left)
}

/// The text up to the closing quote, and what is behind it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_schemes() {
        let bearer = r#"Bearer authorization_uri="http://acme/oauth2/v1/authorize", realm="http://acme", scope="okta.groups.read", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/groups/1234""#;
        let dpop = bearer.replacen("Bearer ", r#"DPoP algs="RS256 ES256", "#, 1);
        let want = Challenge {
            error: Some("insufficient_scope".into()),
            description: "The access token provided does not contain the required scopes.".into(),
            scopes: vec!["okta.groups.read".into()],
        };
        assert_eq!(parse(bearer), Some(want));
        assert_eq!(parse(&dpop), parse(bearer));
        assert_eq!(
            parse(r#"dpop error=use_dpop_nonce, error_description="a \"b\", c"#)
                .unwrap()
                .description,
            "a \"b\", c"
        );
        assert_eq!(parse("Basic realm=x"), None);
    }

    proptest::proptest! {
        #[test]
        fn never_fails(header in "\\PC{0,80}") {
            let _ = parse(&header);
            let _ = parse(&format!("DPoP {header}"));
        }
    }
}
