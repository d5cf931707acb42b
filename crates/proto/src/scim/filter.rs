//! Filters (RFC 7644 section 3.4.2.2), read against a schema: a filter that names no attribute of ours is refused, so
//! that it never stands for "all".

use std::fmt::{self, Display};

use scim_v2::filter as grammar;
use serde_json::Number;

use super::attribute::{Attribute, Kind};
use super::schemas::ResourceType;
use super::{Error, Path};

/// Longest filter that is read, in bytes.
pub const MAX_LENGTH: usize = 16_384;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 16;
/// Most comparisons in one filter.
pub const MAX_TERMS: usize = 256;

/// A condition on a resource, or on a value of a list (inside of `[…]`).
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All hold.
    And(Vec<Filter>),
    /// At least one holds.
    Or(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// The attribute has a value.
    Present(Path),
    /// The attribute (one of its values, for a list) compares.
    Compare {
        /// The attribute.
        path: Path,
        /// How.
        operator: Operator,
        /// With what; of a type that suits the attribute.
        value: Operand,
    },
    /// One value of a list fulfils a filter of its own.
    Values {
        /// The list.
        path: Path,
        /// What that value must fulfil.
        filter: Box<Filter>,
    },
}

/// A comparison (RFC 7644 table 3). `ne` holds exactly where `eq` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

/// What an attribute is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text; for an attribute of type dateTime one that [`instant`] reads.
    Text(String),
}

/// Reads a filter over the attributes of `of`.
pub fn parse(of: &'static ResourceType, text: &str) -> Result<Filter, Error> {
    if text.len() > MAX_LENGTH {
        return Err(Error::Filter(format!(
            "it is longer than {MAX_LENGTH} bytes"
        )));
    }
    let raw: grammar::Filter = text
        .parse()
        .map_err(|error| Error::Filter(explain(&error)))?;
    let filter = from_grammar(of, &raw).map_err(Error::Filter)?;
    filter.bounded().map_err(Error::Filter)?;
    Ok(filter)
}

/// Microseconds since the Unix epoch of an RFC 3339 instant.
#[must_use]
pub fn instant(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_microsecond)
}

impl Filter {
    /// A filter inside of `[…]`, over the sub-attributes of `parent`.
    pub(super) fn inside(
        parent: Option<&'static Attribute>,
        raw: &grammar::ValFilter,
    ) -> Result<Self, String> {
        let filter = from_inner(parent, raw)?;
        filter.bounded()?;
        Ok(filter)
    }

    fn bounded(&self) -> Result<(), String> {
        let (depth, terms) = self.extent();
        if depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH} levels"));
        }
        if terms > MAX_TERMS {
            return Err(format!("it has more than {MAX_TERMS} comparisons"));
        }
        Ok(())
    }

    /// Depth and number of comparisons. The grammar's own limits bound the recursion.
    fn extent(&self) -> (usize, usize) {
        match self {
            Self::Present(_) | Self::Compare { .. } => (1, 1),
            Self::Not(inner) | Self::Values { filter: inner, .. } => {
                let (depth, terms) = inner.extent();
                (depth + 1, terms)
            }
            Self::And(all) | Self::Or(all) => all
                .iter()
                .map(Self::extent)
                .fold((1, 0), |(deepest, terms), (depth, more)| {
                    (deepest.max(depth + 1), terms + more)
                }),
        }
    }
}

fn from_grammar(of: &'static ResourceType, raw: &grammar::Filter) -> Result<Filter, String> {
    let all = |items: &[grammar::Filter]| -> Result<Vec<Filter>, String> {
        items.iter().map(|item| from_grammar(of, item)).collect()
    };
    Ok(match raw {
        grammar::Filter::And(items) => Filter::And(all(items)?),
        grammar::Filter::Or(items) => Filter::Or(all(items)?),
        grammar::Filter::Not(inner) => Filter::Not(Box::new(from_grammar(of, inner)?)),
        grammar::Filter::Attr(grammar::AttrExp::Present(path)) => {
            Filter::Present(Path::resolve(of, path)?)
        }
        grammar::Filter::Attr(grammar::AttrExp::Comparison(path, operator, value)) => {
            compare(Path::resolve(of, path)?, operator, value)?
        }
        grammar::Filter::ValuePath(value_path) => {
            let path = Path::resolve(of, &value_path.attr)?;
            if path.sub.is_some() || path.attribute.is_some_and(|a| a.sub.is_empty()) {
                return Err(format!("`{path}` has no sub-attributes to filter by"));
            }
            let filter = Box::new(from_inner(path.attribute, &value_path.filter)?);
            Filter::Values { path, filter }
        }
    })
}

fn from_inner(
    parent: Option<&'static Attribute>,
    raw: &grammar::ValFilter,
) -> Result<Filter, String> {
    let all = |items: &[grammar::ValFilter]| -> Result<Vec<Filter>, String> {
        items.iter().map(|item| from_inner(parent, item)).collect()
    };
    Ok(match raw {
        grammar::ValFilter::And(items) => Filter::And(all(items)?),
        grammar::ValFilter::Or(items) => Filter::Or(all(items)?),
        grammar::ValFilter::Not(inner) => Filter::Not(Box::new(from_inner(parent, inner)?)),
        grammar::ValFilter::Attr(grammar::AttrExp::Present(path)) => {
            Filter::Present(Path::inside(parent, path)?)
        }
        grammar::ValFilter::Attr(grammar::AttrExp::Comparison(path, operator, value)) => {
            compare(Path::inside(parent, path)?, operator, value)?
        }
    })
}

