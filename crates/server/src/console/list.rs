//! Lists: what is asked for stands in the address (search, filters, order, place), so that each view has its own.

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::request::Parts;

use crate::web::Problem;

/// Rows of a page of the console.
const ROWS: usize = 50;

/// What an address asks of a list, and links that change one thing of it.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    path: String,
    asked: Vec<(String, String)>,
}

/// One filter as a link: its words, how many it finds, whether it is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// Where it leads.
    pub href: String,
    /// Its words.
    pub label: String,
    /// How many it finds, when that is known.
    pub count: Option<i64>,
    /// Whether it is the one in force.
    pub current: bool,
}

/// The way to the pages before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pager {
    /// What is shown: `50 people`, `1 to 50 of 212`.
    pub words: String,
    /// To the first page; none when this is it.
    pub first: Option<String>,
    /// To the next page.
    pub next: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Listing {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self::of(
            parts.uri.path(),
            parts.uri.query().unwrap_or_default(),
        ))
    }
}

impl Listing {
    /// Reads an address.
    #[must_use]
    pub fn of(path: &str, query: &str) -> Self {
        let asked = url::form_urlencoded::parse(query.as_bytes())
            .take(240)
            .map(|(name, value)| (name.into_owned(), value.chars().take(300).collect()))
            .filter(|(_, value): &(_, String)| !value.is_empty())
            .collect();
        Self {
            path: path.to_owned(),
            asked,
        }
    }

    /// What is asked for under `name`; empty when nothing is.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.asked
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// All that is asked for under `name`, for rows that were selected.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.asked
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The words searched for.
    #[must_use]
    pub fn q(&self) -> &str {
        self.get("q").trim()
    }

    /// Whether `name` is asked to be `value`, for the options of a form.
    #[must_use]
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == value
    }

    /// Whether anything narrows the list.
    #[must_use]
    pub fn narrowed(&self) -> bool {
        self.asked
            .iter()
            .any(|(name, _)| name != "after" && name != "sort")
    }

    /// The key after which this page begins; `None` for the first page or one that cannot be read.
    #[must_use]
    pub fn after(&self) -> Option<String> {
        let key = URL_SAFE_NO_PAD.decode(self.get("after")).ok()?;
        String::from_utf8(key).ok().filter(|key| !key.is_empty())
    }

    /// This address with `name` asked to be `value` (empty: not asked), from the first page.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        self.link(&[(name, value)])
    }

    /// The same search and filters at another address, with `name` asked to be `value`.
    #[must_use]
    pub fn to(&self, path: &str, name: &str, value: &str) -> String {
        let here = self.link(&[(name, value)]);
        here.replacen(&self.path, path, 1)
    }

    /// This address without any search or filter.
    #[must_use]
    pub fn bare(&self) -> &str {
        &self.path
    }

    fn link(&self, changes: &[(&str, &str)]) -> String {
        let kept = self
            .asked
            .iter()
            .filter(|(name, _)| name != "after" && !changes.iter().any(|(one, _)| one == name))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let new = changes
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept.chain(new))
            .finish();
        if query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{query}", self.path)
        }
    }

    /// A filter: `name` asked to be `value`.
    #[must_use]
    pub fn chip(&self, label: impl Into<String>, name: &str, value: &str) -> Chip {
        Chip {
            href: self.with(name, value),
            label: label.into(),
            count: None,
            current: self.get(name) == value,
        }
    }

    /// How many rows to ask the database for: one more than fits shows whether there is a next page.
    #[must_use]
    pub fn rows(&self) -> i64 {
        i64::try_from(ROWS).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// Cuts what a query of [`Listing::rows`] rows found to one page; `key` gives what [`Listing::after`] is compared
    /// with, `noun` names the rows: `people`.
    #[must_use]
    pub fn cut<T>(&self, rows: &mut Vec<T>, noun: &str, key: impl Fn(&T) -> String) -> Pager {
        let more = rows.len() > ROWS;
        rows.truncate(ROWS);
        let next = rows.last().filter(|_| more).map(|last| {
            let after = URL_SAFE_NO_PAD.encode(key(last));
            self.link(&[("after", &after)])
        });
        let noun = match (rows.len(), noun) {
            (1, "people") => "person",
            (1, "entries") => "entry",
            (1, noun) => noun.strip_suffix('s').unwrap_or(noun),
            (_, noun) => noun,
        };
        Pager {
            words: format!(
                "{} {noun}{}",
                rows.len(),
                if more { ", more follow" } else { "" }
            ),
            first: self.after().map(|_| self.link(&[])),
            next,
        }
    }
}

impl Chip {
    /// With how many it finds.
    #[must_use]
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_change_one_thing_and_start_at_the_first_page() {
        let list = Listing::of("/people", "q=a%26b&status=active&after=eA&empty=");
        assert_eq!((list.q(), list.after().as_deref()), ("a&b", Some("x")));
        assert_eq!(list.with("status", "gone"), "/people?q=a%26b&status=gone");
        assert_eq!(list.with("status", ""), "/people?q=a%26b");
        assert!(list.narrowed() && list.chip("Active", "status", "active").current);
        let mut rows: Vec<usize> = (0..=ROWS).collect();
        let pager = list.cut(&mut rows, "people", ToString::to_string);
        assert_eq!(rows.len(), ROWS);
        assert_eq!(
            pager.next.as_deref(),
            Some("/people?q=a%26b&status=active&after=NDk")
        );
        assert_eq!(
            pager.first.as_deref(),
            Some("/people?q=a%26b&status=active")
        );
    }
}
