//! Which OAuth scopes each endpoint wants: the specification's own list.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::Method;

static SCOPES: LazyLock<HashMap<(&'static str, &'static str), Vec<&'static str>>> =
    LazyLock::new(|| {
        let lines = include_str!("endpoints.tsv").lines().skip(1);
        lines
            .filter_map(|line| {
                let mut cells = line.split('\t');
                let (method, path, scopes) = (
                    cells.next()?,
                    cells.next()?,
                    cells.next().unwrap_or_default(),
                );
                Some((
                    (method, path),
                    scopes
                        .split(['|', ',', ' '])
                        .filter(|scope| !scope.is_empty())
                        .collect(),
                ))
            })
            .collect()
    });

/// The scopes of which a caller needs one; none for a call that the specification does not know or gives no scope.
pub(crate) fn scopes_of(method: &Method, template: &str) -> &'static [&'static str] {
    let known = SCOPES
        .iter()
        .find(|((verb, path), _)| *verb == method.as_str() && same(path, template));
    known.map_or(&[], |(_, scopes)| scopes)
}

/// Whether two templates differ only in the names of their variables.
fn same(one: &str, other: &str) -> bool {
    one == other
        || one.split('/').count() == other.split('/').count()
            && one
                .split('/')
                .zip(other.split('/'))
                .all(|(a, b)| a == b || a.starts_with('{') && b.starts_with('{'))
}

/// Whether scopes held cover one that is needed: `manage` also covers `read`.
pub(crate) fn covers(held: &[String], needed: &str) -> bool {
    let manage = needed
        .strip_suffix(".read")
        .map(|stem| format!("{stem}.manage"));
    held.iter()
        .any(|scope| scope == needed || manage.as_ref() == Some(scope))
}

/// Scopes that reach only the user who granted them (Okta: Implement OAuth for Okta).
const SELF: [&str; 2] = ["okta.users.read.self", "okta.users.manage.self"];

/// Whether scopes held cover one that is needed, where the call is about the very user who granted them.
pub(crate) fn covers_self(held: &[String], needed: &str) -> bool {
    let stems: Vec<String> = held
        .iter()
        .filter_map(|scope| scope.strip_suffix(".self").map(str::to_owned))
        .collect();
    covers(&stems, needed)
}

/// All scopes of the management API that an app can be granted.
pub(crate) fn all() -> Vec<&'static str> {
    let mut scopes: Vec<_> = SCOPES
        .values()
        .flatten()
        .copied()
        .filter(|scope| scope.starts_with("okta."))
        .chain(SELF)
        .collect();
    scopes.sort_unstable();
    scopes.dedup();
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_want_what_the_specification_says() {
        assert_eq!(
            scopes_of(&Method::GET, "/api/v1/users/{id}"),
            ["okta.users.read"]
        );
        assert_eq!(
            scopes_of(&Method::PUT, "/api/v1/groups/{groupId}/users/{userId}"),
            ["okta.groups.manage"]
        );
        assert!(scopes_of(&Method::GET, "/nothing").is_empty());
        assert!(all().contains(&"okta.logs.read"));
    }

    #[test]
    fn manage_covers_read_and_not_the_reverse() {
        let held = vec!["okta.users.manage".to_owned()];
        assert!(covers(&held, "okta.users.read"));
        assert!(!covers(
            &["okta.users.read".to_owned()],
            "okta.users.manage"
        ));
    }
}
