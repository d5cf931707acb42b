//! Versions as entity tags (RFC 7644 section 3.14): weak, as the same version may be shown in several ways.

/// The tag of a version.
#[must_use]
pub fn of(version: i64) -> String {
    format!("W/\"{version}\"")
}

/// Whether `If-Match` or `If-None-Match` names the version: `*`, or a tag in the list, strong or weak.
#[must_use]
pub fn names(header: &str, version: i64) -> bool {
    let wanted = version.to_string();
    header.split(',').map(str::trim).any(|tag| {
        let opaque = tag.strip_prefix("W/").unwrap_or(tag);
        tag == "*" || opaque.strip_prefix('"').and_then(|t| t.strip_suffix('"')) == Some(&wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_name_versions() {
        for (header, want) in [
            ("W/\"3\"", true),
            ("\"3\"", true),
            ("*", true),
            ("W/\"2\", W/\"3\"", true),
            ("W/\"33\"", false),
            ("3", false),
            ("", false),
            ("W/", false),
        ] {
            assert_eq!(names(header, 3), want, "{header}");
        }
        assert!(names(&of(7), 7));
    }
}
