//! Okta Expression Language, as far as group rules and mappings use it: `user.` attributes, comparisons, `and`/`or`/`not`,
//! `? :`, `+`, the `String`, `Arrays`, `Convert` and `Groups` functions, and group membership; templates with expressions.

mod call;
mod fill;
mod parse;

use serde_json::Value;

pub(crate) use call::text;
pub(crate) use fill::fill;
pub(crate) use parse::parse;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Literal(Value),
    /// `user.firstName`.
    Path(Vec<String>),
    /// `String.startsWith(a, b)`.
    Call(String, Vec<Expression>),
    Not(Box<Expression>),
    Binary(Op, Box<Expression>, Box<Expression>),
    Choice(Box<Expression>, Box<Expression>, Box<Expression>),
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    And,
    Or,
    Equal,
    Unequal,
    Less,
    More,
    LessOrEqual,
    MoreOrEqual,
    Plus,
}

/// What an expression is about.
pub(crate) trait Subject {
    /// The value of a path such as `user.firstName`.
    fn value(&self, path: &[String]) -> Value;
    /// Whether the user is in a group with this id.
    fn in_group(&self, id: &str) -> bool;
    /// The names of the user's groups.
    fn group_names(&self) -> Vec<String>;
}

/// Whether a value counts as true.
pub(crate) fn truth(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::String(text) => text == "true",
        _ => false,
    }
}

impl Expression {
    /// The value for a subject.
    pub(crate) fn of(&self, subject: &dyn Subject) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Path(path) => subject.value(path),
            Self::Call(name, arguments) => {
                let arguments: Vec<Value> = arguments.iter().map(|one| one.of(subject)).collect();
                call::call(name, &arguments, subject)
            }
            Self::Not(inner) => Value::Bool(!truth(&inner.of(subject))),
            Self::Binary(Op::And, a, b) => {
                Value::Bool(truth(&a.of(subject)) && truth(&b.of(subject)))
            }
            Self::Binary(Op::Or, a, b) => {
                Value::Bool(truth(&a.of(subject)) || truth(&b.of(subject)))
            }
            Self::Binary(op, a, b) => compare(*op, &a.of(subject), &b.of(subject)),
            Self::Choice(test, yes, no) => {
                if truth(&test.of(subject)) {
                    yes.of(subject)
                } else {
                    no.of(subject)
                }
            }
        }
    }
}

fn compare(op: Op, a: &Value, b: &Value) -> Value {
    let order = match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    Value::Bool(match op {
        Op::Equal => a == b,
        Op::Unequal => a != b,
        Op::Less => order.is_some_and(std::cmp::Ordering::is_lt),
        Op::More => order.is_some_and(std::cmp::Ordering::is_gt),
        Op::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
        Op::MoreOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        Op::Plus => return plus(a, b),
        Op::And | Op::Or => truth(a) && truth(b),
    })
}

fn plus(a: &Value, b: &Value) -> Value {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.saturating_add(b).into(),
        _ => format!("{}{}", text(a), text(b)).into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Ada;

    impl Subject for Ada {
        fn value(&self, path: &[String]) -> Value {
            match path.join(".").as_str() {
                "user.firstName" => json!("Ada"),
                "user.email" => json!("ada@example.com"),
                "user.level" => json!(7),
                "user.tags" => json!(["red", "blue"]),
                _ => Value::Null,
            }
        }

        fn in_group(&self, id: &str) -> bool {
            id == "00g1"
        }

        fn group_names(&self) -> Vec<String> {
            vec!["Sales Oslo".to_owned()]
        }
    }

    #[test]
    fn values() {
        for (text, want) in [
            (r#"String.startsWith(user.firstName,"Ad")"#, json!(true)),
            (
                r#"String.startsWith(user.firstName,String.toLowerCase("AD"))"#,
                json!(false),
            ),
            (r#"user.firstName == "Ada" and user.level > 6"#, json!(true)),
            (
                r#"user.firstName=="Bob" || (user.level <= 7 && !(user.department == "x"))"#,
                json!(true),
            ),
            (
                r#"String.substringBefore(user.email, "@") + "@corp.example""#,
                json!("ada@corp.example"),
            ),
            (r#"user.title == null ? "none" : user.title"#, json!("none")),
            (r#"Arrays.contains(user.tags, "blue")"#, json!(true)),
            (r#"isMemberOfAnyGroup("00g2", "00g1")"#, json!(true)),
            (r#"isMemberOfGroupNameStartsWith("Sales")"#, json!(true)),
            (r#"isMemberOfGroupName("Sales")"#, json!(false)),
            (
                r#"user.firstName neq "Bob" AND NOT user.missing"#,
                json!(true),
            ),
            (
                r#"String.stringContains(user.email, "example") ? 1 : 2"#,
                json!(1),
            ),
        ] {
            assert_eq!(parse(text).unwrap().of(&Ada), want, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression() {
        for text in [
            "",
            "user.",
            "String.startsWith(user.a",
            "user.a == ",
            "\"x",
            "user.a user.b",
            "(user.a",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"(".repeat(500)), None);
    }
}
