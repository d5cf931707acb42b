//! Okta's `filter` and `search` expressions (Okta: Filter; FACTS section 4): `attr op value` joined by `and`, `or`, `not`
//! and brackets.

mod parse;

use std::borrow::Cow;

use serde_json::Value;

pub(crate) use parse::parse;

use crate::clock::Time;

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Sw,
    Ew,
    Co,
    Pr,
}

impl Op {
    /// The operator with this name, in whatever case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "co" => Self::Co,
            "pr" => Self::Pr,
            _ => return None,
        })
    }
}

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Compare { path: String, op: Op, value: Value },
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
}

/// What an object holds at a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum<'a> {
    Text(Cow<'a, str>),
    Time(Time),
    Json(Value),
    Many(Vec<Value>),
}

impl<'a> From<&'a str> for Datum<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Datum<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl Datum<'_> {
    /// What JSON holds.
    pub(crate) fn json(value: Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::String(text) => Some(Self::Text(Cow::Owned(text))),
            Value::Array(list) => Some(Self::Many(list)),
            other => Some(Self::Json(other)),
        }
    }
}

/// Whether texts are compared with regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Exact,
    Blind,
}

impl Filter {
    /// Whether an object matches; `at` gives what it holds at a path.
    pub(crate) fn matches<'a>(&self, case: Case, at: &dyn Fn(&str) -> Option<Datum<'a>>) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.matches(case, at)),
            Self::Or(any) => any.iter().any(|one| one.matches(case, at)),
            Self::Not(one) => !one.matches(case, at),
            Self::Compare {
                path, op: Op::Pr, ..
            } => at(path).is_some(),
            Self::Compare { path, op, value } => match at(path) {
                Some(datum) => compare(&datum, *op, value, case),
                None => *op == Op::Ne || (*op == Op::Eq && value.is_null()),
            },
        }
    }

    /// All comparisons in it.
    pub(crate) fn comparisons(&self) -> Vec<(&str, Op, &Value)> {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().flat_map(Self::comparisons).collect(),
            Self::Not(one) => one.comparisons(),
            Self::Compare { path, op, value } => vec![(path, *op, value)],
        }
    }

    /// The text that a path must equal in every match, when there is one: it leads straight to an index.
    pub(crate) fn demands(&self, wanted: &str) -> Option<&str> {
        match self {
            Self::Compare {
                path,
                op: Op::Eq,
                value,
            } if path == wanted => value.as_str(),
            Self::And(all) => all.iter().find_map(|one| one.demands(wanted)),
            _ => None,
        }
    }
}

fn compare(datum: &Datum<'_>, op: Op, value: &Value, case: Case) -> bool {
    match datum {
        Datum::Text(held) => value
            .as_str()
            .is_some_and(|wanted| texts(held, op, wanted, case)),
        Datum::Time(held) => value
            .as_str()
            .and_then(Time::parse)
            .is_some_and(|wanted| order(held.cmp(&wanted), op)),
        Datum::Many(held) => {
            let any = |op| held.iter().any(|one| same_kind(one, op, value, case));
            if op == Op::Ne { !any(Op::Eq) } else { any(op) }
        }
        Datum::Json(held) => same_kind(held, op, value, case),
    }
}

fn same_kind(held: &Value, op: Op, wanted: &Value, case: Case) -> bool {
    match (held, wanted) {
        (Value::String(held), Value::String(wanted)) => texts(held, op, wanted, case),
        (Value::Number(held), Value::Number(wanted)) => held
            .as_f64()
            .partial_cmp(&wanted.as_f64())
            .is_some_and(|found| order(found, op)),
        (Value::Bool(held), Value::Bool(wanted)) => order(held.cmp(wanted), op),
        (Value::Bool(held), Value::String(wanted)) => texts(&held.to_string(), op, wanted, case),
        _ => op == Op::Ne,
    }
}

fn texts(held: &str, op: Op, wanted: &str, case: Case) -> bool {
    if case == Case::Blind {
        return texts(
            &held.to_lowercase(),
            op,
            &wanted.to_lowercase(),
            Case::Exact,
        );
    }
    match op {
        Op::Sw => held.starts_with(wanted),
        Op::Ew => held.ends_with(wanted),
        Op::Co => held.contains(wanted),
        Op::Pr => true,
        other => order(held.cmp(wanted), other),
    }
}

fn order(found: std::cmp::Ordering, op: Op) -> bool {
    match op {
        Op::Eq => found.is_eq(),
        Op::Ne => found.is_ne(),
        Op::Gt => found.is_gt(),
        Op::Ge => found.is_ge(),
        Op::Lt => found.is_lt(),
        Op::Le => found.is_le(),
        Op::Sw | Op::Ew | Op::Co | Op::Pr => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(expression: &str, case: Case) -> bool {
        let object = json!({
            "status": "ACTIVE", "name": "Ada", "level": 3, "admin": true, "tags": ["red", "blue"],
        });
        let at = |path: &str| match path {
            "created" => Time::parse("2026-01-02T03:04:05.000Z").map(Datum::Time),
            _ => object.get(path).cloned().and_then(Datum::json),
        };
        parse(expression).unwrap().matches(case, &at)
    }

    #[test]
    fn expressions() {
        for (expression, want) in [
            (r#"status eq "ACTIVE""#, true),
            (r#"status EQ "ACTIVE" AND name eq "Bob""#, false),
            (r#"status eq "STAGED" or name sw "A""#, true),
            (
                r#"status eq "STAGED" and name eq "Bob" or name eq "Ada""#,
                true,
            ),
            (
                r#"status eq "ACTIVE" and (name eq "Bob" or level gt 2)"#,
                true,
            ),
            (r#"not (status eq "ACTIVE")"#, false),
            (
                r"admin eq true and level le 3 and level ge 3 and level lt 4",
                true,
            ),
            (r#"tags eq "blue""#, true),
            (r#"tags ne "blue""#, false),
            (r"missing pr", false),
            (r#"name pr and missing ne "x""#, true),
            (
                r#"created gt "2026-01-02T03:04:04.999Z" and created lt "2026-01-02T03:04:06Z""#,
                true,
            ),
            (r#"name co "d" and name ew "a""#, true),
            (r#"name eq "ada""#, false),
        ] {
            assert_eq!(holds(expression, Case::Exact), want, "{expression}");
        }
        assert!(holds(r#"name eq "ADA""#, Case::Blind));
    }

    #[test]
    fn an_index_is_used_only_where_every_match_must_hold_it() {
        let parsed = parse(r#"status eq "A" and profile.login eq "x""#).unwrap();
        assert_eq!(parsed.demands("profile.login"), Some("x"));
        assert_eq!(
            parse(r#"status eq "A" or profile.login eq "x""#)
                .unwrap()
                .demands("profile.login"),
            None
        );
    }
}
