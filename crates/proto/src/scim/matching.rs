//! Whether a resource fulfils a filter.

use std::cmp::Ordering;

use serde_json::Value;

use super::attribute::{Attribute, Kind};
use super::filter::{Operand, Operator, instant};
use super::{Filter, Path};

impl Filter {
    /// Whether `resource` (or, for a filter inside of `[…]`, one value of a list) fulfils the filter.
    #[must_use]
    pub fn matches(&self, resource: &Value) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.matches(resource)),
            Self::Or(all) => all.iter().any(|filter| filter.matches(resource)),
            Self::Not(inner) => !inner.matches(resource),
            Self::Present(path) => values(path, resource).into_iter().any(is_present),
            Self::Compare {
                path,
                operator,
                value,
            } => {
                let found = values(path, resource);
                compares(&found, path.leaf(), *operator, value)
            }
            Self::Values { path, filter } => values(path, resource)
                .into_iter()
                .any(|value| filter.matches(value)),
        }
    }
}

/// The values at a path: those of a list one by one.
fn values<'a>(path: &Path, resource: &'a Value) -> Vec<&'a Value> {
    let place = path
        .extension
        .as_ref()
        .map_or(Some(resource), |urn| resource.get(urn));
    let each = match place.and_then(|place| place.get(&path.name)) {
        None => Vec::new(),
        Some(Value::Array(items)) => items.iter().collect(),
        Some(value) => vec![value],
    };
    match &path.sub {
        None => each,
        Some(sub) => each
            .into_iter()
            .filter_map(|value| value.get(sub))
            .collect(),
    }
}

/// RFC 7644 table 3, `pr`: a value that is neither null nor empty.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compares(
    found: &[&Value],
    leaf: Option<&'static Attribute>,
    operator: Operator,
    operand: &Operand,
) -> bool {
    if operator == Operator::Ne {
        return !compares(found, leaf, Operator::Eq, operand);
    }
    if *operand == Operand::Null {
        return !found.iter().any(|value| is_present(value));
    }
    found
        .iter()
        .any(|value| one(value, leaf, operator, operand))
}

fn one(
    value: &Value,
    leaf: Option<&'static Attribute>,
    operator: Operator,
    operand: &Operand,
) -> bool {
    match (value, operand) {
        (Value::Bool(value), Operand::Bool(wanted)) => operator == Operator::Eq && value == wanted,
        (Value::Number(value), Operand::Number(wanted)) => {
            match (value.as_f64(), wanted.as_f64()) {
                (Some(value), Some(wanted)) => value
                    .partial_cmp(&wanted)
                    .is_some_and(|order| ordered(order, operator)),
                _ => false,
            }
        }
        (Value::String(value), Operand::Text(wanted)) => match leaf {
            Some(leaf) if leaf.kind == Kind::DateTime => match (instant(value), instant(wanted)) {
                (Some(value), Some(wanted)) => ordered(value.cmp(&wanted), operator),
                _ => false,
            },
            Some(leaf) if leaf.case_exact => text(value, wanted, operator),
            _ => text(&fold(value), &fold(wanted), operator),
        },
        _ => false,
    }
}

/// Text without its case, the same on every engine.
#[must_use]
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

fn text(value: &str, wanted: &str, operator: Operator) -> bool {
    match operator {
        Operator::Co => value.contains(wanted),
        Operator::Sw => value.starts_with(wanted),
        Operator::Ew => value.ends_with(wanted),
        _ => ordered(value.cmp(wanted), operator),
    }
}

fn ordered(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::Gt => order.is_gt(),
        Operator::Ge => order.is_ge(),
        Operator::Lt => order.is_lt(),
        Operator::Le => order.is_le(),
        Operator::Ne | Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
