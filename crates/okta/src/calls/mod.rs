//! The calls, by what they are about.

mod apps;
mod groups;
mod logs;
mod org;
mod raw;
mod users;

pub use groups::GroupQuery;
pub use logs::LogQuery;
pub use users::UserQuery;

/// One segment of a path, with everything encoded that is not plain: an id can never leave its place.
#[must_use]
pub fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    // `.` and `..` would be folded away as path segments.
    if encoded == "." || encoded == ".." {
        encoded.replace('.', "%2E")
    } else {
        encoded
    }
}

/// A query of the members that are set.
pub(crate) fn query<'a>(members: &[(&'a str, Option<&'a str>)]) -> Vec<(&'a str, &'a str)> {
    members
        .iter()
        .filter_map(|(name, value)| Some((*name, (*value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_segment_stays_one() {
        for (text, want) in [
            ("00u1-_.~", "00u1-_.~"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("..", "%2E%2E"),
            ("é@x", "%C3%A9%40x"),
        ] {
            assert_eq!(super::segment(text), want);
        }
    }
}
