//! Our cookies: never readable by script, never sent by other sites' forms, and over https bound to this very host.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The cookie of a session.
pub(crate) const SESSION: &str = "keywright";

/// `__Host-` ties a cookie to https, this host and all paths (RFC 6265bis section 4.1.3.2); plain http on loopback
/// cannot have it.
fn full(name: &str, https: bool) -> String {
    let name = match name {
        SESSION => SESSION.to_owned(),
        other => format!("{SESSION}-{other}"),
    };
    if https {
        format!("__Host-{name}")
    } else {
        name
    }
}

/// A `Set-Cookie` for `name` (`keywright` or a short word). Kept for `seconds`, or until the browser is closed; 0 ends it.
/// `None` for a value that no cookie can hold.
#[must_use]
pub(crate) fn set(
    name: &str,
    value: &str,
    seconds: Option<i64>,
    https: bool,
) -> Option<HeaderValue> {
    let age = seconds.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let secure = if https { "; Secure" } else { "" };
    let name = full(name, https);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\'));
    let mut header = HeaderValue::from_str(&text).ok().filter(|_| plain)?;
    header.set_sensitive(true);
    Some(header)
}

/// The value of the cookie `name` in a request. When it came twice, none counts.
#[must_use]
pub(crate) fn read(headers: &HeaderMap, name: &str, https: bool) -> Option<String> {
    let name = full(name, https);
    let mut found = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned());
    let value = found.next();
    value.filter(|_| found.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_bound_to_the_host_and_out_of_scripts_reach() {
        let set_cookie = set(SESSION, "abc", None, true).unwrap();
        assert_eq!(
            set_cookie.to_str().unwrap(),
            "__Host-keywright=abc; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            set("flash", "", Some(0), false).unwrap().to_str().unwrap(),
            "keywright-flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        for value in ["a;b", "a b", "a\r\nb", "\"a\"", "ä"] {
            assert!(set(SESSION, value, None, true).is_none(), "{value:?}");
        }
    }

    #[test]
    fn a_cookie_that_comes_twice_does_not_count() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            "a=b; __Host-keywright=x; keywright=y".parse().unwrap(),
        );
        assert_eq!(read(&headers, SESSION, true).as_deref(), Some("x"));
        assert_eq!(read(&headers, SESSION, false).as_deref(), Some("y"));
        headers.append(COOKIE, "__Host-keywright=z".parse().unwrap());
        assert_eq!(read(&headers, SESSION, true), None);
    }
}
