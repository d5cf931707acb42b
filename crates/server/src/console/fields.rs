//! What a form sent.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;

use crate::web::Problem;

/// Most fields of one form.
const MOST: usize = 2_000;
/// Largest form, bytes.
const LARGEST: usize = 1 << 20;

/// The fields of a posted form, in their order. A name may come several times (checkboxes). Values are trimmed of nothing:
/// ask [`Fields::text`] for a trimmed one, [`Fields::raw`] for the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|media| media.to_str().ok())
            .unwrap_or_default();
        let is_form = media
            .split(';')
            .next()
            .is_some_and(|media| media.trim() == "application/x-www-form-urlencoded");
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::bad_request("the form could not be read to its end"))?;
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        if !is_form {
            return Err(Problem::bad_request("a form is wanted here"));
        }
        if bytes.len() > LARGEST {
            return Err(Problem::bad_request("the form is larger than 1 MiB"));
        }
        Self::parse(&bytes)
    }
}

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let fields: Vec<_> = url::form_urlencoded::parse(bytes)
            .take(MOST + 1)
            .map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n")))
            .collect();
        if fields.len() > MOST {
            return Err(Problem::bad_request("the form has too many fields"));
        }
        Ok(Self(fields))
    }

    /// The first value of `name` without space around it; empty when it was not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The first value of `name` as it was sent; empty when it was not.
    #[must_use]
    pub fn raw(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    }

    /// The value of `name`, `None` when it is empty or was not sent.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|value| !value.is_empty())
    }

    /// All values of `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether `name` was sent with this value: for radios and checkboxes of a page that is shown again.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|sent| sent == value)
    }

    /// Whether a checkbox or switch was on.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The value of `name` read as `T`; `what` says what is wanted, for the person: `a number of days`.
    pub fn read<T: std::str::FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        self.text(name)
            .parse()
            .map_err(|_| Problem::invalid(format!("`{name}` must be {what}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_repeat_and_be_missing() {
        let fields = Fields::parse(b"name=+Ada+&roles=a&roles=b&on=on&empty=").unwrap();
        assert_eq!((fields.text("name"), fields.raw("name")), ("Ada", " Ada "));
        assert_eq!(fields.all("roles").collect::<Vec<_>>(), ["a", "b"]);
        assert!(fields.is_on("on") && !fields.is_on("off") && fields.has("roles", "b"));
        assert_eq!((fields.given("empty"), fields.given("none")), (None, None));
        let many = "a=1&".repeat(MOST + 1);
        assert_eq!(Fields::parse(many.as_bytes()).unwrap_err().status(), 400);
    }
}