fn compare(
    mut path: Path,
    operator: &grammar::CompareOp,
    value: &grammar::CompValue,
) -> Result<Filter, String> {
    // `emails co "@acme.com"` is about the values (RFC 7644 section 3.4.2.2).
    if let (None, Some(attribute)) = (&path.sub, path.attribute)
        && attribute.kind == Kind::Complex
    {
        let value = attribute
            .sub("value")
            .ok_or_else(|| format!("`{path}` needs a sub-attribute to compare"))?;
        path.sub = Some(value.name.to_owned());
        path.sub_attribute = Some(value);
    }
    let operator = Operator::from(operator);
    let value = operand(&path, operator, value)?;
    Ok(Filter::Compare {
        path,
        operator,
        value,
    })
}

/// The operand in the type of the attribute.
fn operand(path: &Path, operator: Operator, raw: &grammar::CompValue) -> Result<Operand, String> {
    let equality = matches!(operator, Operator::Eq | Operator::Ne);
    let value = match raw {
        grammar::CompValue::Null => Operand::Null,
        grammar::CompValue::True => Operand::Bool(true),
        grammar::CompValue::False => Operand::Bool(false),
        grammar::CompValue::Number(number) if !is_exact(number) => {
            return Err(format!("{number} has too many digits"));
        }
        grammar::CompValue::Number(number) => Operand::Number(number.clone()),
        grammar::CompValue::Str(text) => Operand::Text(text.clone()),
    };
    let suits = match (&value, path.leaf().map(|leaf| leaf.kind)) {
        (Operand::Text(text), Some(Kind::Boolean)) => {
            // Okta's dialect writes booleans as text too.
            return match text.to_ascii_lowercase().as_str() {
                "true" if equality => Ok(Operand::Bool(true)),
                "false" if equality => Ok(Operand::Bool(false)),
                _ => Err(format!("`{path}` is true or false: use eq or ne")),
            };
        }
        (Operand::Null, _)
        | (Operand::Bool(_), Some(Kind::Boolean) | None)
        | (Operand::Text(_), Some(Kind::Binary)) => equality,
        (Operand::Number(_), Some(Kind::Integer) | None)
        | (Operand::Text(_), Some(Kind::String | Kind::Reference) | None) => true,
        (Operand::Text(text), Some(Kind::DateTime)) => {
            instant(text).is_some()
                && !matches!(operator, Operator::Co | Operator::Sw | Operator::Ew)
        }
        _ => false,
    };
    if suits {
        Ok(value)
    } else {
        Err(format!("`{path} {operator}` does not go with {raw}"))
    }
}

/// Whether a number survives printing and reading: a whole one of 64 bits, or one of at most 15 digits.
fn is_exact(number: &Number) -> bool {
    let digits = number
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .count();
    number.is_i64() || number.is_u64() || (digits <= 15 && !number.to_string().contains('e'))
}

/// A parser's refusal in few words, without the list of what it would have liked.
pub(super) fn explain(error: &grammar::ParseError) -> String {
    use grammar::ParseError as E;
    match error {
        E::InvalidToken { location } => format!("unexpected sign at byte {location}"),
        E::UnrecognizedEof { location, .. } => format!("it ends too early at byte {location}"),
        E::UnrecognizedToken {
            token: (at, token, _),
            ..
        }
        | E::ExtraToken {
            token: (at, token, _),
        } => {
            format!("unexpected `{}` at byte {at}", token.trim())
        }
        E::User { error } => error.to_string(),
    }
}

impl From<&grammar::CompareOp> for Operator {
    fn from(raw: &grammar::CompareOp) -> Self {
        match raw {
            grammar::CompareOp::Eq => Self::Eq,
            grammar::CompareOp::Ne => Self::Ne,
            grammar::CompareOp::Co => Self::Co,
            grammar::CompareOp::Sw => Self::Sw,
            grammar::CompareOp::Ew => Self::Ew,
            grammar::CompareOp::Gt => Self::Gt,
            grammar::CompareOp::Ge => Self::Ge,
            grammar::CompareOp::Lt => Self::Lt,
            grammar::CompareOp::Le => Self::Le,
        }
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        })
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => serde_json::Value::from(value.as_str()).fmt(f),
        }
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(all) => joined(f, all, " and ", |item| {
                matches!(item, Self::Or(_) | Self::And(_))
            }),
            Self::Or(all) => joined(f, all, " or ", |item| matches!(item, Self::Or(_))),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Compare {
                path,
                operator,
                value,
            } => write!(f, "{path} {operator} {value}"),
            Self::Values { path, filter } => write!(f, "{path}[{filter}]"),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    items: &[Filter],
    word: &str,
    grouped: impl Fn(&Filter) -> bool,
) -> fmt::Result {
    for (number, item) in items.iter().enumerate() {
        if number > 0 {
            f.write_str(word)?;
        }
        if grouped(item) {
            write!(f, "({item})")?;
        } else {
            item.fmt(f)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
