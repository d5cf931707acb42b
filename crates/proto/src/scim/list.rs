//! Questions for lists and their answers (RFC 7644 section 3.4.2 and 3.4.3).

use serde_json::{Map, Value, json};

use super::projection::Projection;
use super::schemas::ResourceType;
use super::{Error, Filter, Path, filter};

/// Most resources in one answer.
pub const MAX_RESULTS: u64 = 1_000;
/// How many when the client does not say.
pub const DEFAULT_COUNT: u64 = 100;
const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// What a client asks of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Which resources; all when there is none.
    pub filter: Option<Filter>,
    /// In which order; in that of their making when there is none.
    pub sort: Option<Sort>,
    /// The first one wanted, counted from 1.
    pub start: u64,
    /// How many at most.
    pub count: u64,
    /// Which attributes.
    pub projection: Projection,
}

/// An order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// By which attribute; a list counts by its first value.
    pub path: Path,
    /// From the greatest down. Resources without a value come last, or first when this is set.
    pub descending: bool,
}

impl Query {
    /// Reads the parameters of a GET.
    pub fn from_pairs<'a>(
        of: &'static ResourceType,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Error> {
        let mut members = Map::new();
        for (name, value) in pairs {
            let value = match name.to_ascii_lowercase().as_str() {
                "startindex" | "count" => value
                    .trim()
                    .parse::<i64>()
                    .map_or_else(|_| json!(value), Value::from),
                "attributes" | "excludedattributes" => value.split(',').map(Value::from).collect(),
                _ => json!(value),
            };
            members.insert(name.to_owned(), value);
        }
        Self::read(of, &members)
    }

    /// Reads the body of a POST to `.search`.
    pub fn from_search(of: &'static ResourceType, body: &Value) -> Result<Self, Error> {
        let Value::Object(members) = body else {
            return Err(Error::Syntax("a JSON object is wanted".to_owned()));
        };
        let schemas = members.get("schemas").and_then(Value::as_array);
        if !schemas.is_some_and(|all| all.iter().any(|urn| urn.as_str() == Some(SEARCH))) {
            return Err(Error::Syntax(format!("`schemas` must name {SEARCH}")));
        }
        Self::read(of, members)
    }

    fn read(of: &'static ResourceType, members: &Map<String, Value>) -> Result<Self, Error> {
        let get = |name: &str| {
            members
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
                .filter(|value| !value.is_null())
        };
        let text = |name: &'static str| match get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(Error::Value {
                attribute: name.to_owned(),
                wanted: "a text",
            }),
        };
        let number = |name: &'static str, least: i64| match get(name).map(Value::as_i64) {
            None => Ok(None),
            Some(Some(number)) => Ok(Some(u64::try_from(number.max(least)).unwrap_or(0))),
            Some(None) => Err(Error::Value {
                attribute: name.to_owned(),
                wanted: "a whole number",
            }),
        };
        let filter = text("filter")?
            .map(|text| filter::parse(of, text))
            .transpose()?;
        let descending =
            text("sortOrder")?.is_some_and(|order| order.eq_ignore_ascii_case("descending"));
        let sort = text("sortBy")?
            .map(|text| {
                Path::parse(of, text).map(|path| Sort {
                    path: sortable(path),
                    descending,
                })
            })
            .transpose()?;
        let projection = Projection::parse(
            of,
            names(get("attributes")),
            names(get("excludedAttributes")),
        )?;
        Ok(Self {
            filter,
            sort,
            // Values below the least count as the least (RFC 7644 table 6).
            start: number("startIndex", 1)?.unwrap_or(1),
            count: number("count", 0)?
                .unwrap_or(DEFAULT_COUNT)
                .min(MAX_RESULTS),
            projection,
        })
    }
}

/// A complex attribute is sorted by its `value` (RFC 7644 section 3.4.2.3).
fn sortable(mut path: Path) -> Path {
    if path.sub.is_none()
        && let Some(value) = path.attribute.and_then(|attribute| attribute.sub("value"))
    {
        path.sub = Some(value.name.to_owned());
        path.sub_attribute = Some(value);
    }
    path
}

fn names(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => text.split(',').collect(),
        _ => Vec::new(),
    }
}

/// A `ListResponse`. The numbers are numbers (Okta breaks on text) and `Resources` is there even when empty.
#[must_use]
pub fn response(total: u64, start: u64, resources: &[Value]) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

#[cfg(test)]
mod tests {
    use super::super::schemas::USER;
    use super::*;

    #[test]
    fn parameters_are_read_with_their_bounds() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            Query::from_pairs(&USER, pairs.iter().copied())
        };
        let query = read(&[
            ("startIndex", "-3"),
            ("count", "5000"),
            ("sortBy", "emails"),
            ("sortOrder", "descending"),
        ])
        .unwrap();
        assert_eq!((query.start, query.count), (1, MAX_RESULTS));
        let sort = query.sort.unwrap();
        assert_eq!(
            (sort.path.to_string().as_str(), sort.descending),
            ("emails.value", true)
        );
        assert_eq!(read(&[("count", "-1")]).unwrap().count, 0);
        assert_eq!(read(&[]).unwrap().count, DEFAULT_COUNT);
        assert!(matches!(
            read(&[("count", "many")]),
            Err(Error::Value { .. })
        ));
        assert!(matches!(read(&[("filter", "")]), Err(Error::Filter(_))));
        assert!(matches!(
            read(&[("sortBy", "nothing")]),
            Err(Error::Path { .. })
        ));
    }

    #[test]
    fn a_search_is_the_same_question_in_a_body() {
        let body = json!({"schemas": [SEARCH], "filter": "userName pr", "startIndex": 2, "count": 3, "attributes": ["userName"]});
        let pairs = [
            ("filter", "userName pr"),
            ("startIndex", "2"),
            ("count", "3"),
            ("attributes", "userName"),
        ];
        assert_eq!(
            Query::from_search(&USER, &body),
            Query::from_pairs(&USER, pairs)
        );
        assert!(matches!(
            Query::from_search(&USER, &json!({})),
            Err(Error::Syntax(_))
        ));
    }
}
