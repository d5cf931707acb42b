//! Templates: text with expressions in `${...}`, as names in apps are made.

use super::{Subject, call, parse};

/// The text of a template for a subject. What is no expression gives nothing.
pub(crate) fn fill(template: &str, subject: &dyn Subject) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((head, tail)) = rest.split_once("${") {
        out.push_str(head);
        let Some((inner, after)) = tail.split_once('}') else {
            rest = "";
            break;
        };
        // Templates know the functions of texts by an older name.
        let inner = inner.replace("fn:", "String.");
        let value = parse(&inner).map(|expression| expression.of(subject));
        out.push_str(&value.map(|value| call::text(&value)).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    struct Ada;

    impl Subject for Ada {
        fn value(&self, path: &[String]) -> Value {
            match path.join(".").as_str() {
                "user.email" => json!("Ada@example.com"),
                _ => Value::Null,
            }
        }

        fn in_group(&self, _: &str) -> bool {
            false
        }

        fn group_names(&self) -> Vec<String> {
            Vec::new()
        }
    }

    #[test]
    fn templates() {
        for (template, want) in [
            ("${user.email}", "Ada@example.com"),
            ("x-${user.email}-${user.none}y", "x-Ada@example.com-y"),
            ("${fn:substringBefore(user.email, \"@\")}", "Ada"),
            ("${fn:toLowerCase(user.email)}", "ada@example.com"),
            ("plain", "plain"),
            ("a${user.email", "a"),
            ("${)}b", "b"),
        ] {
            assert_eq!(fill(template, &Ada), want, "{template}");
        }
    }
}
